"""`python -m sessions`: the experimenter's desk."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sessions.commands import expert, plan
from sessions.commands import people as people_commands
from sessions.commands import store as store_commands
from sessions.commands.options import (
    ByOption,
    EthicsOption,
    ExperimenterOption,
    FormOption,
    IdArgument,
    SignedOption,
    at_desk,
    write_text,
)
from study.errors import ConfigError
from study.tools.cli import OverwriteOption, StoreOption, StudyOption, new_app, run
from study.tools.local_time import local_day
from study.vocabulary import ParticipantKind

NICE = 10  # of a process that others do not wait for

app = new_app("Enrol participants, train, screen, plan, pay.")
app.add_typer(plan.app)
app.add_typer(people_commands.app)
app.add_typer(expert.app)
app.add_typer(store_commands.app)


@app.command(
    epilog="Example: python -m sessions enrol P01 --form-version 1.0 --ethics-approval ERN-18-1 "
    "--experimenter AB"
)
def enrol(
    participant_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="a new id, such as P03")
    ] = None,
    kind: Annotated[ParticipantKind, typer.Option(help="who rates")] = ParticipantKind.HUMAN,
    random_id: Annotated[
        bool, typer.Option("--random-id", help="let chance choose the id")
    ] = False,
    clear_for_rehearsal: Annotated[
        bool, typer.Option("--clear-for-rehearsal", help="no training, no screening: rehearsals")
    ] = False,
    form_version: FormOption = None,
    ethics_approval: EthicsOption = None,
    experimenter: ExperimenterOption = None,
    signed_on: SignedOption = None,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Enrol a participant; with the three consent options their consent is kept as well."""
    import numpy as np

    from sessions.people import roster
    from study.store.people import participants

    at = datetime.now(UTC)
    given = [form_version, ethics_approval, experimenter]
    if (participant_id is None) != random_id:
        raise typer.BadParameter("give an id, or --random-id")
    if any(given) and not all(given):
        raise typer.BadParameter(
            "a consent needs --form-version, --ethics-approval and --experimenter"
        )
    with at_desk(study, store, changes=True) as (found, db):
        if participant_id is None:
            taken = {participant.id for participant in participants.listed(db)}
            participant_id = roster.random_id(taken, np.random.default_rng())
        consent = None
        if form_version and ethics_approval and experimenter:
            consent = roster.new_consent(
                form_version, ethics_approval, experimenter, signed_on, local_day(at)
            )
        roster.enrol(db, participant_id, kind, consent=consent, actor=by, at=at)
        if clear_for_rehearsal:
            roster.clear_for_rehearsal(db, found, participant_id, actor=by, at=at)
        n_enrolled = len(participants.listed(db))
    typer.echo(f"enrolled {participant_id} ({kind.value}); participants in the study: {n_enrolled}")


@app.command(
    epilog="Example: python -m sessions consent P01 --form-version 1.0 --ethics-approval ERN-18-1 "
    "--experimenter AB"
)
def consent(
    participant_id: IdArgument,
    form_version: FormOption = None,
    ethics_approval: EthicsOption = None,
    experimenter: ExperimenterOption = None,
    signed_on: SignedOption = None,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Keep the consent that a participant has signed on paper."""
    from sessions.people import roster

    at = datetime.now(UTC)
    signed = roster.new_consent(
        form_version or "", ethics_approval or "", experimenter or "", signed_on, local_day(at)
    )
    with at_desk(study, store, changes=True) as (_, db):
        roster.give_consent(db, participant_id, signed, actor=by, at=at)
    typer.echo(f"consent of {participant_id}: form {signed.form_version}, {signed.signed_on}")


@app.command(name="list", epilog="Example: python -m sessions list")
def list_participants(study: StudyOption = None, store: StoreOption = None) -> None:
    """List who takes part."""
    from study.store.people import participants

    with at_desk(study, store) as (_, db):
        listed = participants.listed(db)
    for participant in listed:
        closed = f", closed: {participant.close_reason}" if participant.closed_at else ""
        typer.echo(f"{participant.id}  {participant.kind.value}{closed}")
    typer.echo(f"{len(listed)} participants")


@app.command(epilog="Example: python -m sessions show P01")
def show(participant_id: IdArgument, study: StudyOption = None, store: StoreOption = None) -> None:
    """Show what the store knows of a participant, and what they may do next."""
    from sessions.monitor.show import lines

    with at_desk(study, store) as (found, db):
        text = lines(db, found, participant_id)
    for line in text:
        typer.echo(line)


@app.command(epilog="Example: python -m sessions close P01 --reason moved --by AB")
def close(
    participant_id: IdArgument,
    reason: Annotated[str, typer.Option(help="why")],
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Close a participant's record: their ratings stay, no session starts any more."""
    from sessions.people import roster

    with at_desk(study, store, changes=True) as (_, db):
        n_open = roster.close(db, participant_id, reason=reason, actor=by, at=datetime.now(UTC))
    typer.echo(f"closed {participant_id}; {n_open} of their clips are unrated")
    if n_open:
        typer.echo(f"to give them to the others: python -m sessions reassign {participant_id}")


@app.command(epilog="Example: python -m sessions status")
def status(study: StudyOption = None, store: StoreOption = None) -> None:
    """Show where the study stands: people, agreement, alarms, forecast."""
    from rich.console import Console

    from sessions.expert.reratings import in_words
    from sessions.laptops import deal
    from sessions.monitor.progress import progress, sentence
    from sessions.monitor.status import agreement_table, status_table, study_status

    with at_desk(study, store) as (found, db):
        standing, current = study_status(db, found), progress(db, found)
        away = deal.in_words(db)
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    console.print(status_table(standing))
    if len(current.ratings):
        console.print(agreement_table(current.people))
    for alarm in current.alarms:
        typer.echo(f"alarm: {alarm.participant_id} at trial {alarm.n_trial}: {alarm.detail}")
    typer.echo(sentence(current, datetime.now(UTC)))
    if away:
        typer.echo(f"on laptops: {away}")
    typer.echo(in_words(standing.reliability))
    typer.echo(
        f"{standing.n_complete} of {standing.n_clips} clips complete, {standing.n_ratings} of "
        f"{standing.n_wanted} ratings, {standing.n_truths} of {standing.n_sampled} ground truths "
        f"({standing.n_corrections} corrections)"
    )


@app.command(epilog="Example: python -m sessions dashboard")
def dashboard(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any free one")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="write the page to a file instead of serving it")
    ] = None,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Serve the study at a glance to a browser on this machine, until Ctrl-C."""
    try:
        from sessions.monitor import dashboard as board
        from study.reports import web
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the dashboard needs the module {error.name}. Install the extra [web]"
        ) from error
    from study.config.study import find_study

    if out is not None:
        from sessions.monitor.progress import progress
        from study.tools.access import Readers
        from study.tools.files import written_atomically

        with at_desk(study, store) as (found, db):
            page = board.page(progress(db, found), found, datetime.now(UTC))
        with written_atomically(out, readers=Readers.OWNER) as part:
            part.write_text(page, encoding="utf-8")
        typer.echo(f"written: {out}")
        return
    site, listener = web.open_site(port)
    app = board.dashboard_app(find_study(study, store), site, lambda: datetime.now(UTC))
    # A session's window on the same machine comes first.
    os.nice(NICE)
    typer.echo(f"open {site.url}")
    web.serve(app, listener)


@app.command(epilog="Example: python -m sessions print-sheet sheet consent --out sheets")
def print_sheet(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[sheet|script|consent]...", help="which [default: all]"),
    ] = None,
    out: Annotated[Path, typer.Option(help="folder")] = Path("sheets"),
    overwrite: OverwriteOption = False,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Set the sheets of paper as A4 PDF, with the numbers that the screens have."""
    import instructions
    from study.classes import read_classes
    from study.config.study import find_study
    from study.tools.files import refuse_existing

    found = find_study(study, store)
    n_classes = len(read_classes(found.classes_path).avmit_labels)
    values = instructions.placeholders_of(found, n_classes)
    language, title = found.config.language, found.config.title
    chosen = names or ["sheet", "script", "consent"]
    texts = {
        name: instructions.text(name, language, values, own=found.texts_path) for name in chosen
    }
    for name in texts:
        refuse_existing(out / f"{name}.pdf", overwrite=overwrite)
    for name, text in texts.items():
        write_text(text, out / f"{name}.pdf", footer=title, overwrite=overwrite)
    typer.echo(f"{len(texts)} sheets in {out}: {', '.join(texts)}")


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
