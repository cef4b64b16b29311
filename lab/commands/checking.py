"""Check a release as a stranger receives it."""

import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from curation.release.row_faults import Finding
from lab.checking.all_checks import PARTS, as_json
from lab.checking.all_checks import check_release as check
from study.errors import TableError
from study.tools.commands import example
from study.tools.progress_bars import progress_bar
from study.tools.wording import counted

_WIDTH, _NARROWEST = 140, 100


@example("python -m lab check-release release-1.0.0")
def check_release(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="the release")],
    json: Annotated[bool, typer.Option("--json", help="findings for programs")] = False,
) -> None:
    """Check a release without its store; exit code 1 if something breaks a run."""
    with progress_bar() as bar:
        task = bar.add_task("look", total=len(PARTS))

        def say(name: str) -> None:
            bar.update(task, description=name, advance=1)

        found = check(folder, say)
    breaking = sum(one.breaks for one in found)
    if json:
        typer.echo(as_json(folder, found))
    else:
        _show(found)
        typer.echo(
            f"{counted(len(PARTS), 'part')} looked at, {counted(len(found), 'finding')}, "
            f"{breaking} break a run"
        )
    if breaking:
        raise TableError(
            f"{counted(breaking, 'finding')} in {folder} break{'s' * (breaking == 1)} a "
            "run. Correct what stands above"
        )


def _show(found: list[Finding]) -> None:
    if not found:
        return
    table = Table()
    for heading in ("", "finding", "where", "n", "what"):
        table.add_column(heading, justify="right" if heading == "n" else "left", overflow="fold")
    for one in found:
        examples = f" ({'; '.join(one.examples)})" if one.examples else ""
        kind = "breaks" if one.breaks else "note"
        cells = (kind, one.code, one.where, str(one.n), f"{one.message}{examples}")
        # What comes from a release is text, not markup.
        table.add_row(*(escape(cell) for cell in cells))
    width = shutil.get_terminal_size((_WIDTH, 24)).columns
    Console(width=max(width, _NARROWEST)).print(table)
