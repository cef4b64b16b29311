"""The icon that starts the task; needs no PsychoPy."""

from typing import Annotated

import typer

from annotator.launcher import install
from study.config.study import find_study
from study.tools.cli import StudyOption
from study.tools.wording import counted


def install_launcher(
    context: typer.Context,
    kiosk: Annotated[
        bool,
        typer.Option("--kiosk", help="start it at login too, and ask for one after another"),
    ] = False,
    study: StudyOption = None,
) -> None:
    """Put an icon on the desktop that starts the task."""
    found = find_study(study or context.obj[0])
    paths = install(found, kiosk=kiosk)
    for path in paths:
        typer.echo(path)
    typer.echo(
        f"{found.config.title!r}: {counted(len(paths), 'file')} written; the task asks who is there"
    )
