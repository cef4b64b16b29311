"""Run a whole study on clips that the program makes."""

from pathlib import Path
from typing import Annotated

import typer

from lab.demo import closing_lines, run_demo
from lab.size import FULL, SMALLEST


def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="the demo's folder")] = Path("demo"),
    show: Annotated[bool, typer.Option("--show", help="windows on the real screen")] = False,
    clips_per_class: Annotated[
        int | None, typer.Option(min=14, max=10_000, help="[default: 38, in 8 classes]")
    ] = None,
    smallest: Annotated[
        bool, typer.Option("--smallest", help="three classes, few clips: to try the path")
    ] = False,
    weights: Annotated[
        Path | None, typer.Option(help="folder with weights [default: the downloaded ones]")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="remove DIR's demo first")] = False,
) -> None:
    """Run a whole study on clips that it makes; a second time it goes on from what is there."""
    size = (SMALLEST if smallest else FULL).with_clips(clips_per_class)
    run_demo(folder, size, show=show, fresh=fresh, weights=weights, say=_say)
    for line in closing_lines(folder):
        typer.echo(line)


def _say(line: str) -> None:
    typer.echo(line)  # flushes, so that lines stand in order with those of the commands
