"""Clips to rehearse with."""

from pathlib import Path
from typing import Annotated

import typer

from study.errors import ConfigError
from study.rehearsal import contact_sheet as sheets
from study.rehearsal import tree
from study.rehearsal.actions import DEFAULT_CLASSES
from study.rehearsal.truth import read_scenes
from study.reports.figures import save_figure
from study.tools.cli import (
    LARGEST_NUMBER,
    MOST_PROCESSES,
    OverwriteOption,
)
from study.tools.files import refuse_existing
from study.tools.wording import counted

_PICTURES = (".png", ".svg", ".pdf")


def make_clips(
    root: Annotated[Path, typer.Argument(help="where to make training/ and validation/")],
    seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_NUMBER, help="the same seed makes the same clips")
    ] = 1,
    clips_per_class: Annotated[
        int, typer.Option(min=1, max=100_000, help="clips of each class")
    ] = 40,
    classes: Annotated[str, typer.Option(help="AVMIT labels, separated by commas")] = "",
    processes: Annotated[
        int | None,
        typer.Option(
            min=1, max=MOST_PROCESSES, help="clips made at a time [default: one per core]"
        ),
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Make rehearsal clips; scenes.csv holds what should be rated for each."""
    n_made = tree.make_clips(
        root,
        seed=seed,
        n_per_class=clips_per_class,
        classes=[label.strip() for label in classes.split(",")] if classes else DEFAULT_CLASSES,
        n_processes=processes,
        overwrite=overwrite,
    )
    scenes = read_scenes(root)
    n_classes = scenes["avmit_label"].nunique()
    n_heard = int((scenes["audio"] == "sound").sum())
    typer.echo(
        f"{counted(len(scenes), 'clip')} of {counted(n_classes, 'class', 'classes')} in "
        f"{root}: {n_made} "
        f"made now, {len(scenes) - n_made} kept; {n_heard} with sound; truths in scenes.csv"
    )


def contact_sheet(
    root: Annotated[Path, typer.Argument(help="folder of rehearsal clips")],
    out: Annotated[Path, typer.Argument(help="the picture, .png, .svg or .pdf")],
    overwrite: OverwriteOption = False,
) -> None:
    """Draw a rehearsal clip of every class and rating; a frame and its spectrogram."""
    if out.suffix not in _PICTURES:
        raise ConfigError(f"{out} does not end in {', '.join(_PICTURES)}. Choose another name")
    refuse_existing(out, overwrite=overwrite)
    figure = sheets.contact_sheet(read_scenes(root), root)
    save_figure(figure, out, overwrite=overwrite, dpi=90)
    typer.echo(f"contact sheet of {root}: {out}")
