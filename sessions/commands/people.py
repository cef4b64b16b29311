"""Participants: enrolment, consent, who they are, and how they leave."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from sessions.commands.options import (
    EthicsOption,
    ExperimenterOption,
    FormOption,
    IdArgument,
    SignedOption,
    at_desk,
    changing,
)
from sessions.laptops import away
from sessions.monitor.show import lines
from sessions.people import demographics as said
from sessions.people import roster, traces, withdrawal
from sessions.people.demographics import banded
from sessions.people.participants_text import participants_text as text
from sessions.people.withdrawal import Withdrawal
from study.store.people import participants
from study.tools.access import Readers
from study.tools.cli import THE_DESK, ByOption, OverwriteOption, StoreOption, StudyOption
from study.tools.commands import example
from study.tools.files import written_atomically
from study.tools.local_time import local_day
from study.tools.wording import counted
from study.vocabulary import ParticipantKind


@example(
    "python -m sessions enrol P01 --form-version 1.0 --ethics-approval ERN-18-1 --experimenter AB"
)
def enrol(
    participant_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="a new id, such as P03")
    ] = None,
    kind: Annotated[ParticipantKind, typer.Option(help="who rates")] = ParticipantKind.HUMAN,
    random_id: Annotated[bool, typer.Option("--random-id", help="choose the id at random")] = False,
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
    """Enrol a participant; with the three consent options their consent is recorded as well."""
    given = [form_version, ethics_approval, experimenter]
    if (participant_id is None) != random_id:
        raise typer.BadParameter("an id or --random-id is needed, and not both. Give one of them")
    if any(given) and not all(given):
        raise typer.BadParameter(
            "a consent needs more. Give --form-version, --ethics-approval and --experimenter"
        )
    with changing(study, store, by) as desk:
        if participant_id is None:
            taken = {participant.id for participant in participants.listed(desk.db)}
            participant_id = roster.random_id(taken, np.random.default_rng())
        consent = None
        if form_version and ethics_approval and experimenter:
            consent = roster.new_consent(
                form_version, ethics_approval, experimenter, signed_on, local_day(desk.at)
            )
        roster.enrol(desk, participant_id, kind, consent=consent)
        if clear_for_rehearsal:
            roster.clear_for_rehearsal(desk, participant_id)
        n_enrolled = len(participants.listed(desk.db))
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
    """Record the consent that a participant signed on paper."""
    today = local_day(datetime.now(UTC))
    signed = roster.new_consent(
        form_version or "", ethics_approval or "", experimenter or "", signed_on, today
    )
    with changing(study, store, by) as desk:
        roster.give_consent(desk, participant_id, signed)
    typer.echo(f"consent of {participant_id}: form {signed.form_version}, {signed.signed_on}")


@example("python -m sessions list")
def list_(study: StudyOption = None, store: StoreOption = None) -> None:
    """List who takes part."""
    with at_desk(study, store) as (_, db):
        listed = participants.listed(db)
    for participant in listed:
        closed = f", closed: {participant.close_reason}" if participant.closed_at else ""
        typer.echo(f"{participant.id}  {participant.kind.value}{closed}")
    typer.echo(counted(len(listed), "participant"))


@example("python -m sessions show P01")
def show(participant_id: IdArgument, study: StudyOption = None, store: StoreOption = None) -> None:
    """Show a participant's record, and what they may do next."""
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
    """Record a participant's age, sex, hearing and vision."""
    answers: dict[str, object] = dict(said.pair(text) for text in answer or [])
    known = {"age": age, "sex": sex, "hearing_normal": hearing, "vision_normal": vision}
    answers |= {question: given for question, given in known.items() if given is not None}
    with changing(study, store, by) as desk:
        said.record(desk, participant_id, answers)
    typer.echo(
        f"recorded {counted(len(answers), 'answer')} of {participant_id}: {', '.join(answers)}"
    )


@example("python -m sessions export-demographics")
def export_demographics(
    out: Annotated[
        Path | None, typer.Option(help="CSV file [default: demographics.csv of the study]")
    ] = None,
    overwrite: OverwriteOption = False,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Export the number of participants per band; no group is smaller than three."""
    with at_desk(study, store) as (found, db):
        table = banded(db)
    path = out or found.folder / "demographics.csv"
    with written_atomically(path, overwrite=overwrite, readers=Readers.OWNER) as part:
        table.to_csv(part, index=False)
    typer.echo(
        f"{counted(len(table), 'band')} of {counted(table['question'].nunique(), 'question')}: "
        f"{path}"
    )


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
    if exact and by == THE_DESK:
        raise typer.BadParameter(
            "--exact exports exact ages, which the audit log keeps. Add --by with your initials"
        )

    # Exact figures are written to the audit log.
    with changing(study, store, by, only_read=not exact) as desk:
        paragraph = text(desk, exact=exact)
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
    with changing(study, store, by) as desk:
        n_open = roster.close(desk, participant_id, reason=reason)
    typer.echo(
        f"closed {participant_id}; "
        f"{counted(n_open, 'of their clips is', 'of their clips are')} unrated"
    )
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
        raise typer.BadParameter("--ratings is keep or remove. Choose one")
    with changing(study, store, by) as desk:
        done = withdrawal.withdraw(desk, participant_id, keep_ratings=ratings == "keep")
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
        raise typer.BadParameter(
            f"erasing {participant_id} cannot be undone. Add --yes if it is meant"
        )
    with changing(study, store, by) as desk:
        found = desk.study
        laptops = away.files_of(desk.db, participant_id)
        backups = traces.recorded_backups(desk.db)
        done = withdrawal.erase(desk, participant_id, rng=np.random.default_rng())
    _echo_withdrawal(f"erased {participant_id}", done)
    traces.rewrite_store(found)
    typer.echo(
        "strike the id from the list on paper; it is no longer in the store or its audit log"
    )
    for line in traces.elsewhere(found, participant_id, laptops=laptops, backups=backups):
        typer.echo(line)


def _echo_withdrawal(what: str, done: "Withdrawal") -> None:
    typer.echo(
        f"{what}: {counted(done.n_ratings_removed, 'rating')} removed (all phases), "
        f"{counted(done.n_reopened, 'slot')} of the plan removed, "
        f"{counted(done.n_unfilled, 'slot')} without a rater yet"
    )
    if done.n_unfilled:
        typer.echo("enrol another participant, then: python -m sessions reassign")
