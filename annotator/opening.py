"""Put a session together: plan, person, stage, store."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotator.headphones.level import set_level
from annotator.log import Log, log_name, note, session_log, trial_lines
from annotator.rig.grades import require_grade, require_real_screen
from annotator.rig.lead import lead_of
from annotator.simulated.stage import Person
from annotator.staging import open_stage, simulated_person
from annotator.task.page_turning import LeftError
from annotator.task.pages import Pages
from annotator.task.run import Ending, SessionSummary, run_session
from annotator.task.stage import Stage
from annotator.window.moment import Moment
from sessions.running.recording import Recorder, machine, open_session, utc_now
from sessions.running.session_plan import SessionPlan
from study.classes import read_classes
from study.config.study import Study, find_study
from study.errors import ConfigError, StoreError
from study.store import engine as engines
from study.store import open_store, transaction
from study.store.ratings import rig_checks
from study.store.ratings.rig_checks import RigCheck
from study.vocabulary import EndReason, Phase, TrialRecord

# A participant waits in front of a still screen while the store is locked: not for long.
BUSY_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for on the command line.

    Parameters
    ----------
    phase : Phase
        What the session is for.
    profile : str or None
        Profile of a simulated person; None for a person at the keyboard.
    in_window : bool
        Whether clips are shown in the window, or on the stage that costs no time.
    hurry : bool
        Whether clips are not waited for.
    screenshots : Path or None
        Folder for a picture of every screen.
    ungraded : bool
        Whether an unchecked rig is accepted, its data being flagged.
    """

    participant_id: str
    phase: Phase = Phase.ANNOTATION
    profile: str | None = None
    in_window: bool = True
    hurry: bool = False
    n_blocks: int | None = None
    n_trials: int | None = None
    screenshots: Path | None = None
    ungraded: bool = False

    def __post_init__(self) -> None:
        """Refuse what only simulated people may do."""
        if self.profile is None and not self.in_window:
            raise ConfigError("--stage simulated needs a simulated person: add --simulate good")
        if self.profile is None and self.hurry:
            raise ConfigError("--speed max needs a simulated person: add --simulate good")

    def max_trials(self, trials_per_block: int) -> int | None:
        """Return after how many trials the session ends; None for no limit."""
        limits = [self.n_trials] if self.n_trials is not None else []
        if self.n_blocks is not None:
            limits.append(self.n_blocks * trials_per_block)
        return min(limits, default=None)


def perform(
    request: Request, *, study_dir: Path | None, store: str | None, moment: Moment | None = None
) -> str:
    """Run a session from its plan to its end.

    Parameters
    ----------
    store : str or None
        A store URL that overrides the one in `study.toml`.
    moment : Moment or None
        The words that stand on the screen until the window is there.

    Raises
    ------
    StudyError
        If the participant may not start, or screen, sound or store cannot be used.
    """
    study = find_study(study_dir, store)
    # Nobody sits in front of a simulated person's screen.
    timeout_s = BUSY_TIMEOUT_S if request.profile is None else engines.BUSY_TIMEOUT_S
    engine = open_store(study.store_url, busy_timeout_s=timeout_s)
    with open_session(
        engine,
        study,
        request.participant_id,
        request.phase,
        stage="window" if request.in_window else "simulated",
        profile=request.profile,
    ) as recorder:
        plan = recorder.plan
        if not plan.trials:
            return f"{request.participant_id}: all {plan.n_done} {request.phase} clips are rated"
        return _closing_line(request, plan, _on_a_stage(request, study, recorder, moment))


def _on_a_stage(
    request: Request, study: Study, recorder: Recorder, moment: Moment | None
) -> SessionSummary:
    plan = recorder.plan
    with transaction(recorder.engine) as db:
        last_check = rig_checks.latest(db, socket.gethostname())
    n_classes = len(read_classes(study.classes_path).avmit_labels)
    rest_s = 0.0 if request.hurry else study.config.screen.break_s
    pages = Pages(study, plan, n_classes, rest_s)
    person = _person(study, request, plan)
    grade = _grade(request, study, last_check)
    lead = lead_of(last_check, at=utc_now()) if study.config.screen.measured_lead else None
    with open_stage(
        study,
        pages,
        person,
        in_window=request.in_window,
        hurry=request.hurry,
        screenshots=request.screenshots,
        moment=moment,
        lead=lead,
    ) as (stage, rig):
        grade = _grade_on_screen(request, study, grade, rig)
        recorder.keep_rig(machine() | rig | {"grade": grade})
        return _run(request, study, recorder, pages, stage)


def _grade(request: Request, study: Study, last_check: RigCheck | None) -> str | None:
    if not request.in_window:
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
    if not request.in_window:
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
    may_ask = request.profile is None
    stage.show_bonus(recorder.total())
    try:
        gain_db = set_level(stage, pages, may_ask=may_ask)
        recorder.keep_gain(gain_db)
    except LeftError:
        return SessionSummary(Ending.LEFT, 0, 0)
    log(f"level: {gain_db:g} dB")

    def keep(record: TrialRecord) -> int | None:
        log(*trial_lines(record))
        try:
            return recorder.keep(record)
        except StoreError as error:
            log(f"not saved: {error}")
            raise

    return run_session(
        stage,
        recorder.plan,
        pages,
        keep,
        trials_per_block=trials_per_block,
        max_trials=request.max_trials(trials_per_block),
        may_ask=may_ask,
    )


def _closing_line(request: Request, plan: SessionPlan, summary: SessionSummary) -> str:
    n_done = plan.n_done + summary.n_rated
    n_total = plan.n_done + len(plan.trials)
    failures = f", {summary.n_failed} could not be shown" if summary.n_failed else ""
    return (
        f"{request.participant_id}: {summary.n_rated} {request.phase} ratings{failures}; "
        f"{n_done} of {n_total} clips are rated ({summary.ending})"
    )


def _person(study: Study, request: Request, plan: SessionPlan) -> Person | None:
    if request.profile is None:
        return None
    # Each person and phase has a stream of its own, and does not answer a resumed session with
    # the chances of the first one.
    name = f"{request.participant_id}/{request.phase}/{plan.attempt}/{plan.n_done}"
    return simulated_person(study, request.profile, name)
