"""What a session is to show: sessions describes it, the annotator performs it."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sessions.exercises import verdicts
from sessions.expert import reratings
from sessions.plan.further_ratings import at_random_places
from sessions.recognition.session import require_planned, stimulus_of
from sessions.running.gate import require_cleared
from sessions.streams import Stream
from study.config.study import Study
from study.errors import NotClearedError
from study.store import Db
from study.store.plan import assignments, exercises
from study.store.plan.assignments import AssignedClip
from study.store.recognition import slots, stimuli
from study.store.recognition.stimuli import NewStimulus
from study.tools.seeding import generator
from study.vocabulary import Phase, Rating, Stimulus


@dataclass(frozen=True, slots=True)
class PlannedTrial:
    """A trial to come.

    Parameters
    ----------
    reasoning : str or None
        Why the expert rated it so; shown after the rating, in training only.
    is_practice : bool
        Whether it is practice of the recognition experiment.
    recognise : NewStimulus or None
        What is to be recognised, and what is asked; None in other phases.
    """

    stimulus: Stimulus
    reasoning: str | None = None
    expert_rating: Rating | None = None
    is_practice: bool = False
    recognise: NewStimulus | None = None


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """What is left for a participant in a phase.

    Parameters
    ----------
    phase : Phase
        What the session is for.
    attempt : int
        From 1; training and screening are repeated, and a part of the ground truths.
    trials : sequence of PlannedTrial
        What is left, in order.
    n_done : int
        How many trials of this phase and attempt are rated already.
    shows_bonus : bool
        Whether the bonus counter is on the screen.
    classes : tuple of str
        What can be answered in the recognition experiment; empty in other phases.
    """

    participant_id: str
    phase: Phase
    attempt: int
    trials: Sequence[PlannedTrial]
    n_done: int
    shows_bonus: bool
    classes: tuple[str, ...] = ()


def plan_session(db: Db, study: Study, participant_id: str, phase: Phase) -> SessionPlan:
    """Return what a session is to show, after checking that the participant may start it.

    Returns a plan without trials when the phase is finished. Raises NotClearedError if the
    participant may not start, or there is nothing that they could be shown.
    """
    require_cleared(db, study, participant_id, phase)
    match phase:
        case Phase.ANNOTATION:
            return _annotation(db, study, participant_id)
        case Phase.GROUND_TRUTH:
            return _ground_truth(db, study, participant_id)
        case Phase.RECOGNITION:
            return _recognition(db, study, participant_id)
        case Phase.TRAINING | Phase.SCREENING:
            return _exercise(db, study, participant_id, phase)


def _annotation(db: Db, study: Study, participant_id: str) -> SessionPlan:
    n_done = assignments.n_done(db, participant_id)
    rng = generator(study.config.seed, Stream.PLACES, participant_id, n_done)
    left = at_random_places(assignments.remaining(db, participant_id), rng)
    if not left and not n_done:
        command = "extend " + participant_id if assignments.exist(db) else "plan"
        raise NotClearedError(
            f"no clips are assigned to participant {participant_id}. "
            f"Run: python -m sessions {command}"
        )
    trials = _trials(study, left)
    return SessionPlan(participant_id, Phase.ANNOTATION, 1, trials, n_done, shows_bonus=True)


def _ground_truth(db: Db, study: Study, participant_id: str) -> SessionPlan:
    n_sampled = assignments.n_sampled(db)
    if n_sampled == 0:
        raise NotClearedError(
            "no candidates have been sampled for ground truths. "
            "Run: python -m curation sample-ground-truths"
        )
    trials = _trials(study, assignments.expert_remaining(db))
    n_done = n_sampled - len(trials)
    if trials:
        return SessionPlan(participant_id, Phase.GROUND_TRUTH, 1, trials, n_done, shows_bonus=False)
    again = reratings.of_expert(db, study, participant_id)
    # Counted on as if more clips had been sampled: nothing shows that these were seen before.
    return SessionPlan(
        participant_id,
        Phase.GROUND_TRUTH,
        reratings.ATTEMPT,
        _trials(study, assignments.sampled_clips(db, again.to_come)),
        n_done + again.n_done,
        shows_bonus=False,
    )


def _recognition(db: Db, study: Study, participant_id: str) -> SessionPlan:
    count = require_planned(db, participant_id)
    recognition = study.config.recognition
    trials = [
        PlannedTrial(
            stimulus_of(study, each), is_practice=each.is_practice, recognise=each.stimulus
        )
        for each in slots.remaining(db, participant_id)
    ]
    return SessionPlan(
        participant_id,
        Phase.RECOGNITION,
        1,
        trials,
        count.n_done,
        shows_bonus=recognition.bonus_pence > 0,
        classes=stimuli.classes_of(recognition, stimuli.listed(db).values()),
    )


def _exercise(db: Db, study: Study, participant_id: str, phase: Phase) -> SessionPlan:
    attempt = verdicts.next_attempt(verdicts.attempts(db, participant_id, phase))
    clips = exercises.frame(db, phase, verdicts.set_of(phase, attempt))
    if clips.empty:
        raise NotClearedError(
            f"no clips have been chosen for the {phase.value}. "
            "Run: python -m sessions set-exercise --sample"
        )
    answers = exercises.answers(db, participant_id, phase)
    rated = set(answers.loc[answers["attempt"] == attempt, "candidate_id"])
    trials = [
        _exercise_trial(study, clip, shows_feedback=phase is Phase.TRAINING)
        for clip in clips.to_dict("records")
        if clip["candidate_id"] not in rated
    ]
    return SessionPlan(participant_id, phase, attempt, trials, len(rated), shows_bonus=False)


def _exercise_trial(
    study: Study, clip: Mapping[Hashable, Any], *, shows_feedback: bool
) -> PlannedTrial:
    stimulus = _stimulus(
        study,
        clip["candidate_id"],
        clip["video_location"],
        clip["filename"],
        clip["avmit_label"],
        clip["sha256"],
    )
    if not shows_feedback:
        return PlannedTrial(stimulus)
    return PlannedTrial(stimulus, clip["reasoning"], Rating(clip["expert_rating"]))


def _trials(study: Study, clips: Sequence[AssignedClip]) -> list[PlannedTrial]:
    return [
        PlannedTrial(
            _stimulus(study, c.candidate_id, c.video_location, c.filename, c.avmit_label, c.sha256)
        )
        for c in clips
    ]


def _stimulus(
    study: Study, candidate_id: int, video_location: str, filename: str, label: str, sha256: str
) -> Stimulus:
    return Stimulus(candidate_id, study.clip_path(video_location, filename), label, sha256)
