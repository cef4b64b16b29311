"""The gate as a table: every kind of person at every phase, and every mark at its edge."""

import pytest

from sessions.exercises.verdicts import Attempt
from sessions.running.gate import (
    require_cleared,
    require_may_check_headphones,
    require_screening_passed,
)
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

HUMAN, EXPERT, SIMULATED = ParticipantKind
NO_TRAINING = "not finished the training"
EXPERTS = "ground truths are the expert's"
# What stops whom; None where nothing does. In a rehearsal, where simulated people may rate.
STOPS = {
    (HUMAN, Phase.TRAINING): None,
    (HUMAN, Phase.SCREENING): NO_TRAINING,
    (HUMAN, Phase.ANNOTATION): NO_TRAINING,
    (HUMAN, Phase.GROUND_TRUTH): EXPERTS,
    (EXPERT, Phase.TRAINING): None,
    (EXPERT, Phase.SCREENING): None,
    (EXPERT, Phase.ANNOTATION): "ground truths and not annotations",
    (EXPERT, Phase.GROUND_TRUTH): None,
    (SIMULATED, Phase.TRAINING): None,
    (SIMULATED, Phase.SCREENING): None,
    (SIMULATED, Phase.ANNOTATION): None,
    (SIMULATED, Phase.GROUND_TRUTH): EXPERTS,
}


def said(call, *given):
    """Return what a check says, and nothing where it lets pass."""
    try:
        call(*given)
    except NotClearedError as error:
        return str(error)
    return None


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory):
    """One person of each kind; only the human has given a consent."""
    study, engine = new_study(tmp_path_factory.mktemp("rehearsal"), rehearsal=True)
    with transaction(engine) as db:
        for kind in ParticipantKind:
            participants.add(db, participant_id=kind.name, kind=kind, at=AT)
        participants.add_consent(db, "HUMAN", CONSENT)
        yield study, db


@pytest.mark.parametrize(("kind", "phase"), STOPS)
def test_every_kind_of_person_is_let_into_its_phases(rehearsal, kind, phase):
    study, db = rehearsal
    found = said(require_cleared, db, study, kind.name, phase)
    expected = STOPS[kind, phase]
    assert (found is None) == (expected is None)
    assert (expected or "") in (found or "")


def desk(folder, *, n_screenings=1, **options):
    """A study of six classes with one training set and some screening sets, and P03."""
    study, engine = new_study(folder, **options)
    with transaction(engine) as db:
        ids = add_candidates(db, 1 + n_screenings)
        sets = [(Phase.TRAINING, 1), *((Phase.SCREENING, 1 + i) for i in range(n_screenings))]
        exercises.add_many(
            db,
            [
                ExerciseClip(ids[len(sets) * label + i], *which, label, Rating.VERY_CLEAN, "why")
                for label in range(6)
                for i, which in enumerate(sets)
            ],
        )
        enrol(db, "P03")
    return study, engine


def sit(db, phase, attempt, n_right, n_rated=6):
    number = attempt if phase is Phase.SCREENING else 1
    clips = exercises.frame(db, phase, number)["candidate_id"].tolist()[:n_rated]
    ratings = {clip: 3 if i < n_right else 1 for i, clip in enumerate(clips)}
    rate(db, "P03", ratings, phase=phase, attempt=attempt)


def test_an_experimenters_word_counts_in_a_rehearsal_only(tmp_path):
    for rehearsal, expected in ((True, None), (False, NO_TRAINING)):
        study, engine = desk(tmp_path / str(rehearsal), rehearsal=rehearsal)
        with transaction(engine) as db:
            assert NO_TRAINING in said(require_cleared, db, study, "P03", Phase.SCREENING)
            participants.clear(
                db, "P03", Phase.SCREENING, granted_by="AB", reason="a demonstration", at=AT
            )
            found = said(require_cleared, db, study, "P03", Phase.SCREENING)
            assert (found is None) == (expected is None)
            assert NO_TRAINING in said(require_cleared, db, study, "P03", Phase.ANNOTATION)


def test_who_has_begun_the_training_is_told_how_far_they_are(tmp_path):
    study, engine = desk(tmp_path)
    with transaction(engine) as db:
        sit(db, Phase.TRAINING, 1, n_right=2, n_rated=2)
        assert said(require_cleared, db, study, "P03", Phase.SCREENING) == (
            "participant P03 has not finished the training (2 of 6 of its clips rated). "
            "Run: python -m annotator --participant P03 --phase training"
        )


@pytest.mark.parametrize(("n_right", "passed"), [(2, False), (3, True), (4, True)])
def test_who_has_passed_is_not_screened_again_and_who_has_not_repeats_the_training(
    tmp_path, n_right, passed
):
    study, engine = desk(tmp_path, n_screenings=2, screening_pass_mark=3)
    with transaction(engine) as db:
        sit(db, Phase.TRAINING, 1, n_right=6)
        assert said(require_cleared, db, study, "P03", Phase.SCREENING) is None
        sit(db, Phase.SCREENING, 1, n_right=n_right)
        assert said(require_cleared, db, study, "P03", Phase.SCREENING) == (
            f"participant P03 has passed the screening already ({n_right} of 6). "
            "Run: python -m annotator --participant P03"
            if passed
            else f"participant P03 failed the screening ({n_right} of 6) and has not repeated the "
            "training since. Run: python -m annotator --participant P03 --phase training"
        )
        assert (said(require_cleared, db, study, "P03", Phase.ANNOTATION) is None) == passed


@pytest.mark.parametrize(("n", "word"), [(1, "second"), (2, "third"), (3, "4th")])
def test_every_screening_takes_a_training_before_it_and_clips_of_its_own(tmp_path, n, word):
    study, engine = desk(tmp_path, n_screenings=n)
    with transaction(engine) as db:
        sit(db, Phase.TRAINING, 1, n_right=6)
        for attempt in range(1, n + 1):
            assert attempt == 1 or "not repeated the training since" in said(
                require_cleared, db, study, "P03", Phase.SCREENING
            )
            if attempt > 1:
                sit(db, Phase.TRAINING, attempt, n_right=6)
                assert said(require_cleared, db, study, "P03", Phase.SCREENING) is None
            sit(db, Phase.SCREENING, attempt, n_right=attempt)
        assert f"({n} of 6) and has not repeated" in said(
            require_cleared, db, study, "P03", Phase.SCREENING
        )
        sit(db, Phase.TRAINING, n + 1, n_right=6)
        assert said(require_cleared, db, study, "P03", Phase.SCREENING) == (
            f"no fresh clips are left to screen participant P03 a {word} time. Close the "
            "participant's record, or choose clips that are in no plan: "
            "python -m sessions set-exercise FILE"
        )


def test_a_training_that_was_skipped_before_the_last_screening_is_still_missing(tmp_path):
    study, engine = desk(tmp_path, n_screenings=3)
    with transaction(engine) as db:
        sit(db, Phase.TRAINING, 1, n_right=6)
        for attempt in (1, 2):
            sit(db, Phase.SCREENING, attempt, n_right=0)
        assert "has not repeated the training since" in said(
            require_cleared, db, study, "P03", Phase.SCREENING
        )


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        ([], "has not been screened, and nobody"),
        ([Attempt(1, 41, 7, 7)], r"has not been screened (7 clips rated so far), and nobody"),
        ([Attempt(1, 41, 7, 7), Attempt(2, 41, 9, 9)], "(9 clips rated so far)"),
        ([Attempt(1, 41, 7, 7), Attempt(2, 41, 9, 9), Attempt(3, 41, 8, 1)], "(8 clips rated so"),
        ([Attempt(1, 41, 41, 37)], "got 37 of 41 screening clips right and 38 are needed"),
        ([Attempt(1, 41, 41, 38)], None),
        ([Attempt(1, 41, 41, 41)], None),
        ([Attempt(1, 41, 41, 0), Attempt(2, 41, 41, 40)], None),
        ([Attempt(1, 41, 41, 40), Attempt(2, 41, 41, 3)], "got 3 of 41"),
        ([Attempt(1, 41, 41, 40), Attempt(2, 41, 41, 3), Attempt(3, 41, 41, 4)], "got 4 of 41"),
        ([Attempt(1, 41, 41, 3), Attempt(2, 41, 41, 40), Attempt(3, 41, 2, 2)], None),
    ],
)
def test_the_last_screening_that_was_finished_decides(attempts, expected):
    found = said(require_screening_passed, "P03", attempts, Protocol())
    assert (found is None) == (expected is None)
    assert (expected or "") in (found or "")


def heard(db, n_right, stimulus="huggins"):
    targets = (1, 2, 3, 1, 2, 3)
    answers = (*targets[:n_right], *(4 - target % 2 for target in targets[n_right:]))
    headphone_checks.add(db, HeadphoneCheck("P03", stimulus, targets, answers, -20.0, n_right, AT))


def test_the_last_headphone_check_of_the_kind_that_the_study_asks_for_decides(tmp_path):
    study, engine = desk(tmp_path)
    config = study.config.model_copy(update={"headphones": Headphones(check="antiphase")})
    checked = Study(study.folder, config)
    with transaction(engine) as db:
        heard(db, 6, stimulus="huggins")
        assert "not done the headphone check" in said(
            require_cleared, db, checked, "P03", Phase.TRAINING
        )
        found = []
        for n_right in (4, 5, 4, 6, 3):
            heard(db, n_right, stimulus="antiphase")
            found.append(said(require_cleared, db, checked, "P03", Phase.TRAINING) is None)
        assert found == [False, True, False, True, False]
        assert "P03 found 3 of 6 sounds in the headphone check and 5 are needed" in said(
            require_cleared, db, checked, "P03", Phase.TRAINING
        )


def test_a_headphone_check_takes_a_consent_and_simulated_people_do_it_in_rehearsals(
    rehearsal, tmp_path
):
    def stops(db, study):
        return [said(require_may_check_headphones, db, study, kind.name) for kind in kinds]

    kinds = (HUMAN, EXPERT, SIMULATED)
    study, db = rehearsal
    assert stops(db, study) == [None, None, None]
    real, engine = new_study(tmp_path)
    with transaction(engine) as db:
        for kind in kinds:
            participants.add(db, participant_id=kind.name, kind=kind, at=AT)
        human, expert, simulated = stops(db, real)
        assert "HUMAN has not given consent" in human
        assert expert is None
        assert "SIMULATED is simulated and this is a real study" in simulated
        participants.close(db, "EXPERT", reason="moved away", at=AT)
        assert "EXPERT was closed on 2026-01-05" in stops(db, real)[1]
