"""Commands about one participant: results, pay, demographics, withdrawal."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sessions.options import ByOption, IdArgument, at_desk, write_text
from study.cli import OverwriteOption, StoreOption, StudyOption

if TYPE_CHECKING:
    from sessions.withdrawal import Withdrawal

app = typer.Typer()


@app.command()
def screening(
    participant_id: IdArgument, study: StudyOption = None, store: StoreOption = None
) -> None:
    """Show how a participant did in the screening: confusion matrix, missed clips."""
    from sessions.results import screening_report

    with at_desk(study, store) as (found, db):
        report = screening_report(db, found.config.protocol, participant_id)
    for line in report:
        typer.echo(line)


@app.command()
def pay(
    participant_id: IdArgument,
    settle: Annotated[bool, typer.Option("--settle", help="mark what is owed as paid")] = False,
    out: Annotated[
        Path | None, typer.Option(help="write a statement to sign, as .pdf or .md")
    ] = None,
    overwrite: OverwriteOption = False,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Show what a participant has earned, session by session; settle it once."""
    from instructions import pence
    from sessions import pay as payroll

    with at_desk(study, store) as (found, db):
        protocol = found.config.protocol
        if settle:
            paid = payroll.settle(db, participant_id, protocol, paid_by=by, at=datetime.now(UTC))
            typer.echo(f"paid now: {pence(paid.total_pence)} for {len(paid.lines)} sessions")
        everything = payroll.statement(db, participant_id, protocol)
        owed = payroll.statement(db, participant_id, protocol, unpaid_only=True)
    for line in everything.lines:
        state = "paid" if line.is_paid else "open" if line.is_open else "owed"
        typer.echo(
            f"{line.started_at:%Y-%m-%d %H:%M}  {line.phase:12} {line.worked_s / 3600:6.2f} h  "
            f"{line.n_rated:5} clips  {pence(line.hours_pence):>7} + {pence(line.bonus_pence):>7}  "
            f"{state}"
        )
    if out is not None:
        title = found.config.title
        text = payroll.statement_text(everything, title)
        write_text(text, out, footer=title, overwrite=overwrite)
    typer.echo(
        f"{participant_id}: {everything.worked_s / 3600:.2f} h {pence(everything.hours_pence)} + "
        f"bonus {pence(everything.bonus_pence)} = {pence(everything.total_pence)}, of which "
        f"{pence(owed.total_pence)} owed"
    )


@app.command()
def withdraw(
    participant_id: IdArgument,
    ratings: Annotated[str, typer.Option(help="what they chose", metavar="keep|remove")],
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Withdraw a participant's consent; their clips go to the others."""
    from sessions import withdrawal

    if ratings not in {"keep", "remove"}:
        raise typer.BadParameter("--ratings is keep or remove")
    keep, at = ratings == "keep", datetime.now(UTC)
    with at_desk(study, store) as (found, db):
        done = withdrawal.withdraw(db, found, participant_id, keep_ratings=keep, actor=by, at=at)
    _echo_withdrawal(f"withdrawn {participant_id}", done)


@app.command()
def erase(
    participant_id: IdArgument,
    yes: Annotated[bool, typer.Option("--yes", help="this cannot be undone")] = False,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Remove a person from the store; payments stay under a random number."""
    import numpy as np

    from sessions import withdrawal

    if not yes:
        raise typer.BadParameter(f"erasing {participant_id} cannot be undone; pass --yes")
    at, rng = datetime.now(UTC), np.random.default_rng()
    with at_desk(study, store) as (found, db):
        done = withdrawal.erase(db, found, participant_id, actor=by, at=at, rng=rng)
        copies = list(withdrawal.backups_of(found))
    _echo_withdrawal(f"erased {participant_id}", done)
    typer.echo("strike the id from the list on paper; the audit log keeps the id, and no more")
    for path in copies:
        typer.echo(f"still held by the back-up {path}: delete it, or make a new one")


@app.command()
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
        list[str] | None, typer.Option(help="any other question: key=value; repeat")
    ] = None,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Keep what a participant said of themselves, apart from their ratings."""
    from sessions import demographics as desk

    others = dict(pair.partition("=")[::2] for pair in answer or [])
    answers = {"age": age, "sex": sex, "hearing_normal": hearing, "vision_normal": vision}
    with at_desk(study, store) as (_, db):
        desk.record(db, participant_id, answers | others, actor=by, at=datetime.now(UTC))
    typer.echo(f"kept {len(answers | others)} answers of {participant_id}")


@app.command()
def export_demographics(
    out: Annotated[Path, typer.Option(help="CSV file")] = Path("demographics.csv"),
    overwrite: OverwriteOption = False,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Write how many participants there are per band; no group is smaller than three."""
    from sessions.demographics import banded
    from study.files import written_atomically

    with at_desk(study, store) as (_, db):
        table = banded(db)
    with written_atomically(out, overwrite=overwrite) as part:
        table.to_csv(part, index=False)
    typer.echo(f"{len(table)} bands of {table['question'].nunique()} questions: {out}")


@app.command()
def participants_text(
    exact: Annotated[
        bool, typer.Option("--exact", help="exact ages and sexes; goes to the audit log")
    ] = False,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Write the paper's paragraph on its participants."""
    from sessions.participants_text import participants_text as text

    with at_desk(study, store) as (found, db):
        paragraph = text(db, found, exact=exact, actor=by, at=datetime.now(UTC))
    typer.echo(paragraph)


def _echo_withdrawal(what: str, done: "Withdrawal") -> None:
    typer.echo(
        f"{what}: {done.n_ratings_removed} ratings removed, {done.n_reopened} slots taken away, "
        f"{done.n_unfilled} of them without a new rater yet"
    )
    if done.n_unfilled:
        typer.echo("enrol another participant, then: python -m sessions reassign")
