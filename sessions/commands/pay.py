"""Bonus and pay."""

from pathlib import Path
from typing import Annotated

import typer

from sessions.commands.options import IdArgument, changing
from sessions.pay import receipt
from sessions.pay.paper import print_statement
from sessions.pay.statement import is_settled_here, statement
from sessions.pay.statement import settle as settle_all
from study.tools.cli import ByOption, OverwriteOption, StoreOption, StudyOption
from study.tools.commands import example
from study.tools.wording import counted


@example("python -m sessions pay P01 --settle --print --by AB")
def pay(
    participant_id: IdArgument,
    settle: Annotated[bool, typer.Option("--settle", help="mark what is owed as paid")] = False,
    printed: Annotated[
        bool, typer.Option("--print", help="write the statement to sign, into pay/ of the study")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="the same, to another place, as .pdf or .md")
    ] = None,
    overwrite: OverwriteOption = False,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Show what a participant has earned, session by session; settle it once."""
    with changing(study, store, by, only_read=not settle) as desk:
        db, config = desk.db, desk.study.config
        protocol, is_here = config.protocol, is_settled_here(db)
        if settle:
            paid = settle_all(
                db, participant_id, protocol, paid_by=by, at=desk.at, currency=config.currency
            )
        everything = statement(db, participant_id, protocol)
        if printed or out is not None:
            # Within the transaction: what cannot be signed is not marked as paid either.
            path = print_statement(desk, everything, out, overwrite=overwrite)
    if settle:
        amount, n_sessions = config.money(paid.total_pence), counted(paid.n_sessions, "session")
        amount, n_sessions = config.money(paid.total_pence), counted(paid.n_sessions, "session")
        typer.echo(f"paid now: {amount} for {n_sessions}")
    if printed or out is not None:
        typer.echo(f"to sign: {path}")
    for line in receipt.session_lines(everything, config.money, is_settled_here=is_here):
        typer.echo(line)
