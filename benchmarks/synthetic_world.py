"""The paper's claim in silico: small and audiovisual against large and mixed.

Trains on both sets for several shares of labels that are not audiovisual, prints the gain with
its interval, writes a table and a plot: ``python -m benchmarks.synthetic_world --out DIR``.
With ``--absent-from both`` such a label is in neither modality; ``--large 100`` makes the two sets
equally large.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd

from benchmarks.world_of_embeddings import Absence, compare
from models.evaluation.comparison import mean_with_interval
from models.evaluation.plots import new_figure
from study.reports.figures import save_figure
from study.tools.files import written_atomically


def main() -> None:
    """Run the experiment."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.0, 0.2, 0.4, 0.6, 0.8])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--absent-from", choices=get_args(Absence), default="one")
    parser.add_argument("--large", type=int, default=308, help="clips per class of the large set")
    options = parser.parse_args()
    rows, gains = [], []
    print("| not audiovisual | small, % right | large, % right | gain in points [95 %] |")
    print("|---|---|---|---|")
    for share in options.shares:
        found = [
            compare(share, seed, n_large=options.large, absent_from=options.absent_from)
            for seed in range(1, options.seeds + 1)
        ]
        rows += [asdict(each) for each in found]
        gain = mean_with_interval([100 * (each.small_right - each.large_right) for each in found])
        gains.append(gain)
        small = 100 * np.mean([each.small_right for each in found])
        large = 100 * np.mean([each.large_right for each in found])
        print(
            f"| {100 * share:.0f} % | {small:.2f} | {large:.2f} | "
            f"{gain.mean:+.2f} [{gain.low:+.2f}, {gain.high:+.2f}] |",
            flush=True,
        )
    frame = pd.DataFrame(rows)
    with written_atomically(options.out / "synthetic_world.csv") as part:
        frame.to_csv(part, index=False)
    figure, axes = new_figure(1, 1, width=6, height=4)
    ax = axes[0, 0]
    means = np.array([gain.mean for gain in gains])
    reach = means - np.array([gain.low for gain in gains])
    shares = [100 * share for share in options.shares]
    ax.errorbar(shares, means, yerr=reach, marker="o", capsize=4, label="mean, 95 % over worlds")
    each = 100 * (frame["small_right"] - frame["large_right"])
    ax.plot(100 * frame["share"], each, ".", alpha=0.5, label="one world")
    ax.axhline(0, color="grey", linewidth=0.8)
    ax.set(
        xlabel="labels of the large set that are not audiovisual (%)",
        ylabel="top 1 accuracy, small minus large (points)",
    )
    ax.legend()
    save_figure(figure, options.out / "synthetic_world.png")


if __name__ == "__main__":
    main()
