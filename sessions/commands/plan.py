"""Who rates what."""

from pathlib import Path
from typing import Annotated

import typer

from sessions.commands.options import IdArgument, changing
from sessions.plan import changes, further_ratings, schedule
from sessions.plan.again import plan_again
from sessions.plan.planning import Change
from study.store.plan import assignments
from study.tools.cli import ByOption, StoreOption, StudyOption
from study.tools.commands import example
from study.tools.wording import counted

ENDS_CLASSES = (
    "decide names class_list: a class that has its prominent clips for certain, or cannot have "
    "them, gets no further ratings. Lists to train on will be shorter than with all ratings"
)


@example("python -m sessions plan --by AB")
def plan(
    participant: Annotated[
        list[str] | None, typer.Option(help="who rates; repeat [default: all who are enrolled]")
    ] = None,
    late_candidates: Annotated[
        bool, typer.Option("--late-candidates", help="add candidates admitted after the plan")
    ] = False,
    further: Annotated[
        bool,
        typer.Option("--further", help="ask for a further rating of clips that are open"),
    ] = False,
    again: Annotated[
        bool,
        typer.Option("--again", help="have clips rated again whose ratings do not count"),
    ] = False,
    first_likely: Annotated[
        Path | None,
        typer.Option(help="prior.csv: clips that are probably prominent come first"),
    ] = None,
    exploration: Annotated[
        float,
        typer.Option(min=0, max=1, help="share at places by chance, with --first-likely"),
    ] = 0.2,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="show what --again would do, and change nothing")
    ] = False,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Decide once who rates which clip, and in which order."""
    if sum([bool(participant), late_candidates, further, again]) > 1:
        raise typer.BadParameter(
            "--participant, --late-candidates, --further and --again exclude each other. Give one"
        )
    if first_likely is not None and (late_candidates or further or again):
        raise typer.BadParameter(
            "--first-likely is for the first plan: it orders all clips. Leave it out"
        )
    if dry_run and not again:
        raise typer.BadParameter("--dry-run shows what --again would do. Add --again")
    if again:
        _plan_again(study, store, by, dry_run=dry_run)
        return
    with changing(study, store, by) as desk:
        if further:
            change = further_ratings.plan_further(desk)
        elif late_candidates:
            change = schedule.plan_late_candidates(desk)
        else:
            if not assignments.exist(desk.db):
                schedule.require_ready(desk.db, desk.study, participant)
            order = None
            if first_likely is not None:
                order = schedule.FirstLikely(first_likely, exploration)
            change = schedule.make_plan(desk, ids=participant, first_likely=order)
            if "class_list" in desk.study.config.protocol.questions:
                typer.echo(ENDS_CLASSES)
        n_waiting = len(further_ratings.waiting(desk.db, desk.study)) if further else 0
    _echo_change("planned", change)
    if n_waiting:
        typer.echo(
            f"{counted(n_waiting, 'clip gets', 'clips get')} none: everybody who can rate has "
            "seen them"
        )


def _plan_again(study: Path | None, store: str | None, by: str, *, dry_run: bool) -> None:
    with changing(study, store, by) as desk:
        done = plan_again(desk)
        if dry_run:
            desk.db.rollback()
    for line in done.lines():
        typer.echo(line)
    if not done.change.n_slots:
        typer.echo("nothing to plan again")
        return
    for participant_id, n in done.given.items():
        typer.echo(f"{participant_id}: {n} more to rate")
    _echo_change("would be planned again" if dry_run else "planned again", done.change)


@example("python -m sessions extend P12 --clips 500 --by AB")
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
    """Give a participant who joins late clips that the others have not rated yet."""
    with changing(study, store, by) as desk:
        change = changes.extend(desk, participant_id, n_clips=clips)
    _echo_change(f"moved to {participant_id}", change)


@example("python -m sessions reassign P04 --by AB")
def reassign(
    leaving: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="who leaves")
    ] = None,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Give the clips of people who leave to the others; clips without a rater too."""
    with changing(study, store, by) as desk:
        change = changes.reassign(desk, leaving or [])
    _echo_change("moved", change)


def _echo_change(what: str, change: "Change") -> None:
    loads = change.loads.values()
    span = f"{min(loads)} to {max(loads)}" if change.loads else "none"
    typer.echo(
        f"{what}: {counted(change.n_slots, 'rating')} of "
        f"{counted(change.n_candidates, 'clip')}; left per participant: "
        f"{span}"
    )
