"""Measure picture and sound from outside."""

from pathlib import Path
from typing import Annotated

import typer

from annotator.rig.flashes import FLASHES_PER_PLAY, play_flashes
from annotator.rig.photodiode import lines, read_recording, true_offset
from sessions.running.recording import host_name
from study.config.study import find_study
from study.tools.cli import (
    StoreOption,
    StudyOption,
)


def flash_and_beep(
    context: typer.Context,
    plays: Annotated[int, typer.Option(min=1, max=1000, help="three flashes each")] = 20,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Play flashes with beeps where clips are shown; a photodiode and a line-in record them."""
    given_study, given_store = context.obj
    found = find_study(study or given_study, store or given_store)
    play_flashes(found.config.screen_on(host_name()), plays)
    typer.echo(f"{FLASHES_PER_PLAY * plays} flashes in {plays} plays")


def photodiode(
    recording: Annotated[Path, typer.Argument(help="WAV or FLAC: left photodiode, right sound")],
) -> None:
    """Show the true offset of picture and sound; from a recording of flashes and beeps."""
    typer.echo("\n".join(lines(true_offset(*read_recording(recording)))))
