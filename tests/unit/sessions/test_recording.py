import os
import socket
from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest
from sqlalchemy import func, select

from sessions.running.recording import open_session
from sessions.running.session_plan import plan_session
from study.errors import StoreError
from study.store import open_store, transaction
from study.store.ratings import sessions
from study.store.ratings.sessions import Process
from study.store.tables import (
    AssignmentRow,
    FlagRow,
    KeyPressRow,
    PresentationRow,
    RatingRow,
    SessionRow,
    TrialRow,
)
from study.vocabulary import EndReason, KeyPress, Phase, Presentation, Rating, Response, TrialRecord
from tests.worlds.rating_studies import EXPERT, PERSON, ROBOT, annotate, ratable_study
from tests.worlds.studies import AT


@pytest.fixture
def study_and_engine(tmp_path):
    study, engine = ratable_study(tmp_path, kinds=("missing",) * 4)
    yield study, engine
    engine.dispose()


def plan_for(engine, study, participant_id=PERSON, phase=Phase.ANNOTATION):
    with transaction(engine) as db:
        return plan_session(db, study, participant_id, phase)


def session_of(engine, study, plan, **options):
    options = {
        "stage": "window",
        "profile": None,
        "rig": {},
        "now": lambda: AT,
        "is_running": lambda pid: True,
    } | options
    return open_session(engine, study, plan.participant_id, plan.phase, **options)


def rated(plan, rating, i=0):
    return TrialRecord(
        plan.trials[i].stimulus,
        Response(Rating(rating), rt_s=0.75, n_replays=1, n_early_presses=1),
        (
            Presentation(1.0, 2.0, interrupted=True, asked_s=0.9, disturbed=True),
            Presentation(3.0, 6.0, clip_sha256="f" * 64),
        ),
        (KeyPress("3", 2.0, early=True, warned_s=2.03), KeyPress(str(rating), 6.75)),
    )


def count(engine, row):
    with transaction(engine) as db:
        return db.scalars(select(func.count()).select_from(row)).one()


def test_a_rating_is_kept_with_all_its_evidence_and_pays_if_it_matches(study_and_engine):
    study, engine = study_and_engine
    plan = plan_for(engine, study)
    with session_of(engine, study, plan) as recorder:
        assert recorder.total() == 0
        assert recorder.save(rated(plan, 1)) == 10
        assert recorder.save(rated(plan, 3, i=1)) == 10
    with transaction(engine) as db:
        rating = db.get_one(RatingRow, 1)
        assert (rating.participant_id, rating.candidate_id, rating.phase) == (
            PERSON,
            1,
            "annotation",
        )
        assert (rating.rating, rating.rt_s, rating.n_replays, rating.n_early_presses) == (
            1,
            0.75,
            1,
            1,
        )
        assert (rating.bonus_pence, rating.simulated, rating.rated_at) == (10, False, AT)
        assert [
            (p.number, p.asked_s, p.disturbed)
            for p in db.scalars(select(PresentationRow).where(PresentationRow.trial_id == 1))
        ] == [(1, 0.9, True), (2, None, False)]
        presses = db.scalars(select(KeyPressRow).where(KeyPressRow.trial_id == 1))
        assert [(press.key, press.warned_s) for press in presses] == [("3", 2.03), ("1", None)]
        done = db.scalars(select(AssignmentRow.candidate_id).where(AssignmentRow.done.is_(True)))
        assert sorted(done) == [1, 2]
        session = db.scalars(select(SessionRow)).one()
        assert (session.end_reason, session.ended_at) == ("ended", AT)
    assert [t.stimulus.candidate_id for t in plan_for(engine, study).trials] == [3, 4]


def test_flags_are_on_the_trials_they_are_about_and_change_no_rating_and_no_bonus(study_and_engine):
    study, engine = study_and_engine
    plan = plan_for(engine, study)
    with session_of(engine, study, plan) as recorder:
        assert recorder.save(replace(rated(plan, 1), disturbed=True)) == 10
        slip = replace(rated(plan, 3, i=1), slip_before=True)
        assert recorder.save(slip) == 10
        assert recorder.save(slip) == 10  # a retry flags nothing twice
        recorder.flag_slip()
        recorder.flag_slip()
    with transaction(engine) as db:
        found = db.execute(
            select(FlagRow.trial_id, FlagRow.kind, FlagRow.flagged_by).order_by(FlagRow.id)
        ).all()
        given = db.execute(select(RatingRow.rating, RatingRow.bonus_pence)).all()
    assert found == [
        (1, "trial_disturbed", "experimenter"),
        (1, "slip", PERSON),
        (2, "slip", PERSON),
    ]
    assert given == [(1, 10), (3, 0)]


def test_a_slip_before_the_first_rating_of_a_session_flags_nothing(study_and_engine):
    study, engine = study_and_engine
    with session_of(engine, study, plan_for(engine, study)) as recorder:
        recorder.flag_slip()
    assert count(engine, FlagRow) == 0


def test_a_retry_after_a_lost_acknowledgement_adds_nothing(study_and_engine):
    study, engine = study_and_engine
    plan = plan_for(engine, study)
    with session_of(engine, study, plan) as recorder:
        assert recorder.save(rated(plan, 1)) == recorder.save(rated(plan, 1)) == 10
    assert (count(engine, RatingRow), count(engine, TrialRow)) == (1, 1)


def test_a_rating_that_cannot_be_settled_leaves_nothing_behind(study_and_engine):
    study, engine = study_and_engine
    plan = plan_for(engine, study)
    with transaction(engine) as db:
        db.query(AssignmentRow).filter_by(participant_id=PERSON, candidate_id=1).delete()
    with (
        session_of(engine, study, plan) as recorder,
        pytest.raises(StoreError, match="not assigned to participant P03 any more"),
    ):
        recorder.save(rated(plan, 1))
    assert (count(engine, RatingRow), count(engine, TrialRow), count(engine, PresentationRow)) == (
        0,
        0,
        0,
    )


def limit_pages(engine, n_pages):
    with engine.connect() as connection:  # the pool hands the same connection out again
        connection.exec_driver_sql(f"PRAGMA max_page_count = {n_pages}")


def test_a_full_disk_refuses_a_rating_whole_and_takes_it_when_there_is_room(study_and_engine):
    study, engine = study_and_engine
    plan = plan_for(engine, study)
    with session_of(engine, study, plan) as recorder:
        recorder.save(rated(plan, 1))
        limit_pages(engine, 1)  # SQLite takes the present size for the least
        many = tuple(KeyPress("q" * 100, float(i)) for i in range(1000))
        large = replace(rated(plan, 2, i=1), key_presses=many)
        with pytest.raises(
            StoreError, match=r"disk is full\. Nothing was changed\. Free some space"
        ):
            recorder.save(large)
        assert (count(engine, RatingRow), count(engine, PresentationRow)) == (1, 2)
        limit_pages(engine, 1_000_000)
        assert recorder.save(large) == 20
    assert (count(engine, RatingRow), count(engine, TrialRow)) == (2, 2)


def test_the_level_and_the_way_it_ended_are_kept_with_the_session(study_and_engine):
    study, engine = study_and_engine
    plan = plan_for(engine, study)
    with session_of(engine, study, plan) as recorder:
        recorder.save_gain(-12.0)
        recorder.end(EndReason.LEFT)
    with pytest.raises(RuntimeError), session_of(engine, study, plan):
        raise RuntimeError("a bug")
    with transaction(engine) as db:
        found = db.scalars(select(SessionRow).order_by(SessionRow.gain_db.is_(None))).all()
        assert [(s.gain_db, s.end_reason) for s in found] == [(-12.0, "left"), (None, "stopped")]


def test_failed_and_left_trials_are_kept_without_a_rating(study_and_engine):
    study, engine = study_and_engine
    plan = plan_for(engine, study)
    with session_of(engine, study, plan) as recorder:
        recorder.save(TrialRecord(plan.trials[0].stimulus, None, failure="empty"))
        recorder.save(TrialRecord(plan.trials[0].stimulus, None))
    with transaction(engine) as db:
        trials = db.scalars(select(TrialRow).order_by(TrialRow.number)).all()
        assert [(t.number, t.outcome, t.failure) for t in trials] == [
            (1, "failed", "empty"),
            (2, "left", None),
        ]
    assert len(plan_for(engine, study).trials) == 4


@pytest.mark.parametrize("rating", list(Rating))
def test_a_clip_without_ground_truth_earns_nothing_whatever_is_pressed(tmp_path, rating):
    study, engine = ratable_study(tmp_path, kinds=("missing",) * 2, n_ground_truths=0)
    plan = plan_for(engine, study)
    with session_of(engine, study, plan) as recorder:
        assert recorder.save(rated(plan, rating)) == 0
        assert recorder.total() == 0
    with transaction(engine) as db:
        assert db.get_one(RatingRow, 1).bonus_pence == 0
    engine.dispose()


def test_the_experts_ratings_become_ground_truths(tmp_path):
    study, engine = ratable_study(tmp_path, kinds=("missing",) * 2, n_ground_truths=0)
    from study.store.plan import ground_truths

    with transaction(engine) as db:
        ground_truths.add_sample(db, [2], AT)
    plan = plan_for(engine, study, EXPERT, Phase.GROUND_TRUTH)
    with session_of(engine, study, plan) as recorder:
        assert recorder.save(rated(plan, 2)) is None
    with transaction(engine) as db:
        assert ground_truths.current(db, 2) is Rating.MODERATELY_CLEAN
    assert plan_for(engine, study, EXPERT, Phase.GROUND_TRUTH).trials == []


def test_a_second_session_is_refused_and_the_message_says_who_and_since_when(study_and_engine):
    study, engine = study_and_engine
    plan = plan_for(engine, study)
    with session_of(engine, study, plan):
        with (
            pytest.raises(
                StoreError,
                match=rf"P03 has a session open on {socket.gethostname()} "
                rf"\(process {os.getpid()}\) since 2026-01-05",
            ),
            session_of(engine, study, plan),
        ):
            pass
        with session_of(engine, study, plan_for(engine, study, ROBOT)):
            pass


def begin(engine, study, **options):
    from study.store import studies

    with transaction(engine) as db:
        version = studies.protocol_version(db, config=study.config, at=AT)
        defaults = {
            "session_id": "b" * 32,
            "participant_id": PERSON,
            "phase": Phase.ANNOTATION,
            "attempt": 1,
            "stage": "window",
            "simulated_profile": None,
            "rig": {},
            "protocol_version_id": version,
            "process": Process("lab1", 7),
            "is_running": lambda pid: True,
            "at": AT,
        }
        return sessions.begin(db, **(defaults | options))


@pytest.mark.parametrize(
    "options",
    [
        {"is_running": lambda pid: False},
        {"process": Process("lab2", 9), "at": AT + timedelta(minutes=6)},
    ],
    ids=["its process is dead", "it has been silent for too long"],
)
def test_a_stale_session_is_taken_over(study_and_engine, options):
    study, engine = study_and_engine
    begin(engine, study)
    begin(engine, study, session_id="c" * 32, **options)
    with transaction(engine) as db:
        stale = db.get_one(SessionRow, "b" * 32)
        assert stale.end_reason == "abandoned"


def test_a_session_elsewhere_is_not_taken_over_while_it_shows_signs_of_life(study_and_engine):
    study, engine = study_and_engine
    begin(engine, study)
    with transaction(engine) as db:
        sessions.heartbeat(db, "b" * 32, AT + timedelta(minutes=4))
    with pytest.raises(StoreError, match="open on lab1"):
        begin(
            engine,
            study,
            session_id="c" * 32,
            process=Process("lab2", 9),
            is_running=lambda pid: False,
            at=AT + timedelta(minutes=6),
        )


def test_an_open_engine_sees_what_other_processes_wrote_even_if_the_store_was_opened_again(
    study_and_engine,
):
    study, engine = study_and_engine
    with engine.connect() as connection:
        assert pd.read_sql_table("rating", connection).empty
    open_store(study.store_url).dispose()
    run = annotate(study, "--participant", ROBOT, "--simulate", "perfect", "--stage", "simulated")
    assert "4 of 4" in run.stdout
    assert count(engine, RatingRow) == 4
