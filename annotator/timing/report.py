"""The timing report as one self-contained page, and its numbers as tables."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd

from annotator.timing import figures
from annotator.timing.columns import TABLES
from annotator.timing.measures import (
    NOTICED_MS,
    OFFSET_LIMIT_MS,
    WAIT_MEDIAN_LIMIT_MS,
    WAIT_P95_LIMIT_MS,
    Timing,
    TimingEvidence,
    chosen,
    described,
    timing,
)
from annotator.timing.tables import (
    failure_rows,
    number,
    rig_facts,
    rig_table,
    session_table,
    verdicts,
)
from study.config.study import Study
from study.errors import ConfigError
from study.reports.figures import figure_of, figure_to_svg
from study.reports.html import render
from study.store import Db
from study.store.ratings import evidence as kept
from study.store.ratings import rig_checks
from study.store.ratings.rig_checks import RigCheck
from study.tools.access import Readers
from study.tools.files import refuse_existing, written_atomically
from study.tools.local_time import local_time
from study.tools.wording import counted


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

    Raises StudyError if there is nothing to report, or a file exists already.

    Parameters
    ----------
    out : Path
        The page, ``<name>.html``; the tables become ``<name>_sessions.csv`` and so on.
    prefixes : sequence of str
        Beginnings of session ids; none for all.
    participant_id : str or None
        Whose sessions; None for everybody's.

    Returns
    -------
    timing : Timing
        What was found.
    written : list of Path
        The files.
    """
    if out.suffix != ".html":
        raise ConfigError(f"{out} is not a name for a page. Give one that ends in .html")
    tables = {name: out.with_name(f"{out.stem}_{name}.csv") for name in TABLES}
    for path in (out, *tables.values()):
        refuse_existing(path, overwrite=overwrite)
    everything = kept.sessions(db)
    sessions = described(chosen(everything, prefixes, participant_id))
    ids = sessions["session_id"].tolist()
    found = timing(
        TimingEvidence(sessions, kept.trials(db, ids), kept.presentations(db, ids),
                 kept.key_presses(db, ids))
    )  # fmt: skip
    checks = {host: rig_checks.latest(db, host) for host in sessions["host"].unique()}
    n_elsewhere = int((everything["stage"] != "window").sum())
    page = report_page(found, study, checks, n_elsewhere=n_elsewhere, at=at)
    for name, path in tables.items():
        table = getattr(found, name)[list(TABLES[name])]
        with written_atomically(path, readers=Readers.OWNER) as part:
            table.to_csv(part, index=False, float_format="%.6g")
    with written_atomically(out, readers=Readers.OWNER) as part:
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
    """Return the report as HTML, its plots inside.

    Parameters
    ----------
    n_elsewhere : int
        Sessions on the stage that costs no time, which are left out.
    """
    sessions, presentations = found.sessions, found.presentations
    drawn = {
        "offsets": (
            figures.plot_offsets(presentations),
            "Offset between picture and sound of every presentation, by rig",
        ),
        "offsets_by_session": (
            figures.plot_offsets_by_session(presentations, sessions),
            "Offset between picture and sound, by session",
        ),
        "waits": (figures.plot_waits(presentations), "Share of waits that have ended after a time"),
        "lost": (figures.plot_lost(sessions), "Dropped frames and late flips, by session"),
    }
    return render(
        "annotator.timing",
        "timing.html",
        title=f"Timing report: {study.config.title}",
        stamp=_stamp(study, sessions),
        n_sessions=len(sessions),
        n_people=sessions["participant_id"].nunique(),
        n_rigs=sessions["host"].nunique(),
        n_presentations=len(presentations),
        n_elsewhere=n_elsewhere,
        at=local_time(at),
        glance=_glance(found.overall),
        verdicts=verdicts(found.overall),
        rigs=rig_table(found.rigs),
        rig_facts=rig_facts(sessions, checks),
        sessions=session_table(sessions),
        n_failures=len(found.failures),
        failures=failure_rows(found.failures),
        offset_limit_ms=OFFSET_LIMIT_MS,
        wait_limits_ms=(WAIT_MEDIAN_LIMIT_MS, WAIT_P95_LIMIT_MS),
        noticed_ms=NOTICED_MS,
        **{name: figure_to_svg(figure_of(ax), alt=alt) for name, (ax, alt) in drawn.items()},
    )


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
            words.append(
                told if n == len(flags) else f"{told} in {n} of {counted(len(flags), 'session')}"
            )
    return "; ".join(words)


def _glance(of: Mapping[str, float]) -> list[tuple[str, str]]:
    waits = {
        kind: (of[f"{name}_median_ms"], of[f"{name}_p95_ms"])
        for kind, name in (("next clip", "next_clip"), ("replay", "replay"))
    }
    return [
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
