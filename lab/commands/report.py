"""The whole study on one page."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from lab.report.page import N_PICTURES, ShownClips
from lab.report.page import write_report as write
from lab.report.places import REPORT_NAME, places_of
from study.config.study import find_study
from study.tools.cli import OverwriteOption, StoreOption, StudyOption
from study.tools.commands import example


@example("python -m lab report --study demo --overwrite")
def report(
    study: StudyOption = None,
    store: StoreOption = None,
    out: Annotated[
        Path | None, typer.Option(help=f"the page [default: {REPORT_NAME} of the study]")
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
    pictures: Annotated[
        int, typer.Option(min=0, max=1000, help="test clips that are shown of each class")
    ] = N_PICTURES,
    overwrite: OverwriteOption = False,
) -> None:
    """Write one page of the whole study; for a phone, a screen and paper."""
    found = find_study(study, store)
    path = write(
        found,
        places_of(found.folder, tables, embeddings, models),
        out or found.folder / REPORT_NAME,
        at=datetime.now(UTC),
        overwrite=overwrite,
        shown=ShownClips(n_pictures=pictures),
    )
    typer.echo(f"report: {path}")
