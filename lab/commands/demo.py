"""Run a whole study on clips that the program makes."""

from pathlib import Path
from typing import Annotated

import typer

from lab.demo import closing_lines, run_demo
from lab.recognition.demo import closing_lines_of_recognition, run_recognition_demo
from lab.recognition.lists import FULL_RECOGNITION, SMALLEST_RECOGNITION
from lab.size import FULL, SMALLEST
from study.errors import ConfigError


def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="the demo's folder")] = Path("demo"),
    show: Annotated[bool, typer.Option("--show", help="windows on the real screen")] = False,
    clips_per_class: Annotated[
        int | None, typer.Option(min=14, max=10_000, help="[default: 38, in 8 classes]")
    ] = None,
    smallest: Annotated[
        bool, typer.Option("--smallest", help="three classes, few clips: to try the path")
    ] = False,
    recognition: Annotated[
        bool, typer.Option("--recognition", help="people against networks, instead of ratings")
    ] = False,
    weights: Annotated[
        Path | None, typer.Option(help="folder with weights [default: the downloaded ones]")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="remove DIR's demo first")] = False,
) -> None:
    """Run a whole study on clips that it makes; a second time it goes on from what is there."""
    if recognition:
        _people_against_networks(folder, clips_per_class, smallest, show, fresh, weights)
        return
    size = (SMALLEST if smallest else FULL).with_clips(clips_per_class)
    run_demo(folder, size, show=show, fresh=fresh, weights=weights, say=_say)
    for line in closing_lines(folder):
        typer.echo(line)


def _people_against_networks(
    folder: Path,
    clips_per_class: int | None,
    smallest: bool,
    show: bool,
    fresh: bool,
    weights: Path | None,
) -> None:
    if clips_per_class is not None:
        raise ConfigError("--clips-per-class is for the demo of ratings. Leave it out")
    size = SMALLEST_RECOGNITION if smallest else FULL_RECOGNITION
    run_recognition_demo(folder, size, show=show, fresh=fresh, weights=weights, say=_say)
    for line in closing_lines_of_recognition(folder):
        typer.echo(line)


def _say(line: str) -> None:
    typer.echo(line)  # flushes, so that lines stand in order with those of the commands
