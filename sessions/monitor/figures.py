"""Plots of the study's progress; each takes a table and returns the Axes."""

from collections.abc import Collection
from datetime import timedelta
from math import ceil

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from sessions.monitor.running_agreement import GROUND_TRUTH, PEER
from study.reports.figures import new_axes

ROLLING = {GROUND_TRUTH: (100, "ground truths"), PEER: (500, "earlier ratings")}
ROLLING_TRIALS = 500
FEWEST = 10  # trials of a participant with which a line begins
MOST_TICKS = 8
# Told apart by people who do not see all colours (Okabe and Ito), dark enough for white paper; who
# comes after them has dashes as well.
_COLOURS = ("#0072b2", "#d55e00", "#007a5e", "#000000", "#b5478a", "#8a6d00", "#3d8fc4")
_HATCHES = ("", "//", "..", "xx")
_DASHES = ("solid", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
MOST_POINTS = 300  # of one line; more cannot be told apart, and make a page heavy


def plot_days(days: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Plot ratings per day, one colour per participant.

    Parameters
    ----------
    days : DataFrame
        From `monitor.progress.per_day`.
    ax : Axes or None
        Where to draw; None for a new figure.
    """
    ax = new_axes() if ax is None else ax
    bottom = pd.Series(0, index=days.index)
    for number, participant_id in enumerate(days.columns):
        height = days[participant_id]
        ax.bar(
            list(days.index), height, bottom=bottom, label=participant_id, color=_colour(number),
            hatch=_HATCHES[number // len(_COLOURS) % len(_HATCHES)], edgecolor="white",
        )  # fmt: skip
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
    evidence: pd.DataFrame,
    highlighted: Collection[str] = (),
    ax: Axes | None = None,
    *,
    source: str = GROUND_TRUTH,
) -> Axes:
    """Plot how often each participant agreed with the ground truths, or with others, over trials.

    A point is the share of the last 100 ground truths, or 500 earlier ratings.

    Parameters
    ----------
    evidence : DataFrame
        From `monitor.evidence.agreement`.
    highlighted : collection of str
        Participants to look at; the others are drawn thin, unless there is none.
    ax : Axes or None
        Where to draw; None for a new figure.
    source : {"ground_truth", "peer"}
        With what they were compared.
    """
    ax = new_axes() if ax is None else ax
    own = evidence[evidence["source"] == source]
    lines = own.assign(agrees=own["agrees"].astype(float))
    rolling, words = ROLLING[source]
    _plot_over_trials(lines, "agrees", rolling, highlighted, ax)
    ax.set(ylabel=f"agreement, last {rolling} {words}")
    ax.set_ylim(min(0.4, ax.dataLim.y0 - 0.02), 1.02)
    return ax


def plot_response_times(
    ratings: pd.DataFrame, highlighted: Collection[str] = (), ax: Axes | None = None
) -> Axes:
    """Plot how long each participant took to answer, over their trials.

    A point is the mean of the last 500 trials, the slowest 1 % cut off.

    Parameters
    ----------
    ratings : DataFrame
        Columns ``participant_id, rt_s``, in the order in which they were given.
    highlighted : collection of str
        As in `plot_agreement`.
    ax : Axes or None
        Where to draw; None for a new figure.
    """
    ax = new_axes() if ax is None else ax
    # One answer after a telephone call would hide hundreds of others.
    slowest = float(ratings["rt_s"].quantile(0.99))
    usual = ratings.assign(rt_s=ratings["rt_s"].clip(upper=slowest))
    _plot_over_trials(usual, "rt_s", ROLLING_TRIALS, highlighted, ax)
    ax.set(ylabel=f"response time (s), last {ROLLING_TRIALS}")
    ax.set_ylim(bottom=0)
    return ax


def plot_per_100(
    ratings: pd.DataFrame,
    column: str,
    highlighted: Collection[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Plot how often each participant did something, over their trials.

    A point is the number in 100 trials, over the last 500.

    Parameters
    ----------
    ratings : DataFrame
        Columns ``participant_id`` and `column`, in the order in which they were given.
    column : {"n_replays", "n_early_presses"}
        What is counted.
    highlighted : collection of str
        As in `plot_agreement`.
    ax : Axes or None
        Where to draw; None for a new figure.
    """
    ax = new_axes() if ax is None else ax
    scaled = ratings.assign(**{column: 100 * ratings[column]})
    _plot_over_trials(scaled, column, ROLLING_TRIALS, highlighted, ax)
    ax.set(ylabel=f"in 100 trials, last {ROLLING_TRIALS}")
    ax.set_ylim(bottom=0)
    return ax


def plot_progress(table: pd.DataFrame, names: str, ax: Axes | None = None) -> Axes:
    """Plot the rated share of the plan, one bar per class or participant.

    Parameters
    ----------
    table : DataFrame
        Columns `names`, ``n_slots, n_done``.
    ax : Axes or None
        Where to draw; None for a new figure.
    """
    ax = new_axes(height_in=0.8 + 0.2 * len(table)) if ax is None else ax
    ordered = table.sort_values(names, ascending=False)
    ax.barh(ordered[names], ordered["n_slots"], color="0.85", label="planned")
    ax.barh(ordered[names], ordered["n_done"], color=_colour(0), label="rated")
    ax.set(xlabel="ratings")
    ax.margins(y=0.01)
    _legend(ax)
    return ax


def has_line(rows: pd.DataFrame) -> bool:
    """Return whether a line over trials can be drawn of anybody.

    `rows`: with ``participant_id``, a row a trial.
    """
    return bool(rows["participant_id"].value_counts().ge(FEWEST).any())


def _plot_over_trials(
    rows: pd.DataFrame, column: str, rolling: int, highlighted: Collection[str], ax: Axes
) -> None:
    for number, (participant_id, own) in enumerate(rows.groupby("participant_id")):
        trial = own["n_trial"] if "n_trial" in own else pd.Series(range(1, len(own) + 1))
        mean = own[column].rolling(rolling, min_periods=FEWEST).mean()
        every = ceil(len(own) / MOST_POINTS)
        is_thin = bool(highlighted) and participant_id not in highlighted
        ax.plot(
            trial.to_numpy()[::every],
            mean.to_numpy()[::every],
            label=participant_id,
            color=_colour(number),
            linestyle=_DASHES[number // len(_COLOURS) % len(_DASHES)],
            linewidth=1.2 if is_thin else 2.6,
            alpha=0.8 if is_thin else 1,
        )
    ax.set(xlabel="trial")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(axis="y", alpha=0.3)
    _legend(ax)


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _legend(ax: Axes) -> None:
    if ax.get_legend_handles_labels()[1]:
        ax.legend(
            loc="center left",
            bbox_to_anchor=(1.0, 0.5),
            fontsize="medium",
            handlelength=2.6,
            frameon=False,
        )
