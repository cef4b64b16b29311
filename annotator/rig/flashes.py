"""The flash-and-beep clip in the task's own window, to be recorded from outside."""

import tempfile
from pathlib import Path

from annotator.task.stage import Stage
from annotator.task.trial import (
    LeaveAsked,
    LeaveOrdered,
    PlaybackDisturbed,
    PlaybackEnded,
    PlaybackFailed,
    SoundLost,
)
from annotator.window.stage import PsychopyStage
from study.config.screen import Screen
from study.errors import StageError
from study.rehearsal.odd import make_odd_clip
from study.vocabulary import Stimulus

FLASHES_PER_PLAY = 3


def play_flashes(screen: Screen, n_plays: int) -> list[float]:
    """Play the flash-and-beep clip where clips are shown.

    Returns when the first frame of each whole playing was shown, in seconds on the rig clock.
    Raises StageError if there is no display or no sound device, or somebody ends it.

    Parameters
    ----------
    n_plays : int
        How often; each has three flashes.
    """
    with tempfile.TemporaryDirectory() as folder:
        clip = Stimulus(0, make_odd_clip("plain", Path(folder) / "clip.mp4"), "flash and beep")
        stage = PsychopyStage(screen, warning_s=0.0, warning="", reminder="")
        try:
            for _ in range(n_plays):
                play_whole(stage, clip)
            shown = stage.take_presentations()
            start_s = float(stage.facts()["clock_start_s"])
        finally:
            stage.close()
    return [start_s + played.onset_s for played in shown if not played.interrupted]


def play_whole(stage: Stage, clip: Stimulus) -> None:
    """Play a clip to its end, from the beginning again where the stage was disturbed.

    Raises StageError if it cannot be played, or somebody ends it.
    """
    stage.play(clip)
    while True:
        for event in stage.poll():
            match event:
                case PlaybackEnded():
                    return
                case PlaybackDisturbed():
                    stage.play(clip)
                case PlaybackFailed(reason=reason):
                    raise StageError(f"the clip could not be played: {reason}. Run: check-rig")
                case SoundLost(problem=problem):
                    raise StageError(problem)
                case LeaveAsked() | LeaveOrdered():
                    raise StageError("the flashes were stopped before the end. Start them again")
