"""How the study goes, and sessions that did not end."""

from dataclasses import replace
from datetime import UTC, datetime

import typer
from rich.console import Console

from sessions.commands.options import (
    ByOption,
    IdArgument,
    at_desk,
    changing,
)
from sessions.expert.reratings import in_words
from sessions.laptops import away
from sessions.monitor.progress import progress, sentence
from sessions.monitor.status import agreement_table, status_table, study_status
from sessions.running.open_sessions import end_crashed
from study.store.engine import clock
from study.tools.cli import StoreOption, StudyOption
from study.tools.commands import example
from study.tools.parallel import is_annotator

NICE = 10  # of a process that others do not wait for


@example("python -m sessions status")
def status(study: StudyOption = None, store: StoreOption = None) -> None:
    """Show where the study stands: people, agreement, alarms, forecast."""
    with at_desk(study, store) as (found, db):
        standing, current = study_status(db, found), progress(db, found)
        elsewhere = away.in_words(db)
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    console.print(status_table(standing))
    if len(current.ratings):
        console.print(agreement_table(current.people))
    for alarm in current.alarms:
        typer.echo(f"alarm: {alarm.participant_id} at trial {alarm.n_trial}: {alarm.detail}")
    typer.echo(sentence(current, datetime.now(UTC)))
    if elsewhere:
        typer.echo(f"on laptops: {elsewhere}")
    typer.echo(in_words(standing.reliability))
    typer.echo(
        f"{standing.n_complete} of {standing.n_clips} clips complete, {standing.n_ratings} of "
        f"{standing.n_wanted} ratings, {standing.n_truths} of {standing.n_sampled} ground truths "
        f"({standing.n_corrections} corrections)"
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
