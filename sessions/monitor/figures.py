"""Plots of how the study goes; each takes a table and returns the Axes."""

from collections.abc import Collection
from datetime import timedelta
from math import ceil

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes

from sessions.monitor.evidence import GROUND_TRUTH
from study.pages import new_axes

ROLLING = 100
MOST_TICKS = 8


def plot_days(days: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Plot ratings per day, one colour a participant.

    Parameters
    ----------
    days : DataFrame
        From `monitor.progress.per_day`.
    ax : Axes or None
        Where to draw; None for a new figure.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes() if ax is None else ax
    bottom = pd.Series(0, index=days.index)
    for number, participant_id in enumerate(days.columns):
        height = days[participant_id]
        ax.bar(list(days.index), height, bottom=bottom, label=participant_id, color=_colour(number))
        bottom = bottom + height
    ax.set(xlabel="day", ylabel="ratings")
    if len(days):
        first, last = days.index.min(), days.index.max()
        ax.set_xlim(first - timedelta(days=1), last + timedelta(days=1))
        # Whole days, and few enough to be read.
        step = ceil(((last - first).days + 1) / MOST_TICKS)
        ticks = pd.date_range(first, last, freq=f"{step}D")
        ax.set_xticks(ticks.to_numpy(), labels=[f"{tick:%d %b}" for tick in ticks])
    _legend(ax)
    return ax


def plot_agreement(
    evidence: pd.DataFrame, highlighted: Collection[str] = (), ax: Axes | None = None
) -> Axes:
    """Plot how often each participant agreed with the ground truths, over their trials.

    Parameters
    ----------
    evidence : DataFrame
        From `monitor.evidence.agreement`.
    highlighted : collection of str
        Participants to look at; the others are drawn thin and pale, unless there is none.
    ax : Axes or None
        Where to draw; None for a new figure.

    Returns
    -------
    Axes
        The axes; a point is the share of the last 100 ground truths.
    """
    ax = new_axes() if ax is None else ax
    truths = evidence[evidence["source"] == GROUND_TRUTH]
    for number, (participant_id, own) in enumerate(truths.groupby("participant_id")):
        share = own["agrees"].astype(float).rolling(ROLLING, min_periods=min(10, ROLLING)).mean()
        pale = bool(highlighted) and participant_id not in highlighted
        ax.plot(
            own["n_trial"],
            share,
            label=participant_id,
            color=_colour(number),
            linewidth=0.8 if pale else 1.8,
            alpha=0.45 if pale else 1,
        )
    ax.set(xlabel="trial", ylabel=f"agreement, last {ROLLING} ground truths", ylim=(0.4, 1.02))
    ax.grid(axis="y", alpha=0.3)
    _legend(ax)
    return ax


def plot_classes(classes: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Plot how far each class is.

    Parameters
    ----------
    classes : DataFrame
        Columns ``avmit_label, n_slots, n_done``.
    ax : Axes or None
        Where to draw; None for a new figure.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes(height_in=0.8 + 0.2 * len(classes)) if ax is None else ax
    table = classes.sort_values("avmit_label", ascending=False)
    ax.barh(table["avmit_label"], table["n_slots"], color="0.85", label="planned")
    ax.barh(table["avmit_label"], table["n_done"], color=_colour(0), label="rated")
    ax.set(xlabel="ratings")
    ax.margins(y=0.01)
    ax.legend(loc="lower right", fontsize="small")
    return ax


def _colour(number: int) -> tuple[float, ...]:
    return tuple(mpl.colormaps["tab20"](number % 20))


def _legend(ax: Axes) -> None:
    if ax.get_legend_handles_labels()[1]:
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize="small", frameon=False)
