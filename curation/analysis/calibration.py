"""Whether answers are as probable as they are said to be, on clips that get all ratings."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from study.config.study import Study
from study.deciding.belief import Belief


def calibration(belief: Belief, study: Study) -> pd.DataFrame:
    """Return what became of answers by how probable a yes was: the majority of all ratings.

    Returns
    -------
    DataFrame
        Columns ``posterior, share_yes, n`` of clips that get all ratings, in tenths.
    """
    enough = belief.counts.sum(axis=1) >= study.config.protocol.ratings_per_clip
    kept = belief.gets_all & enough
    first = 1 if study.config.protocol.certain_question == "present" else 2
    counts = belief.counts[kept]
    most = 2 * counts[:, first:].sum(axis=1) > counts.sum(axis=1)
    tenths = np.minimum((belief.yes[kept] * 10).astype(int), 9)
    found = pd.DataFrame({"tenth": tenths, "posterior": belief.yes[kept], "share_yes": most})
    found = found.groupby("tenth").agg(
        posterior=("posterior", "mean"), share_yes=("share_yes", "mean"), n=("share_yes", "size")
    )
    return found.reset_index(drop=True)


def plot_calibration(table: pd.DataFrame) -> Figure:
    """Draw how often most raters said yes against how probable a yes was."""
    figure = Figure(figsize=(4.5, 4.5), layout="constrained")
    ax = figure.subplots()
    ax.plot([0, 1], [0, 1], color="#9e9e9e", linewidth=1)
    ax.scatter(table["posterior"], table["share_yes"], s=10 + 2 * np.sqrt(table["n"]),
               color="#08306b")  # fmt: skip
    ax.set(xlabel="how probable a yes is", ylabel="share with a majority of all ratings for yes",
           xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))  # fmt: skip
    ax.grid(linewidth=0.4, alpha=0.6)
    return figure
