"""Figures: one function each, takes a tidy frame and axes, returns the axes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from curation.tally import yes_votes
from study.files import written_atomically

QUESTIONS: dict[Literal["present", "prominent"], str] = {
    "present": "(a) Was the labelled audiovisual event present?",
    "prominent": "(b) Was the labelled audiovisual event the most prominent feature?",
}
# From dark (3 votes) to pale (none), told apart without colour vision and in grey print.
_VOTE_COLOURS = ("#08306b", "#4292c6", "#9ecae1", "#d9d9d9")
_ROW_INCHES = 0.22
_HASH_SALT = "avmit-lab"


def plot_votes(
    clips: pd.DataFrame, question: Literal["present", "prominent"], ax: Axes | None = None
) -> Axes:
    """Plot, per class, how many clips got 0, 1, 2, 3 (or more) votes for one question.

    Parameters
    ----------
    clips : DataFrame
        One row per clip, with ``avmit_label, r1, r2, r3``.
    question : {"present", "prominent"}
        Whether the event was present (2 or 3), or the most prominent feature (3).
    ax : Axes or None
        Where to draw; None for a new figure.

    Returns
    -------
    Axes
        The axes; the caller saves or shows the figure.

    Notes
    -----
    Paper: Figure 2.
    """
    votes = votes_by_class(clips, question)
    if ax is None:
        ax = Figure(figsize=(8, 2 + _ROW_INCHES * len(votes)), layout="constrained").subplots()
    left = np.zeros(len(votes))
    # Most votes first: what counts starts at zero, where lengths are compared most easily.
    for name, colour in zip(reversed(votes.columns), _palette(len(votes.columns)), strict=True):
        width = votes[name].to_numpy(dtype=float)
        ax.barh(votes.index, width, left=left, color=colour, label=str(name), height=0.8)
        left += width
    ax.invert_yaxis()
    ax.margins(y=0.01)
    ax.set_xlabel("clips")
    ax.set_title(QUESTIONS[question], loc="left", fontsize="medium", pad=40)
    ax.grid(axis="x", linewidth=0.4, alpha=0.6)
    ax.set_axisbelow(True)
    ax.legend(
        title="yes votes",
        ncols=len(votes.columns),
        loc="lower left",
        bbox_to_anchor=(0, 1),
        alignment="left",
        fontsize="small",
        title_fontsize="small",
        frameon=False,
    )
    return ax


def votes_by_class(clips: pd.DataFrame, question: Literal["present", "prominent"]) -> pd.DataFrame:
    """Count clips by class and number of yes votes.

    Parameters
    ----------
    clips : DataFrame
        With ``avmit_label, r1, r2, r3``.
    question : {"present", "prominent"}
        The question.

    Returns
    -------
    DataFrame
        One row per class, one column per number of votes; the class with most votes of all its
        raters comes first.
    """
    votes = yes_votes(clips, question)
    n_most = max(3, int(votes.max()) if len(votes) else 0)
    table = pd.crosstab(clips["avmit_label"], votes).reindex(
        columns=range(n_most + 1), fill_value=0
    )
    return table.sort_values([*range(n_most, -1, -1)], ascending=False, kind="stable").rename_axis(
        index=None, columns=None
    )


def figure_2(clips: pd.DataFrame) -> Figure:
    """Draw both panels of the paper's Figure 2.

    Parameters
    ----------
    clips : DataFrame
        One row per clip, with ``avmit_label, r1, r2, r3``.

    Returns
    -------
    Figure
        Panel (a) left, (b) right, each ordered by its own votes.
    """
    n_classes = clips["avmit_label"].nunique()
    figure = Figure(figsize=(13, 2.2 + _ROW_INCHES * n_classes), layout="constrained")
    for ax, question in zip(figure.subplots(1, 2), QUESTIONS, strict=True):
        plot_votes(clips, question, ax)
    return figure


def save_figure(
    figure: Figure, folder: Path, name: str, *, overwrite: bool, stamp: str = ""
) -> list[Path]:
    """Save a figure as SVG, PDF and PNG.

    Parameters
    ----------
    figure : Figure
        The figure.
    folder : Path
        Where to.
    name : str
        File name without ending.
    overwrite : bool
        Whether existing files may be replaced.
    stamp : str
        Set small into the corner, such as ``"rehearsal"``; empty for none.

    Returns
    -------
    list of Path
        The files; the same figure gives the same bytes.
    """
    if stamp:
        figure.text(0.995, 0.005, stamp, ha="right", va="bottom", color="#b3261e", fontsize=8)
    undated: dict[str, dict[str, str | None]] = {
        ".svg": {"Date": None},
        ".pdf": {"CreationDate": None},
        ".png": {"Software": None},
    }
    paths = []
    for suffix, metadata in undated.items():
        path = folder / f"{name}{suffix}"
        with (
            mpl.rc_context({"svg.hashsalt": _HASH_SALT}),
            written_atomically(path, overwrite=overwrite) as part,
        ):
            figure.savefig(part, format=suffix[1:], dpi=150, metadata=metadata)
        paths.append(path)
    return paths


def _palette(n_colours: int) -> Sequence[object]:
    if n_colours == len(_VOTE_COLOURS):
        return _VOTE_COLOURS
    return list(mpl.colormaps["Blues"](np.linspace(1, 0.15, n_colours)))
