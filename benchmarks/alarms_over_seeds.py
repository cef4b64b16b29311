"""Judge the alarms: how soon they see a careless rater, how often they accuse a good one.

Defined beforehand: eleven people rate 57,177 clips three times as planned. Ten of them are
`good` as `study.rehearsal.simulated_people` has it. The eleventh is good up to a trial between a
fifth and seven tenths of their part, and from then on `sloppy` (accuracy .94 to .80), or `tired`:
rested at the start of every 400 trials, and with a growing share of guesses within them.

Run: python -m benchmarks.alarms_over_seeds [--seeds 20] [--first-seed 100] [--threshold H ...]

The threshold was chosen on seeds 1 to 10; judge it on others.
"""

import argparse

import numpy as np
import pandas as pd

from sessions.monitor.alarms import THRESHOLD, agreement_alarms
from sessions.monitor.running_agreement import agreement
from sessions.plan import assignment
from sessions.plan.ordering import shuffled_order
from study.rehearsal.simulated_people import PROFILES
from study.vocabulary import Rating

N_CLIPS, N_TRUTHS, N_RATERS = 57_177, 2_000, 11
TRUTH_SHARES = (0.45, 0.20, 0.35)
BAD = N_RATERS - 1


def press_table(profile: str, n_done: int) -> np.ndarray:
    """Cumulative press probabilities, one row per truth."""
    rows = [PROFILES[profile].press_probabilities(Rating(truth), n_done) for truth in (1, 2, 3)]
    return np.cumsum(rows, axis=1)


def pressed(table: np.ndarray, truth: np.ndarray, luck: np.ndarray) -> np.ndarray:
    """Return what is pressed for each truth."""
    return 1 + (luck[:, None] > table[truth - 1][:, :2]).sum(axis=1)


def simulate(seed: int, kind: str) -> tuple[pd.DataFrame, dict[int, int], int]:
    """Return the ratings in the order of time, the ground truths, and when the bad one changes."""
    rng = np.random.default_rng(seed)
    truth = rng.choice((1, 2, 3), size=N_CLIPS, p=TRUTH_SHARES)
    sampled = np.zeros(N_CLIPS, dtype=bool)
    sampled[rng.choice(N_CLIPS, N_TRUTHS, replace=False)] = True
    raters = assignment.plan_raters((sampled,), N_RATERS, 3, rng)
    parts = []
    change = 0
    for rater in range(N_RATERS):
        own = np.flatnonzero((raters == rater).any(axis=1))
        own = own[shuffled_order(sampled[own], rng)]
        answers = pressed(press_table("good", 0), truth[own], rng.random(len(own)))
        if rater == BAD and kind != "good":
            change = int(rng.uniform(0.2, 0.7) * len(own))
            later = np.arange(len(own)) >= change
            worse = worse_answers(kind, truth[own], rng)
            answers = np.where(later, worse, answers)
        when = np.arange(len(own)) + rng.normal(0, 50, len(own)).cumsum() / 50
        parts.append(
            pd.DataFrame(
                {"participant_id": f"S{rater:02d}", "candidate_id": own, "rating": answers,
                 "when": np.sort(when)}
            )
        )  # fmt: skip
    ratings = pd.concat(parts).sort_values("when", kind="stable").reset_index(drop=True)
    truths = dict(zip(np.flatnonzero(sampled).tolist(), truth[sampled].tolist(), strict=True))
    return ratings, truths, change


def worse_answers(kind: str, truth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Answers of a sloppy or a tired person."""
    luck = rng.random(len(truth))
    if kind == "sloppy":
        return pressed(press_table("sloppy", 0), truth, luck)
    in_session = np.arange(len(truth)) % 400
    answers = np.empty(len(truth), dtype=np.int64)
    for n_done in range(400):
        own = in_session == n_done
        answers[own] = pressed(press_table("tired", n_done), truth[own], luck[own])
    return answers


def main() -> None:
    """Print what each threshold finds and costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--threshold", type=float, nargs="+", default=[THRESHOLD])
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    print("kind,threshold,n_seeds,detected,median_trials,p90_trials,false_alarms,good_raters,"
          "false_alarms_per_1000_good_trials")  # fmt: skip
    for kind in ("good", "sloppy", "tired"):
        worlds = [evidence_of(seed, kind) for seed in seeds]
        for threshold in options.threshold:
            print(summary(kind, threshold, worlds), flush=True)


def evidence_of(seed: int, kind: str) -> tuple[pd.DataFrame, int]:
    """Comparisons of a simulated study, and when its bad rater changes."""
    ratings, truths, change = simulate(seed, kind)
    return agreement(ratings, truths), change


def summary(kind: str, threshold: float, worlds: list[tuple[pd.DataFrame, int]]) -> str:
    """One line of figures."""
    delays, n_false, n_good, n_trials = [], 0, 0, 0
    for evidence, change in worlds:
        bad = f"S{BAD:02d}" if kind != "good" else ""
        alarms = list(agreement_alarms(evidence, threshold))
        hits = [a.n_trial - change for a in alarms if a.participant_id == bad]
        n_false += sum(a.participant_id != bad for a in alarms) + sum(delay < 0 for delay in hits)
        delays.append(min((delay for delay in hits if delay >= 0), default=np.inf))
        last = evidence.groupby("participant_id")["n_trial"].max()
        n_good += (last.index != bad).sum()
        n_trials += last[last.index != bad].sum() + change
    detected = "" if kind == "good" else f"{np.isfinite(delays).mean():.2f}"
    median, p90 = ("", "") if kind == "good" else (
        f"{np.median(delays):.0f}", f"{np.quantile(delays, 0.9, method='higher'):.0f}"
    )  # fmt: skip
    rate = 1000 * n_false / n_trials
    found = f"{detected},{median},{p90},{n_false},{n_good},{rate:.5f}"
    return f"{kind},{threshold:g},{len(worlds)},{found}"


if __name__ == "__main__":
    main()
