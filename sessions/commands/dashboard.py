"""The study in the browser: an overview to look at, and the desk to work at."""

import webbrowser
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sessions.commands.options import (
    at_desk,
)
from sessions.desk.page import desk_app
from sessions.monitor import dashboard as board
from sessions.monitor.progress import progress
from study.config.study import find_study
from study.processes.machine import give_way
from study.reports import web
from study.tools.access import Readers
from study.tools.cli import ByOption, StoreOption, StudyOption
from study.tools.commands import example
from study.tools.files import written_atomically

NICE = 10  # of a process that others do not wait for


@example("python -m sessions dashboard")
def dashboard(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any free one")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="write the page to a file instead of serving it")
    ] = None,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Show an overview of the study in a browser, until Ctrl-C."""
    if out is not None:
        with at_desk(study, store) as (found, db):
            page = board.page(progress(db, found), found, datetime.now(UTC))
        with written_atomically(out, readers=Readers.OWNER) as part:
            part.write_text(page, encoding="utf-8")
        typer.echo(f"written: {out}")
        return
    site, listener = web.open_site(port)
    app = board.dashboard_app(find_study(study, store), site, lambda: datetime.now(UTC))
    # A session's window on the same machine comes first.
    give_way(NICE)
    typer.echo(f"open {site.url}")
    web.serve(app, listener)


@example("python -m sessions desk --by AB")
def desk(
    by: ByOption,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any free one")] = 0,
    browser: Annotated[bool, typer.Option(help="open the page")] = True,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Work at the desk in a browser, until Ctrl-C."""
    found = find_study(study, store)
    with at_desk(study, store):  # says in one line what is wrong with the store
        site, listener = web.open_site(port)
    app = desk_app(found, by, site, lambda: datetime.now(UTC))
    # A session's window on the same machine comes first.
    give_way(NICE)
    typer.echo(f"the desk of {by}: {site.url}")
    typer.echo("press Ctrl-C to stop; every change is saved at once")
    with web.address_file(site) as address:
        if browser:
            webbrowser.open(address.as_uri())
        web.serve(app, listener)
