"""Ratings asked, hours saved and errors of all rating rules, at the paper's size.

57,177 clips of 41 classes, a fifth of them hard (people differ about them), eleven raters at three
levels of accuracy; ratings come in batches of 500, and what is open then is asked at random places
among the ratings to come. Errors are clips that are prominent for one and not for the other.

Run: python -m benchmarks.rating_rules [--seeds N] [--clips N] [--only-certain] [--plot FILE.png]
     [--csv FILE.csv] [--timings]
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from benchmarks.rating_processes import (
    State,
    least,
    rate_until_certain,
    rate_until_decided,
    tallied,
)
from benchmarks.rating_world import (
    ACCURACIES,
    N_CLIPS,
    RatingWorld,
    classifier,
    kappa,
    make_world,
)
from sessions.plan.further_ratings import at_random_places
from study.config.protocol import Protocol
from study.deciding.open_clips import accepted_so_far
from study.deciding.posterior import fit, of_one
from study.deciding.questions import is_answered_yes
from study.reports.figures import save_figure
from study.store.plan.assignments import AssignedClip

TRIAL_S, SEEDS, AUC = 7.0, 5, 0.85
# Certainty, ratings at most, and whether a classifier gives a prior.
CERTAIN = (
    (0.98, 5, False), (0.98, 5, True), (0.95, 5, True), (0.92, 5, True), (0.98, 3, True),
    (0.95, 3, True), (0.90, 3, True),
)  # fmt: skip
EXACT = {
    "until_decided: prominent": Protocol(rating_rule="until_decided"),
    "until_decided: prominent, unanimous": Protocol(
        rating_rule="until_decided", decide=("prominent", "unanimous")
    ),
}
OLDER = "two, a third where no majority"  # ratings_per_clip = 2, majority, ratings_at_most = 3


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


def runs(
    level: str, seed: int, n_clips: int, *, only_certain: bool = False
) -> list[dict[str, object]]:
    """Return a row per rule in one simulated study."""
    rng = np.random.default_rng([seed, *level.encode()])
    world = make_world(ACCURACIES[level], rng, n_clips=n_clips)
    rows = [result(world, "all", np.full(n_clips, 3)), result(world, OLDER, older_rule(world))]
    for name, paper in () if only_certain else EXACT.items():
        protocol = paper.model_copy(update={"class_min_prominent": least(n_clips)})
        n_given = rate_until_decided(world, protocol, rng)
        rows.append(result(world, name, n_given))
        if "unanimous" in protocol.questions:
            rows[-1]["same_pool"] = same_pool(world, n_given)
    score = classifier(world.is_yes, AUC, rng)
    for certainty, most, has_score in CERTAIN:
        used = score if has_score else np.full(n_clips, np.nan)
        came = rate_until_certain(world, used, rng, certainty=certainty, most=most)
        name = (
            f"until_certain {certainty:g}, {most} at most{'' if has_score else ', no classifier'}"
        )
        row = result(world, name, came.n_given, came.is_yes)
        row |= {"wrong_of_ended": came.wrong_of_ended, "audit_error": came.found.error,
                "audit_low": came.found.low, "audit_high": came.found.high,
                "threshold": came.limit}  # fmt: skip
        rows.append(row)
    return [{"level": level, "seed": seed, **row} for row in rows]


def timings(n_clips: int) -> None:
    """Print what one rating, a whole fit and telling the next clip cost, in time of one core."""
    rng = np.random.default_rng(1)
    world = make_world(ACCURACIES["middle"], rng, n_clips=n_clips)
    start = np.full(n_clips, 2)
    state = State(world, classifier(world.is_yes, AUC, rng), start > 2, start, 5, 0.98)
    state.n_given = start
    answers = state.answers()
    began = time.process_time()
    fitted = fit(answers)
    print(f"whole fit of {len(answers.clip)} ratings: {time.process_time() - began:.2f} s")
    durations = []
    for clip in rng.choice(n_clips, 200, replace=False).tolist():
        raters, given = world.raters[clip, :3], world.ratings[clip, :3] - 1
        began = time.process_time()
        of_one(fitted, clip, raters, given, "prominent")
        durations.append(time.process_time() - began)
    middle, most = 1000 * np.quantile(durations, (0.5, 0.95))
    print(f"one clip after a rating: median {middle:.2f} ms, 95 % within {most:.2f} ms")
    left = [AssignedClip(i, i, "training", f"{i}.mp4", "a", "0", i % 4 == 0) for i in range(15_000)]
    began = time.process_time()
    shown = iter(at_random_places(left, rng))
    print(f"places of 15,000 clips, once a session: {1000 * (time.process_time() - began):.1f} ms")
    began = time.process_time()
    for _ in range(1000):
        next(shown)
    print(f"the next clip: {1000 * (time.process_time() - began) / 1000:.4f} ms")


def plot(table: pd.DataFrame, path: Path) -> None:
    """Draw share of the ratings against errors, a panel per level of accuracy."""
    figure = Figure(figsize=(11, 4), layout="constrained")
    for ax, (level, part) in zip(
        figure.subplots(1, 3, sharey=True), table.groupby("level", sort=False), strict=True
    ):
        for rule, own in part.groupby("rule", sort=False):
            marker = "s" if "5 at most" in rule else "^" if "3 at most" in rule else "o"
            ax.plot(100 * own["share"], 100 * own["wrong"], marker, alpha=0.7, label=rule)
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
    parser.add_argument("--only-certain", action="store_true")
    parser.add_argument("--timings", action="store_true")
    options = parser.parse_args()
    if options.timings:
        timings(options.clips)
        return
    rows = []
    for level in ACCURACIES:
        for seed in range(1, options.seeds + 1):
            rows += runs(level, seed, options.clips, only_certain=options.only_certain)
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
