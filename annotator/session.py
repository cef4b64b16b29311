"""Run a session: who rates, what is left to rate, and the stage that shows it."""

import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from annotator.headphones.level import set_level
from annotator.log import Log, log_name, note, session_log, trial_lines
from annotator.opening import OpenStage, open_stage
from annotator.request import Request, trials_per_block
from annotator.rig.grades import require_grade, require_real_screen
from annotator.rig.lead import lead_of
from annotator.task.pages import Pages
from annotator.task.run import Ending, SessionSummary, run_session
from annotator.task.stage import Stage
from annotator.task.turning import LeftError, perform_page
from annotator.triggers import Send, open_markers
from sessions.exercises.verdicts import finished_screening, verdict
from sessions.running.next_step import Step
from sessions.running.recording import Recorder, machine, open_session, utc_now
from sessions.running.rest import notes
from sessions.running.session_plan import SessionPlan
from study.classes import read_classes
from study.config.study import Study, find_study
from study.errors import StoreError
from study.store import engine as engines
from study.store import open_store, transaction
from study.store.ratings import rig_checks
from study.store.ratings.rig_checks import RigCheck
from study.tools.wording import counted
from study.vocabulary import EndReason, Phase, TrialRecord

# A participant waits in front of a still screen while the store is locked: not for long.
BUSY_TIMEOUT_S = 3.0


def perform(
    request: Request,
    *,
    study_dir: Path | None,
    store: str | None,
    on: OpenStage | None = None,
) -> str:
    """Run a session from its plan to its end; return how it went, in a line.

    Raises StudyError if the participant may not start, or screen, sound or store cannot be used.

    Parameters
    ----------
    store : str or None
        A store URL that overrides the one in `study.toml`.
    on : OpenStage or None
        A stage that is open already and stays so; None to open one.
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
            done = "answered" if plan.phase is Phase.RECOGNITION else "rated"
            return f"{request.participant_id}: all {plan.n_done} {request.phase} clips are {done}"
        line = _closing_line(request, plan, _on_a_stage(request, study, recorder, on))
    if request.phase is not Phase.SCREENING:
        return line
    with transaction(engine) as db:
        return line + verdict(db, study.config.protocol, request.participant_id)


def _on_a_stage(
    request: Request, study: Study, recorder: Recorder, on: OpenStage | None
) -> SessionSummary:
    plan = recorder.plan
    with transaction(recorder.engine) as db:
        last_check = rig_checks.latest(db, socket.gethostname())
    n_classes = len(plan.classes or read_classes(study.classes_path).avmit_labels)
    rest_s = 0.0 if request.actor.hurry else study.config.screen.break_s
    pages = Pages(study, plan, n_classes, rest_s)
    grade = _grade(request, study, last_check)
    how = study.config.recognition.markers if plan.phase is Phase.RECOGNITION else "off"
    with open_markers(how) as send, _stage_for(request, study, pages, last_check, on) as opened:
        grade = _grade_on_screen(request, study, grade, opened.rig)
        recorder.save_rig(machine() | opened.rig | {"grade": grade})
        return _run(request, study, recorder, pages, opened.stage, send)


def _stage_for(
    request: Request,
    study: Study,
    pages: Pages,
    last_check: RigCheck | None,
    on: OpenStage | None,
) -> AbstractContextManager[OpenStage]:
    if on is not None:
        pages.require_font()
        return nullcontext(on)
    lead = lead_of(last_check, at=utc_now()) if study.config.screen.measured_lead else None
    # Each person and phase has chances of its own, and does not answer a resumed session with
    # those of the first one.
    plan = pages.plan
    chance = f"{request.participant_id}/{request.phase}/{plan.attempt}/{plan.n_done}"
    return open_stage(pages, request.actor, request.options, chance=chance, lead=lead)


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
    request: Request,
    study: Study,
    recorder: Recorder,
    pages: Pages,
    stage: Stage,
    send: Send,
) -> SessionSummary:
    with _log_of(request, study, recorder) as log:
        summary = _perform_trials(request, pages, stage, recorder, log, send)
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
    request: Request, pages: Pages, stage: Stage, recorder: Recorder, log: Log, send: Send
) -> SessionSummary:
    study, began_s = pages.study, stage.now_s
    bonus_pence = recorder.total()
    stage.show_bonus(bonus_pence)
    try:
        _open(request, pages, stage, recorder)
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

    summary = run_session(
        stage,
        recorder.plan,
        pages,
        save,
        request.actor,
        trials_per_block=trials_per_block(study, request.phase),
        limits=request.limits(study).after(stage.now_s - began_s),
        bonus_pence=bonus_pence,
        flag_slip=recorder.flag_slip,
        send=send,
    )
    if summary.ending is Ending.FINISHED and request.phase is Phase.SCREENING:
        _tell_verdict(request, pages, stage, recorder)
    return summary


def _tell_verdict(request: Request, pages: Pages, stage: Stage, recorder: Recorder) -> None:
    """Show the experimenter, who sits beside, whether the screening was passed."""
    with transaction(recorder.engine) as db:
        screening = finished_screening(db, request.participant_id)
    if screening is not None:
        with suppress(LeftError):  # nothing is left to leave
            perform_page(stage, pages.verdict(screening), pages, request.actor)


def _open(request: Request, pages: Pages, stage: Stage, recorder: Recorder) -> None:
    """Show what comes next, where it was not said before, and what the experimenter has to know."""
    with transaction(recorder.engine) as db:
        found = notes(db, pages.study, request.participant_id, utc_now())
    if request.says_what_is_next or found:
        said = [pages.note(each.text, **each.words) for each in found]
        page = pages.start(Step(request.phase.value), said)
        perform_page(stage, page, pages, request.actor)


def _closing_line(request: Request, plan: SessionPlan, summary: SessionSummary) -> str:
    n_done = plan.n_done + summary.n_rated
    n_total = plan.n_done + len(plan.trials)
    failures = f", {summary.n_failed} could not be shown" if summary.n_failed else ""
    is_recognition = request.phase is Phase.RECOGNITION
    what, done = ("answer", "answered") if is_recognition else ("rating", "rated")
    given = counted(summary.n_rated, f"{request.phase} {what}".replace("_", " "))
    return (
        f"{request.participant_id}: {given}{failures}; "
        f"{n_done} of {counted(n_total, 'clip is', 'clips are')} {done} ({summary.ending})"
        + _to_note(request, summary)
    )


def _to_note(request: Request, summary: SessionSummary) -> str:
    """Return how the experimenter says what disturbed trials, where some were flagged."""
    if not summary.n_disturbed:
        return ""
    flagged = f"{counted(summary.n_disturbed, 'trial')} flagged as disturbed"
    note = f'python -m sessions note {request.participant_id} --text "..." --by INITIALS'
    return f"\n{flagged}. To say why: {note}"
