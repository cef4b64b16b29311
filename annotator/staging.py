"""Open a stage for a person, or for a simulated one."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

from annotator.rig.lead import SafeLead
from annotator.simulated.keys import SimulatedKeys
from annotator.simulated.stage import Person, SimulatedStage
from annotator.task.pages import Pages
from annotator.task.stage import Stage
from annotator.window.moment import Moment
from study.config.study import Study
from study.errors import ConfigError

if TYPE_CHECKING:
    from annotator.window.stage import PsychopyStage

# The machine is shut down, the program is interrupted, its terminal is closed.
_ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@contextmanager
def open_stage(
    study: Study,
    pages: Pages,
    person: Person | None,
    *,
    in_window: bool = True,
    hurry: bool = False,
    screenshots: Path | None = None,
    moment: Moment | None = None,
    lead: SafeLead | None = None,
) -> Iterator[tuple[Stage, dict[str, Any]]]:
    """Open the window, or the stage that costs no time.

    Parameters
    ----------
    pages : Pages
        The warning and the reminder of the keys.
    person : Person or None
        A simulated person; None for one at the keyboard.
    moment : Moment or None
        The words that stand on the screen until the window is there.
    lead : SafeLead or None
        How long before its start a sound is scheduled, if it was measured for this machine.

    Yields
    ------
    stage : Stage
        Closed after the block.
    rig : dict
        What is known of screen and sound, ready for JSON.

    Raises
    ------
    StageError
        If there is no display or no sound device.
    """
    protocol, keys = study.config.protocol, study.config.keys
    if not in_window:
        if person is None:
            raise RuntimeError("the simulated stage needs a person")
        yield (
            SimulatedStage(person, clip_s=protocol.clip_s, warning_s=protocol.warning_s, keys=keys),
            {},
        )
        return
    from annotator.window.stage import PsychopyStage

    stage = PsychopyStage(
        study.config.screen,
        warning_s=protocol.warning_s,
        warning=pages.warning(),
        reminder=pages.reminder(),
        keys=None if person is None else SimulatedKeys(person, keys=keys, hurry=hurry),
        hurry=hurry,
        screenshots=screenshots,
        whose=pages.plan.participant_id,
        moment=moment,
        lead=lead,
    )
    try:
        with _leaving_on_signals(stage):
            yield stage, stage.facts()
    finally:
        stage.close()


def simulated_person(study: Study, profile: str, stream: str) -> Person:
    """Return a simulated person; rehearsals only.

    Parameters
    ----------
    study : Study
        A rehearsal, whose clips have a known truth.
    stream : str
        Names the person's chances; the same name gives the same ones.

    Raises
    ------
    ConfigError
        If the study is none, or there is no such profile.
    """
    from study.rehearsal.people import PROFILES, SimulatedPerson
    from study.rehearsal.truth import truth_of

    if not study.config.rehearsal:
        raise ConfigError(
            "simulated people rate in rehearsals only, and this is a real study. Leave --simulate "
            "out, or make a rehearsal: python -m study init DIR --rehearsal"
        )
    if profile not in PROFILES:
        raise ConfigError(f"no profile {profile!r}. Choose one of: {', '.join(PROFILES)}")
    rng = np.random.default_rng([study.config.seed, *stream.encode()])
    return SimulatedPerson(PROFILES[profile], rng, truth_of(study.mit_root))


@contextmanager
def _leaving_on_signals(stage: "PsychopyStage") -> Iterator[None]:
    def leave(_signal: int, _frame: FrameType | None) -> None:
        stage.order_leave()

    before = {s: signal.signal(s, leave) for s in _ENDING_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
