"""Plots of the timing of sessions; each takes a table and returns the Axes."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from annotator.timing.measures import (
    NEXT_CLIP,
    OFFSET_LIMIT_MS,
    REPLAY,
    SHORT_ID,
    WAIT_MEDIAN_LIMIT_MS,
    WAIT_P95_LIMIT_MS,
)
from study.reports.figures import new_axes

_N_BINS = 48
_MAX_NAMED = 30  # sessions whose ids stand under the axis
_SHOWN_OFFSET_MS = 60.0
_SHOWN_WAIT_MS = 400.0
_COLOURS = {NEXT_CLIP: "tab:blue", REPLAY: "tab:orange"}


def plot_offsets(presentations: pd.DataFrame) -> Axes:
    """Plot the offsets between picture and sound, one outline per rig.

    Returns the axes; what lies beyond them is counted in the last bins.

    Parameters
    ----------
    presentations : DataFrame
        From `annotator.timing.measures.measured`.
    """
    ax = new_axes()
    reach = _SHOWN_OFFSET_MS
    ax.axvspan(-OFFSET_LIMIT_MS, OFFSET_LIMIT_MS, color="tab:green", alpha=0.08, linewidth=0)
    for number, (host, own) in enumerate(presentations.groupby("host")):
        offsets_ms = own["offset_ms"].dropna().clip(-reach, reach)
        ax.hist(
            offsets_ms,
            bins=list(np.linspace(-reach, reach, _N_BINS + 1)),
            histtype="stepfilled",
            alpha=0.45,
            edgecolor=f"C{number % 10}",
            linewidth=1.2,
            label=f"{host} (n = {len(offsets_ms)})",
        )
    ax.axvline(0, color="0.5", linewidth=0.8)
    ax.set(xlabel="sound minus picture, ms (left: sound first)", ylabel="presentations")
    ax.set_xlim(-reach, reach)
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    _legend(ax)
    return ax


def plot_offsets_by_session(presentations: pd.DataFrame, sessions: pd.DataFrame) -> Axes:
    """Plot each session's offsets: median, and the middle 90 %.

    Parameters
    ----------
    presentations : DataFrame
        From `annotator.timing.measures.measured`.
    sessions : DataFrame
        In the order in which they stand from left to right.
    """
    ax = new_axes()
    ax.axhspan(-OFFSET_LIMIT_MS, OFFSET_LIMIT_MS, color="tab:green", alpha=0.08, linewidth=0)
    ax.axhline(0, color="0.5", linewidth=0.8)
    by_session = presentations.dropna(subset=["offset_ms"]).groupby("session_id")["offset_ms"]
    found = pd.DataFrame({share: by_session.quantile(share) for share in (0.05, 0.5, 0.95)})
    reach = _SHOWN_OFFSET_MS
    for place, session_id in enumerate(sessions["session_id"]):
        if session_id not in found.index:
            continue
        low, middle, high = found.loc[session_id].clip(-reach, reach)
        ax.plot([place, place], [low, high], color="tab:blue", linewidth=2, alpha=0.5)
        ax.plot(place, middle, "o", color="tab:blue", markersize=5)
    ax.set(ylabel="sound minus picture, ms", ylim=(-reach, reach))
    _name_sessions(ax, sessions)
    return ax


def plot_waits(presentations: pd.DataFrame) -> Axes:
    """Plot the share of waits that ended within a time.

    Returns the axes, with the limits of median and 95th percentile.

    Parameters
    ----------
    presentations : DataFrame
        From `annotator.timing.measures.measured`.
    """
    ax = new_axes()
    for limit_ms, share in ((WAIT_MEDIAN_LIMIT_MS, 0.5), (WAIT_P95_LIMIT_MS, 0.95)):
        # The curve has to pass above and left of these corners.
        ax.plot([limit_ms, limit_ms], [0, share], color="tab:red", linewidth=1, linestyle=":")
        ax.plot([limit_ms, _SHOWN_WAIT_MS], [share, share], color="tab:red", lw=1, ls=":")
    for kind, colour in _COLOURS.items():
        waits_ms = presentations.loc[presentations["asked_by"] == kind, "wait_ms"].sort_values()
        if waits_ms.empty:
            continue
        over = np.arange(len(waits_ms) + 1) / len(waits_ms)
        ends_ms = np.concatenate([[0.0], waits_ms])
        ax.step(ends_ms, over, where="post", color=colour, label=f"{kind} (n = {len(waits_ms)})")
    ax.set(xlabel="from the key to the first frame, ms", ylabel="share of waits that have ended")
    ax.set_xlim(0, _SHOWN_WAIT_MS)
    ax.set_ylim(0, 1.02)
    ax.grid(alpha=0.25)
    _legend(ax)
    return ax


def plot_lost(sessions: pd.DataFrame) -> Axes:
    """Plot the share of dropped frames and late flips of each session.

    Parameters
    ----------
    sessions : DataFrame
        With `annotator.timing.columns.SUMMARY`.
    """
    ax = new_axes(height_in=2.8)
    places = np.arange(len(sessions))
    dropped = sessions["dropped_percent"].fillna(0)
    late = sessions["late_percent"].fillna(0)
    ax.bar(places - 0.2, dropped, width=0.4, color="tab:red", label="dropped frames")
    ax.bar(places + 0.2, late, width=0.4, color="tab:orange", label="late flips")
    ax.set(ylabel="%")
    ax.set_ylim(0, max(1.0, 1.1 * float(max(dropped.max(), late.max()))))
    _name_sessions(ax, sessions)
    _legend(ax)
    return ax


def _name_sessions(ax: Axes, sessions: pd.DataFrame) -> None:
    ax.set_xlim(-0.6, len(sessions) - 0.4)
    if len(sessions) > _MAX_NAMED:
        ax.set_xlabel("sessions, in the order in which they began")
        ax.set_xticks([])
        return
    names = [
        f"{who}\n{session_id[:SHORT_ID]}"
        for who, session_id in zip(
            sessions["participant_id"], sessions["session_id"].astype(str), strict=True
        )
    ]
    steep = len(sessions) > _MAX_NAMED // 3
    ax.set_xticks(
        range(len(sessions)), names, fontsize="small", rotation=60 if steep else 0,
        ha="right" if steep else "center",
    )  # fmt: skip


def _legend(ax: Axes) -> None:
    if ax.get_legend_handles_labels()[1]:
        ax.legend(fontsize="small", frameon=False)
