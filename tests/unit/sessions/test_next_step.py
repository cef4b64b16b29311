"""What is next, on the way of every kind of person through a study."""

import pandas as pd
import pytest

from sessions.running.gate import require_cleared
from sessions.running.next_step import Step, next_step
from study.config.headphones import Headphones
from study.config.study import Study
from study.store import transaction
from study.store.people import headphone_checks, participants
from study.store.people.headphone_checks import HeadphoneCheck
from study.store.plan import assignments, exercises, ground_truths
from study.store.plan.exercises import ExerciseClip
from study.vocabulary import ParticipantKind, Phase, Rating
from tests.worlds.studies import AT, CONSENT, add_candidates, add_truths, enrol, new_study, rate

TARGETS = (1, 2, 3, 1, 2, 3)


def lab(folder, *, rehearsal=False, check="off"):
    """A study of six classes with a training set and two screening sets; return study and store."""
    study, engine = new_study(folder, rehearsal=rehearsal)
    config = study.config.model_copy(update={"headphones": Headphones(check=check)})
    return Study(study.folder, config), engine


def choose_exercises(db):
    ids = add_candidates(db, 4)
    sets = [(Phase.TRAINING, 1), (Phase.SCREENING, 1), (Phase.SCREENING, 2)]
    exercises.add_many(
        db,
        [
            ExerciseClip(ids[4 * label + i], phase, number, label, Rating.VERY_CLEAN, "why")
            for label in range(6)
            for i, (phase, number) in enumerate(sets)
        ],
    )
    return ids


def assign(db, who, clips):
    rows = [
        {"candidate_id": clip, "slot": 1, "participant_id": who, "position": i}
        for i, clip in enumerate(clips)
    ]
    assignments.add_many(db, pd.DataFrame(rows))


def sit(db, who, phase, number, *, attempt, n_right=6, n_rated=6):
    clips = exercises.frame(db, phase, number)["candidate_id"].tolist()[:n_rated]
    ratings = {clip: 3 if i < n_right else 1 for i, clip in enumerate(clips)}
    rate(db, who, ratings, phase=phase, attempt=attempt)


def listen(db, who, n_right):
    answers = (*TARGETS[:n_right], *(4 - target % 2 for target in TARGETS[n_right:]))
    headphone_checks.add(db, HeadphoneCheck(who, "huggins", TARGETS, answers, -20.0, n_right, AT))


def said(db, study, who):
    """Return the next step in words, after asking the gate whether it may really start."""
    found = next_step(db, study, who)
    if found.step is not None and found.step.phase is not None:
        require_cleared(db, study, who, found.step.phase)
    return found.in_words()


def test_a_person_goes_from_the_headphones_to_the_last_clip_one_step_at_a_time(tmp_path):
    study, engine = lab(tmp_path, check="huggins")
    with transaction(engine) as db:
        ids = choose_exercises(db)
        assert "P03 is not enrolled" in said(db, study, "P03")
        participants.add(db, participant_id="P03", kind=ParticipantKind.HUMAN, at=AT)
        assert "P03 has not given consent" in said(db, study, "P03")
        participants.add_consent(db, "P03", CONSENT)
        assert said(db, study, "P03") == "headphone check"
        listen(db, "P03", 4)
        assert said(db, study, "P03") == "headphone check"
        listen(db, "P03", 6)
        assert said(db, study, "P03") == "training: 0 of 6 clips are rated"
        sit(db, "P03", Phase.TRAINING, 1, attempt=1, n_rated=2)
        assert said(db, study, "P03") == "training: 2 of 6 clips are rated"
        rest = exercises.frame(db, Phase.TRAINING, 1)["candidate_id"].tolist()[2:]
        rate(db, "P03", dict.fromkeys(rest, 3), phase=Phase.TRAINING)
        assert said(db, study, "P03") == "screening: 0 of 6 clips are rated"
        sit(db, "P03", Phase.SCREENING, 1, attempt=1, n_right=5)
        assert said(db, study, "P03") == "training (attempt 2): 0 of 6 clips are rated"
        sit(db, "P03", Phase.TRAINING, 1, attempt=2)
        assert said(db, study, "P03") == "screening (attempt 2): 0 of 6 clips are rated"
        sit(db, "P03", Phase.SCREENING, 2, attempt=2)
        assert "no clips are assigned to participant P03. Run: python -m sessions plan" in said(
            db, study, "P03"
        )
        assign(db, "P03", ids[:3])
        assert said(db, study, "P03") == "annotation: 0 of 3 clips are rated"
        for clip in ids[:3]:
            assignments.mark_done(db, "P03", clip)
        last = next_step(db, study, "P03")
    assert (last.step, last.is_finished) == (None, True)
    assert last.why == "all 3 clips of P03 are rated: nothing is left to do"


def test_who_failed_every_screening_is_not_trained_for_one_that_cannot_be(tmp_path):
    study, engine = lab(tmp_path)
    with transaction(engine) as db:
        choose_exercises(db)
        enrol(db, "P03")
        for attempt in (1, 2):
            sit(db, "P03", Phase.TRAINING, 1, attempt=attempt)
            sit(db, "P03", Phase.SCREENING, attempt, attempt=attempt, n_right=0)
        found = next_step(db, study, "P03")
    assert found.step is None
    assert not found.is_finished
    assert "no fresh clips are left to screen participant P03 a third time" in found.why


def test_headphones_that_failed_last_come_first_even_before_the_annotation(tmp_path):
    study, engine = lab(tmp_path, check="huggins")
    with transaction(engine) as db:
        ids = choose_exercises(db)
        enrol(db, "P03")
        sit(db, "P03", Phase.TRAINING, 1, attempt=1)
        sit(db, "P03", Phase.SCREENING, 1, attempt=1)
        assign(db, "P03", ids[:3])
        listen(db, "P03", 5)
        assert next_step(db, study, "P03").step is Step.ANNOTATION
        listen(db, "P03", 0)
        assert next_step(db, study, "P03").step is Step.HEADPHONE_CHECK


def test_a_training_that_has_no_clips_is_refused(tmp_path):
    study, engine = lab(tmp_path)
    with transaction(engine) as db:
        enrol(db, "P03")
        found = next_step(db, study, "P03")
    assert found.step is None
    assert "no clips have been chosen for the training. Run: python -m sessions" in found.why


def test_the_expert_gives_ground_truths_then_some_again(tmp_path):
    study, engine = lab(tmp_path)
    with transaction(engine) as db:
        ids = add_candidates(db, 4)
        enrol(db, "EXPERT", kind=ParticipantKind.EXPERT)
        assert "no candidates have been sampled" in said(db, study, "EXPERT")
        ground_truths.add_sample(db, ids[:1], AT)
        assert said(db, study, "EXPERT") == "ground truths: 0 of 1 clip is rated"
        add_truths(db, ids[1:])
        assert said(db, study, "EXPERT") == "ground truths: 23 of 24 clips are rated"
        rate(db, "EXPERT", dict.fromkeys(ids, 3), phase=Phase.GROUND_TRUTH)
        ground_truths.add_version(
            db, candidate_id=ids[0], rating=Rating(3), given_by="EXPERT", at=AT
        )
        assert said(db, study, "EXPERT") == "ground truths: 24 of 25 clips are rated"


def test_simulated_people_do_what_the_study_has_and_pass_every_gate(tmp_path):
    study, engine = lab(tmp_path, rehearsal=True)
    with transaction(engine) as db:
        enrol(db, "S01", kind=ParticipantKind.SIMULATED)
        assign(db, "S01", add_candidates(db, 1, labels=["running"]))
        assert next_step(db, study, "S01").step is Step.ANNOTATION
        choose_exercises(db)
        assert next_step(db, study, "S01").step is Step.TRAINING
        sit(db, "S01", Phase.TRAINING, 1, attempt=1)
        assert next_step(db, study, "S01").step is Step.SCREENING
        sit(db, "S01", Phase.SCREENING, 1, attempt=1, n_right=0)
        assert next_step(db, study, "S01").step is Step.ANNOTATION


def test_somebody_cleared_for_a_rehearsal_begins_with_the_annotation(tmp_path):
    study, engine = lab(tmp_path, rehearsal=True, check="huggins")
    with transaction(engine) as db:
        ids = choose_exercises(db)
        enrol(db, "P03")
        assign(db, "P03", ids[:2])
        assert next_step(db, study, "P03").step is Step.HEADPHONE_CHECK
        participants.clear(
            db, "P03", Phase.ANNOTATION, granted_by="test", reason="rehearsal", at=AT
        )
        assert next_step(db, study, "P03").step is Step.ANNOTATION


@pytest.mark.parametrize("step", Step)
def test_only_training_and_screening_are_done_beside_the_experimenter(step):
    assert step.is_beside_experimenter == (step in {Step.TRAINING, Step.SCREENING})
