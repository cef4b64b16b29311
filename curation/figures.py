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
from study.reports.figures import write_figure

QUESTIONS: dict[Literal["present", "prominent"], str] = {
    "present": "(a) Was the labelled audiovisual event present?",
    "prominent": "(b) Was the labelled audiovisual event the most prominent feature?",
}
# From dark (3 votes) to pale (none), told apart without colour vision and in grey print.
_VOTE_COLOURS = ("#08306b", "#4292c6", "#9ecae1", "#d9d9d9")
_ROW_INCHES = 0.22
_SUFFIXES = (".svg", ".pdf", ".png")


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
        One row per class, one column per number of votes; the class with most clips of three
        votes or more comes first, then two or more decide, then one.
    """
    votes = yes_votes(clips, question)
    n_most = max(3, int(votes.max()) if len(votes) else 0)
    table = pd.crosstab(clips["avmit_label"], votes).reindex(
        columns=range(n_most + 1), fill_value=0
    )
    # Few clips get a fourth rating: their number says nothing of their class.
    so_many_or_more = table[table.columns[::-1]].cumsum(axis=1).rename(columns=str)
    order = so_many_or_more.sort_values(["3", "2", "1"], ascending=False, kind="stable").index
    return table.loc[order].rename_axis(index=None, columns=None)


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
    figure: Figure,
    folder: Path,
    name: str,
    *,
    overwrite: bool,
    stamp: str = "",
    suffixes: Sequence[str] = _SUFFIXES,
) -> list[Path]:
    """Save a figure as SVG, PDF and PNG.

    Parameters
    ----------
    stamp : str
        Set small into the corner, such as ``"rehearsal"``; empty for none.
    suffixes : sequence of {".svg", ".pdf", ".png"}
        The formats.

    Returns
    -------
    list of Path
        The files; the same figure gives the same bytes.
    """
    if stamp:
        figure.text(0.995, 0.005, stamp, ha="right", va="bottom", color="#b3261e", fontsize=8)
    return write_figure(figure, folder, name, suffixes, overwrite=overwrite)


def _palette(n_colours: int) -> Sequence[object]:
    if n_colours == len(_VOTE_COLOURS):
        return _VOTE_COLOURS
    return list(mpl.colormaps["Blues"](np.linspace(1, 0.15, n_colours)))


def plot_agreement(
    table: pd.DataFrame,
    ax: Axes | None = None,
    *,
    scale: str = "prominent",
    measure: str = "alpha_nominal",
) -> Axes:
    """Plot a measure of agreement per class, with its intervals.

    Parameters
    ----------
    table : DataFrame
        From `curation.analysis.agreement.measure_agreement`.
    ax : Axes or None
        Where to draw; None for a new figure.
    scale : {"present", "prominent", "1-2-3"}
        Which answers are compared.

    Returns
    -------
    Axes
        The axes; the line of all classes is drawn across.
    """
    part = table.loc[(table["scale"] == scale) & (table["measure"] == measure)]
    everything = part.loc[part["avmit_label"] == "all", "value"]
    part = part.loc[part["avmit_label"] != "all"].sort_values("value", kind="stable")
    if ax is None:
        ax = Figure(figsize=(7, 1.5 + _ROW_INCHES * len(part)), layout="constrained").subplots()
    spread = (part[["low", "high"]].to_numpy() - part[["value"]].to_numpy()) * [-1, 1]
    ax.errorbar(
        part["value"],
        part["avmit_label"],
        xerr=np.nan_to_num(np.maximum(spread, 0)).T,
        fmt="o",
        color=_VOTE_COLOURS[0],
        ecolor=_VOTE_COLOURS[1],
        markersize=4,
    )
    for value in everything:
        ax.axvline(value, color="#b3261e", linewidth=1, label="all classes")
    ax.margins(y=0.02)
    ax.grid(axis="x", linewidth=0.4, alpha=0.6)
    ax.set_xlabel(f"{measure.replace('_', ' ')}, {scale}")
    ax.legend(loc="lower right", fontsize="small")
    return ax


def plot_over_time(parts: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Plot how a rater's agreement and accuracy went over the trials.

    Parameters
    ----------
    parts : DataFrame
        From `curation.analysis.raters.over_time`.
    ax : Axes or None
        Where to draw; None for a new figure.
    """
    if ax is None:
        ax = Figure(figsize=(7, 3), layout="constrained").subplots()
    ax.plot(parts["part"], parts["agreement"], marker="o", color="#08306b", label="others")
    ax.plot(parts["part"], parts["accuracy"], marker="s", color="#b35900", label="ground truths")
    ax.set(ylim=(0, 1.02), xlabel=f"trials in {len(parts)} equal parts", ylabel="share the same")
    ax.grid(linewidth=0.4, alpha=0.6)
    ax.legend(loc="lower left", fontsize="small")
    return ax


def plot_flow(flow: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Plot, per class, how many clips became candidates and why others left.

    Parameters
    ----------
    flow : DataFrame
        From `curation.clips.flow.flow_table`.
    ax : Axes or None
        Where to draw; None for a new figure.
    """
    parts = flow.groupby("avmit_label").sum(numeric_only=True).drop(columns="clips")
    parts = parts.loc[parts.sum(axis=1) > 0].sort_values("candidates", ascending=False)
    if ax is None:
        ax = Figure(figsize=(9, 2 + _ROW_INCHES * len(parts)), layout="constrained").subplots()
    left = np.zeros(len(parts))
    colours = ["#08306b", *mpl.colormaps["Oranges"](np.linspace(0.35, 1, len(parts.columns) - 1))]
    for name, colour in zip(parts.columns, colours, strict=True):
        width = parts[name].to_numpy(dtype=float)
        ax.barh(parts.index, width, left=left, color=colour, height=0.8, label=str(name))
        left += width
    ax.invert_yaxis()
    ax.margins(y=0.01)
    ax.set_xlabel("clips")
    ax.grid(axis="x", linewidth=0.4, alpha=0.6)
    ax.set_axisbelow(True)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, fontsize="small", frameon=False)
    return ax


def plot_test_set(test: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Plot the test set: clips per class, relabelled ones apart.

    Parameters
    ----------
    test : DataFrame
        With ``avmit_label, mit_label``.
    ax : Axes or None
        Where to draw; None for a new figure.
    """
    counts = pd.crosstab(test["avmit_label"], test["avmit_label"] != test["mit_label"])
    counts = counts.reindex(columns=[False, True], fill_value=0)
    if ax is None:
        ax = Figure(figsize=(7, 1.5 + _ROW_INCHES * len(counts)), layout="constrained").subplots()
    ax.barh(counts.index, counts[False], color="#08306b", label="of this MIT class")
    ax.barh(counts.index, counts[True], left=counts[False], color="#9ecae1", label="relabelled")
    ax.invert_yaxis()
    ax.margins(y=0.01)
    ax.set_xlabel("test clips")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, fontsize="small", frameon=False)
    return ax
