"""Training lists: balanced over classes, apart from the test set, split for validation."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from curation.tally import clip_keys
from study.errors import StudyError


@dataclass(frozen=True)
class TrainingLists:
    """What a network is trained on and validated with; the same columns as the pool."""

    train: pd.DataFrame
    validation: pd.DataFrame


def minus_test_set(pool: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Return the clips that are not in the test set.

    Parameters
    ----------
    pool, test : DataFrame
        With ``video_location, filename``.

    Returns
    -------
    DataFrame
        Rows of the pool.

    Notes
    -----
    Paper: Train Sets ("Embeddings corresponding to the AVMIT test were then removed").
    """
    return pool.loc[~clip_keys(pool).isin(clip_keys(test))]


def balance(
    pool: pd.DataFrame, classes: Sequence[str], rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    """Draw from every class as many clips as the smallest one has.

    Parameters
    ----------
    pool : DataFrame
        With ``avmit_label, video_location, filename``.
    classes : sequence of str
        Classes of the test set.
    rng : Generator
        Source of chance.

    Returns
    -------
    dict of str to DataFrame
        Clips by class, each in random order.

    Raises
    ------
    StudyError
        If a class has fewer than two clips: one is needed for training, one for validation.

    Notes
    -----
    Paper: Train Sets ("balanced by sampling the maximum possible number").
    """
    by_class = {
        label: pool.loc[pool["avmit_label"] == label].sort_values(["filename", "video_location"])
        for label in sorted(classes)
    }
    sizes = {label: len(clips) for label, clips in by_class.items()}
    size = min(sizes.values(), default=0)
    if size < 2:
        short = ", ".join(f"{label} {n}" for label, n in sizes.items() if n < 2) or "no class"
        raise StudyError(
            f"too few clips to train on beside the test set: {short}; at least 2 per class are "
            "needed. Rate more clips, or make the test set smaller"
        )
    return {
        label: clips.iloc[rng.choice(len(clips), size=size, replace=False)]
        for label, clips in by_class.items()
    }


def split(balanced: dict[str, pd.DataFrame], validation_share: float) -> TrainingLists:
    """Split each class into a part to train on and a part to validate with.

    Parameters
    ----------
    balanced : dict of str to DataFrame
        From `balance`.
    validation_share : float
        Share of each class for validation, rounded up to whole clips: 46 of 456.

    Returns
    -------
    TrainingLists
        The two lists, sorted by class and filename.
    """
    parts: dict[str, list[pd.DataFrame]] = {"train": [], "validation": []}
    for clips in balanced.values():
        n_validation = math.ceil(round(len(clips) * validation_share, 9))
        parts["validation"].append(clips.iloc[:n_validation])
        parts["train"].append(clips.iloc[n_validation:])
    return TrainingLists(**{name: _in_order(frames) for name, frames in parts.items()})


def _in_order(frames: list[pd.DataFrame]) -> pd.DataFrame:
    order = ["avmit_label", "filename", "video_location"]
    return pd.concat(frames).sort_values(order, ignore_index=True)
