"""The timing report as one self-contained page, and its numbers as tables."""

import html
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from annotator import timing_figures as figures
from annotator.timing import (
    NOTICED_MS,
    OFFSET_LIMIT_MS,
    SHORT_ID,
    WAIT_MEDIAN_LIMIT_MS,
    WAIT_P95_LIMIT_MS,
    WARNING_LIMIT_FRAMES,
    Evidence,
    Timing,
    chosen,
    described,
    timing,
)
from study.config import Study
from study.errors import ConfigError
from study.files import refuse_existing, written_atomically
from study.pages import figure_to_svg, html_page, html_table
from study.store import Db, rig_checks
from study.store import evidence as kept
from study.store.rig_checks import RigCheck

_MAX_FAILURES = 50
_STYLE = """
.key { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .75rem; }
.key div { background: var(--soft); border-radius: 4px; padding: .5rem .75rem; }
.key strong { display: block; font-size: 1.35rem; line-height: 1.3; white-space: nowrap; }
.key span { color: var(--dim); font-size: .85rem; }
.sums table { font-size: .8rem; }
.sums td, .sums th { padding: .2rem .35rem; }
.sums td { white-space: nowrap; }
.sums td:nth-child(6) { white-space: normal; }
td.met { color: var(--good); } td.missed { color: var(--bad); font-weight: 600; }
"""
_TABLES = ("sessions", "rigs", "presentations", "warnings", "failures")


def write_report(
    db: Db,
    study: Study,
    out: Path,
    *,
    prefixes: Sequence[str] = (),
    participant_id: str | None = None,
    overwrite: bool = False,
    at: datetime,
) -> tuple[Timing, list[Path]]:
    """Write the page, and its numbers as CSV files beside it.

    Parameters
    ----------
    db : Session
        An open transaction.
    study : Study
        Gives the title.
    out : Path
        The page, ``<name>.html``; the tables become ``<name>_sessions.csv`` and so on.
    prefixes : sequence of str
        Beginnings of session ids; none for all.
    participant_id : str or None
        Whose sessions; None for everybody's.
    overwrite : bool
        Whether existing files may be replaced.
    at : datetime
        Now.

    Returns
    -------
    timing : Timing
        What was found.
    written : list of Path
        The files.

    Raises
    ------
    StudyError
        If there is nothing to report, or a file exists already.
    """
    if out.suffix != ".html":
        raise ConfigError(f"{out} is no name for a page. Give one that ends in .html")
    tables = {name: out.with_name(f"{out.stem}_{name}.csv") for name in _TABLES}
    for path in (out, *tables.values()):
        refuse_existing(path, overwrite=overwrite)
    everything = kept.sessions(db)
    sessions = described(chosen(everything, prefixes, participant_id))
    ids = sessions["session_id"].tolist()
    found = timing(
        Evidence(sessions, kept.trials(db, ids), kept.presentations(db, ids),
                 kept.key_presses(db, ids))
    )  # fmt: skip
    checks = {host: rig_checks.latest(db, host) for host in sessions["host"].unique()}
    n_elsewhere = int((everything["stage"] != "window").sum())
    page = report_page(found, study, checks, n_elsewhere=n_elsewhere, at=at)
    for name, path in tables.items():
        table = getattr(found, name).drop(columns="rig", errors="ignore")
        with written_atomically(path) as part:
            table.to_csv(part, index=False, float_format="%.6g")
    with written_atomically(out) as part:
        part.write_text(page, encoding="utf-8")
    return found, [out, *tables.values()]


def report_page(
    found: Timing,
    study: Study,
    checks: Mapping[str, RigCheck | None],
    *,
    n_elsewhere: int,
    at: datetime,
) -> str:
    """Return the report as HTML.

    Parameters
    ----------
    found : Timing
        What was worked out.
    study : Study
        Gives the title.
    checks : mapping of str to RigCheck or None
        Each machine's last check.
    n_elsewhere : int
        Sessions on the stage that costs no time, which are left out.
    at : datetime
        Now.

    Returns
    -------
    str
        A page with its plots inside.
    """
    parts = [
        _lead(found, n_elsewhere, at),
        "<h2>At a glance</h2>",
        _glance(found),
        "<h2>Picture and sound</h2>",
        _figure(
            figures.plot_offsets(found.presentations),
            "Offset between picture and sound of every presentation, by rig",
            f"Start of the sound minus flip of the first frame. Green: within {OFFSET_LIMIT_MS:g} "
            "ms. The outermost bars hold what lies beyond.",
        ),
        _figure(
            figures.plot_offsets_by_session(found.presentations, found.sessions),
            "Offset between picture and sound, by session",
            "Median of each session (dot) and its middle 90 % (line).",
        ),
        "<h2>Waiting</h2>",
        _figure(
            figures.plot_waits(found.presentations),
            "Share of waits that are over after a time",
            "From the rating key to the next clip's first frame, and from space to the replay's. "
            f"Waits with a page between are not counted. Limits (dotted): {_LIMIT_WORDS}.",
        ),
        "<h2>Frames</h2>",
        _figure(
            figures.plot_lost(found.sessions),
            "Dropped frames and late flips, by session",
            "Frames of the clip that were never shown, and flips that came more than half a "
            "refresh late.",
        ),
        "<h2>Rigs</h2>",
        f'<div class="sums">{_summary_table(found.rigs, {"rig": found.rigs["host"]})}</div>',
        _rig_facts(found.sessions, checks),
        "<h2>Sessions</h2>",
        f'<div class="sums">{_session_table(found.sessions)}</div>',
        _failures(found.failures),
        _reading(),
    ]
    return html_page(
        f"Timing report: {study.config.title}",
        "\n".join(parts),
        style=_STYLE,
        stamp=_stamp(study, found.sessions),
    )


_LIMIT_WORDS = f"median {WAIT_MEDIAN_LIMIT_MS:g} ms, 95 % within {WAIT_P95_LIMIT_MS:g} ms"


def _stamp(study: Study, sessions: pd.DataFrame) -> str:
    flags = sessions["flags"]
    words = ["rehearsal"] if study.config.rehearsal else []
    for flag, told in (
        ("simulated person", "simulated people"),
        ("virtual screen", "virtual screen: scheduling, not light"),
        ("ungraded rig", "ungraded rig"),
    ):
        n = int(flags.str.contains(flag, regex=False).sum())
        if n:
            words.append(told if n == len(flags) else f"{told} in {n} of {len(flags)} sessions")
    return "; ".join(words)


def _lead(found: Timing, n_elsewhere: int, at: datetime) -> str:
    sessions = found.sessions
    people = sessions["participant_id"].nunique()
    left_out = (
        f" {_count(n_elsewhere, 'session')} on the stage without a window left out."
        if n_elsewhere
        else ""
    )
    return (
        f"<p>{_count(len(sessions), 'session')} of {_count(people, 'participant')} on "
        f"{_count(sessions['host'].nunique(), 'rig')}, "
        f"{_count(len(found.presentations), 'presentation')}.{left_out} "
        f'<span class="dim">{at:%Y-%m-%d %H:%M} UTC</span></p>'
    )


def _glance(found: Timing) -> str:
    of = found.overall
    waits = {
        kind: (of[f"{name}_median_ms"], of[f"{name}_p95_ms"])
        for kind, name in (("next clip", "next_clip"), ("replay", "replay"))
    }
    tiles = [
        (f"{_number(of['offset_median_ms'], '+.1f')} ms", "sound minus picture, median"),
        (f"{_number(of['offset_spread_ms'], '.1f')} ms", "its robust standard deviation"),
        (
            f"{_number(of['offset_outside_percent'], '.2f')} %",
            f"further apart than {OFFSET_LIMIT_MS:g} ms",
        ),
        (
            f"{_number(of['dropped_percent'], '.2f')} %",
            f"frames dropped ({of['n_frames_dropped']:,} of "
            f"{of['n_frames_shown'] + of['n_frames_dropped']:,})",
        ),
        *(
            (
                f"{_number(median, '.0f')} / {_number(p95, '.0f')} ms",
                f"wait for the {kind}, median / 95 % within",
            )
            for kind, (median, p95) in waits.items()
        ),
        (
            f"{_number(of['warning_median_frames'], '.2f')} frames",
            f"from an early press to its warning, median of {of['n_early_presses']:,}",
        ),
        (
            f"{of['n_xruns']:,} / {of['n_restarts']:,} / {of['n_failures']:,}",
            "gaps in the sound / restarts / clips not shown",
        ),
    ]
    cells = "".join(
        f"<div><strong>{html.escape(value)}</strong><span>{html.escape(told)}</span></div>"
        for value, told in tiles
    )
    return f'<div class="key">{cells}</div>{_verdicts(of)}'


def _verdicts(of: Mapping[str, float]) -> str:
    """Return what was found beside what is asked for."""
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
    cells = [
        (told, f"{_number(value, '.1f')} {unit}", f"{limit:g} {unit}", _verdict(value, limit))
        for told, value, limit, unit in rows
    ]
    table = html_table(("", "found", "at most", ""), cells)
    for verdict in ("met", "missed"):
        table = table.replace(f"<td>{verdict}</td>", f'<td class="{verdict}">{verdict}</td>')
    return table


def _verdict(value: float, limit: float) -> str:
    if pd.isna(value):
        return "not observed"
    return "met" if abs(value) <= limit else "missed"


def _summary_table(rows: pd.DataFrame, names: Mapping[str, "pd.Series[Any]"]) -> str:
    header = [
        *names, "playings", "offset (sd), ms", f"beyond {OFFSET_LIMIT_MS:g} ms", "noticeable",
        "dropped / late, %", "gaps / restarts", "next clip, ms", "replay, ms", "early",
        "warning, frames", "failures",
    ]  # fmt: skip
    named = zip(*names.values(), strict=True)
    records = rows.to_dict("records")
    cells = [[*name, *_summary_cells(row)] for name, row in zip(named, records, strict=True)]
    return html_table(header, cells)


def _summary_cells(row: Mapping[Any, Any]) -> list[object]:
    if pd.isna(row["n_presentations"]):
        return [0, *[None] * 10]
    return [
        int(row["n_presentations"]),
        f"{_number(row['offset_median_ms'], '+.1f')} ({_number(row['offset_spread_ms'], '.1f')})",
        _number(row["offset_outside_percent"], ".1f %"),
        _number(row["offset_noticed_percent"], ".1f %"),
        _pair(row["dropped_percent"], row["late_percent"], ".2f"),
        f"{int(row['n_xruns'])} / {int(row['n_restarts'])}",
        _pair(row["next_clip_median_ms"], row["next_clip_p95_ms"], ".0f"),
        _pair(row["replay_median_ms"], row["replay_p95_ms"], ".0f"),
        int(row["n_early_presses"]),
        _number(row["warning_median_frames"], ".1f"),
        int(row["n_failures"]),
    ]


def _session_table(sessions: pd.DataFrame) -> str:
    names = {
        "session": sessions["session_id"].str[:SHORT_ID],
        "who": sessions["participant_id"],
        "phase": sessions["phase"],
        "began": sessions["started_at"].map(lambda at: f"{at:%Y-%m-%d %H:%M}"),
        "rig": sessions["host"],
        "flags": sessions["flags"].str.replace("simulated person", "simulated"),
    }
    return _summary_table(sessions, names)


def _rig_facts(sessions: pd.DataFrame, checks: Mapping[str, RigCheck | None]) -> str:
    latest = sessions.groupby("host").last()
    rows = []
    for host, session in latest.iterrows():
        rig, check = session["rig"] or {}, checks[str(host)]
        screen, sound = rig.get("screen") or {}, rig.get("sound") or {}
        rows.append(
            (
                host,
                f"{screen.get('width_px', '?')} x {screen.get('height_px', '?')}, "
                f"{1 / session['period_s']:.2f} Hz"
                + (" (paced, virtual)" if screen.get("is_virtual") else ""),
                screen.get("renderer"),
                f"{sound.get('path', '?')}, latency class {sound.get('latency_class', '?')}, "
                f"{sound.get('sample_rate_hz', 0):g} Hz",
                _versions(rig),
                "never" if check is None else f"{check.grade} ({check.checked_at:%Y-%m-%d})",
                _measured_offset(check),
            )
        )
    header = ("rig", "screen", "renderer", "sound", "versions", "checked", "offset end to end")
    return html_table(header, rows, caption="As each rig's last session found it")


def _versions(rig: Mapping[str, Any]) -> str:
    versions = {"python": rig.get("python"), **(rig.get("versions") or {})}
    return ", ".join(f"{name} {version}" for name, version in versions.items() if version)


def _measured_offset(check: RigCheck | None) -> str | None:
    if check is None or "av_offset" not in check.measurements:
        return None
    return f"{check.measurements['av_offset']['value']} ms"


def _failures(failures: pd.DataFrame) -> str:
    if failures.empty:
        return "<h2>Clips that could not be shown</h2><p>None.</p>"
    rows = (
        (f"{row['recorded_at']:%Y-%m-%d %H:%M}", row["session_id"][:SHORT_ID], row["filename"],
         row["failure"])
        for row in failures.tail(_MAX_FAILURES).to_dict("records")
    )  # fmt: skip
    heading = f"<h2>Clips that could not be shown ({len(failures)})</h2>"
    return heading + html_table(("when", "session", "clip", "why"), rows)


def _reading() -> str:
    early_ms, late_ms = NOTICED_MS
    return (
        "<h2>How to read this</h2><ul>"
        "<li><strong>Times are the software's.</strong> A frame counts as shown when the flip "
        "returned, a sound as begun when its driver says so. What a screen and headphones add, "
        "only a photodiode and a line-in see; a rig's offset end to end is from "
        "<code>check-rig --loopback</code>.</li>"
        "<li><strong>A virtual screen</strong> has no scan-out: its times show that the program "
        "scheduled well, and nothing of light.</li>"
        "<li><strong>sd</strong> is robust: 1.4826 times the median distance from the median.</li>"
        f"<li><strong>noticeable</strong>: sound more than {-early_ms:g} ms before or "
        f"{late_ms:g} ms after the picture, what half of all people notice (ITU-R BT.1359-1).</li>"
        "<li><strong>restarts</strong>: playings that were broken off because picture or sound did "
        "not begin within 100 ms; they were played again, and their offsets are not counted.</li>"
        "<li><strong>next clip, replay, ms</strong>: median / 95th percentile.</li>"
        "<li>The CSV files beside this page hold the same numbers and every presentation.</li>"
        "</ul>"
    )


def _figure(ax: Axes, alt: str, caption: str) -> str:
    drawn = ax.get_figure()
    if not isinstance(drawn, Figure):
        raise TypeError("axes without a figure")
    drawing = figure_to_svg(drawn, alt=alt)
    return f"<figure>{drawing}<figcaption>{html.escape(caption)}</figcaption></figure>"


def _pair(first: float, second: float, form: str) -> str:
    return f"{_number(first, form)} / {_number(second, form)}"


def _number(value: float, form: str) -> str:
    number, _, unit = form.partition(" ")
    if pd.isna(value):
        return "\N{EN DASH}"
    return f"{value:{number}}" + (f"\N{NO-BREAK SPACE}{unit}" if unit else "")


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
