"""Pictures of all that people see; needs no PsychoPy, and no screen."""

import re
from pathlib import Path
from typing import Annotated

import typer

from annotator.preview.preview_page import preview as make
from annotator.preview.preview_page import write_page
from study.config.study import find_study
from study.errors import ConfigError
from study.tools.cli import OverwriteOption, StudyOption
from study.tools.files import refuse_existing
from study.tools.wording import counted

_SIZE = re.compile(r"([1-9]\d{2,4})x([1-9]\d{2,4})")


def preview(
    context: typer.Context,
    out: Annotated[
        Path | None, typer.Option(help="the page [default: preview.html in the study's folder]")
    ] = None,
    language: Annotated[
        list[str] | None, typer.Option(help="folder of texts; repeat [default: the study's]")
    ] = None,
    size: Annotated[
        list[str] | None,
        typer.Option(metavar="WxH", help="size of a screen; repeat [default: three usual ones]"),
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option(help="folder for each picture as large as the screen")
    ] = None,
    overwrite: OverwriteOption = False,
    study: StudyOption = None,
) -> None:
    """Show every screen and sheet of a study on one page, and what is wrong with them."""
    found = find_study(study or context.obj[0])
    sizes = [_size(text) for text in size or ("1366x768", "1920x1080", "3840x2160")]
    path = out or found.folder / "preview.html"
    refuse_existing(path, overwrite=overwrite)
    made = make(found, language or [found.config.language], sizes, pictures)
    write_page(made, found, path, overwrite=overwrite)
    n_pictures = sum(len(section.pictures) for section in made.sections)
    for fault in made.faults:
        typer.echo(f"finding: {fault}")
    typer.echo(f"{counted(n_pictures, 'picture')}, {counted(len(made.faults), 'finding')}: {path}")
    if made.faults:
        raise typer.Exit(1)


def _size(text: str) -> tuple[int, int]:
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ConfigError(
            f"--size {text!r} is not the size of a screen. Give one such as 1920x1080"
        )
    return int(match[1]), int(match[2])
