"""The recognition experiment's table."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from curation.commands.options import OutOption, tables_folder
from curation.release.trial_table import views
from curation.release.trial_table.table import trials, with_pseudonyms
from study.config.study import find_study
from study.store import store_snapshot
from study.tools.cli import OverwriteOption, StoreOption, StudyOption
from study.tools.wording import counted
from study.vocabulary import Phase


def export_recognition(
    study: StudyOption = None,
    store: StoreOption = None,
    out: OutOption = None,
    model_vs_human: Annotated[
        Path | None,
        typer.Option(help="a folder for files with the columns of the toolbox model-vs-human"),
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Write recognition_trials.csv, with pseudonyms; no dates, no practice."""
    found, at = find_study(study, store), datetime.now(UTC)
    path = tables_folder(out, found) / views.FILE_NAME
    names = with_pseudonyms(found, at)
    with store_snapshot(found.store_url) as db:
        result = trials(db, found, names, Phase.RECOGNITION)
        rows = views.write_recognition(db, found, result, path, at=at, overwrite=overwrite)
    for line in result.counted[Phase.RECOGNITION].losses("answer"):
        typer.echo(line)
    people = counted(rows["participant"].nunique(), "participant")
    typer.echo(f"{counted(len(rows), 'trial')} of {people}: {path}")
    if model_vs_human is not None:
        n = views.write_model_vs_human(result.rows, model_vs_human, overwrite=overwrite)
        typer.echo(f"{counted(n, 'file')} for model-vs-human: {model_vs_human}")
