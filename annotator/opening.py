"""Open the stage: the window, or the one that takes no time."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any

from annotator.recognition.recogniser import SimulatedRecogniser
from annotator.request import StageOptions
from annotator.rig.lead import SafeLead
from annotator.simulated.key_presses import KeyPresser, SimulatedKeys
from annotator.simulated.stage import SimulatedStage
from annotator.task.actor import Actor
from annotator.task.pages import Pages
from annotator.task.stage import Stage
from sessions.running.recording import host_name
from study.errors import ConfigError
from study.processes.machine import ENDING_SIGNALS
from study.tools.seeding import generator
from study.vocabulary import Phase

if TYPE_CHECKING:
    from annotator.window.stage import PsychopyStage

# The machine is shut down, the program is interrupted, its terminal is closed.
_ENDING_SIGNALS = (signal.SIGINT, *ENDING_SIGNALS)


@dataclass(frozen=True, slots=True)
class OpenStage:
    """A stage that is open.

    Parameters
    ----------
    rig : dict
        What is known of screen and sound, ready for JSON.
    """

    stage: Stage
    rig: dict[str, Any]


@contextmanager
def open_stage(
    pages: Pages,
    actor: Actor,
    options: StageOptions,
    *,
    chance: str,
    lead: SafeLead | None = None,
) -> Iterator[OpenStage]:
    """Open the window, or the simulated stage.

    Raises StageError if there is no display or no sound device. Raises ConfigError if a person
    would see nothing, a simulated person is asked for in a real study, or of a profile that is not
    known, or the font of the screens lacks characters.

    Parameters
    ----------
    pages : Pages
        The warning and the reminder of the keys.
    chance : str
        Names what a simulated person leaves to chance; the same name gives the same answers.
    lead : SafeLead or None
        How long before its start a sound is scheduled, if it was measured for this machine.

    Yields
    ------
    OpenStage
        Closed after the block.
    """
    options.require_for(actor)
    study = pages.study
    protocol, keys = study.config.protocol, study.config.keys
    person = _simulated_person(pages, actor.profile, chance) if actor.profile else None
    if person is not None and not options.in_window:
        clip_s, warning_s = protocol.clip_s, protocol.warning_s
        stands_in = SimulatedStage(person, clip_s=clip_s, warning_s=warning_s, keys=keys)
        yield OpenStage(stands_in, {})
        return
    from annotator.window.stage import PsychopyStage  # PsychoPy, which simulated people may lack

    pages.require_font()
    stage = PsychopyStage(
        study.config.screen_on(host_name()),
        warning_s=protocol.warning_s,
        warning=pages.warning(),
        reminder=pages.reminder(),
        slip_reminder=pages.reminder(offers_slip=True),
        notices=pages.notices(),
        counter=pages.counter,
        keys=None if person is None else SimulatedKeys(person, keys=keys, hurry=actor.hurry),
        hurry=actor.hurry,
        screenshots=options.screenshots,
        whose=pages.plan.participant_id,
        moment=options.moment,
        lead=lead,
    )
    try:
        with _leaving_on_signals(stage):
            yield OpenStage(stage, stage.facts())
    finally:
        stage.close()


@contextmanager
def stage_of(
    pages: Pages,
    chance: str,
    *,
    actor: Actor,
    options: StageOptions,
    on: OpenStage | None = None,
) -> Iterator[Stage]:
    """Open a stage as `open_stage` does, unless one is open already: that one stays so."""
    if on is not None:
        yield on.stage
        return
    with open_stage(pages, actor, options, chance=chance) as opened:
        yield opened.stage


def _simulated_person(pages: Pages, profile: str, chance: str) -> KeyPresser:
    study, plan = pages.study, pages.plan
    from study.rehearsal.simulated_people import (  # slow, and people do without
        PROFILES,
        SimulatedPerson,
    )
    from study.rehearsal.truth import truth_of

    if not study.config.rehearsal:
        raise ConfigError(
            "simulated people rate in rehearsals only, and this is a real study. Leave --simulate "
            "out, or make a rehearsal: python -m study init DIR --rehearsal"
        )
    if plan.phase is Phase.RECOGNITION:
        shown = [
            (planned.stimulus.stimulus_id, planned.recognise)
            for planned in plan.trials
            if planned.stimulus.stimulus_id is not None and planned.recognise is not None
        ]
        rng = generator(study.config.seed, chance)
        return SimulatedRecogniser(profile, plan.classes, shown, rng)
    if profile not in PROFILES:
        raise ConfigError(f"no profile {profile!r}. Choose one of: {', '.join(PROFILES)}")
    rng = generator(study.config.seed, chance)
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
