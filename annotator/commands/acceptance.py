"""Accept a rig that could not be graded; needs no PsychoPy, because this is done at the desk."""

import socket
from typing import Annotated

import typer

from sessions.maintenance.rigs import accept
from sessions.running.recording import utc_now
from study.config.study import find_study
from study.store import store_transaction, studies
from study.store.desk import Desk
from study.tools.cli import THE_DESK, ByOption, StoreOption, StudyOption
from study.tools.wording import counted


def accept_rig(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="why its ratings can be trusted")],
    host: Annotated[
        str | None, typer.Argument(help="the machine, by its name [default: this one]")
    ] = None,
    session: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="only this session, by the beginning of its id; repeat"),
    ] = None,
    by: ByOption = THE_DESK,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Accept the ratings of finished sessions on an ungraded machine; the audit log says why.

    Look at the sessions first: python -m annotator timing-report
    """
    found = find_study(study or context.obj[0], store or context.obj[1])
    with store_transaction(found.store_url) as db:
        studies.identity(db, found)
        done = accept(
            Desk(db, found, by, utc_now()),
            host=host or socket.gethostname(),
            prefixes=session or (),
            reason=reason,
        )
    if done.n_taken_back:
        n_back = counted(done.n_taken_back, "rating")
        typer.echo(f"{n_back} to be given again withdrawn, because those already given count")
    typer.echo(
        f"{done.host} ({done.check}): {counted(done.n_ratings, 'rating')} of "
        f"{counted(done.n_sessions, 'session')} accepted"
    )
