"""Commands for published lists: check-release, import-release."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from curation.release.list_check import check, refuse_breaking, totals
from curation.release.published import read_release
from curation.release.rewriting import import_release as rewrite
from study.errors import TableError
from study.tools.cli import OverwriteOption
from study.tools.wording import counted


def check_release(
    folder: Annotated[Path, typer.Argument(help="folder with published lists")],
) -> None:
    """Check published lists for faults; exit code 1 if one would break a run."""
    release = read_release(folder)
    found = check(release)
    for name, rows in release.lists.items():
        typer.echo(f"{name}.csv: {counted(len(rows), 'row')}")
    for item in found:
        kind = "breaks a run" if item.breaks else "note"
        typer.echo(f"{kind} [{item.code}] {item.where}: {item.n} {item.message}")
        for example in item.examples:
            typer.echo(f"    {example}")
    for code, n_rows in totals(found).items():
        typer.echo(f"rows of all lists together [{code}]: {n_rows}")
    breaking = sum(item.breaks for item in found)
    typer.echo(
        f"{counted(len(release.lists), 'list')}, {counted(len(found), 'finding')}, "
        f"{breaking} of them break a run"
    )
    if breaking:
        raise TableError(
            f"{counted(breaking, 'finding')} in {folder} break{'s' * (breaking == 1)} a "
            "run. Correct what stands above"
        )


def import_release(
    folder: Annotated[Path, typer.Argument(help="folder with published lists")],
    out: Annotated[Path, typer.Option("--out", help="where to write them")],
    overwrite: OverwriteOption = False,
) -> None:
    """Rewrite published lists with the columns of Tables 2 and 3; any spelling is read."""
    release = read_release(folder)
    for item in refuse_breaking(release):
        typer.echo(f"kept as published, matters where records are read: {item}")
    written = rewrite(release, out, at=datetime.now(UTC), overwrite=overwrite)
    for path, found in written.items():
        typer.echo(f"{path.name}: {counted(len(found.rows), 'row')}")
        if not found.is_complete:
            beside = [f"{n} {place}" for place, n in sorted(found.n_from_beside.items())]
            said = ", ".join([*beside, f"{found.n_assumed} not in them, taken to be training"])
            typer.echo(f"    had no locations; as in the lists beside: {said}")
    typer.echo(f"{counted(len(written), 'list')}: {out}")
