"""What raters whose criteria shift with base rates do to the tables, under each order of clips.

The paper's study as arrays: 57,177 clips of 41 classes, three of eleven raters a clip, a classifier
of AUC .85 for `plan --first-likely`. A rater says 3 with log odds that shift by `gain` times the
difference of the log odds of good clips among the last fifty trials and in the whole study. A
negative gain is a contrast (a middling clip passes where few are good), a positive one is an
expectation (where few are good, good ones are missed). Each study is compared with the same one
without a shift: same raters, same chance.

Run: python -m benchmarks.prevalence [--seeds N] [--clips N]
"""

import argparse
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.signal import lfilter
from scipy.special import expit, logit

from benchmarks.rating_processes import least
from benchmarks.rating_rules import AUC
from benchmarks.rating_world import (
    ACCURACIES,
    N_CLIPS,
    N_RATERS,
    Flags,
    Floats,
    Ints,
    RatingWorld,
    classifier,
    make_world,
)
from sessions.plan.ordering import shuffled_order

GAINS = (-0.5, 0.0, 0.5)  # log odds per log odds of the base rate; an ideal observer has 1
MEMORY = 50  # trials that a base rate is judged by
SIZE = 3  # ratings per clip
# Share of the clips at places by chance: none, the default, half, all (the order by chance).
EXPLORATIONS = (0.0, 0.2, 0.5, 1.0)
LEVEL = "middle"


@dataclass(frozen=True, slots=True)
class Plan:
    """Who rates which clips when.

    Parameters
    ----------
    clips : tuple of ndarray of int64
        Per rater, the clips in their order.
    is_truth : tuple of ndarray of bool
        Per rater, which of these are ground truths.
    """

    clips: tuple[Ints, ...]
    is_truth: tuple[Flags, ...]


def planned(
    world: RatingWorld, score: Floats, exploration: float, rng: np.random.Generator
) -> Plan:
    """Return the order of each rater's clips, as `plan --first-likely` makes it."""
    clips, truths = [], []
    for rater in range(N_RATERS):
        own = np.flatnonzero((world.raters[:, :SIZE] == rater).any(axis=1))
        order = shuffled_order(world.is_truth[own], rng, score[own], exploration)
        clips.append(own[order])
        truths.append(world.is_truth[own[order]])
    return Plan(tuple(clips), tuple(truths))


def strengths(world: RatingWorld, rng: np.random.Generator) -> Floats:
    """Return the log odds of a 3 of each clip: as good as raters are, and about even if hard."""
    easy = logit(ACCURACIES[LEVEL]) * np.where(world.is_yes, 1.0, -1.0)
    hard = np.abs(rng.normal(0.0, 0.7, len(easy))) * np.where(world.is_yes, 1.0, -1.0)
    return np.asarray(np.where(world.is_hard, hard, easy), dtype=np.float64)


def base_rates(is_yes: Flags, start: float) -> Floats:
    """Return the share of good clips among the trials before each one, the later weighing more."""
    keep = 1 - 1 / MEMORY
    seen, _ = lfilter([1 - keep], [1, -keep], is_yes.astype(np.float64), zi=[keep * start])
    return np.asarray(np.concatenate([[start], seen[:-1]]), dtype=np.float64).clip(0.02, 0.98)


def votes(
    world: RatingWorld, plan: Plan, strength: Floats, chance: Floats, gain: float
) -> tuple[Ints, tuple[Flags, ...]]:
    """Return how many 3s each clip got, and what each rater said in their order."""
    n_threes = np.zeros(len(strength), dtype=np.int64)
    said = []
    overall = float(world.is_yes.mean())
    for rater, clips in enumerate(plan.clips):
        shift = gain * (logit(base_rates(world.is_yes[clips], overall)) - logit(overall))
        is_three = chance[clips, rater] < expit(strength[clips] + shift)
        n_threes[clips] += is_three
        said.append(is_three)
    return n_threes, tuple(said)


def _last_place(plan: Plan, n_clips: int) -> Floats:
    """Return when each clip has its last rating, as a share of the study."""
    last = np.zeros(n_clips)
    for clips in plan.clips:
        np.maximum.at(last, clips, (1 + np.arange(len(clips))) / len(clips))
    return last


def _when_full(world: RatingWorld, is_prominent: Flags, last: Floats) -> float:
    """Return at which share of the study the median class that gets there has its clips."""
    need = least(len(last))
    whens = []
    for label in np.unique(world.label):
        own = np.sort(last[is_prominent & (world.label == label)])
        if len(own) >= need:
            whens.append(own[need - 1])
    return float(np.median(whens))


def _drift(world: RatingWorld, plan: Plan, said: tuple[Flags, ...]) -> tuple[float, float]:
    """Return how much likelier a 3 of a ground truth is in the last fifth than in the first, and z.

    Ground truths lie evenly over the study, whatever the order; what changes is the rater.
    """
    shares, variances = [], []
    for is_late in (False, True):
        of_part = []
        for truth, is_three in zip(plan.is_truth, said, strict=True):
            place = np.arange(len(truth)) / len(truth)
            part = truth & ((place >= 0.8) if is_late else (place < 0.2))
            of_part.append(is_three[part])
        found = np.concatenate(of_part)
        shares.append(float(found.mean()))
        variances.append(float(found.mean() * (1 - found.mean()) / len(found)))
    change = shares[1] - shares[0]
    return change, change / float(np.sqrt(sum(variances)))


def rows_of(seed: int, n_clips: int) -> list[dict[str, float]]:
    """Return a row per order and gain in one simulated study."""
    rng = np.random.default_rng([seed, 16])
    world = make_world(ACCURACIES[LEVEL], rng, n_clips=n_clips)
    score, strength = classifier(world.is_yes, AUC, rng), strengths(world, rng)
    chance = rng.random((n_clips, N_RATERS))
    found = []
    unmoved = None
    for exploration in EXPLORATIONS:
        plan = planned(world, score, exploration, rng)
        if unmoved is None:  # without a shift the order changes nothing: chance is each clip's own
            unmoved = 2 * votes(world, plan, strength, chance, 0.0)[0] > SIZE
        rates = [base_rates(world.is_yes[own], float(world.is_yes.mean())) for own in plan.clips]
        for gain in GAINS:
            threes, said = votes(world, plan, strength, chance, gain)
            prominent = 2 * threes > SIZE
            counts = [np.bincount(world.label[of], minlength=41) for of in (unmoved, prominent)]
            accepted = [n >= least(n_clips) for n in counts]
            change, z = _drift(world, plan, said)
            tenth = [np.array_split(rate, 10) for rate in rates]
            found.append(
                {"seed": seed, "exploration": exploration, "gain": gain,
                 "base_rate_first": float(np.mean([part[0].mean() for part in tenth])),
                 "base_rate_last": float(np.mean([part[-1].mean() for part in tenth])),
                 "changed": float((prominent != unmoved).mean()),
                 "wrong": float((prominent != world.is_yes).mean()),
                 "prominent": float(prominent.sum()),
                 "classes_differ": float((accepted[0] != accepted[1]).sum()),
                 "full_at": _when_full(world, prominent, _last_place(plan, n_clips)),
                 "truths_late_minus_early": change, "z": z}
            )  # fmt: skip
    return found


def main() -> None:
    """Simulate all orders and gains and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--clips", type=int, default=N_CLIPS)
    options = parser.parse_args()
    rows = [row for seed in range(1, options.seeds + 1) for row in rows_of(seed, options.clips)]
    table = pd.DataFrame(rows).drop(columns="seed")
    print(table.groupby(["exploration", "gain"]).mean().round(4).to_string())


if __name__ == "__main__":
    main()
