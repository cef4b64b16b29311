"""Measure a rig and grade it."""

from typing import Annotated

import typer

from annotator.rig.check import check_rig as check
from annotator.rig.check import lines
from sessions.running.recording import host_name, utc_now
from study.config.study import find_study
from study.store import open_store, transaction
from study.store.ratings import rig_checks
from study.tools.cli import (
    StoreOption,
    StudyOption,
    stderr_console,
)
from study.tools.local_time import local_day


def check_rig(
    context: typer.Context,
    loopback: Annotated[
        str | None,
        typer.Option(
            metavar="DEVICE", help="source that hears what is played; measures end to end"
        ),
    ] = None,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Measure screen, sound and keyboard of this machine, and grade it."""
    found = find_study(study or context.obj[0], store or context.obj[1])
    engine = open_store(found.store_url)
    with stderr_console().status("measuring: about half a minute"):
        screen = found.config.screen_on(host_name())
        result = check(screen, found.folder, loopback=loopback, at=utc_now())
    with transaction(engine) as db:
        rig_checks.add(db, result)
    typer.echo("\n".join(lines(result)))
    until = result.checked_at + rig_checks.VALID_FOR
    typer.echo(f"{result.host}: grade {result.grade}, valid until {local_day(until)}")
