"""Run people against networks, from clips to the page: one command after another."""

from collections.abc import Sequence
from pathlib import Path

from curation.manipulation.manifest import REJECTS_NAME
from lab.demo import Say, demo_folder, run_steps
from lab.recognition.lists import RecognitionSize, write_lists
from lab.recognition.state import ANSWERS, OBSERVED, STIMULI, RecognitionState
from lab.recognition.steps import RECOGNITION_TITLES, recognition_steps
from lab.state import COMPARISON, DATASET, RELEASE
from lab.steps import typed
from study.tools.wording import counted


def run_recognition_demo(
    folder: Path, size: RecognitionSize, *, show: bool, fresh: bool, weights: Path | None, say: Say
) -> Path:
    """Run what has not been run yet.

    Returns the page of the comparison. Raises StudyError if the folder holds something else, or a
    command fails.

    Parameters
    ----------
    fresh : bool
        Whether to remove what is there and start from nothing.
    """
    with demo_folder(
        folder, size.n_clips, show=show, fresh=fresh, weights=weights, recognition=True
    ):
        write_lists(folder, size)
        steps = recognition_steps(folder, size, weights)
        run_steps(folder, steps, RECOGNITION_TITLES, show=show, say=say)
    return folder / COMPARISON / "comparison.html"


def _release(folder: Path) -> str:
    return typed("lab", "release", "--study", str(folder), "--out", str(folder / DATASET))


def closing_lines_of_recognition(folder: Path) -> Sequence[str]:
    """Return where to look, and how many clips could not be made."""
    n_refused = len(RecognitionState(folder).refused())
    refused = f"{counted(n_refused, 'clip')} refused: {folder / STIMULI / REJECTS_NAME}"
    return (
        "",
        *((refused,) if n_refused else ()),
        f"The clips:        {folder / STIMULI / 'contact_page.html'}",
        f"People said:      {folder / RELEASE / ANSWERS}",
        f"Networks said:    {folder / OBSERVED / 'predictions.csv'}",
        f"Publish it:       {_release(folder)}",
        f"Start afresh:     {typed('lab', 'demo', str(folder), '--recognition', '--fresh')}",
        f"The comparison:   {folder / COMPARISON / 'comparison.html'}",
    )
