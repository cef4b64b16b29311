"""Training and screening: their clips, their sheets and their results."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

import instructions
from sessions.commands.options import IdArgument, at_desk, changing
from sessions.exercises import choosing, lists
from sessions.exercises.verdicts import screening_report
from sessions.pay.paper import write_text
from study.classes import read_classes
from study.config.study import find_study
from study.errors import ConfigError
from study.rehearsal.truth import reasons, truths
from study.store import Db
from study.store.plan.exercises import ExerciseClip
from study.tools.cli import ByOption, OverwriteOption, StoreOption, StudyOption
from study.tools.commands import example
from study.tools.files import refuse_existing
from study.tools.wording import counted

DRAFT, SHEETS = "exercise_clips.csv", "sheets"  # in the study's folder


@example("python -m sessions set-exercise --sample")
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
    out: Annotated[
        Path | None, typer.Option(help=f"where --sample writes [default: {DRAFT} of the study]")
    ] = None,
    overwrite: OverwriteOption = False,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Choose the clips of training and screening, before the plan is made.

    With --sample the clips are picked by chance. In a rehearsal their ratings and reasons are
    known; in a real study a draft is written for the expert, to be filled in and read back. Once
    there is a training, further screenings are added to those that there are. A list that was read
    is corrected by reading it again, until somebody has rated one of its clips.
    """
    if (file is None) != sample:
        raise typer.BadParameter("a file or --sample is needed, and not both. Give one of them")
    with changing(study, store, by) as desk:
        db, found = desk.db, desk.study
        if file is not None:
            clips = list(_listed(file, db))
        else:
            picked = choosing.sample_clips(db, found, screening_sets)
            if not found.config.rehearsal:
                draft = out or found.folder / DRAFT
                lists.write_draft(picked, draft, overwrite=overwrite)
                typer.echo(f"{counted(len(picked), 'clip')} to rate and explain: {draft}")
                typer.echo(f"then: python -m sessions set-exercise {shlex.quote(str(draft))}")
                return

            root = found.mit_root
            clips = choosing.rehearsed(picked, truths(root), reasons(root))
        replaced = choosing.set_exercise(desk, clips)
    n_training = sum(clip.phase.value == "training" for clip in clips)
    typer.echo(
        f"{counted(n_training, 'training clip')}, "
        f"{counted(len(clips) - n_training, 'screening clip')}"
        + "".join(f"; {phase.value} set {number} was replaced" for phase, number in replaced)
    )


def _listed(file: Path, db: Db) -> tuple[ExerciseClip, ...]:
    replaced = choosing.replaceable(db, lists.sets_in(file))
    found = lists.read_list(file, choosing.standing(db, replaced), choosing.labels(db))
    for fault in found.faults:
        typer.echo(f"finding: {fault}")
    if found.faults:
        raise ConfigError(
            f"{file} has {counted(len(found.faults), 'fault')}; see above. Nothing was saved"
        )
    return found.clips


@example("python -m sessions print-sheet sheet consent")
def print_sheet(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[sheet|script|consent]...", help="which [default: all]"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help=f"folder [default: {SHEETS} of the study]")
    ] = None,
    overwrite: OverwriteOption = False,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Print a sheet as A4 PDF, with the numbers that the screens show."""
    found = find_study(study, store)
    n_classes = len(read_classes(found.classes_path).avmit_labels)
    values = instructions.words_of_sheets(found, n_classes)
    language, title = found.config.language, found.config.title
    chosen, folder = names or ["sheet", "script", "consent"], out or found.folder / SHEETS
    texts = {
        name: instructions.text(name, language, values, own=found.texts_path) for name in chosen
    }
    for name in texts:
        refuse_existing(folder / f"{name}.pdf", overwrite=overwrite)
    for name, text in texts.items():
        write_text(text, folder / f"{name}.pdf", footer=title, overwrite=overwrite)
    typer.echo(f"{counted(len(texts), 'sheet')} in {folder}: {', '.join(texts)}")


@example("python -m sessions screening P01")
def screening(
    participant_id: IdArgument, study: StudyOption = None, store: StoreOption = None
) -> None:
    """Show how a participant did in the screening; confusion matrix and missed clips."""
    with at_desk(study, store) as (found, db):
        report = screening_report(db, found.config.protocol, participant_id)
    for line in report:
        typer.echo(line)
