"""The recognition experiment's table."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from curation.commands.options import OutOption, tables_folder
from curation.release import recognition
from study.config.study import find_study
from study.counting import IN_WORDS, Reason
from study.store import store_snapshot
from study.tools.cli import OverwriteOption, StoreOption, StudyOption
from study.tools.wording import counted


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
    path = tables_folder(out, found) / recognition.FILE_NAME
    names = recognition.with_pseudonyms(found, at)
    with store_snapshot(found.store_url) as db:
        answers = recognition.counted(db, found)
        rows = recognition.recognition_trials(answers, names)
        recognition.write(db, found, answers, rows, path, at=at, overwrite=overwrite)
    for reason, n in answers.left_out.items():
        typer.echo(f"{counted(n, 'answer')} {IN_WORDS[Reason(reason)]}: left out")
    people = counted(rows["participant"].nunique(), "participant")
    typer.echo(f"{counted(len(rows), 'trial')} of {people}: {path}")
    if model_vs_human is not None:
        n = recognition.write_model_vs_human(rows, model_vs_human, overwrite=overwrite)
        typer.echo(f"{counted(n, 'file')} for model-vs-human: {model_vs_human}")
