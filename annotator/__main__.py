"""The rating task: python -m annotator --participant P03."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from study.cli import StoreOption, StudyOption, new_app, run, stderr_console
from study.vocabulary import Phase

app = new_app("Rate clips in the window.")


class StageName(StrEnum):
    """Where clips are shown."""

    WINDOW = "window"
    SIMULATED = "simulated"


class Speed(StrEnum):
    """Whether clips are waited for."""

    REAL = "real"
    MAX = "max"


@app.callback(invoke_without_command=True)
def annotate(
    participant: Annotated[str, typer.Option(help="who rates, such as P03")],
    phase: Annotated[Phase, typer.Option(help="what the session is for")] = Phase.ANNOTATION,
    simulate: Annotated[
        str | None, typer.Option(metavar="PROFILE", help="let a simulated person rate")
    ] = None,
    stage: Annotated[StageName, typer.Option(help="where clips are shown")] = StageName.WINDOW,
    speed: Annotated[
        Speed, typer.Option(help="max: do not wait for clips to end (simulated people only)")
    ] = Speed.REAL,
    blocks: Annotated[int | None, typer.Option(min=1, help="end after so many blocks")] = None,
    trials: Annotated[int | None, typer.Option(min=1, help="end after so many trials")] = None,
    screenshots: Annotated[
        Path | None, typer.Option(help="folder for a picture of every screen")
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="use the real screen (the default; for scripts)")
    ] = False,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Open the task for a participant and go on where they stopped."""
    from annotator.opening import Request, perform

    del show  # a window is always opened on $DISPLAY; whoever has none gives a virtual one
    request = Request(
        participant_id=participant,
        phase=phase,
        profile=simulate,
        in_window=stage is StageName.WINDOW,
        hurry=speed is Speed.MAX,
        n_blocks=blocks,
        n_trials=trials,
        screenshots=screenshots,
    )
    with stderr_console().status(f"{participant}: {phase}"):
        line = perform(request, study_dir=study, store=store)
    typer.echo(line)


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
