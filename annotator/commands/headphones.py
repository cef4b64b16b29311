"""The headphone check."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from annotator.commands.options import SimulateOption, Speed, StageName
from annotator.first_words import first_words
from annotator.task.actor import Actor
from study.tools.cli import (
    StoreOption,
    StudyOption,
    stderr_console,
)


def check_headphones(
    context: typer.Context,
    participant: Annotated[str, typer.Option(help="whose headphones, such as P03")],
    simulate: SimulateOption = None,
    stage: Annotated[StageName, typer.Option(help="where it is done")] = StageName.WINDOW,
    speed: Annotated[
        Speed, typer.Option(help="max: do not wait for sounds to end (simulated people only)")
    ] = Speed.REAL,
    screenshots: Annotated[
        Path | None, typer.Option(help="folder for a picture of every screen")
    ] = None,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Check that a participant wears headphones that work."""
    study = study or context.obj[0]
    actor = Actor(simulate, hurry=speed is Speed.MAX)
    with (
        first_words(study, wanted=stage is StageName.WINDOW) as moment,
        stderr_console().status(f"{participant}: headphone check"),
    ):
        # Seconds, in which the words stand.
        from annotator.headphones.check import perform
        from annotator.opening import stage_of
        from annotator.request import StageOptions

        options = StageOptions(stage is StageName.WINDOW, screenshots, moment)
        options.require_for(actor)
        done = perform(
            participant,
            partial(stage_of, actor=actor, options=options),
            actor,
            study_dir=study,
            store=store or context.obj[1],
        )
    typer.echo(done.in_words())
    if not done.is_passed:
        raise typer.Exit(1)
