"""The rating task: python -m annotator --participant P03."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from annotator.commands.options import SimulateOption, Speed, StageName
from annotator.first_words import first_words, said_on_screen
from annotator.task.actor import Actor
from study.tools.cli import StoreOption, StudyOption, run, stderr_console
from study.tools.commands import Panel, new_app
from study.vocabulary import Phase

PANELS = (
    Panel(
        "Rig",
        "annotator.commands.rig",
        {
            "check-rig": "Measure screen, sound and keyboard of this machine, and grade it.",
        },
    ),
    Panel(
        "Rig",
        "annotator.commands.acceptance",
        {
            "accept-rig": "Accept the ratings of finished sessions on an ungraded machine.",
        },
    ),
    Panel(
        "Rig",
        "annotator.commands.photodiode",
        {
            "flash-and-beep": "Play flashes with beeps where clips are shown.",
            "photodiode": "Show the true offset of picture and sound.",
        },
    ),
    Panel(
        "This study",
        "annotator.commands.preview",
        {
            "preview": "Show every screen and sheet of a study on one page, and what is wrong with "
            "them.",
        },
    ),
    Panel(
        "Headphones",
        "annotator.commands.headphones",
        {
            "check-headphones": "Check that a participant wears headphones that work.",
        },
    ),
    Panel(
        "This machine",
        "annotator.commands.launcher",
        {
            "install-launcher": "Put an icon on the desktop that starts the task.",
        },
    ),
    Panel(
        "Timing",
        "annotator.commands.timing",
        {
            "timing-report": "Show the timing of sessions.",
        },
    ),
)

app = new_app("Rate clips in the window.", PANELS)


# Alone it asks on the screen who is there.
@app.callback(invoke_without_command=True, no_args_is_help=False)
def annotate(
    context: typer.Context,
    participant: Annotated[
        str | None, typer.Option(help="who rates, such as P03 [default: the screen asks]")
    ] = None,
    phase: Annotated[
        Phase | None, typer.Option(help="what the session is for [default: what is next]")
    ] = None,
    simulate: SimulateOption = None,
    stage: Annotated[StageName, typer.Option(help="where clips are shown")] = StageName.WINDOW,
    speed: Annotated[
        Speed, typer.Option(help="max: do not wait for clips to end (simulated people only)")
    ] = Speed.REAL,
    blocks: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="end after so many blocks")
    ] = None,
    trials: Annotated[
        int | None, typer.Option(min=1, max=1_000_000, help="end after so many trials")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.1, max=1440, help="end in so many minutes at most")
    ] = None,
    kiosk: Annotated[
        bool, typer.Option("--kiosk", help="ask for the next participant when a session has ended")
    ] = False,
    launched: Annotated[
        bool, typer.Option("--launched", help="show on the screen what keeps it from beginning")
    ] = False,
    screenshots: Annotated[
        Path | None, typer.Option(help="folder for a picture of every screen")
    ] = None,
    ungraded: Annotated[
        bool,
        typer.Option(
            "--ungraded", help="start on a rig that was not checked; its data are flagged"
        ),
    ] = False,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Open the task for a participant, who does what is next and continues where they stopped."""
    if context.invoked_subcommand is not None:
        context.obj = (study, store)  # --study may stand before the subcommand as well
        return
    if participant is None and phase is not None:
        raise typer.BadParameter("--phase needs somebody. Add --participant P03")
    if participant is not None and kiosk:
        raise typer.BadParameter("--kiosk asks who is there. Leave --participant out")
    who = participant or "reception"
    with (
        said_on_screen(study) if launched else nullcontext(),
        first_words(study, wanted=stage is StageName.WINDOW) as moment,
        stderr_console().status(f"{who}: {phase}" if phase else who),
    ):
        # Seconds, in which the words stand.
        from annotator.reception.visit import Visit, receive
        from annotator.request import Request, StageOptions
        from annotator.session import perform

        actor = Actor(simulate, hurry=speed is Speed.MAX)
        options = StageOptions(stage is StageName.WINDOW, screenshots, moment)
        if participant is not None and phase is not None:
            request = Request(
                participant_id=participant,
                phase=phase,
                actor=actor,
                options=options,
                n_blocks=blocks,
                n_trials=trials,
                minutes=minutes,
                ungraded=ungraded,
            )
            line, is_passed = perform(request, study_dir=study, store=store), True
        else:
            visit = Visit(
                participant, actor, options, blocks, trials, minutes, ungraded, kiosk=kiosk
            )
            received = receive(visit, perform, study_dir=study, store=store)
            line, is_passed = received.text, received.is_passed
    typer.echo(line)
    if not is_passed:
        raise typer.Exit(1)  # as `check-headphones` ends


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
