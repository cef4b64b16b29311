"""Commands about one participant: results, pay, demographics, withdrawal."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sessions.commands.options import NOBODY, ByOption, IdArgument, at_desk, write_text
from sessions.wording import counted
from study.errors import StudyError
from study.tools.access import Readers
from study.tools.cli import OverwriteOption, StoreOption, StudyOption

if TYPE_CHECKING:
    from sessions.people.withdrawal import Withdrawal

app = typer.Typer()


@app.command(epilog="Example: python -m sessions screening P01")
def screening(
    participant_id: IdArgument, study: StudyOption = None, store: StoreOption = None
) -> None:
    """Show how a participant did in the screening: confusion matrix, missed clips."""
    from sessions.exercises.results import screening_report

    with at_desk(study, store) as (found, db):
        report = screening_report(db, found.config.protocol, participant_id)
    for line in report:
        typer.echo(line)


@app.command(epilog="Example: python -m sessions pay P01 --settle --out P01.pdf --by AB")
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
    from sessions.pay import receipt
    from sessions.pay.statement import is_settled_here, statement
    from sessions.pay.statement import settle as settle_all

    with at_desk(study, store, changes=settle) as (found, db):
        protocol, is_here = found.config.protocol, is_settled_here(db)
        if settle:
            paid = settle_all(db, participant_id, protocol, paid_by=by, at=datetime.now(UTC))
        everything = statement(db, participant_id, protocol)
        if out is not None:
            if not is_here:
                raise StudyError(receipt.AT_THE_DESK)
            # Within the transaction: what cannot be signed is not marked as paid either.
            title = found.config.title
            text = receipt.statement_text(everything, title)
            write_text(text, out, footer=title, overwrite=overwrite, readers=Readers.OWNER)
    if settle:
        typer.echo(f"paid now: {pence(paid.total_pence)} for {counted(paid.n_sessions, 'session')}")
    for line in receipt.session_lines(everything, is_settled_here=is_here):
        typer.echo(line)


@app.command(epilog="Example: python -m sessions end-session P01 --by AB")
def end_session(
    participant_id: IdArgument,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Close a session whose program or machine has crashed; its ratings stay."""
    from sessions.running.open_sessions import end_crashed
    from study.store.engine import clock
    from study.tools.parallel import is_annotator

    with at_desk(study, store, changes=True, on_laptop=True) as (_, db):
        end_crashed(db, participant_id, is_running=is_annotator, actor=by, at=clock(db))
    typer.echo(f"ended the session of {participant_id}; its ratings stay")


@app.command(epilog="Example: python -m sessions withdraw P01 --ratings keep --by AB")
def withdraw(
    participant_id: IdArgument,
    ratings: Annotated[str, typer.Option(help="what they chose", metavar="keep|remove")],
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Withdraw a participant's consent; their clips go to the others."""
    from sessions.people import withdrawal

    if ratings not in {"keep", "remove"}:
        raise typer.BadParameter("--ratings is keep or remove")
    keep, at = ratings == "keep", datetime.now(UTC)
    with at_desk(study, store, changes=True) as (found, db):
        done = withdrawal.withdraw(db, found, participant_id, keep_ratings=keep, actor=by, at=at)
    _echo_withdrawal(f"withdrawn {participant_id}", done)


@app.command(epilog="Example: python -m sessions erase P01 --yes --by AB")
def erase(
    participant_id: IdArgument,
    yes: Annotated[bool, typer.Option("--yes", help="this cannot be undone")] = False,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Remove a person from the store; payments stay under a random number."""
    import numpy as np

    from sessions.laptops import deal
    from sessions.people import traces, withdrawal

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


@app.command(
    epilog="Example: python -m sessions demographics P01 --age 24 --sex female "
    "--hearing-normal --vision-normal"
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
    from sessions.people import demographics as desk

    answers: dict[str, object] = dict(desk.pair(text) for text in answer or [])
    known = {"age": age, "sex": sex, "hearing_normal": hearing, "vision_normal": vision}
    answers |= {question: said for question, said in known.items() if said is not None}
    with at_desk(study, store, changes=True) as (found, db):
        desk.record(db, found, participant_id, answers, actor=by, at=datetime.now(UTC))
    typer.echo(f"kept {len(answers)} answers of {participant_id}: {', '.join(answers)}")


@app.command(epilog="Example: python -m sessions export-demographics --out demographics.csv")
def export_demographics(
    out: Annotated[Path, typer.Option(help="CSV file")] = Path("demographics.csv"),
    overwrite: OverwriteOption = False,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Write how many participants there are per band; no group is smaller than three."""
    from sessions.people.demographics import banded
    from study.tools.files import written_atomically

    with at_desk(study, store) as (_, db):
        table = banded(db)
    with written_atomically(out, overwrite=overwrite, readers=Readers.OWNER) as part:
        table.to_csv(part, index=False)
    typer.echo(f"{len(table)} bands of {table['question'].nunique()} questions: {out}")


@app.command(epilog="Example: python -m sessions participants-text --exact --by AB")
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
    from sessions.people.participants_text import participants_text as text

    with at_desk(study, store, changes=exact) as (found, db):
        paragraph = text(db, found, exact=exact, actor=by, at=datetime.now(UTC))
    typer.echo(paragraph)


def _echo_withdrawal(what: str, done: "Withdrawal") -> None:
    typer.echo(
        f"{what}: {counted(done.n_ratings_removed, 'rating')} removed (all phases), "
        f"{counted(done.n_reopened, 'slot')} of the plan taken away, "
        f"{counted(done.n_unfilled, 'slot')} without a rater yet"
    )
    if done.n_unfilled:
        typer.echo("enrol another participant, then: python -m sessions reassign")
