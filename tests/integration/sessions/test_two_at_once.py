"""Two at once: gate, plan and session are one transaction, and nobody's clock decides who lives."""

import os
import socket
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from sessions.laptops import away
from sessions.laptops.deal import deal_part
from sessions.plan import changes, schedule
from sessions.running import recording
from sessions.running.open_sessions import end_crashed
from sessions.running.recording import open_session
from study.errors import NotClearedError, StoreError, StudyError
from study.processes.parents import is_annotator, process_mark
from study.store import open_store, transaction
from study.store.desk import Desk
from study.store.engine import clock
from study.store.people import participants
from study.store.plan import assignments
from study.store.ratings import sessions
from study.store.ratings.sessions import Process
from study.store.tables import SessionRow, TrialRow
from study.vocabulary import ParticipantKind, Phase, Presentation, Rating, Response, TrialRecord
from tests.worlds.machine import PATIENCE_S
from tests.worlds.raters import at_once, rate_everything
from tests.worlds.studies import AT, add_candidates, enrol, new_study

PEOPLE = ("S01", "S02", "S03", "S04", "S05")


@pytest.fixture(params=["sqlite", "postgresql"])
def lab(request, tmp_path):
    """A planned rehearsal in which nobody has rated."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    study, engine = new_study(tmp_path / "lab", rehearsal=True, url=url)
    with transaction(engine) as db:
        add_candidates(db, 5)
        enrol(db, *PEOPLE, kind=ParticipantKind.SIMULATED)
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
    yield study, engine, tmp_path / "laptop.sqlite"
    engine.dispose()


def sat_down(engine, study, person="S04", **options):
    options = {"stage": "simulated", "profile": "good", "rig": {}} | options
    return open_session(engine, study, person, Phase.ANNOTATION, **options)


def rated(recorder, i=0):
    stimulus = recorder.plan.trials[i].stimulus
    return TrialRecord(stimulus, Response(Rating(2), 0.5), (Presentation(0.0, 3.0),))


def together(*actions):
    """Let some actions go at the same moment; return what each raised."""
    barrier = threading.Barrier(len(actions))
    raised = [None] * len(actions)

    def run(i, action):
        barrier.wait()
        try:
            action()
        except Exception as error:
            raised[i] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    return raised


def deal(engine, study, path, people=("S04",)):
    with transaction(engine) as db:
        deal_part(Desk(db, study, "AB", AT), list(people), path)


def test_a_deal_between_gate_and_session_waits_and_is_refused(lab, monkeypatch):
    study, engine, path = lab
    in_the_gap, said, plan_session = threading.Event(), [], recording.plan_session

    def deal_meanwhile():
        in_the_gap.wait(PATIENCE_S)
        said.extend(together(lambda: deal(engine, study, path)))

    def plan_slowly(*arguments):
        plan = plan_session(*arguments)
        in_the_gap.set()
        thread.join(0.5)  # as long as the deal takes, if nothing kept it waiting
        return plan

    thread = threading.Thread(target=deal_meanwhile)
    thread.start()
    monkeypatch.setattr(recording, "plan_session", plan_slowly)
    with sat_down(engine, study) as recorder:
        thread.join(PATIENCE_S)
        assert recorder.save(rated(recorder)) == 0
    (refused,) = said
    assert isinstance(refused, StudyError)
    assert "dealing would take away clips that it is showing" in str(refused)
    assert not path.exists()


def test_of_a_deal_and_a_session_at_the_same_moment_one_is_refused(lab):
    study, engine, path = lab
    opened, over = [], threading.Event()

    def sit_down():
        with sat_down(engine, study) as recorder:
            opened.append(recorder)
            over.wait(PATIENCE_S)

    def deal_and_end():
        try:
            deal(engine, study, path)
        finally:
            over.set()

    for _ in range(5):
        opened.clear()
        over.clear()
        refusals = together(sit_down, deal_and_end)
        refused = [error for error in refusals if error is not None]
        assert len(refused) == 1, refusals
        assert isinstance(refused[0], StudyError)
        assert path.exists() is (not opened)
        if path.exists():
            path.unlink()
            with transaction(engine) as db:
                laptop_back(Desk(db, study, "AB", AT))


def laptop_back(desk):
    away.write_off(desk, "laptop.sqlite", reason="a test")


def test_of_two_annotators_of_one_participant_one_is_refused_in_words(lab):
    study, engine, _ = lab
    opened, refused = [], threading.Barrier(2)

    def sit_down():
        try:
            with sat_down(engine, study, is_running=lambda pid: True) as recorder:
                opened.append(recorder.session_id)
                refused.wait(PATIENCE_S)
        except StoreError:
            refused.wait(PATIENCE_S)
            raise

    errors = [error for error in together(sit_down, sit_down) if error is not None]
    assert len(opened) == 1
    (error,) = errors
    assert f"S04 has a session open on {socket.gethostname()}" in str(error)
    assert "End that one with Escape" in str(error)


def test_of_two_deals_at_once_one_is_refused(lab):
    study, engine, path = lab
    paths = (path, path.with_name("other.sqlite"))
    refusals = together(*(lambda p=p: deal(engine, study, p) for p in paths))
    assert [isinstance(error, StudyError) for error in refusals].count(True) == 1
    assert [p.exists() for p in paths].count(True) == 1


def test_clips_are_not_moved_in_the_gap_either(lab):
    study, engine, _ = lab
    with sat_down(engine, study), transaction(engine) as db:
        before = assignments.frame(db)
        with pytest.raises(StudyError, match="a session is open"):
            changes.reassign(Desk(db, study, "AB", AT), ["S04"])
        assert assignments.frame(db).equals(before)


def test_a_session_whose_screen_does_not_open_leaves_nothing(lab):
    study, engine, path = lab
    with pytest.raises(OSError), sat_down(engine, study, rig=None):  # noqa: PT011
        raise OSError("no screen")
    with transaction(engine) as db:
        assert db.scalars(select(SessionRow)).all() == []
    with sat_down(engine, study, rig=None, now=lambda: AT) as recorder:
        recorder.now().isoformat()
        recorder.save_rig({"screen": "a"})
    with transaction(engine) as db:
        (row,) = db.scalars(select(SessionRow))
        assert (row.rig["screen"], row.end_reason) == ("a", "ended")
        assert "opening" not in row.rig
    deal(engine, study, path)
    with pytest.raises(NotClearedError, match="on a laptop"), sat_down(engine, study):
        pass


def test_a_closed_session_takes_no_more_ratings(lab):
    study, engine, path = lab
    with sat_down(engine, study) as recorder:
        recorder.save(rated(recorder))
        with transaction(engine) as db:
            end_crashed(Desk(db, study, "AB", clock(db)), "S04", is_running=lambda pid: False)
        deal(engine, study, path)
        assert recorder.save(rated(recorder)) == 0  # it stands: the acknowledgement was lost
        with pytest.raises(StoreError, match="takes no more ratings"):
            recorder.save(rated(recorder, 1))
    with transaction(engine) as db:
        assert len(db.scalars(select(TrialRow)).all()) == 1


# Clocks ------------------------------------------------------------------------------------------

SLOW, FAST = timedelta(minutes=-6), timedelta(minutes=6)


@pytest.mark.parametrize("wrong", [SLOW, FAST, timedelta(days=-400), timedelta(days=400)])
def test_a_station_whose_clock_is_wrong_is_neither_abandoned_nor_immortal(lab, wrong):
    study, engine, _ = lab
    present = [datetime.now(UTC)]  # the database's clock, which the test winds on

    def station_clock():
        return datetime.now(UTC) + wrong

    options = {"now": station_clock, "database_clock": lambda db: present[0]}
    with sat_down(engine, study, **options) as recorder, transaction(engine) as db:
        elsewhere = {"host": "station-2", "pid": 7, "rig": {}}
        db.execute(update(SessionRow).values(elsewhere))
        later = present[0] + timedelta(minutes=4)
        with pytest.raises(StoreError, match=r"last sign of life, which was 240 s ago"):
            end_crashed(Desk(db, study, "AB", later), "S04", is_running=lambda pid: False)
        sessions.heartbeat(db, recorder.session_id, later)
        later += timedelta(minutes=4)
        with pytest.raises(StoreError, match="session open on station-2"):
            end_crashed(Desk(db, study, "AB", later), "S04", is_running=lambda pid: False)
        later += timedelta(minutes=2)
        end_crashed(Desk(db, study, "AB", later), "S04", is_running=lambda pid: False)


def test_signs_of_life_are_stamped_by_the_database(lab, monkeypatch):
    study, engine, _ = lab
    monkeypatch.setattr(sessions, "HEARTBEAT_S", 0.01)
    with sat_down(engine, study, now=lambda: AT) as recorder:
        for _ in range(200):
            with transaction(engine) as db:
                row = db.get_one(SessionRow, recorder.session_id)
                begun, beat, at = row.started_at, row.heartbeat_at, clock(db)
            if abs(at - beat) < timedelta(seconds=5):
                break
        assert begun == AT
        assert abs(at - beat) < timedelta(minutes=1)


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_jump_of_the_clock_kills_nobody_who_runs_on_this_machine(lab, jump):
    study, engine, _ = lab
    with sat_down(engine, study), transaction(engine) as db:
        at = clock(db) + jump
        with pytest.raises(StoreError, match=f"if its program hangs, end it: kill {os.getpid()}"):
            end_crashed(Desk(db, study, "AB", at), "S04", is_running=lambda pid: True)
        db.execute(update(SessionRow).values(host="renamed-since"))
        with pytest.raises(StoreError, match="if its program hangs"):
            end_crashed(Desk(db, study, "AB", at), "S04", is_running=lambda pid: True)


def begin(db, study, process, at=AT):
    from study.store import studies

    return sessions.begin(
        db, session_id="a" * 32, participant_id="S04", phase=Phase.ANNOTATION, attempt=1,
        stage="window", simulated_profile=None, rig={}, process=process,
        protocol_version_id=studies.protocol_version(db, config=study.config, at=at),
        is_running=lambda pid: True, at=at,
    )  # fmt: skip


def test_a_number_that_went_to_another_annotator_keeps_nobody_alive(lab):
    study, engine, _ = lab
    host, boot = socket.gethostname(), process_mark(os.getpid()).partition("/")[0]
    with transaction(engine) as db:
        begin(db, study, Process(host, os.getpid(), f"{boot}/1"))
        end_crashed(Desk(db, study, "AB", AT), "S04", is_running=lambda pid: True)


def test_another_machine_of_the_same_name_is_not_this_one(lab):
    study, engine, _ = lab
    process = Process(socket.gethostname(), 7, "another run of another machine/1")
    with transaction(engine) as db:
        begin(db, study, process)
        if engine.dialect.name == "sqlite":  # one machine only: it was started anew since
            end_crashed(Desk(db, study, "AB", AT), "S04", is_running=lambda pid: False)
            return
        with pytest.raises(StoreError, match="last sign of life"):
            end_crashed(Desk(db, study, "AB", AT), "S04", is_running=lambda pid: False)
        end_crashed(
            Desk(db, study, "AB", AT + timedelta(minutes=6)), "S04", is_running=is_annotator
        )


# Waiting -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [4, 8])
def test_annotators_on_one_file_wait_for_each_other_and_lose_nothing(tmp_path, n):
    study, engine = new_study(tmp_path / "lab", rehearsal=True)
    people = [f"S{number:02d}" for number in range(1, n + 1)]
    with transaction(engine) as db:
        clips = add_candidates(db, 8)
        enrol(db, *people, kind=ParticipantKind.SIMULATED)
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
    engine.dispose()
    at_once(rate_everything, [(study.store_url, person) for person in people])
    with transaction(engine) as db:
        assert all(count.n_left == 0 for count in assignments.counts(db).values())
        assert len(db.scalars(select(TrialRow)).all()) == 3 * len(clips)
    engine.dispose()


def test_who_waits_gets_its_turn_though_another_never_lets_go_for_long(tmp_path):
    _, engine = new_study(tmp_path / "lab", rehearsal=True)
    over, n_taken = threading.Event(), [0]

    def hog():
        other = open_store(str(engine.url))
        while not over.is_set():
            with transaction(other) as db:
                participants.listed(db)
                n_taken[0] += 1
                over.wait(0.02)
        other.dispose()

    hogs = [threading.Thread(target=hog) for _ in range(3)]
    for each in hogs:
        each.start()
    patient = open_store(str(engine.url), busy_timeout_s=20)
    while n_taken[0] < 3:
        time.sleep(0.01)
    for _ in range(10):
        with transaction(patient) as db:
            assert participants.listed(db) == []
    over.set()
    for each in hogs:
        each.join()
    patient.dispose()
    engine.dispose()


def test_a_store_that_stays_locked_says_what_to_wait_for_and_loses_no_rating(tmp_path):
    study, engine = new_study(tmp_path / "lab", rehearsal=True)
    with transaction(engine) as db:
        add_candidates(db, 1)
        enrol(db, "S04", "S05", "S06", kind=ParticipantKind.SIMULATED)
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
    impatient = open_store(study.store_url, busy_timeout_s=0.05)
    with sat_down(impatient, study) as recorder:
        with transaction(engine) as db:
            participants.listed(db)
            with pytest.raises(StoreError, match=r"\(plan, merge .*: let it finish") as told:
                recorder.save(rated(recorder))
            assert "End the other" not in str(told.value)
        assert recorder.save(rated(recorder)) == 0
    impatient.dispose()
    engine.dispose()
