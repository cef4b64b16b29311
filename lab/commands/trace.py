"""From a number back to the key press."""

from pathlib import Path
from typing import Annotated

import typer

from lab.report.places import places_of
from lab.trace.chain import Link, faults_of, lines
from lab.trace.follow import follow
from lab.trace.kept import Kept
from lab.trace.release.rows import follow_in_release
from lab.trace.traceable import SPELT, wanted
from study.config.study import find_study
from study.errors import StudyError
from study.reports.html import render
from study.tools.access import Readers
from study.tools.cli import OverwriteOption, StoreOption, StudyOption
from study.tools.commands import example
from study.tools.files import refuse_existing, written_atomically
from study.tools.wording import counted


@example("python -m lab trace figure2:prominent/barking/3 --study DIR --html trace.html")
def trace(
    what: Annotated[str, typer.Argument(help=SPELT)],
    study: StudyOption = None,
    store: StoreOption = None,
    release: Annotated[
        Path | None,
        typer.Option(help="a release alone, as far as it goes; with --study on into its store"),
    ] = None,
    tables: Annotated[
        Path | None, typer.Option(help="tables of curation [default: release of the study]")
    ] = None,
    embeddings: Annotated[
        Path | None, typer.Option(help="folder of the sets [default: embeddings of the study]")
    ] = None,
    models: Annotated[
        Path | None, typer.Option(help="networks and searches [default: models of the study]")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="draw it as a page")] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Follow a number back to the key presses; exit code 1 if a link is missing or wrong."""
    asked = wanted(what)
    if html is not None:
        refuse_existing(html, overwrite=overwrite)
    kept = None
    if release is None or study is not None or store is not None:
        found = find_study(study, store)
        kept = Kept(found, places_of(found.folder, tables, embeddings, models))
    if release is not None:
        chain = follow_in_release(release, asked, kept)
    elif kept is not None:
        chain = follow(kept, asked)
    for line in lines(chain):
        typer.echo(line)
    if html is not None:
        _draw(chain, what, html, overwrite=overwrite)
    faults = faults_of(chain)
    n_links = sum(1 for _ in chain.every())
    typer.echo(f"{counted(n_links, 'link')}, {len(faults)} broken" + (f": {html}" if html else ""))
    if len(faults) == 1:
        raise StudyError(f"a link is broken: {faults[0]}. Look at the files that it names")
    if faults:
        raise StudyError(
            f"{len(faults)} links are broken, the first one: {faults[0]}. "
            "Look at the files that it names"
        )


def _draw(chain: Link, what: str, path: Path, *, overwrite: bool) -> None:
    page = render(
        "lab",
        "trace.html",
        title=what,
        chain=chain,
        faults=faults_of(chain),
        n_links=sum(1 for _ in chain.every()),
    )
    with written_atomically(path, overwrite=overwrite, readers=Readers.OWNER) as part:
        part.write_text(page, encoding="utf-8")
