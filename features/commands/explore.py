"""Look at embeddings."""

from pathlib import Path
from typing import Annotated

import typer

from features.explore.clip_map import write_page
from features.records.folder import record_paths
from study.tools.cli import (
    LARGEST_NUMBER,
    OverwriteOption,
)
from study.tools.files import refuse_existing
from study.tools.wording import counted


def explore(
    folder: Annotated[Path, typer.Argument(help="folder of records, such as .../VGGish_VGG16")],
    out: Annotated[Path, typer.Option(help="the page to write")],
    mit_root: Annotated[Path | None, typer.Option(help="folder of clips, for pictures")] = None,
    max_clips: Annotated[
        int, typer.Option(min=3, max=1_000_000, help="draw this many, if there are more")
    ] = 5000,
    seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_NUMBER, help="of the drawing and of the map")
    ] = 1,
    overwrite: OverwriteOption = False,
) -> None:
    """Write a page that shows clips by their embeddings; suspects, duplicates, correspondence."""
    refuse_existing(out, overwrite=overwrite)
    table, duplicates = write_page(
        out,
        folder,
        record_paths(folder),
        mit_root=mit_root,
        max_clips=max_clips,
        seed=seed,
    )
    n_suspects = int((table["suggested_label"] != table["label"]).sum())
    typer.echo(
        f"{counted(len(table), 'clip')}, {n_suspects} among clips of another class, "
        f"{counted(len(duplicates), 'pair')} of near-duplicates: {out}"
    )
