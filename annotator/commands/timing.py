"""The timing of sessions."""

from pathlib import Path
from typing import Annotated

import typer

from annotator.timing.report import write_report
from sessions.running.recording import utc_now
from study.config.study import find_study
from study.store import store_snapshot
from study.tools.cli import (
    OverwriteOption,
    StoreOption,
    StudyOption,
    stderr_console,
)
from study.tools.wording import counted


def timing_report(
    context: typer.Context,
    session: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="only this session, by the beginning of its id; repeat"),
    ] = None,
    participant: Annotated[str | None, typer.Option(help="only this participant's")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="the page, tables (CSV) beside it [default: timing.html of the study]"),
    ] = None,
    overwrite: OverwriteOption = False,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Show the timing of sessions; a page with plots, and its numbers as CSV files."""
    given_study, given_store = context.obj
    found = find_study(study or given_study, store or given_store)
    page = out or found.folder / "timing.html"
    with store_snapshot(found.store_url) as db, stderr_console().status("timing"):
        timing, written = write_report(
            db, found, page, prefixes=session or (), participant_id=participant,
            overwrite=overwrite, at=utc_now(),
        )  # fmt: skip
    flagged = int(timing.sessions["flags"].ne("").sum())
    typer.echo(
        f"{counted(len(timing.sessions), 'session')} ({flagged} flagged), "
        f"{counted(len(timing.presentations), 'presentation')}: {written[0]} and "
        f"{counted(len(written) - 1, 'table')}"
    )
