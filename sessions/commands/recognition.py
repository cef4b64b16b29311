"""The recognition experiment."""

from typing import Annotated

import typer

from sessions.commands.options import changing
from sessions.recognition.planning import plan_recognition as plan
from study.tools.cli import ByOption, StoreOption, StudyOption
from study.tools.commands import example
from study.tools.wording import counted


@example("python -m sessions plan-recognition --by AB")
def plan_recognition(
    participant: Annotated[
        list[str] | None,
        typer.Option(help="who takes part; repeat [default: all who are enrolled]"),
    ] = None,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Decide who is to recognise which clips; nobody meets a clip twice."""
    with changing(study, store, by) as desk:
        done = plan(desk, participant)
    if done.n_new_stimuli:
        typer.echo(f"{counted(done.n_new_stimuli, 'stimulus', 'stimuli')} taken in")
    if done.n_set_aside:
        typer.echo(
            f"{counted(done.n_set_aside, 'stimulus is', 'stimuli are')} shown to nobody: "
            "practice uses one of their clips"
        )
    n_trials = sorted(done.people.values())
    typer.echo(
        f"planned: {counted(len(done.people), 'participant')}, {n_trials[0]} to {n_trials[-1]} "
        f"trials each; {counted(len(done.per_row), 'row')} of "
        f"{min(done.per_row.values())} to {max(done.per_row.values())} people"
    )
