"""Ratings of simulated studies: all of them, and those that a rating rule asks for."""

import numpy as np
import pandas as pd

from study.config.protocol import Protocol
from study.deciding.open_clips import accepted_so_far
from study.deciding.pictures import has_test_picture
from study.deciding.questions import is_unanswered, n_first


def random_studies(n_studies: int, n_clips: int, size: int, rng) -> tuple[pd.DataFrame, np.ndarray]:
    """Return clips of many studies, as classes of one, and all ratings of each.

    A class is a study of its own: whether it is accepted depends on its own clips alone.
    """
    n = n_studies * n_clips
    study = np.repeat(np.arange(n_studies), n_clips)
    clips = pd.DataFrame(
        {
            "filename": [f"class{s:04d}/clip_{i}.mp4" for i, s in enumerate(study)],
            "video_location": "training",
            "avmit_label": [f"class{s:04d}" for s in study],
            "frame_rate_hz": rng.choice([30.0, 25.0], n, p=(0.8, 0.2)),
            "is_vfr": rng.random(n) < 0.05,
            "has_two_streams": rng.random(n) < 0.02,
            "is_excluded": rng.random(n) < 0.05,
            "is_ground_truth": rng.random(n) < 0.05,
        }
    )
    leaning = rng.dirichlet((0.5, 0.3, 1.2), n_studies)[study]
    hard = rng.random((n, 1)) < 0.5
    chances = np.where(hard, leaning, np.eye(3)[rng.integers(0, 3, n)])
    edges = chances.cumsum(axis=1)[:, None, :]
    ratings = 1 + (rng.random((n, size, 1)) > edges).sum(axis=2).clip(max=2)
    return clips, ratings


def tallied(ratings: np.ndarray, n_asked: np.ndarray) -> np.ndarray:
    """Return how often each clip got 1, 2 and 3 among its first ratings."""
    asked = np.arange(ratings.shape[1]) < n_asked[:, None]
    return np.stack([((ratings == value) & asked).sum(axis=1) for value in (1, 2, 3)], axis=1)


def rate_until(clips: pd.DataFrame, ratings: np.ndarray, protocol: Protocol) -> np.ndarray:
    """Return the tallies when nothing is open any more, a round of further ratings at a time."""
    n_asked = np.where(clips["is_ground_truth"], protocol.ratings_per_clip, n_first(protocol))
    while True:
        counts = tallied(ratings, n_asked)
        usable = has_test_picture(clips, protocol).to_numpy()
        if "prominent" in protocol.questions:
            usable = usable & accepted_so_far(counts, clips["avmit_label"], protocol)
        is_open = is_unanswered(counts, protocol, usable)
        if not is_open.any():
            return counts
        n_asked = n_asked + is_open
