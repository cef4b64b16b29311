import numpy as np
import pytest
from sqlalchemy.exc import IntegrityError

from sessions.plan import changes, schedule
from sessions.running.session_plan import plan_session
from study.errors import NotClearedError, StudyError
from study.store import audit, transaction
from study.store.desk import Desk
from study.store.people import participants
from study.store.plan import assignments, exercises, ground_truths
from study.store.plan.exercises import ExerciseClip
from study.vocabulary import ParticipantKind, Phase, Rating
from tests.worlds.studies import AT, add_candidates, enrol, new_study, rate

RATERS = ["S01", "S02", "S03", "S04", "S05"]


@pytest.fixture
def planned(tmp_path):
    """A planned rehearsal: 120 clips, 12 of them ground truths, five simulated raters."""
    study, engine = new_study(tmp_path, rehearsal=True)
    with transaction(engine) as db:
        ids = add_candidates(db, 20)
        ground_truths.add_sample(db, ids[::10], AT)
        enrol(db, *RATERS, kind=ParticipantKind.SIMULATED)
        enrol(db, "EXPERT", kind=ParticipantKind.EXPERT)
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
        yield study, db


def assert_exact(db, n_clips=120):
    table = assignments.frame(db)
    raters = table.groupby("candidate_id")["participant_id"]
    assert len(raters) == n_clips
    assert (raters.count() == 3).all()
    assert (raters.nunique() == 3).all()
    assert not table.duplicated(["participant_id", "position"]).any()


def rate_some(db, study, participant_id, n):
    plan = plan_session(db, study, participant_id, Phase.ANNOTATION)
    rate(db, participant_id, {t.stimulus.candidate_id: 3 for t in plan.trials[:n]})


def test_a_plan_gives_each_clip_three_raters_and_each_rater_as_many_clips(planned):
    _, db = planned
    assert_exact(db)
    counts = assignments.counts(db)
    assert {count.n_assigned for count in counts.values()} == {72}
    assert set(counts) == set(RATERS)


def test_the_same_seed_makes_the_same_plan(planned, tmp_path):
    _, db = planned
    study, engine = new_study(tmp_path / "again", rehearsal=True)
    with transaction(engine) as other:
        ids = add_candidates(other, 20)
        ground_truths.add_sample(other, ids[::10], AT)
        enrol(other, *RATERS, kind=ParticipantKind.SIMULATED)
        schedule.make_plan(Desk(other, study, "AB", AT), ids=None)
        again = assignments.frame(other)
    columns = ["candidate_id", "slot", "participant_id", "position"]
    assert assignments.frame(db)[columns].equals(again[columns])


def test_a_second_plan_is_refused(planned):
    study, db = planned
    with pytest.raises(StudyError, match=r"has a plan already.*reassign or extend"):
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)


def test_the_next_session_goes_on_after_what_is_rated(planned):
    study, db = planned
    before = plan_session(db, study, "S01", Phase.ANNOTATION)
    rate_some(db, study, "S01", 5)
    after = plan_session(db, study, "S01", Phase.ANNOTATION)
    assert (before.n_done, after.n_done) == (0, 5)
    assert after.trials == before.trials[5:]
    assert after.shows_bonus


def test_exercise_clips_are_in_no_plan(tmp_path):
    study, engine = new_study(tmp_path, rehearsal=True)
    with transaction(engine) as db:
        ids = add_candidates(db, 5)
        exercises.add_many(
            db, [ExerciseClip(ids[0], Phase.TRAINING, 1, 0, Rating.VERY_CLEAN, "why")]
        )
        enrol(db, *RATERS, kind=ParticipantKind.SIMULATED)
        change = schedule.make_plan(Desk(db, study, "AB", AT), ids=RATERS[:3])
        assert change.n_candidates == 29
        assert ids[0] not in assignments.candidate_ids(db)
        assert set(assignments.counts(db)) == set(RATERS[:3])


def test_a_drop_outs_clips_are_finished_by_the_others(planned):
    study, db = planned
    rate_some(db, study, "S02", 30)
    participants.close(db, "S02", reason="moved away", at=AT)
    change = changes.reassign(Desk(db, study, "AB", AT), ["S02"])
    assert change.n_slots == 42
    assert_exact(db)
    assert assignments.counts(db)["S02"] == assignments.Count(30, 30)
    assert max(change.loads.values()) - min(change.loads.values()) <= 1


def test_somebody_may_leave_whose_record_stays_open(planned):
    study, db = planned
    change = changes.reassign(Desk(db, study, "AB", AT), ["S05"])
    assert "S05" not in change.loads
    assert "S05" not in assignments.counts(db)
    assert_exact(db)


def test_too_many_drop_outs_are_told_that_another_participant_is_needed(planned):
    study, db = planned
    with pytest.raises(StudyError, match=r"different raters .* Enrol another participant first"):
        changes.reassign(Desk(db, study, "AB", AT), ["S01", "S02", "S03"])


def test_a_late_joiner_takes_an_equal_part_and_ground_truths_with_it(planned):
    study, db = planned
    enrol(db, "S06", kind=ParticipantKind.SIMULATED)
    with pytest.raises(NotClearedError, match=r"no clips are assigned .* sessions extend S06"):
        plan_session(db, study, "S06", Phase.ANNOTATION)
    change = changes.extend(Desk(db, study, "AB", AT), "S06", n_clips=None)
    assert change.n_slots == 60
    assert_exact(db)
    assert set(change.loads.values()) == {60}
    own = assignments.frame(db).query("participant_id == 'S06'")["candidate_id"]
    assert own.isin(ground_truths.sampled(db)).sum() == 6


def test_a_joiner_may_take_a_few_clips_only(planned):
    study, db = planned
    enrol(db, "S06", kind=ParticipantKind.SIMULATED)
    changes.extend(Desk(db, study, "AB", AT), "S06", n_clips=7)
    changes.extend(Desk(db, study, "AB", AT), "S06", n_clips=7)
    assert assignments.counts(db)["S06"].n_assigned == 14
    assert_exact(db)


def test_a_joiner_takes_the_last_clip_that_is_left(planned):
    study, db = planned
    for person in RATERS:
        rate_some(db, study, person, 72 if person != "S05" else 71)
    enrol(db, "S06", kind=ParticipantKind.SIMULATED)
    assert changes.extend(Desk(db, study, "AB", AT), "S06", n_clips=None).n_slots == 1
    assert_exact(db)


def test_nothing_rated_is_ever_moved(planned):
    study, db = planned
    for participant_id in RATERS:
        rate_some(db, study, participant_id, 40)
    rated = assignments.frame(db).query("done")
    enrol(db, "S06", kind=ParticipantKind.SIMULATED)
    changes.extend(Desk(db, study, "AB", AT), "S06", n_clips=None)
    changes.reassign(Desk(db, study, "AB", AT), ["S01"])
    after = assignments.frame(db).query("done")
    assert rated.reset_index(drop=True).equals(after.reset_index(drop=True))
    assert_exact(db)


def test_late_candidates_get_their_raters_after_the_others(planned):
    study, db = planned
    with pytest.raises(StudyError, match="all candidates are planned already"):
        schedule.plan_late_candidates(Desk(db, study, "AB", AT))
    add_candidates(db, 5, labels=("whistling",))
    change = schedule.plan_late_candidates(Desk(db, study, "AB", AT))
    assert (change.n_candidates, change.n_slots) == (5, 15)
    assert_exact(db, n_clips=125)
    loads = np.array(list(change.loads.values()))
    assert loads.max() - loads.min() <= 1


def test_every_change_of_the_plan_is_in_the_audit_log(planned):
    study, db = planned
    enrol(db, "S06", kind=ParticipantKind.SIMULATED)
    changes.extend(Desk(db, study, "CD", AT), "S06", n_clips=3)
    last = audit.frame(db).iloc[-1]
    assert (last["actor"], last["action"], last["detail"]["joiner"]) == ("CD", "extend", "S06")


def test_the_schema_itself_refuses_a_fourth_slot_holder_and_a_rater_twice(planned):
    _, db = planned
    row = assignments.frame(db).iloc[[0]]
    with pytest.raises(IntegrityError), db.begin_nested():
        assignments.add_many(db, row.assign(participant_id="EXPERT", position=0))
    with pytest.raises(IntegrityError), db.begin_nested():
        assignments.add_many(db, row.assign(slot=4, position=999))
