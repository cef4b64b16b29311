import pytest

from sessions.exercises.verdicts import Attempt
from sessions.monitor.show import lines
from sessions.running.gate import require_cleared, require_screening_passed
from sessions.running.session_plan import plan_session
from study.config.headphones import Headphones
from study.config.protocol import Protocol
from study.config.study import Study
from study.errors import NotClearedError
from study.store import transaction
from study.store.people import headphone_checks, participants
from study.store.people.headphone_checks import HeadphoneCheck
from study.store.plan import exercises
from study.store.plan.exercises import ExerciseClip
from study.vocabulary import ParticipantKind, Phase, Rating
from tests.worlds.studies import AT, CONSENT, add_candidates, enrol, new_study, rate


@pytest.fixture
def desk(tmp_path):
    """A study of six classes with one training and two screening sets, and P03."""
    study, engine = new_study(tmp_path)
    with transaction(engine) as db:
        ids = add_candidates(db, 4)
        exercises.add_many(
            db,
            [
                ExerciseClip(ids[4 * label + i], phase, number, label, Rating.VERY_CLEAN, "why")
                for label in range(6)
                for i, (phase, number) in enumerate(
                    [(Phase.TRAINING, 1), (Phase.SCREENING, 1), (Phase.SCREENING, 2)]
                )
            ],
        )
        enrol(db, "P03")
        yield study, db


def sit(db, phase, number, *, n_right, attempt):
    clips = exercises.frame(db, phase, number)["candidate_id"].tolist()
    ratings = {clip: 3 if i < n_right else 1 for i, clip in enumerate(clips)}
    rate(db, "P03", ratings, phase=phase, attempt=attempt)


def test_37_of_41_fail_and_the_message_says_what_to_do():
    with pytest.raises(
        NotClearedError, match=r"P03 got 37 of 41 .* 38 are needed. Repeat the training"
    ):
        require_screening_passed("P03", [Attempt(1, 41, 41, 37)], Protocol())
    require_screening_passed("P03", [Attempt(1, 41, 41, 38)], Protocol())


def test_somebody_who_is_not_enrolled_is_told_how_to_enrol(desk):
    study, db = desk
    with pytest.raises(NotClearedError, match=r"P99 is not enrolled .* sessions enrol P99"):
        require_cleared(db, study, "P99", Phase.TRAINING)


def test_nobody_rates_without_consent(desk):
    study, db = desk
    participants.add(db, participant_id="P04", kind=ParticipantKind.HUMAN, at=AT)
    with pytest.raises(NotClearedError, match=r"P04 has not given consent.* sessions consent P04"):
        require_cleared(db, study, "P04", Phase.TRAINING)
    participants.add_consent(db, "P04", CONSENT)
    require_cleared(db, study, "P04", Phase.TRAINING)


def test_the_way_from_training_to_annotation_through_a_failed_screening(desk):
    study, db = desk
    with pytest.raises(NotClearedError, match=r"not finished the training \(none of its clips"):
        require_cleared(db, study, "P03", Phase.SCREENING)
    sit(db, Phase.TRAINING, 1, n_right=2, attempt=1)
    with pytest.raises(NotClearedError, match=r"has not been screened, .* --phase screening"):
        require_cleared(db, study, "P03", Phase.ANNOTATION)
    sit(db, Phase.SCREENING, 1, n_right=5, attempt=1)
    with pytest.raises(NotClearedError, match=r"got 5 of 6 screening clips right and 6 are needed"):
        require_cleared(db, study, "P03", Phase.ANNOTATION)
    with pytest.raises(NotClearedError, match="has not repeated the training since"):
        require_cleared(db, study, "P03", Phase.SCREENING)
    sit(db, Phase.TRAINING, 1, n_right=6, attempt=2)
    retry = plan_session(db, study, "P03", Phase.SCREENING)
    assert retry.attempt == 2
    fresh = exercises.frame(db, Phase.SCREENING, 2)["candidate_id"].tolist()
    assert [trial.stimulus.candidate_id for trial in retry.trials] == fresh
    sit(db, Phase.SCREENING, 2, n_right=6, attempt=2)
    require_cleared(db, study, "P03", Phase.ANNOTATION)
    with pytest.raises(NotClearedError, match=r"has passed the screening already \(6 of 6\)"):
        require_cleared(db, study, "P03", Phase.SCREENING)


def test_a_third_screening_has_no_fresh_clips(desk):
    study, db = desk
    for attempt in (1, 2, 3):
        sit(db, Phase.TRAINING, 1, n_right=6, attempt=attempt)
    for attempt in (1, 2):
        sit(db, Phase.SCREENING, attempt, n_right=0, attempt=attempt)
    with pytest.raises(NotClearedError, match=r"no fresh clips .* a third time"):
        require_cleared(db, study, "P03", Phase.SCREENING)


def test_training_shows_the_expert_and_screening_does_not(desk):
    study, db = desk
    training = plan_session(db, study, "P03", Phase.TRAINING)
    assert {(t.reasoning, t.expert_rating) for t in training.trials} == {("why", 3)}
    sit(db, Phase.TRAINING, 1, n_right=6, attempt=1)
    screening = plan_session(db, study, "P03", Phase.SCREENING)
    assert {(t.reasoning, t.expert_rating) for t in screening.trials} == {(None, None)}
    assert len(screening.trials) == 6
    assert not screening.shows_bonus


def test_an_unfinished_exercise_goes_on_where_it_was_left(desk):
    study, db = desk
    first, *left = exercises.frame(db, Phase.TRAINING, 1)["candidate_id"].tolist()
    rate(db, "P03", {first: 3}, phase=Phase.TRAINING)
    plan = plan_session(db, study, "P03", Phase.TRAINING)
    assert (plan.attempt, plan.n_done) == (1, 1)
    assert [trial.stimulus.candidate_id for trial in plan.trials] == left


def test_ground_truths_are_the_experts_and_annotations_are_not(desk):
    study, db = desk
    enrol(db, "EXPERT", kind=ParticipantKind.EXPERT)
    with pytest.raises(NotClearedError, match="ground truths are the expert's"):
        require_cleared(db, study, "P03", Phase.GROUND_TRUTH)
    with pytest.raises(NotClearedError, match="not annotations"):
        require_cleared(db, study, "EXPERT", Phase.ANNOTATION)
    require_cleared(db, study, "EXPERT", Phase.GROUND_TRUTH)


def test_simulated_people_rate_in_rehearsals_only(desk, tmp_path):
    study, db = desk
    enrol(db, "S01", kind=ParticipantKind.SIMULATED)
    with pytest.raises(NotClearedError, match="S01 is simulated and this is a real study"):
        require_cleared(db, study, "S01", Phase.ANNOTATION)
    rehearsal, engine = new_study(tmp_path / "rehearsal", rehearsal=True)
    with transaction(engine) as db:
        enrol(db, "S01", kind=ParticipantKind.SIMULATED)
        require_cleared(db, rehearsal, "S01", Phase.ANNOTATION)


def test_a_closed_participant_starts_nothing(desk):
    study, db = desk
    participants.close(db, "P03", reason="moved away", at=AT)
    with pytest.raises(NotClearedError, match=r"P03 was closed on 2026-01-05 \(moved away\)"):
        require_cleared(db, study, "P03", Phase.TRAINING)


def heard(db, n_right, *, stimulus="huggins"):
    targets = (1, 2, 3, 1, 2, 3)
    answers = (*targets[:n_right], *(4 - target % 2 for target in targets[n_right:]))
    headphone_checks.add(db, HeadphoneCheck("P03", stimulus, targets, answers, -20.0, n_right, AT))


def test_a_study_with_a_headphone_check_asks_for_a_passed_one(desk):
    study, db = desk
    config = study.config.model_copy(update={"headphones": Headphones(check="huggins")})
    checked = Study(study.folder, config)
    require_cleared(db, study, "P03", Phase.TRAINING)
    with pytest.raises(
        NotClearedError, match=r"not done the headphone check.* check-headphones --participant P03"
    ):
        require_cleared(db, checked, "P03", Phase.TRAINING)
    heard(db, 6, stimulus="antiphase")  # of another study's configuration
    with pytest.raises(NotClearedError, match="not done the headphone check"):
        require_cleared(db, checked, "P03", Phase.TRAINING)
    heard(db, 4)
    with pytest.raises(NotClearedError, match=r"found 4 of 6 sounds .* and 5 are needed"):
        require_cleared(db, checked, "P03", Phase.TRAINING)
    assert "headphone check: failed 4/6" in lines(db, checked, "P03")
    heard(db, 5)
    require_cleared(db, checked, "P03", Phase.TRAINING)
    assert "headphone check: passed 5/6" in lines(db, checked, "P03")
