"""The progress of the study, its sessions, and sessions that did not end."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sessions.commands.options import IdArgument, at_desk, changing
from sessions.expert.reratings import in_words
from sessions.laptops import away
from sessions.monitor.progress import progress, sentence
from sessions.monitor.session_table import session_table
from sessions.monitor.status import agreement_table, status_table, study_status
from sessions.running.open_sessions import end_crashed
from study.processes.parents import is_annotator
from study.store.engine import clock
from study.store.ratings.counted import judged
from study.tools.access import Readers
from study.tools.cli import ByOption, OverwriteOption, StoreOption, StudyOption
from study.tools.commands import example
from study.tools.files import written_atomically
from study.tools.wording import counted


@example("python -m sessions status")
def status(study: StudyOption = None, store: StoreOption = None) -> None:
    """Show where the study stands: people, agreement, alarms, forecast."""
    with at_desk(study, store) as (found, db):
        every = judged(db, found)  # once: at the paper's size it is most of the work
        standing, current = study_status(db, found, every), progress(db, found, every)
        elsewhere = away.in_words(db)
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    console.print(status_table(standing, found.config.money))
    if len(current.ratings):
        console.print(agreement_table(current.people, found.config.money))
    for alarm in current.alarms:
        typer.echo(f"alarm: {alarm.participant_id} at trial {alarm.n_trial}: {alarm.detail}")
    typer.echo(sentence(current, datetime.now(UTC)))
    if elsewhere:
        typer.echo(f"on laptops: {elsewhere}")
    typer.echo(in_words(standing.reliability))
    typer.echo(
        f"{standing.n_complete} of {counted(standing.n_clips, 'clip')} complete, "
        f"{standing.n_ratings} of "
        f"{counted(standing.n_wanted, 'rating')}, {standing.n_truths} of "
        f"{counted(standing.n_sampled, 'ground truth')} "
        f"({counted(standing.n_corrections, 'correction')})"
    )


@example("python -m sessions end-session P01 --by AB")
def end_session(
    participant_id: IdArgument,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Close a session whose program or machine has crashed; its ratings stay."""
    with changing(study, store, by, on_laptop=True) as desk:
        # Signs of life are judged by the database's clock.
        desk = replace(desk, at=clock(desk.db))
        end_crashed(desk, participant_id, is_running=is_annotator)
    typer.echo(f"ended the session of {participant_id}; its ratings stay")


@example("python -m sessions export-sessions")
def export_sessions(
    out: Annotated[
        Path | None, typer.Option(help="CSV file [default: sessions.csv of the study]")
    ] = None,
    overwrite: OverwriteOption = False,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Export all sessions: time, rig, ratings and pay, one row each."""
    with at_desk(study, store) as (found, db):
        table = session_table(db, found)
    path = out or found.folder / "sessions.csv"
    with written_atomically(path, overwrite=overwrite, readers=Readers.OWNER) as part:
        table.to_csv(part, index=False)
    typer.echo(
        f"{counted(len(table), 'session')}, {counted(int(table['n_ratings'].sum()), 'rating')}, "
        f"{int(table['n_counted'].sum())} of which count: {path}"
    )
