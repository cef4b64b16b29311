"""Commands about exercises and the plan: who rates which clips."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sessions.commands.options import ByOption, IdArgument, at_desk
from study.tools.cli import OverwriteOption, StoreOption, StudyOption

if TYPE_CHECKING:
    from sessions.plan.planning import Change

app = typer.Typer()


@app.command(epilog="Example: python -m sessions set-exercise --sample --out exercise_clips.csv")
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
    from sessions.exercises import choosing, lists

    if (file is None) != sample:
        raise typer.BadParameter("give a file, or --sample")
    with at_desk(study, store, changes=True) as (found, db):
        at = datetime.now(UTC)
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
            from study import rehearsal

            root = found.mit_root
            clips = choosing.rehearsed(picked, rehearsal.truths(root), rehearsal.reasons(root))
        choosing.set_exercise(db, clips, study=found, actor=by, at=at)
    n_training = sum(clip.phase.value == "training" for clip in clips)
    typer.echo(f"{n_training} training clips, {len(clips) - n_training} screening clips")


@app.command(epilog="Example: python -m sessions plan --by AB")
def plan(
    participant: Annotated[
        list[str] | None, typer.Option(help="who rates; repeat [default: all who are enrolled]")
    ] = None,
    late_candidates: Annotated[
        bool, typer.Option("--late-candidates", help="add candidates admitted after the plan")
    ] = False,
    disagreements: Annotated[
        bool,
        typer.Option("--disagreements", help="ask for a further rating where raters disagree"),
    ] = False,
    again: Annotated[
        bool,
        typer.Option("--again", help="ask somebody else where a rating does not count"),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="say what --again would do, and change nothing")
    ] = False,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Decide once who rates which clip, and in which order."""
    from sessions.plan import further_ratings, schedule
    from study.store.plan import assignments

    if sum([bool(participant), late_candidates, disagreements, again]) > 1:
        raise typer.BadParameter(
            "give one of --participant, --late-candidates, --disagreements and --again at a time"
        )
    if dry_run and not again:
        raise typer.BadParameter("--dry-run says what --again would do. Add --again")
    at = datetime.now(UTC)
    if again:
        _plan_again(study, store, by, at, dry_run=dry_run)
        return
    with at_desk(study, store, changes=True) as (found, db):
        if disagreements:
            change = schedule.plan_disagreements(db, found, actor=by, at=at)
        elif late_candidates:
            change = schedule.plan_late_candidates(db, found, actor=by, at=at)
        else:
            if not assignments.exist(db):
                schedule.require_ready(db, found, participant)
            change = schedule.make_plan(db, found, ids=participant, actor=by, at=at)
        n_undecided = len(further_ratings.undecided(db, found))
    _echo_change("planned", change)
    if disagreements and n_undecided:
        typer.echo(f"{n_undecided} clips go without: everybody who can rate has seen them")


def _plan_again(
    study: Path | None, store: str | None, by: str, at: datetime, *, dry_run: bool
) -> None:
    from sessions.plan.again import plan_again

    with at_desk(study, store, changes=True) as (found, db):
        done = plan_again(db, found, actor=by, at=at)
        if dry_run:
            db.rollback()
    for line in done.lines():
        typer.echo(line)
    if not done.change.n_slots:
        typer.echo("nothing to plan again")
        return
    for participant_id, n in done.given.items():
        typer.echo(f"{participant_id}: {n} more to rate")
    _echo_change("would be planned again" if dry_run else "planned again", done.change)


@app.command(epilog="Example: python -m sessions extend P12 --clips 500 --by AB")
def extend(
    participant_id: IdArgument,
    clips: Annotated[
        int | None,
        typer.Option(min=1, max=10_000_000, help="how many to take [default: an equal part]"),
    ] = None,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Give a late joiner clips that the others have not rated yet."""
    from sessions.plan import changes

    at = datetime.now(UTC)
    with at_desk(study, store, changes=True) as (found, db):
        change = changes.extend(db, found, participant_id, n_clips=clips, actor=by, at=at)
    _echo_change(f"moved to {participant_id}", change)


@app.command(epilog="Example: python -m sessions reassign P04 --by AB")
def reassign(
    leaving: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="who leaves")
    ] = None,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Give the clips of people who leave, and those without a rater, to the others."""
    from sessions.plan import changes

    with at_desk(study, store, changes=True) as (found, db):
        change = changes.reassign(db, found, leaving or [], actor=by, at=datetime.now(UTC))
    _echo_change("moved", change)


def _echo_change(what: str, change: "Change") -> None:
    loads = change.loads.values()
    span = f"{min(loads)} to {max(loads)}" if change.loads else "none"
    typer.echo(
        f"{what}: {change.n_slots} ratings of {change.n_candidates} clips; left per participant: "
        f"{span}"
    )
