"""The timing report as one self-contained page, and its numbers as tables."""

import html
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from annotator.timing import figures as figures
from annotator.timing.measures import (
    NOTICED_MS,
    OFFSET_LIMIT_MS,
    WAIT_MEDIAN_LIMIT_MS,
    WAIT_P95_LIMIT_MS,
    Evidence,
    Timing,
    chosen,
    described,
    timing,
)
from annotator.timing.tables import (
    failure_list,
    number,
    rig_facts,
    rig_table,
    session_table,
    verdict_table,
)
from study.config.study import Study
from study.errors import ConfigError
from study.reports.html import figure_to_svg, html_page
from study.store import Db
from study.store.ratings import evidence as kept
from study.store.ratings import rig_checks
from study.store.ratings.rig_checks import RigCheck
from study.tools.files import refuse_existing, written_atomically

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
        f'<div class="sums">{rig_table(found.rigs)}</div>',
        rig_facts(found.sessions, checks),
        "<h2>Sessions</h2>",
        f'<div class="sums">{session_table(found.sessions)}</div>',
        failure_list(found.failures),
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
        (f"{number(of['offset_median_ms'], '+.1f')} ms", "sound minus picture, median"),
        (f"{number(of['offset_spread_ms'], '.1f')} ms", "its robust standard deviation"),
        (
            f"{number(of['offset_outside_percent'], '.2f')} %",
            f"further apart than {OFFSET_LIMIT_MS:g} ms",
        ),
        (
            f"{number(of['dropped_percent'], '.2f')} %",
            f"frames dropped ({of['n_frames_dropped']:,} of "
            f"{of['n_frames_shown'] + of['n_frames_dropped']:,})",
        ),
        *(
            (
                f"{number(median, '.0f')} / {number(p95, '.0f')} ms",
                f"wait for the {kind}, median / 95 % within",
            )
            for kind, (median, p95) in waits.items()
        ),
        (
            f"{number(of['warning_median_frames'], '.2f')} frames",
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
    return f'<div class="key">{cells}</div>{verdict_table(of)}'


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
        "not begin within 100 ms, or the picture stood still for half a second; they were played "
        "again, and their offsets are not counted.</li>"
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


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
