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
from sessions.monitor.forecast import TRIAL_S, forecast_rules, forecast_table
from sessions.monitor.progress import progress, sentence
from sessions.monitor.session_table import session_table
from sessions.monitor.status import agreement_table, status_table, study_status
from sessions.running.open_sessions import end_crashed
from study.deciding.belief import believe
from study.deciding.expected import PRIOR_CLIPS, Prior
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
        is_certain = found.config.protocol.rating_rule == "until_certain"
        certainty = believe(db, found, every).in_words(found) if is_certain else ""
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    console.print(status_table(standing, found.config.money))
    if len(current.ratings):
        console.print(agreement_table(current.people, found.config.money))
    for alarm in current.alarms:
        typer.echo(f"alarm: {alarm.participant_id} at trial {alarm.n_trial}: {alarm.detail}")
    typer.echo(sentence(current, datetime.now(UTC)))
    if certainty:
        typer.echo(certainty)
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


@example("python -m sessions forecast --prior-agreement 0.7")
def forecast(
    prior_prominent: Annotated[
        float, typer.Option(min=0, max=1, help="share of 3s; counts while little is rated")
    ] = 0.35,
    prior_present: Annotated[float, typer.Option(min=0, max=1, help="share of 2s and 3s")] = 0.55,
    prior_agreement: Annotated[
        float, typer.Option(min=0, max=1, help="how often two raters of a clip say the same")
    ] = 0.75,
    seconds: Annotated[float, typer.Option(min=0.1, max=3600, help="paid for a trial")] = TRIAL_S,
    certainty: Annotated[
        float | None,
        typer.Option(min=0.51, max=0.999, help="of until_certain [default: protocol.certainty]"),
    ] = None,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Show what each rating rule still asks for: ratings, hours and money."""
    shares = (1 - prior_present, prior_present - prior_prominent, prior_prominent)
    prior = Prior(tuple(round(share, 9) for share in shares), prior_agreement)  # type: ignore[arg-type]
    with at_desk(study, store) as (found, db):
        coming = forecast_rules(db, found, prior=prior, trial_s=seconds, certainty=certainty)
    console = Console()
    console = console if console.is_terminal else Console(width=160)
    console.print(forecast_table(coming, found.config.money))
    typer.echo(
        f"{counted(coming.n_given, 'rating')} given; expected from a prior that weighs "
        f"{PRIOR_CLIPS} clips and {counted(coming.n_full, 'clip')} that got all ratings whatever "
        "they said; "
        f"{coming.trial_s:g} s a trial; 95 % intervals. What until_certain asks is simulated"
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
