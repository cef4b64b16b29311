"""Numbers on screens: what they count is what the word beside them says."""

from datetime import timedelta

import pandas as pd
import pytest
from sqlalchemy import update

from sessions.exercises.verdicts import screening_report
from sessions.monitor.alarms import alarms
from sessions.monitor.dashboard import page
from sessions.monitor.progress import progress, sentence
from sessions.monitor.status import study_status
from sessions.pay import statement as pay
from sessions.people.withdrawal import withdraw
from sessions.plan import schedule
from study.store import audit, transaction
from study.store.desk import Desk
from study.store.plan import assignments, exercises
from study.store.plan.exercises import ExerciseClip
from study.store.tables import RatingRow, TrialRow
from study.vocabulary import ParticipantKind, Phase, Rating
from tests.worlds.studies import AT, add_candidates, enrol, new_study, rate

PEOPLE = ("P01", "P02", "P03")


@pytest.fixture
def world(tmp_path):
    """Three people, each of whom rated five of 24 clips, with two early presses in each trial."""
    study, engine = new_study(tmp_path)
    with transaction(engine) as db:
        add_candidates(db, 4)
        enrol(db, *PEOPLE)
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
        for person in PEOPLE:
            clips = [clip.candidate_id for clip in assignments.remaining(db, person)[:5]]
            rate(db, person, dict.fromkeys(clips, 3), minutes=1)
        db.execute(update(RatingRow).values(n_early_presses=2, n_replays=3))
        yield study, db
    engine.dispose()


def test_a_share_of_trials_is_never_above_all_of_them(world):
    study, db = world
    people = progress(db, study).people
    assert people["early_press_share"].tolist() == [1.0] * 3
    assert people["replayed_share"].tolist() == [1.0] * 3


def test_clips_whose_raters_left_are_not_complete_and_their_ratings_are_wanted(world):
    study, db = world
    pay.settle(db, "P01", study.config.protocol, paid_by="AB", at=AT)
    done = withdraw(Desk(db, study, "AB", AT), "P01", keep_ratings=False)
    assert (done.n_ratings_removed, done.n_unfilled) == (5, 24)
    for person in ("P02", "P03"):
        clips = [clip.candidate_id for clip in assignments.remaining(db, person)]
        rate(db, person, dict.fromkeys(clips, 3), at=AT + timedelta(days=1))
    found = study_status(db, study)
    assert (found.n_clips, found.n_complete, found.n_ratings, found.n_wanted) == (24, 0, 48, 72)
    now = progress(db, study)
    assert sentence(now, AT).endswith(
        "24 ratings more are needed than the plan has raters for: enrol another participant, then "
        "python -m sessions reassign"
    )
    assert "48 of 72 ratings (66.7 %)" in page(now, study, AT)


def test_a_laptop_counts_its_own_part_and_owes_nothing(world):
    study, db = world
    audit.add(db, actor="AB", action="dealt", subject="laptop", detail={}, at=AT)
    assignments.remove(db, "P01", rated_too=True)
    assert study_status(db, study).n_wanted == 48
    assert "settled at the desk" in page(progress(db, study), study, AT)


@pytest.mark.parametrize("kind", [ParticipantKind.SIMULATED, ParticipantKind.HUMAN])
def test_who_has_done_training_and_screening_is_shown_with_it_whoever_it_is(tmp_path, kind):
    study, engine = new_study(tmp_path, rehearsal=True)
    with transaction(engine) as db:
        ids = add_candidates(db, 1)
        for phase, clips in ((Phase.TRAINING, ids[:3]), (Phase.SCREENING, ids[3:])):
            chosen = [ExerciseClip(c, phase, 1, i, Rating(3), "x") for i, c in enumerate(clips)]
            exercises.add_many(db, chosen)
        enrol(db, "S01", kind=kind)
        rate(db, "S01", dict.fromkeys(ids[:3], 3), phase=Phase.TRAINING)
        rate(db, "S01", dict.fromkeys(ids[3:], 3), phase=Phase.SCREENING)
        (row,) = study_status(db, study).participants
    engine.dispose()
    assert (row.training, row.screening) == ("done", "passed 3/3")


def test_trials_that_failed_are_counted_as_trials_and_their_clips_as_clips(world):
    study, db = world
    session_id = pay.statement(db, "P01", study.config.protocol).lines[0].session_id
    for number in (90, 91, 92):
        db.add(
            TrialRow(
                session_id=session_id, number=number, candidate_id=1, outcome="failed",
                failure="gone", recorded_at=AT,
            )
        )  # fmt: skip
    db.flush()
    assert "could not be shown (3, of 1 clip; the last 3)" in page(progress(db, study), study, AT)


def test_too_few_answers_are_not_called_fifty():
    answers = pd.DataFrame(
        {"participant_id": "P01", "candidate_id": range(6), "rating": [1, 2, 3, 1, 2, 3]}
    ).assign(rt_s=0.02)
    (alarm,) = alarms(answers, {})
    assert alarm.detail.startswith("5 of 5 answers within 100 ms")


def test_an_unfinished_screening_counts_what_is_right_of_what_was_rated(tmp_path):
    study, engine = new_study(tmp_path)
    with transaction(engine) as db:
        ids = add_candidates(db, 1)
        chosen = [ExerciseClip(c, Phase.SCREENING, 1, i, Rating(3), "x") for i, c in enumerate(ids)]
        exercises.add_many(db, chosen)
        enrol(db, "P01")
        rate(db, "P01", {ids[0]: 3, ids[1]: 1}, phase=Phase.SCREENING)
        verdict = screening_report(db, study.config.protocol, "P01")[0]
        (row,) = study_status(db, study).participants
    engine.dispose()
    assert verdict == (
        "P01, screening 1: unfinished, 2 of 6 clips rated, 1 of these 2 right so far, 6 needed in "
        "the end"
    )
    assert row.screening == "2 of 6 rated"
