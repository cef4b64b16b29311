"""Look after records: check, pack and unpack them."""

from pathlib import Path
from typing import Annotated

import typer

from features.records.archive import pack_archive, unpack_archive
from features.records.check_records import check_records
from features.records.folder import record_paths, set_of
from features.records.manifest import MANIFEST_NAME
from features.records.pack import pack_arrays
from study.tools.cli import (
    OverwriteOption,
    fail,
)
from study.tools.progress_bars import progress_bar
from study.tools.wording import counted


def check(
    folder: Annotated[Path, typer.Argument(help="folder of records, such as .../VGGish_VGG16")],
) -> None:
    """Check every record; exactly one in a file, sizes, finite, clip, label, and hash."""
    n_records = len(record_paths(folder))
    with progress_bar() as progress:
        task = progress.add_task("records checked", total=n_records)
        problems = check_records(folder, lambda: progress.advance(task))
    for problem in problems:
        typer.echo(f"{problem.tfrecord_filename}: {problem.detail}")
    typer.echo(f"{counted(n_records, 'record')}, {counted(len(problems), 'problem')}: {folder}")
    if problems:
        fail(f"{counted(len(problems), 'problem')} in {folder}. Extract those clips again")


def pack(
    folder: Annotated[Path, typer.Argument(help="folder of records, such as .../VGGish_VGG16")],
    out: Annotated[Path, typer.Option(help="where to write")],
    overwrite: OverwriteOption = False,
) -> None:
    """Write the .tar of a release, and one array of all records with its index."""
    embedding_set = set_of(folder)
    n_records = len(record_paths(folder))
    archive = out / f"AVMIT_{embedding_set.folder}.tar"
    arrays = out / f"AVMIT_{embedding_set.folder}.npy"
    with progress_bar() as progress:
        task = progress.add_task(
            "records packed", total=2 * n_records + (folder / MANIFEST_NAME).is_file()
        )

        def advance() -> None:
            progress.advance(task)

        n_cut = pack_arrays(folder, arrays, embedding_set, overwrite=overwrite, advance=advance)
        pack_archive(folder, archive, overwrite=overwrite, advance=advance)
    typer.echo(
        f"{counted(n_records, 'record')}, {n_cut} of them cut to 7 timesteps in the arrays: {out}"
    )


def unpack(
    archive: Annotated[Path, typer.Argument(help="the .tar of a release")],
    out: Annotated[Path, typer.Option(help="where its folder is to lie")],
) -> None:
    """Unpack the .tar of a release, and check every record."""
    check(unpack_archive(archive, out))
