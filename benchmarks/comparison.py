"""How far a comparison of people with networks can be believed, and how long it takes.

Coverage: pairs of observers with planted accuracies and error consistency; how often the 95 %
interval holds the planted value. Predictions: people who combine sound and picture by a planted
rule; how often each prediction is kept. Time: 100,000 answers.

Run: python -m benchmarks.comparison [--pairs 5000] [--studies 50]
"""

import argparse
import itertools
import time

import numpy as np
import pandas as pd

from lab.compare.measures.benefit import benefit_of_people
from lab.compare.measures.confusions import takers_of
from lab.compare.measures.consistency import kappa_interval, kappa_range
from lab.compare.numbers import compare
from lab.compare.resampling import interval, resample
from tests.worlds.observers import answers, confusions_of, independent_of, product_of

N_CLIPS = (60, 160, 320, 640, 960)
ACCURACIES = (0.6, 0.75, 0.9)
KAPPAS = (0.0, 0.2, 0.4, 0.6)
MODALITIES = {"heard": "audio", "seen": "visual", "both": "audiovisual"}
CONDITIONS = {modality: condition for condition, modality in MODALITIES.items()}
RULES = {"independent channels": independent_of, "product rule": product_of}


def coverage(n_pairs: int) -> pd.DataFrame:
    """Return how often intervals hold the planted value, by cell."""
    rng = np.random.default_rng(1)
    rows = []
    for p_1, p_2 in itertools.combinations_with_replacement(ACCURACIES, 2):
        for value, n in itertools.product(KAPPAS, N_CLIPS):
            if value > kappa_range(np.array(p_1), np.array(p_2))[1]:
                continue
            expected = p_1 * p_2 + (1 - p_1) * (1 - p_2)
            both = (expected + value * (1 - expected) - 1 + p_1 + p_2) / 2
            cells = [both, p_1 - both, p_2 - both, 1 - p_1 - p_2 + both]
            drawn = rng.multinomial(n, cells, size=n_pairs).astype(float)
            low, high = kappa_interval(
                drawn[:, 0], drawn[:, :2].sum(1), drawn[:, [0, 2]].sum(1), drawn.sum(1)
            )
            held = float(np.mean((low <= value) & (value <= high)))
            rows.append((p_1, p_2, value, n, held))
    return pd.DataFrame(rows, columns=["accuracy_1", "accuracy_2", "kappa", "clips", "held"])


def predictions(n_studies: int) -> pd.DataFrame:
    """Return in what share of studies each prediction is kept, by planted rule and size."""
    rows = []
    sizes = [(960, 12), (960, 4), (160, 12)]
    accuracies = [(0.5, 0.5), (0.5, 0.7), (0.7, 0.7)]
    for (n_clips, n_people), pair, rule in itertools.product(sizes, accuracies, RULES):
        kept = dict.fromkeys(RULES, 0)
        for seed in range(n_studies):
            rng = np.random.default_rng([seed, n_clips, n_people])
            audio, visual = (confusions_of(accuracy, 16, rng) for accuracy in pair)
            given = {"heard": audio, "seen": visual, "both": RULES[rule](audio, visual)}
            responses = answers(given, MODALITIES, n_clips, n_people, rng)
            draws = resample(responses, 300, seed)
            (people,) = takers_of(responses)
            found = benefit_of_people(responses, people, CONDITIONS, draws)
            for name, expected in found.expected.items():
                beyond = found.observed - expected
                low, high = interval(beyond[1:], about=float(beyond[0]))
                kept[name] += low <= 0 <= high
        shares = [kept[name] / n_studies for name in RULES]
        rows.append((n_clips, n_people, *pair, rule, *shares))
    head = ["clips", "people", "audio", "visual", "planted"]
    return pd.DataFrame(rows, columns=[*head, *(f"{name} kept" for name in RULES)])


def seconds(n_people: int, n_clips: int) -> float:
    """Return how long a comparison with 1,000 resamples takes; everybody answers all clips."""
    rng = np.random.default_rng(1)
    given = {f"c{i}": confusions_of(0.5 + i / 20, 16, rng) for i in range(8)}
    responses = answers(given, {}, n_clips, n_people, rng)
    began_s = time.perf_counter()
    compare(responses, n_resamples=1000)
    return time.perf_counter() - began_s


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5000, help="simulated pairs in each cell")
    parser.add_argument("--studies", type=int, default=50, help="simulated studies of each rule")
    given = parser.parse_args()
    table = coverage(given.pairs)
    by_clips = table.groupby("clips")["held"].agg(["min", "median", "max"])
    print("how often 95 % intervals of error consistency hold the planted value")
    print(by_clips.round(3).to_string())
    print(table[(table["held"] < 0.94) | (table["held"] > 0.96)].round(3).to_string(index=False))
    print("in what share of studies a prediction is kept")
    print(predictions(given.studies).round(2).to_string(index=False))
    print(f"100,000 answers of 100 people, 1,000 resamples: {seconds(100, 125):.0f} s")


if __name__ == "__main__":
    main()
