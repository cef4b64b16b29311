"""Options and places that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from study.config.study import Study
from study.tools.cli import MOST_PROCESSES

OutOption = Annotated[
    Path | None, typer.Option("--out", help="folder of the tables [default: STUDY/release]")
]
RatingsOption = Annotated[
    Path | None, typer.Option("--ratings", help="[default: video_ratings.csv in --out]")
]
TestSetOption = Annotated[
    Path | None, typer.Option("--test", help="[default: test_set.csv in --out]")
]
ReleaseOption = Annotated[
    Path | None, typer.Option("--release", help="published lists instead of a study")
]
JobsOption = Annotated[
    int | None, typer.Option(min=1, max=MOST_PROCESSES, help="processes [default: cores]")
]


def tables_folder(out: Path | None, study: "Study") -> Path:
    """Return where a command writes.

    Returns the folder; it need not be there.

    `study`: has a folder for it, where nothing was.
    """
    return study.folder / "release" if out is None else out
