"""Follow random numbers of a study back to the key press, and count broken links.

Run: python -m benchmarks.trace_links STUDY [--n 1000] [--seed 1]
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lab.report.places import places_of
from lab.trace.chain import faults_of
from lab.trace.follow import follow
from lab.trace.kept import Kept
from lab.trace.traceable import COLUMNS_4, wanted
from models.search.surrogates import PLAN_NAME, best_of, read_results
from study.config.study import find_study


def main() -> None:
    """Print how many chains were followed, their links, and what was broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", type=Path)
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    study = find_study(asked.study)
    kept = Kept(study, places_of(study.folder))
    rng = np.random.default_rng(asked.seed)
    begun, n_links, kinds, faults = time.monotonic(), 0, Counter(), []
    everything = {kind: list(names) for kind, names in numbers(kept)}
    for kind in rng.choice(list(everything), size=asked.n):
        what = str(rng.choice(everything[kind]))
        chain = follow(kept, wanted(what))
        n_links += sum(1 for _ in chain.every())
        kinds[str(kind)] += 1
        faults += [f"{what}: {fault}" for fault in faults_of(chain)]
    for fault in faults[:10]:
        print(fault)
    print(", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())))
    print(
        f"{asked.n} chains, {n_links:,} links, {len(faults)} broken, "
        f"{time.monotonic() - begun:.1f} s"
    )


def numbers(kept: Kept) -> Iterator[tuple[str, list[str]]]:
    """Yield all that can be traced in a study, by kind."""
    for table in kept.lists:
        yield f"rows of {table}", [f"{table}.csv:{name}" for _, name in kept.table(table).places]
    for name, traced in kept.manifests.items():
        yield f"records of {name}", [f"{name}/{record}" for record in traced.places]
    tallies = kept.tallies
    labels = sorted(set(tallies["avmit_label"]))
    questions = ("present", "prominent")
    yield "bars", [f"figure2:{q}/{a}/{n}" for q in questions for a in labels for n in range(4)]
    cells = [
        f"table5:{one.training_set}/{one.embedding_set}/{one.rnn}/{column}"
        for network in kept.networks
        for one in network.evaluations.values()
        for column in ("loss", "top1", "top5")
    ]
    if cells:
        yield "cells of Table 5", cells
    chosen = [
        f"table4:{cell.embedding_set}/{cell.rnn}/{column}"
        for path in kept.places.models.glob(f"**/{PLAN_NAME}")
        for cell in best_of(read_results(path.parent))
        for column in COLUMNS_4
    ]
    if chosen:
        yield "cells of Table 4", chosen


if __name__ == "__main__":
    main()
