"""Participants: enrolment, consent, who they are, and how they leave."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from sessions.commands.options import (
    NOBODY,
    ByOption,
    EthicsOption,
    ExperimenterOption,
    FormOption,
    IdArgument,
    SignedOption,
    at_desk,
)
from sessions.laptops import deal
from sessions.monitor.show import lines
from sessions.people import demographics as desk
from sessions.people import roster, traces, withdrawal
from sessions.people.demographics import banded
from sessions.people.participants_text import participants_text as text
from sessions.people.withdrawal import Withdrawal
from sessions.wording import counted
from study.store.people import participants
from study.tools.access import Readers
from study.tools.cli import OverwriteOption, StoreOption, StudyOption
from study.tools.commands import example
from study.tools.files import written_atomically
from study.tools.local_time import local_day
from study.vocabulary import ParticipantKind

NICE = 10  # of a process that others do not wait for


@example(
    "python -m sessions enrol P01 --form-version 1.0 --ethics-approval ERN-18-1 --experimenter AB"
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


@example(
    "python -m sessions consent P01 --form-version 1.0 --ethics-approval ERN-18-1 --experimenter AB"
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
    at = datetime.now(UTC)
    signed = roster.new_consent(
        form_version or "", ethics_approval or "", experimenter or "", signed_on, local_day(at)
    )
    with at_desk(study, store, changes=True) as (_, db):
        roster.give_consent(db, participant_id, signed, actor=by, at=at)
    typer.echo(f"consent of {participant_id}: form {signed.form_version}, {signed.signed_on}")


@example("python -m sessions list")
def list_(study: StudyOption = None, store: StoreOption = None) -> None:
    """List who takes part."""
    with at_desk(study, store) as (_, db):
        listed = participants.listed(db)
    for participant in listed:
        closed = f", closed: {participant.close_reason}" if participant.closed_at else ""
        typer.echo(f"{participant.id}  {participant.kind.value}{closed}")
    typer.echo(f"{len(listed)} participants")


@example("python -m sessions show P01")
def show(participant_id: IdArgument, study: StudyOption = None, store: StoreOption = None) -> None:
    """Show what the store knows of a participant, and what they may do next."""
    with at_desk(study, store) as (found, db):
        text = lines(db, found, participant_id)
    for line in text:
        typer.echo(line)


@example(
    "python -m sessions demographics P01 --age 24 --sex female --hearing-normal --vision-normal"
)
def demographics(
    participant_id: IdArgument,
    age: Annotated[int | None, typer.Option(help="years")] = None,
    sex: Annotated[str | None, typer.Option(help="as they say")] = None,
    hearing: Annotated[
        bool | None, typer.Option("--hearing-normal/--hearing-impaired", help="as they report")
    ] = None,
    vision: Annotated[
        bool | None,
        typer.Option("--vision-normal/--vision-impaired", help="normal, or corrected to normal"),
    ] = None,
    answer: Annotated[
        list[str] | None,
        typer.Option(help="a question of the study's own: question=answer; repeat"),
    ] = None,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Keep what a participant said of themselves, apart from their ratings."""
    answers: dict[str, object] = dict(desk.pair(text) for text in answer or [])
    known = {"age": age, "sex": sex, "hearing_normal": hearing, "vision_normal": vision}
    answers |= {question: said for question, said in known.items() if said is not None}
    with at_desk(study, store, changes=True) as (found, db):
        desk.record(db, found, participant_id, answers, actor=by, at=datetime.now(UTC))
    typer.echo(f"kept {len(answers)} answers of {participant_id}: {', '.join(answers)}")


@example("python -m sessions export-demographics --out demographics.csv")
def export_demographics(
    out: Annotated[Path, typer.Option(help="CSV file")] = Path("demographics.csv"),
    overwrite: OverwriteOption = False,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Write how many participants there are per band; no group is smaller than three."""
    with at_desk(study, store) as (_, db):
        table = banded(db)
    with written_atomically(out, overwrite=overwrite, readers=Readers.OWNER) as part:
        table.to_csv(part, index=False)
    typer.echo(f"{len(table)} bands of {table['question'].nunique()} questions: {out}")


@example("python -m sessions participants-text --exact --by AB")
def participants_text(
    exact: Annotated[
        bool, typer.Option("--exact", help="exact ages and sexes; goes to the audit log")
    ] = False,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Write the paper's paragraph on its participants."""
    if exact and by == NOBODY:
        raise typer.BadParameter("--exact says more than bands do; pass --by with your initials")

    with at_desk(study, store, changes=exact) as (found, db):
        paragraph = text(db, found, exact=exact, actor=by, at=datetime.now(UTC))
    typer.echo(paragraph)


@example("python -m sessions close P01 --reason moved --by AB")
def close(
    participant_id: IdArgument,
    reason: Annotated[str, typer.Option(help="why")],
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Close a participant's record; their ratings stay, and no further session starts."""
    with at_desk(study, store, changes=True) as (_, db):
        n_open = roster.close(db, participant_id, reason=reason, actor=by, at=datetime.now(UTC))
    typer.echo(f"closed {participant_id}; {n_open} of their clips are unrated")
    if n_open:
        typer.echo(f"to give them to the others: python -m sessions reassign {participant_id}")


@example("python -m sessions withdraw P01 --ratings keep --by AB")
def withdraw(
    participant_id: IdArgument,
    ratings: Annotated[str, typer.Option(help="what they chose", metavar="keep|remove")],
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Withdraw a participant's consent; their clips go to the others."""
    if ratings not in {"keep", "remove"}:
        raise typer.BadParameter("--ratings is keep or remove")
    keep, at = ratings == "keep", datetime.now(UTC)
    with at_desk(study, store, changes=True) as (found, db):
        done = withdrawal.withdraw(db, found, participant_id, keep_ratings=keep, actor=by, at=at)
    _echo_withdrawal(f"withdrawn {participant_id}", done)


@example("python -m sessions erase P01 --yes --by AB")
def erase(
    participant_id: IdArgument,
    yes: Annotated[bool, typer.Option("--yes", help="this cannot be undone")] = False,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Remove a person from the store; payments stay under a random number."""
    if not yes:
        raise typer.BadParameter(f"erasing {participant_id} cannot be undone; pass --yes")
    at, rng = datetime.now(UTC), np.random.default_rng()
    with at_desk(study, store, changes=True) as (found, db):
        laptops = deal.files_of(db, participant_id)
        backups = traces.recorded_backups(db)
        done = withdrawal.erase(db, found, participant_id, actor=by, at=at, rng=rng)
    _echo_withdrawal(f"erased {participant_id}", done)
    traces.rewrite_store(found)
    typer.echo("strike the id from the list on paper; the store and its audit log have it no more")
    for line in traces.elsewhere(found, participant_id, laptops=laptops, backups=backups):
        typer.echo(line)


def _echo_withdrawal(what: str, done: "Withdrawal") -> None:
    typer.echo(
        f"{what}: {counted(done.n_ratings_removed, 'rating')} removed (all phases), "
        f"{counted(done.n_reopened, 'slot')} of the plan taken away, "
        f"{counted(done.n_unfilled, 'slot')} without a rater yet"
    )
    if done.n_unfilled:
        typer.echo("enrol another participant, then: python -m sessions reassign")
