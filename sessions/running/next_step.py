"""What a participant does next: the one step that the study has for them now."""

from dataclasses import dataclass
from enum import StrEnum

from sessions.exercises import headphones, verdicts
from sessions.exercises.verdicts import Attempt
from sessions.expert import reratings
from sessions.recognition.session import require_planned
from sessions.running.gate import require_fresh_clips, require_may_check_headphones
from study.config.study import Study
from study.errors import NotClearedError
from study.store import Db
from study.store.people import headphone_checks, participants
from study.store.plan import assignments, exercises
from study.store.recognition import slots
from study.tools.wording import counted
from study.vocabulary import ParticipantKind, Phase


class Step(StrEnum):
    """What a participant can do, in the order in which people do it."""

    HEADPHONE_CHECK = "headphone_check"
    TRAINING = "training"
    SCREENING = "screening"
    ANNOTATION = "annotation"
    GROUND_TRUTH = "ground_truth"
    RECOGNITION = "recognition"

    @property
    def phase(self) -> Phase | None:
        """The phase whose clips are rated; None for the headphone check, which has none."""
        return None if self is Step.HEADPHONE_CHECK else Phase(self.value)

    @property
    def in_words(self) -> str:
        """What people call it."""
        return {Step.GROUND_TRUTH: "ground truths"}.get(self, self.value.replace("_", " "))

    @property
    def is_beside_experimenter(self) -> bool:
        """Whether the experimenter sits beside the participant (Paper: Quality Control)."""
        return self in (Step.TRAINING, Step.SCREENING)


@dataclass(frozen=True, slots=True)
class NextStep:
    """What a participant does next, or why there is nothing to do.

    Parameters
    ----------
    step : Step or None
        None where nothing can be started now.
    n_done, n_total : int
        Clips of the step that are rated, and those that it has; 0 where it has none.
    attempt : int
        From 1; training and screening are repeated.
    why : str
        What is missing, and what the experimenter does about it; empty where there is a step.
    is_finished : bool
        Whether all is done that the study has for this participant.
    """

    participant_id: str
    step: Step | None
    n_done: int = 0
    n_total: int = 0
    attempt: int = 1
    why: str = ""
    is_finished: bool = False

    @property
    def command(self) -> str:
        """What starts it; empty where there is nothing to start."""
        return (
            "" if self.step is None else f"python -m annotator --participant {self.participant_id}"
        )

    def in_words(self) -> str:
        """Return for the experimenter what is next.

        Examples
        --------
        >>> NextStep("P03", Step.SCREENING, 4, 41, attempt=2).in_words()
        'screening (attempt 2): 4 of 41 clips are rated'
        """
        if self.step is None:
            return self.why
        which = f" (attempt {self.attempt})" if self.attempt > 1 else ""
        done = "done" if self.step is Step.RECOGNITION else "rated"
        of_all = counted(self.n_total, "clip is", "clips are")
        clips = f": {self.n_done} of {of_all} {done}" if self.n_total else ""
        return f"{self.step.in_words}{which}{clips}"


def next_step(db: Db, study: Study, participant_id: str) -> NextStep:
    """Return what a participant may do next.

    People do the headphone check (where the study has one), the training, the screening and the
    annotation, each once it is open to them; after a failed screening the training again. Simulated
    people do the same, as far as the study has it, but pass every gate. The expert's are the ground
    truths. A study may be a recognition experiment alone; in others recognition comes last.

    Returns a step that the gate lets them start; where there is none, the refusal, also that of
    somebody who is not enrolled.

    Notes
    -----
    Paper: Quality Control.
    """
    try:
        return _next(db, study, participant_id)
    except NotClearedError as error:
        return NextStep(participant_id, None, why=str(error))


def _next(db: Db, study: Study, participant_id: str) -> NextStep:
    require_may_check_headphones(db, study, participant_id)
    kind = participants.get(db, participant_id).kind
    if kind is ParticipantKind.EXPERT:
        return _ground_truths(db, study, participant_id)
    if study.config.recognition.alone:
        if _has_headphones_to_check(db, study, participant_id):
            return NextStep(participant_id, Step.HEADPHONE_CHECK)
        return _recognition(db, participant_id)
    if _rated_all_and_may_recognise(db, participant_id):
        return _recognition(db, participant_id)
    is_human = kind is ParticipantKind.HUMAN
    if is_human and study.config.rehearsal and _is_cleared(db, participant_id):
        return _annotation(db, participant_id)
    if _has_headphones_to_check(db, study, participant_id):
        return NextStep(participant_id, Step.HEADPHONE_CHECK)
    exercise = _exercise(db, study, participant_id) if is_human else _rehearsed(db, participant_id)
    return exercise or _annotation(db, participant_id)


def _is_cleared(db: Db, participant_id: str) -> bool:
    return participants.is_cleared(db, participant_id, Phase.ANNOTATION)


def _exercise(db: Db, study: Study, participant_id: str) -> NextStep | None:
    """Return the training or screening that is due, None where the annotation is open."""
    trainings = verdicts.attempts(db, participant_id, Phase.TRAINING)
    n_trained = sum(attempt.finished for attempt in trainings)
    screenings = verdicts.attempts(db, participant_id, Phase.SCREENING)
    finished = [attempt for attempt in screenings if attempt.finished]
    if finished and verdicts.is_passed(finished[-1], study.config.protocol):
        return None
    if finished:
        require_fresh_clips(db, participant_id, finished[-1])
    if n_trained <= len(finished):
        return _going(db, participant_id, Step.TRAINING, trainings)
    return _going(db, participant_id, Step.SCREENING, screenings)


def _rehearsed(db: Db, participant_id: str) -> NextStep | None:
    for step, phase in ((Step.TRAINING, Phase.TRAINING), (Step.SCREENING, Phase.SCREENING)):
        found = verdicts.attempts(db, participant_id, phase)
        if exercises.set_sizes(db, phase) and not any(attempt.finished for attempt in found):
            return _going(db, participant_id, step, found)
    return None


def _going(db: Db, participant_id: str, step: Step, found: list[Attempt]) -> NextStep:
    phase = Phase(step.value)
    attempt = verdicts.next_attempt(found)
    n_total = exercises.set_sizes(db, phase).get(verdicts.set_of(phase, attempt), 0)
    if not n_total:
        raise NotClearedError(
            f"no clips have been chosen for the {phase.value}. "
            "Run: python -m sessions set-exercise --sample"
        )
    n_done = found[-1].n_rated if found and not found[-1].finished else 0
    return NextStep(participant_id, step, n_done, n_total, attempt)


def _has_headphones_to_check(db: Db, study: Study, participant_id: str) -> bool:
    stimulus = study.config.headphones.check
    if stimulus == "off":
        return False
    done = [c for c in headphone_checks.listed(db, participant_id) if c.stimulus == stimulus]
    return not done or not headphones.passed(done[-1].n_right)


def _annotation(db: Db, participant_id: str) -> NextStep:
    count = assignments.count(db, participant_id)
    if not count.n_assigned:
        command = "extend " + participant_id if assignments.exist(db) else "plan"
        raise NotClearedError(
            f"no clips are assigned to participant {participant_id}. "
            f"Run: python -m sessions {command}"
        )
    return _rating(participant_id, Step.ANNOTATION, count.n_done, count.n_left)


def _rated_all_and_may_recognise(db: Db, participant_id: str) -> bool:
    """Return whether somebody has a place in the recognition, and no clips to rate (any more)."""
    return (
        slots.count(db, participant_id).n_planned > 0
        and not assignments.count(db, participant_id).n_left
    )


def _recognition(db: Db, participant_id: str) -> NextStep:
    count = require_planned(db, participant_id)
    return _rating(participant_id, Step.RECOGNITION, count.n_done, count.n_left)


def _ground_truths(db: Db, study: Study, participant_id: str) -> NextStep:
    n_sampled = assignments.n_sampled(db)
    if not n_sampled:
        raise NotClearedError(
            "no candidates have been sampled for ground truths. "
            "Run: python -m curation sample-ground-truths"
        )
    n_left = len(assignments.expert_remaining(db))
    if n_left:
        return _rating(participant_id, Step.GROUND_TRUTH, n_sampled - n_left, n_left)
    again = reratings.of_expert(db, study, participant_id)
    n_done = n_sampled + again.n_done
    return _rating(participant_id, Step.GROUND_TRUTH, n_done, len(again.to_come))


def _rating(participant_id: str, step: Step, n_done: int, n_left: int) -> NextStep:
    if not n_left:
        why = f"all {counted(n_done, 'clip')} of {participant_id} are rated: nothing is left to do"
        return NextStep(participant_id, None, n_done, n_done, why=why, is_finished=True)
    return NextStep(participant_id, step, n_done, n_done + n_left)
