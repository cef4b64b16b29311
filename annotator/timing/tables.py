"""The tables of the timing report: headings and rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from annotator.timing.measures import (
    OFFSET_LIMIT_MS,
    SHORT_ID,
    WAIT_MEDIAN_LIMIT_MS,
    WAIT_P95_LIMIT_MS,
    WARNING_LIMIT_FRAMES,
)
from study.store.ratings.rig_checks import RigCheck
from study.tools.local_time import local_day, local_time

_MAX_FAILURES = 50


Table = tuple[Sequence[str], Sequence[Sequence[object]]]


def verdicts(of: Mapping[str, float]) -> list[tuple[str, str, str, str]]:
    """Return each measure with its limit, and whether it is met."""
    rows = [
        ("sound minus picture, median", of["offset_median_ms"], OFFSET_LIMIT_MS, "ms"),
        ("wait for the next clip, median", of["next_clip_median_ms"], WAIT_MEDIAN_LIMIT_MS, "ms"),
        ("wait for the next clip, 95 %", of["next_clip_p95_ms"], WAIT_P95_LIMIT_MS, "ms"),
        ("wait for a replay, median", of["replay_median_ms"], WAIT_MEDIAN_LIMIT_MS, "ms"),
        ("wait for a replay, 95 %", of["replay_p95_ms"], WAIT_P95_LIMIT_MS, "ms"),
        (
            "early press to warning, median",
            of["warning_median_frames"],
            WARNING_LIMIT_FRAMES,
            "frames",
        ),
    ]
    return [
        (told, f"{number(value, '.1f')} {unit}", f"{limit:g} {unit}", _verdict(value, limit))
        for told, value, limit, unit in rows
    ]


def _verdict(value: float, limit: float) -> str:
    if pd.isna(value):
        return "not observed"
    return "met" if abs(value) <= limit else "missed"


def _summary_table(rows: pd.DataFrame, names: Mapping[str, "pd.Series[Any]"]) -> Table:
    header = [
        *names, "playings", "offset (sd), ms", f"beyond {OFFSET_LIMIT_MS:g} ms", "noticeable",
        "dropped / late, %", "gaps / restarts", "next clip, ms", "replay, ms", "early",
        "warning, frames", "failures",
    ]  # fmt: skip
    named = zip(*names.values(), strict=True)
    records = rows.to_dict("records")
    cells = [[*name, *_summary_cells(row)] for name, row in zip(named, records, strict=True)]
    return header, cells


def _summary_cells(row: Mapping[Any, Any]) -> list[object]:
    if pd.isna(row["n_presentations"]):
        return [0, *[None] * 10]
    return [
        int(row["n_presentations"]),
        f"{number(row['offset_median_ms'], '+.1f')} ({number(row['offset_spread_ms'], '.1f')})",
        number(row["offset_outside_percent"], ".1f %"),
        number(row["offset_noticed_percent"], ".1f %"),
        _pair(row["dropped_percent"], row["late_percent"], ".2f"),
        f"{int(row['n_xruns'])} / {int(row['n_restarts'])}",
        _pair(row["next_clip_median_ms"], row["next_clip_p95_ms"], ".0f"),
        _pair(row["replay_median_ms"], row["replay_p95_ms"], ".0f"),
        int(row["n_early_presses"]),
        number(row["warning_median_frames"], ".1f"),
        int(row["n_failures"]),
    ]


def session_table(sessions: pd.DataFrame) -> Table:
    """Return one row per described session."""
    names = {
        "session": sessions["session_id"].str[:SHORT_ID],
        "who": sessions["participant_id"],
        "phase": sessions["phase"],
        "began": sessions["started_at"].map(local_time),
        "rig": sessions["host"],
        "flags": sessions["flags"].str.replace("simulated person", "simulated"),
    }
    return _summary_table(sessions, names)


def rig_table(rigs: pd.DataFrame) -> Table:
    """Return one row per machine."""
    return _summary_table(rigs, {"rig": rigs["host"]})


def rig_facts(sessions: pd.DataFrame, checks: Mapping[str, RigCheck | None]) -> Table:
    """Return each machine as its last session and last check describe it."""
    # Not `last()`, which puts a row together from the last known value of each column.
    latest = sessions.groupby("host").tail(1).set_index("host").sort_index()
    rows = []
    for host, session in latest.iterrows():
        rig, check = session["rig"] or {}, checks[str(host)]
        screen, sound = rig.get("screen") or {}, rig.get("sound") or {}
        rows.append(
            (
                host,
                f"{screen.get('width_px', '?')} x {screen.get('height_px', '?')}, "
                f"{1 / session['period_s']:.2f} Hz"
                + (", full screen" if screen.get("full_screen") else "")
                + (" (paced, virtual)" if screen.get("is_virtual") else ""),
                screen.get("renderer"),
                f"{sound.get('path', '?')}, latency class {sound.get('latency_class', '?')}, "
                f"{sound.get('sample_rate_hz', 0):g} Hz",
                _versions(rig),
                "never" if check is None else f"{check.grade} ({local_day(check.checked_at)})",
                _measured_offset(check),
            )
        )
    header = ("rig", "screen", "renderer", "sound", "versions", "checked", "offset end to end")
    return header, rows


def _versions(rig: Mapping[str, Any]) -> str:
    versions = {"python": rig.get("python"), **(rig.get("versions") or {})}
    return ", ".join(f"{name} {version}" for name, version in versions.items() if version)


def _measured_offset(check: RigCheck | None) -> str | None:
    if check is None or "av_offset" not in check.measurements:
        return None
    return f"{check.measurements['av_offset']['value']} ms"


def failure_rows(failures: pd.DataFrame) -> list[tuple[str, str, str, str]]:
    """Return the clips that could not be shown, the last ones of many."""
    return [
        (local_time(row["recorded_at"]), row["session_id"][:SHORT_ID], row["filename"],
         row["failure"])
        for row in failures.tail(_MAX_FAILURES).to_dict("records")
    ]  # fmt: skip


def _pair(first: float, second: float, form: str) -> str:
    return f"{number(first, form)} / {number(second, form)}"


def number(value: float, form: str) -> str:
    """Return a number as it is printed; a dash where there is none.

    A unit stays on the line of its number.

    Parameters
    ----------
    form : str
        Format and unit, such as ``".1f"`` or ``".1f %"``.

    Examples
    --------
    >>> number(2.25, ".1f"), number(float("nan"), ".1f")
    ('2.2', '–')
    """
    digits, _, unit = form.partition(" ")
    if pd.isna(value):
        return "\N{EN DASH}"
    return f"{value:{digits}}" + (f"\N{NO-BREAK SPACE}{unit}" if unit else "")
