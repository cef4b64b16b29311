"""Training and screening: their clips, their sheets and their results."""

from pathlib import Path
from typing import Annotated

import typer

import instructions
from sessions.commands.options import (
    ByOption,
    IdArgument,
    at_desk,
    changing,
    write_text,
)
from sessions.exercises import choosing, lists
from sessions.exercises.results import screening_report
from study.classes import read_classes
from study.config.study import find_study
from study.rehearsal.truth import reasons, truths
from study.tools.cli import OverwriteOption, StoreOption, StudyOption
from study.tools.commands import example
from study.tools.files import refuse_existing


@example("python -m sessions set-exercise --sample --out exercise_clips.csv")
def set_exercise(
    file: Annotated[
        Path | None, typer.Argument(help="CSV with the expert's ratings and reasons")
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="pick one clip per class and set")
    ] = False,
    screening_sets: Annotated[
        int, typer.Option(min=1, max=9999, help="screenings to pick; a retry takes the next one")
    ] = 2,
    out: Annotated[Path, typer.Option(help="where --sample writes its draft")] = Path(
        "exercise_clips.csv"
    ),
    overwrite: OverwriteOption = False,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Choose the clips of training and screening, before the plan is made.

    With --sample the clips are picked by chance. In a rehearsal their ratings and reasons are
    known; in a real study a draft is written for the expert, to be filled in and read back. Once
    there is a training, further screenings are added to those that there are.
    """
    if (file is None) != sample:
        raise typer.BadParameter("give a file, or --sample")
    with changing(study, store, by) as desk:
        db, found = desk.db, desk.study
        if file is not None:
            free, labels = choosing.free_candidates(db), choosing.labels(db)
            clips = lists.read_list(file, free, labels)
        else:
            picked = choosing.sample_clips(db, found, screening_sets)
            if not found.config.rehearsal:
                lists.write_draft(picked, out, overwrite=overwrite)
                typer.echo(f"{len(picked)} clips to rate and explain: {out}")
                typer.echo(f"then: python -m sessions set-exercise {out}")
                return

            root = found.mit_root
            clips = choosing.rehearsed(picked, truths(root), reasons(root))
        choosing.set_exercise(desk, clips)
    n_training = sum(clip.phase.value == "training" for clip in clips)
    typer.echo(f"{n_training} training clips, {len(clips) - n_training} screening clips")


@example("python -m sessions print-sheet sheet consent --out sheets")
def print_sheet(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[sheet|script|consent]...", help="which [default: all]"),
    ] = None,
    out: Annotated[Path, typer.Option(help="folder")] = Path("sheets"),
    overwrite: OverwriteOption = False,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Print a sheet as A4 PDF, with the numbers that the screens show."""
    found = find_study(study, store)
    n_classes = len(read_classes(found.classes_path).avmit_labels)
    values = instructions.placeholders_of(found, n_classes)
    language, title = found.config.language, found.config.title
    chosen = names or ["sheet", "script", "consent"]
    texts = {
        name: instructions.text(name, language, values, own=found.texts_path) for name in chosen
    }
    for name in texts:
        refuse_existing(out / f"{name}.pdf", overwrite=overwrite)
    for name, text in texts.items():
        write_text(text, out / f"{name}.pdf", footer=title, overwrite=overwrite)
    typer.echo(f"{len(texts)} sheets in {out}: {', '.join(texts)}")


@example("python -m sessions screening P01")
def screening(
    participant_id: IdArgument, study: StudyOption = None, store: StoreOption = None
) -> None:
    """Show how a participant did in the screening; confusion matrix and missed clips."""
    with at_desk(study, store) as (found, db):
        report = screening_report(db, found.config.protocol, participant_id)
    for line in report:
        typer.echo(line)
