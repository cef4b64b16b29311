"""Ratings and their evidence into the store: one transaction, before the next clip is shown."""

import os
import platform
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psutil

from sessions.expert import reratings
from sessions.expert.ground_truths import ground_truth_rated
from sessions.laptops.away import IS_PART
from sessions.pay.bonus import bonus_pence, total_pence
from sessions.plan import further_ratings
from sessions.recognition.session import bonus_of
from sessions.running.session_plan import SessionPlan, plan_session
from study.config.study import Study, storable
from study.errors import StoreError, StudyError
from study.processes.parents import is_annotator, process_mark
from study.store import Db, Engine, audit, studies, transaction
from study.store.desk import Desk
from study.store.engine import clock
from study.store.people import participants
from study.store.plan import assignments, ground_truths
from study.store.ratings import flags, sessions, trials
from study.store.ratings.counted import ground_truths_that_count
from study.store.ratings.sessions import Process
from study.store.recognition import answers
from study.tools.versions import versions
from study.vocabulary import EndReason, FlagKind, Phase, Rating, TrialRecord

Now = Callable[[], datetime]


def host_name() -> str:
    """Return what this machine is called."""
    return socket.gethostname()


def utc_now() -> datetime:
    """Return the wall clock's time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Recorder:
    """Write the trials of one open session.

    Parameters
    ----------
    plan : SessionPlan
        Whose session it is, and what for.
    simulated : bool
        Whether a simulated person rates.
    first_wrong : frozenset of int
        Candidates whose first ground truth was given of another clip, and earns nobody anything.
    """

    engine: Engine
    study: Study
    plan: SessionPlan
    session_id: str
    simulated: bool
    now: Now = utc_now
    first_wrong: frozenset[int] = frozenset()

    def save(self, record: TrialRecord) -> int | None:
        """Write a trial, durably, and return the new bonus total.

        Returns all bonus that the participant has been shown, in pence; None where there is no
        counter. Raises StoreError if the store does not take it; nothing of it was written and it
        may be tried again.
        """
        if self.plan.phase is Phase.RECOGNITION:
            return self._save_answer(record)
        plan, at = self.plan, self.now()
        candidate_id = record.stimulus.candidate_id
        with transaction(self.engine) as db:
            # The acknowledgement of an earlier try may have been lost: the rating then stands.
            if record.response is None or not trials.is_rated(db, self.session_id, candidate_id):
                sessions.require_open(db, self.session_id)
                if record.slip_before:
                    self._flag_last(db, at)
                trial_id = trials.add(
                    db,
                    session_id=self.session_id,
                    record=record,
                    bonus_pence=self._bonus(db, record),
                    simulated=self.simulated,
                    at=at,
                )
                if record.disturbed:
                    disturbed, by = FlagKind.TRIAL_DISTURBED, flags.EXPERIMENTER
                    flags.add(db, trial_id=trial_id, kind=disturbed, flagged_by=by, at=at)
                if record.response is not None:
                    self._settle(db, candidate_id, record.response.rating, at)
            return total_pence(db, plan.participant_id) if plan.shows_bonus else None

    def flag_slip(self) -> None:
        """Flag the last rating of the session as a slip; it stays as it is, as does its bonus."""
        with transaction(self.engine) as db:
            self._flag_last(db, self.now())

    def _flag_last(self, db: Db, at: datetime) -> None:
        last = flags.last_rated(db, self.session_id)
        if last is not None:
            who = self.plan.participant_id
            flags.add(db, trial_id=last, kind=FlagKind.SLIP, flagged_by=who, at=at)

    def _save_answer(self, record: TrialRecord) -> int | None:
        plan, stimulus_id = self.plan, record.stimulus.stimulus_id
        if stimulus_id is None:
            raise ValueError("a recognition trial without a stimulus")
        with transaction(self.engine) as db:
            known = record.choice is not None and answers.is_answered(
                db, self.session_id, stimulus_id
            )
            if not known:
                sessions.require_open(db, self.session_id)
                trials.add(
                    db,
                    session_id=self.session_id,
                    record=record,
                    bonus_pence=bonus_of(db, self.study, plan.participant_id, record),
                    simulated=self.simulated,
                    at=self.now(),
                )
            return total_pence(db, plan.participant_id) if plan.shows_bonus else None

    def save_gain(self, gain_db: float) -> None:
        """Write how loud the participant set the headphones, in dB of full level."""
        with transaction(self.engine) as db:
            sessions.set_gain(db, self.session_id, gain_db)

    def save_rig(self, rig: dict[str, Any]) -> None:
        """Write what is known of screen and sound once they are open: the session starts then.

        `rig`: as `open_session` takes it.
        """
        with transaction(self.engine) as db:
            sessions.set_rig(
                db, self.session_id, rig | {"config": storable(self.study.config)}, self.now()
            )

    def end(self, reason: EndReason) -> None:
        """Close the session; what closes it first says why.

        Raises StoreError if the store does not take it; the next start of the participant then
        closes it.
        """
        with transaction(self.engine) as db:
            sessions.end(db, self.session_id, reason=reason, at=self.now())

    def total(self) -> int | None:
        """Return the bonus counter's present value, None where there is no counter."""
        if not self.plan.shows_bonus:
            return None
        with transaction(self.engine) as db:
            return total_pence(db, self.plan.participant_id)

    def _bonus(self, db: Db, record: TrialRecord) -> int:
        if record.response is None or self.plan.phase is not Phase.ANNOTATION:
            return 0
        clip = record.stimulus.candidate_id
        truth = ground_truths.current(db, clip, first_counts=clip not in self.first_wrong)
        return bonus_pence(record.response.rating, truth, self.study.config.protocol)

    def _settle(self, db: Db, candidate_id: int, rating: Rating, at: datetime) -> None:
        match self.plan.phase:
            case Phase.ANNOTATION:
                assignments.mark_done(db, self.plan.participant_id, candidate_id)
            # The expert's second rating of a clip measures the expert, and changes no ground truth.
            case Phase.GROUND_TRUTH if self.plan.attempt < reratings.ATTEMPT:
                ground_truth_rated(
                    db,
                    candidate_id=candidate_id,
                    rating=rating,
                    participant_id=self.plan.participant_id,
                    at=at,
                )


@contextmanager
def open_session(
    engine: Engine,
    study: Study,
    participant_id: str,
    phase: Phase,
    *,
    stage: str,
    profile: str | None,
    rig: dict[str, Any] | None = None,
    now: Now = utc_now,
    is_running: Callable[[int], bool] | None = None,
    database_clock: Callable[[Db], datetime] = clock,
) -> Iterator[Recorder]:
    """Hold a session open, with a heartbeat, and close it however the block ends.

    Whether the participant may start, what is left for them, and the session itself are one
    transaction: nobody moves their clips, takes them to a laptop or rates them in between. When it
    has ended, further ratings are asked of clips that are open, while nobody waits.

    It writes trials of its ``plan``. Where nothing is left to rate, no session is opened.
    Raises NotClearedError if the participant may not start, or there is nothing that they could be
    shown. Raises StoreError if a session of the participant is open elsewhere.

    Parameters
    ----------
    study : Study
        The study; its effective configuration is kept with the session.
    stage : {"window", "simulated"}
        Where clips are shown.
    profile : str or None
        Profile of the simulated person; None for a human one.
    rig : dict or None
        Machine, screen, sound device and versions; None where the screen is opened in the block,
        which `Recorder.save_rig` then says. A session whose screen does not open is not kept.
    now : callable
        Time stamps, by the clock of this machine.
    is_running : callable or None
        Whether a process of this machine still is an annotator; None to ask the system.
    database_clock : callable
        The time by which signs of life are judged; that of the database.
    """
    session_id = uuid.uuid4().hex
    first_wrong: frozenset[int] = frozenset()
    with transaction(engine) as db:
        participants.lock(db, [participant_id])
        plan = plan_session(db, study, participant_id, phase)
        # A laptop's part has no others, and its bonuses are worked out again from what it has.
        if plan.phase is Phase.ANNOTATION and not audit.own(db, IS_PART):
            first_wrong = ground_truths_that_count(db, study).first_wrong
        if plan.trials:
            sessions.begin(
                db,
                session_id=session_id,
                participant_id=participant_id,
                phase=phase,
                attempt=plan.attempt,
                stage=stage,
                simulated_profile=profile,
                protocol_version_id=studies.protocol_version(db, config=study.config, at=now()),
                rig=None if rig is None else rig | {"config": storable(study.config)},
                process=Process(socket.gethostname(), os.getpid(), process_mark(os.getpid())),
                is_running=is_running or is_annotator,
                at=now(),
                beat_at=database_clock(db),
            )
    recorder = Recorder(engine, study, plan, session_id, profile is not None, now, first_wrong)
    if not plan.trials:
        yield recorder
        return
    reason = EndReason.STOPPED
    with _heartbeat(engine, session_id, database_clock):
        try:
            yield recorder
            reason = EndReason.ENDED
        finally:
            recorder.end(reason)
    ask_further(engine, study, plan, at=now())


def ask_further(engine: Engine, study: Study, plan: SessionPlan, *, at: datetime) -> None:
    """Ask for further ratings of open clips after a session, if the study's rule does."""
    if plan.phase is not Phase.ANNOTATION or study.config.protocol.rating_rule == "all":
        return
    try:
        with transaction(engine) as db:
            if audit.own(db, IS_PART):
                further_ratings.plan_on_laptop(db, study)
            else:
                further_ratings.plan_further(Desk(db, study, "desk", at))
    except StudyError:
        # The rater has left and all is saved; the next session's end or the desk asks again, and
        # the desk is told what is wrong (such as a damaged prior.csv).
        return


def machine() -> dict[str, Any]:
    """Return what machine and which versions these are.

    Returns host, system, processor and package versions, ready for JSON.
    """
    return {
        "host": socket.gethostname(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "n_cpus": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "versions": versions("psychopy", "psychtoolbox", "pyglet", "av", "numpy", "sounddevice"),
    }


@contextmanager
def _heartbeat(
    engine: Engine, session_id: str, database_clock: Callable[[Db], datetime]
) -> Iterator[None]:
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(sessions.HEARTBEAT_S):
            try:
                with transaction(engine) as db:
                    sessions.heartbeat(db, session_id, database_clock(db))
            except StoreError:
                continue  # the next rating meets the same problem, and reports it

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
