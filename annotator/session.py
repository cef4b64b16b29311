"""Run a session: who rates, what is left to rate, and the stage that shows it."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from annotator.headphones.level import set_level
from annotator.log import Log, log_name, note, session_log, trial_lines
from annotator.rig.grades import require_grade, require_real_screen
from annotator.rig.lead import SafeLead, lead_of
from annotator.simulated.key_presses import Person, SimulatedKeys
from annotator.simulated.stage import SimulatedStage
from annotator.task.actor import PERSON, Actor
from annotator.task.pages import LeftError, Pages
from annotator.task.run import Ending, SessionSummary, run_session
from annotator.task.stage import Stage
from annotator.window.moment import Moment
from annotator.window.stage import PsychopyStage
from sessions.exercises.results import verdict
from sessions.running.recording import Recorder, machine, open_session, utc_now
from sessions.running.session_plan import SessionPlan
from study.classes import read_classes
from study.config.study import Study, find_study
from study.errors import ConfigError, StoreError
from study.rehearsal.simulated_people import PROFILES, SimulatedPerson
from study.rehearsal.truth import truth_of
from study.store import engine as engines
from study.store import open_store, transaction
from study.store.ratings import rig_checks
from study.store.ratings.rig_checks import RigCheck
from study.tools.seeding import generator
from study.vocabulary import EndReason, Phase, TrialRecord

# A participant waits in front of a still screen while the store is locked: not for long.
BUSY_TIMEOUT_S = 3.0
# The machine is shut down, the program is interrupted, its terminal is closed.
_ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class StageOptions:
    """Where clips are shown, and whether screenshots are taken.

    Parameters
    ----------
    in_window : bool
        False for the stage that costs no time, which only simulated people use.
    screenshots : Path or None
        Folder for a picture of every screen.
    moment : Moment or None
        The words that stand on the screen until the window is there.
    """

    in_window: bool = True
    screenshots: Path | None = None
    moment: Moment | None = None

    def require_for(self, actor: Actor) -> None:
        """Raise ConfigError where a person would see nothing."""
        if not (actor.is_simulated or self.in_window):
            raise ConfigError("--stage simulated needs a simulated person: add --simulate good")


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for on the command line.

    Parameters
    ----------
    n_blocks, n_trials : int or None
        Where the session ends if anything is left; None for no limit.
    ungraded : bool
        Whether an unchecked rig is accepted, its data being flagged.
    """

    participant_id: str
    phase: Phase = Phase.ANNOTATION
    actor: Actor = PERSON
    options: StageOptions = field(default_factory=StageOptions)
    n_blocks: int | None = None
    n_trials: int | None = None
    ungraded: bool = False

    def __post_init__(self) -> None:
        """Refuse what only simulated people may do."""
        self.options.require_for(self.actor)

    def max_trials(self, trials_per_block: int) -> int | None:
        """Return after how many trials the session ends; None for no limit."""
        limits = [self.n_trials] if self.n_trials is not None else []
        if self.n_blocks is not None:
            limits.append(self.n_blocks * trials_per_block)
        return min(limits, default=None)


def perform(request: Request, *, study_dir: Path | None, store: str | None) -> str:
    """Run a session from its plan to its end; return how it went, in a line.

    Raises StudyError if the participant may not start, or screen, sound or store cannot be used.

    Parameters
    ----------
    store : str or None
        A store URL that overrides the one in `study.toml`.
    """
    study = find_study(study_dir, store)
    # Nobody sits in front of a simulated person's screen.
    timeout_s = engines.BUSY_TIMEOUT_S if request.actor.is_simulated else BUSY_TIMEOUT_S
    engine = open_store(study.store_url, busy_timeout_s=timeout_s)
    with open_session(
        engine,
        study,
        request.participant_id,
        request.phase,
        stage="window" if request.options.in_window else "simulated",
        profile=request.actor.profile,
    ) as recorder:
        plan = recorder.plan
        if not plan.trials:
            return f"{request.participant_id}: all {plan.n_done} {request.phase} clips are rated"
        line = _closing_line(request, plan, _on_a_stage(request, study, recorder))
    if request.phase is not Phase.SCREENING:
        return line
    with transaction(engine) as db:
        return line + verdict(db, study.config.protocol, request.participant_id)


@contextmanager
def open_stage(
    pages: Pages,
    actor: Actor,
    options: StageOptions,
    *,
    chance: str,
    lead: SafeLead | None = None,
) -> Iterator[tuple[Stage, dict[str, Any]]]:
    """Open the window, or the simulated stage.

    Raises StageError if there is no display or no sound device. Raises ConfigError if a simulated
    person is asked for in a real study, or of a profile that is not known.

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
    stage : Stage
        Closed after the block.
    rig : dict
        What is known of screen and sound, ready for JSON.
    """
    study = pages.study
    protocol, keys = study.config.protocol, study.config.keys
    person = _simulated_person(study, actor.profile, chance) if actor.profile else None
    if person is not None and not options.in_window:
        yield (
            SimulatedStage(person, clip_s=protocol.clip_s, warning_s=protocol.warning_s, keys=keys),
            {},
        )
        return
    stage = PsychopyStage(
        study.config.screen,
        warning_s=protocol.warning_s,
        warning=pages.warning(),
        reminder=pages.reminder(),
        keys=None if person is None else SimulatedKeys(person, keys=keys, hurry=actor.hurry),
        hurry=actor.hurry,
        screenshots=options.screenshots,
        whose=pages.plan.participant_id,
        moment=options.moment,
        lead=lead,
    )
    try:
        with _leaving_on_signals(stage):
            yield stage, stage.facts()
    finally:
        stage.close()


def _simulated_person(study: Study, profile: str, chance: str) -> Person:
    if not study.config.rehearsal:
        raise ConfigError(
            "simulated people rate in rehearsals only, and this is a real study. Leave --simulate "
            "out, or make a rehearsal: python -m study init DIR --rehearsal"
        )
    if profile not in PROFILES:
        raise ConfigError(f"no profile {profile!r}. Choose one of: {', '.join(PROFILES)}")
    rng = generator(study.config.seed, chance)
    return SimulatedPerson(PROFILES[profile], rng, truth_of(study.mit_root))


@contextmanager
def _leaving_on_signals(stage: PsychopyStage) -> Iterator[None]:
    def leave(_signal: int, _frame: FrameType | None) -> None:
        stage.order_leave()

    before = {s: signal.signal(s, leave) for s in _ENDING_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _on_a_stage(request: Request, study: Study, recorder: Recorder) -> SessionSummary:
    plan = recorder.plan
    with transaction(recorder.engine) as db:
        last_check = rig_checks.latest(db, socket.gethostname())
    n_classes = len(read_classes(study.classes_path).avmit_labels)
    rest_s = 0.0 if request.actor.hurry else study.config.screen.break_s
    pages = Pages(study, plan, n_classes, rest_s)
    grade = _grade(request, study, last_check)
    lead = lead_of(last_check, at=utc_now()) if study.config.screen.measured_lead else None
    # Each person and phase has chances of its own, and does not answer a resumed session with
    # those of the first one.
    chance = f"{request.participant_id}/{request.phase}/{plan.attempt}/{plan.n_done}"
    actor, options = request.actor, request.options
    with open_stage(pages, actor, options, chance=chance, lead=lead) as (stage, rig):
        grade = _grade_on_screen(request, study, grade, rig)
        recorder.save_rig(machine() | rig | {"grade": grade})
        return _run(request, study, recorder, pages, stage)


def _grade(request: Request, study: Study, last_check: RigCheck | None) -> str | None:
    if not request.options.in_window:
        return None
    return require_grade(
        last_check,
        host=socket.gethostname(),
        at=utc_now(),
        ungraded_allowed=_may_be_ungraded(request, study),
    )


def _grade_on_screen(
    request: Request, study: Study, grade: str | None, rig: dict[str, Any]
) -> str | None:
    if grade is None:
        return None
    return require_real_screen(
        grade,
        rig["screen"],
        host=socket.gethostname(),
        ungraded_allowed=_may_be_ungraded(request, study),
    )


def _may_be_ungraded(request: Request, study: Study) -> bool:
    return request.ungraded or study.config.rehearsal


def _run(
    request: Request, study: Study, recorder: Recorder, pages: Pages, stage: Stage
) -> SessionSummary:
    with _log_of(request, study, recorder) as log:
        trials_per_block = study.config.protocol.trials_per_block
        summary = _perform_trials(request, pages, stage, recorder, trials_per_block, log)
        log(f"{summary.ending}: {summary.n_rated} rated, {summary.n_failed} failed")
    recorder.end(EndReason.LEFT if summary.ending is Ending.LEFT else EndReason.ENDED)
    return summary


@contextmanager
def _log_of(request: Request, study: Study, recorder: Recorder) -> Iterator[Log]:
    if not request.options.in_window:
        yield lambda *_lines: None
        return
    name = log_name(request.participant_id, request.phase, recorder.session_id, utc_now())
    with session_log(study.log_folder / name):
        note(f"session {recorder.session_id} of {request.participant_id}: {request.phase}")
        yield note


def _perform_trials(
    request: Request,
    pages: Pages,
    stage: Stage,
    recorder: Recorder,
    trials_per_block: int,
    log: Log,
) -> SessionSummary:
    stage.show_bonus(recorder.total())
    try:
        gain_db = set_level(stage, pages, request.actor)
        recorder.save_gain(gain_db)
    except LeftError:
        return SessionSummary(Ending.LEFT, 0, 0)
    log(f"level: {gain_db:g} dB")

    def save(record: TrialRecord) -> int | None:
        log(*trial_lines(record))
        try:
            return recorder.save(record)
        except StoreError as error:
            log(f"not saved: {error}")
            raise

    return run_session(
        stage,
        recorder.plan,
        pages,
        save,
        request.actor,
        trials_per_block=trials_per_block,
        max_trials=request.max_trials(trials_per_block),
    )


def _closing_line(request: Request, plan: SessionPlan, summary: SessionSummary) -> str:
    n_done = plan.n_done + summary.n_rated
    n_total = plan.n_done + len(plan.trials)
    failures = f", {summary.n_failed} could not be shown" if summary.n_failed else ""
    return (
        f"{request.participant_id}: {summary.n_rated} {request.phase} ratings{failures}; "
        f"{n_done} of {n_total} clips are rated ({summary.ending})"
    )
