"""Ratings asked, hours saved and errors of all rating rules, at the paper's size.

57,177 clips of 41 classes, a fifth of them hard (people differ about them), eleven raters at three
levels of accuracy; ratings come in batches of 500, and what is open then is asked at random places
among the ratings to come. Errors are clips that are prominent for one and not for the other.

Run: python -m benchmarks.rating_rules [--seeds N] [--clips N] [--plot FILE.png] [--csv FILE.csv]
"""

import argparse
import heapq
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from benchmarks.rating_world import ACCURACIES, N_CLIPS, RatingWorld, kappa, make_world
from study.config.protocol import Protocol
from study.deciding.open_clips import accepted_so_far
from study.deciding.questions import is_answered_yes, is_unanswered, n_first
from study.reports.figures import save_figure

BATCH, TRIAL_S, SEEDS = 500, 7.0, 5
EXACT = {
    "until_decided: prominent": Protocol(rating_rule="until_decided"),
    "until_decided: prominent, unanimous": Protocol(
        rating_rule="until_decided", decide=("prominent", "unanimous")
    ),
}
OLDER = "two, a third where no majority"  # ratings_per_clip = 2, majority, ratings_at_most = 3


def least(n_clips: int) -> int:
    """Return how many prominent clips a class needs: 500 at the paper's size."""
    return max(round(500 * n_clips / N_CLIPS), 1)


def tallied(world: RatingWorld, n_asked: np.ndarray) -> np.ndarray:
    """Return how often each clip got 1, 2 and 3 among the ratings that were asked."""
    asked = np.arange(world.ratings.shape[1]) < n_asked[:, None]
    return np.stack([((world.ratings == v) & asked).sum(axis=1) for v in (1, 2, 3)], axis=1)


def in_batches(
    n_start: np.ndarray,
    further: Callable[[np.ndarray, np.ndarray], np.ndarray],
    rng: np.random.Generator,
) -> np.ndarray:
    """Let ratings come in batches; return how many each clip got.

    `further(n_given, touched)` returns which of the clips that a batch touched are asked for more.
    """
    start = np.repeat(np.arange(len(n_start)), n_start)
    waiting = [(float(place), int(clip)) for place, clip in zip(rng.random(len(start)), start,
                                                               strict=True)]  # fmt: skip
    heapq.heapify(waiting)
    n_given, n_asked = np.zeros(len(n_start), dtype=np.int64), n_start.copy()
    while True:
        batch = [heapq.heappop(waiting) for _ in range(min(BATCH, len(waiting)))]
        touched = np.unique([clip for _, clip in batch]).astype(np.int64)
        np.add.at(n_given, [clip for _, clip in batch], 1)
        now = batch[-1][0] if batch else 1.0
        done = touched[n_given[touched] == n_asked[touched]]
        asked = further(n_given, done)
        n_asked[asked] += 1
        for clip in asked.tolist():
            heapq.heappush(waiting, (float(rng.uniform(now, 1.0)), clip))
        if not waiting:
            return n_given


def rate_until_decided(
    world: RatingWorld, protocol: Protocol, rng: np.random.Generator
) -> np.ndarray:
    """Return how many ratings each clip gets under the exact rule."""
    start = np.where(world.is_truth, protocol.ratings_per_clip, n_first(protocol))
    labels = pd.Series(world.label)
    accepted = np.zeros(len(start), dtype=bool)

    def further(n_given: np.ndarray, done: np.ndarray) -> np.ndarray:
        counts = tallied(world, n_given)
        now = accepted_so_far(counts, labels, protocol)
        # A class that has its clips now opens those that had been decided before.
        fresh = np.flatnonzero(now & ~accepted & (n_given >= start))
        accepted[:] = now
        look = np.union1d(done, fresh[n_given[fresh] < protocol.ratings_per_clip])
        usable = accepted & world.has_picture
        is_open = is_unanswered(counts[look], protocol, usable[look])
        return look[is_open & ~waits[look]]

    waits = np.zeros(len(start), dtype=bool)
    return in_batches(start, _remembering(further, waits), rng)


def _remembering(
    further: Callable[[np.ndarray, np.ndarray], np.ndarray], waits: np.ndarray
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    def ask(n_given: np.ndarray, done: np.ndarray) -> np.ndarray:
        waits[done] = False
        found = further(n_given, done)
        waits[found] = True
        return found

    return ask


def older_rule(world: RatingWorld) -> np.ndarray:
    """Return how many ratings each clip got with two, and a third where these two differ."""
    differ = world.ratings[:, 0] != world.ratings[:, 1]
    return np.where(world.is_truth, 3, 2 + differ)


def result(
    world: RatingWorld, name: str, n_given: np.ndarray, is_yes: np.ndarray | None = None
) -> dict[str, object]:
    """Return what a rule asked for, and how its answers compare."""
    full = tallied(world, np.full(len(world.label), 3))
    all_yes = 2 * full[:, 2] > 3
    counts = tallied(world, n_given)
    yes = 2 * counts[:, 2] > counts.sum(axis=1) if is_yes is None else is_yes
    n_full, n_own = (np.bincount(world.label, of) for of in (all_yes, yes))
    saved = full.sum() - n_given.sum()
    return {
        "rule": name, "kappa": kappa(world), "share": n_given.sum() / full.sum(),
        "hours_saved": saved * TRIAL_S / 3600,
        "wrong": float((yes != world.is_yes).mean()),
        "wrong_of_easy": float((yes != world.is_yes)[~world.is_hard].mean()),
        "differ_from_full": int((yes != all_yes).sum()),
        "classes_differ": int(((n_full >= least(len(yes))) != (n_own >= least(len(yes)))).sum()),
        "most": int(n_given.max()),
    }  # fmt: skip


def same_pool(world: RatingWorld, n_given: np.ndarray) -> bool:
    """Return whether the test set would be drawn from the same clips as in the full design."""
    protocol = Protocol(class_min_prominent=least(len(world.label)))
    pools = []
    for n in (np.full(len(world.label), 3), n_given):
        counts = tallied(world, n)
        accepted = accepted_so_far(counts, pd.Series(world.label), protocol)
        unanimous = is_answered_yes(counts, "unanimous", protocol)
        pools.append(unanimous & accepted & world.has_picture)
    return bool((pools[0] == pools[1]).all())


def runs(level: str, seed: int, n_clips: int) -> list[dict[str, object]]:
    """Return a row per rule in one simulated study."""
    rng = np.random.default_rng([seed, *level.encode()])
    world = make_world(ACCURACIES[level], rng, n_clips=n_clips)
    rows = [result(world, "all", np.full(n_clips, 3)), result(world, OLDER, older_rule(world))]
    for name, paper in EXACT.items():
        protocol = paper.model_copy(update={"class_min_prominent": least(n_clips)})
        n_given = rate_until_decided(world, protocol, rng)
        rows.append(result(world, name, n_given))
        if "unanimous" in protocol.questions:
            rows[-1]["same_pool"] = same_pool(world, n_given)
    return [{"level": level, "seed": seed, **row} for row in rows]


def plot(table: pd.DataFrame, path: Path) -> None:
    """Draw share of the ratings against errors, a panel per level of accuracy."""
    figure = Figure(figsize=(11, 4), layout="constrained")
    for ax, (level, part) in zip(
        figure.subplots(1, 3, sharey=True), table.groupby("level", sort=False), strict=True
    ):
        for rule, own in part.groupby("rule", sort=False):
            ax.plot(100 * own["share"], 100 * own["wrong"], "o", alpha=0.7, label=rule)
        ax.set_title(f"raters {level}, kappa {part['kappa'].mean():.2f}", fontsize="medium")
        ax.set_xlabel("ratings asked, % of the full design")
        ax.grid(linewidth=0.4, alpha=0.6)
    first = figure.axes[0]
    first.set_ylabel("clips whose prominence is wrong, %")
    figure.legend(*first.get_legend_handles_labels(), loc="outside lower center", ncols=3,
                  fontsize="small", frameon=False)  # fmt: skip
    save_figure(figure, path)


def main() -> None:
    """Simulate all rules and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--clips", type=int, default=N_CLIPS)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--csv", type=Path)
    options = parser.parse_args()
    rows = []
    for level in ACCURACIES:
        for seed in range(1, options.seeds + 1):
            rows += runs(level, seed, options.clips)
            print(f"{level} {seed}", flush=True)
    table = pd.DataFrame(rows)
    if options.csv:
        table.to_csv(options.csv, index=False)
    shown = (
        table.drop(columns="seed").groupby(["level", "rule"], sort=False).mean(numeric_only=False)
    )
    print(shown.round(4).to_string())
    if options.plot:
        plot(table, options.plot)


if __name__ == "__main__":
    main()
