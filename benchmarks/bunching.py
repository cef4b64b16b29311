"""How further ratings and catch trials lie over a study that is rated until it is decided.

The paper's study as arrays, eleven raters in turn, sessions of 400 trials in blocks of 100. What is
open after a session is asked for; its place among a rater's trials to come is drawn when their next
session begins (`at_random_places`), or, to compare, it comes as soon as it is asked for, or last.

Run: python -m benchmarks.bunching [--seeds N] [--clips N] [--session N]
"""

import argparse
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from benchmarks.rating_processes import tallied
from benchmarks.rating_world import ACCURACIES, N_CLIPS, N_RATERS, RatingWorld, make_world
from sessions.plan.further_ratings import at_random_places
from sessions.plan.ordering import shuffled_order
from study.config.protocol import Protocol
from study.deciding.questions import is_unanswered
from study.store.plan.assignments import AssignedClip

BLOCK, SESSION = 100, 400
Order = Callable[[list[AssignedClip], np.random.Generator], list[AssignedClip]]


def _first(clips: list[AssignedClip], _rng: np.random.Generator) -> list[AssignedClip]:
    return sorted(clips, key=lambda clip: not clip.is_further)


def _last(clips: list[AssignedClip], _rng: np.random.Generator) -> list[AssignedClip]:
    return sorted(clips, key=lambda clip: clip.is_further)


ORDERS: dict[str, Order] = {"random": at_random_places, "at once": _first, "last": _last}


def _slot(clip: int, *, is_further: bool = False) -> AssignedClip:
    return AssignedClip(clip, clip, "training", f"{clip}.mp4", "a", "0", is_further)


def first_slots(world: RatingWorld, rng: np.random.Generator) -> list[list[AssignedClip]]:
    """Return each rater's clips before anybody has rated, as `sessions plan` orders them."""
    asked = np.arange(3) < np.where(world.is_truth, 3, 2)[:, None]
    left = []
    for rater in range(N_RATERS):
        own = np.flatnonzero(((world.raters[:, :3] == rater) & asked).any(axis=1))
        left.append([_slot(int(clip)) for clip in own[shuffled_order(world.is_truth[own], rng)]])
    return left


def trials_of(
    world: RatingWorld, order: Order, session: int, rng: np.random.Generator
) -> list[list[AssignedClip]]:
    """Return what each rater met, in order, until nothing is open."""
    left = first_slots(world, rng)
    met: list[list[AssignedClip]] = [[] for _ in range(N_RATERS)]
    n_given = np.zeros(len(world.label), dtype=np.int64)
    turns = deque(range(N_RATERS))
    while any(left):
        rater = turns[0]
        turns.rotate(-1)
        coming = order(left[rater], rng)
        now, left[rater] = coming[:session], coming[session:]
        met[rater] += now
        clips = np.array([clip.candidate_id for clip in now], dtype=np.int64)
        n_given[clips] += 1
        for clip in _open_ones(world, clips, n_given).tolist():
            left[int(world.raters[clip, 2])].append(_slot(clip, is_further=True))
    return met


def _open_ones(world: RatingWorld, clips: np.ndarray, n_given: np.ndarray) -> np.ndarray:
    of_two = clips[(n_given[clips] == 2) & ~world.is_truth[clips]]
    part = RatingWorld(
        world.label[of_two], world.is_yes[of_two], world.is_hard[of_two], world.ratings[of_two],
        world.raters[of_two], world.is_truth[of_two], world.expert[of_two],
        world.has_picture[of_two],
    )  # fmt: skip
    counts = tallied(part, n_given[of_two])
    everywhere = np.zeros(len(of_two), dtype=np.bool_)
    return np.asarray(
        of_two[is_unanswered(counts, Protocol(rating_rule="until_decided"), everywhere)]
    )


def blocks(met: Sequence[list[AssignedClip]], world: RatingWorld) -> pd.DataFrame:
    """Return further ratings and catch trials of each whole block; ``part`` is its fifth."""
    rows = []
    for clips in met:
        n_blocks = len(clips) // BLOCK
        for block in range(n_blocks):
            own = clips[block * BLOCK : (block + 1) * BLOCK]
            catch = sum(bool(world.is_truth[clip.candidate_id]) for clip in own)
            further = sum(clip.is_further for clip in own)
            rows.append({"part": 5 * block // n_blocks, "further": further, "catch": catch})
    return pd.DataFrame(rows)


def longest_run(met: Sequence[list[AssignedClip]]) -> int:
    """Return the most further ratings that somebody met one after the other."""
    most = 0
    for clips in met:
        run = 0
        for clip in clips:
            run = run + 1 if clip.is_further else 0
            most = max(most, run)
    return most


def row_of(name: str, seed: int, n_clips: int, session: int) -> dict[str, object]:
    """Return how further ratings and catch trials lie in one simulated study."""
    rng = np.random.default_rng([seed, 4])
    world = make_world(ACCURACIES["middle"], rng, n_clips=n_clips)
    met = trials_of(world, ORDERS[name], session, rng)
    found = blocks(met, world)
    parts = found.groupby("part")[["further", "catch"]].mean().round(1)
    return {
        "order": name, "seed": seed, "longest_run": longest_run(met),
        "most_further_of_100": int(found["further"].max()),
        "blocks_over_half_further": float((found["further"] > BLOCK / 2).mean()),
        "further_by_fifth": " ".join(map(str, parts["further"])),
        "catch_by_fifth": " ".join(map(str, parts["catch"])),
        "blocks_without_catch": float((found["catch"] == 0).mean()),
    }  # fmt: skip


def main() -> None:
    """Simulate all orders and print how further ratings and catch trials lie."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--clips", type=int, default=N_CLIPS)
    parser.add_argument("--session", type=int, default=SESSION)
    options = parser.parse_args()
    for name in ORDERS:
        for seed in range(1, options.seeds + 1):
            found = row_of(name, seed, options.clips, options.session)
            print(", ".join(f"{key} {value}" for key, value in found.items()), flush=True)


if __name__ == "__main__":
    main()
