"""Files that say what no laptop can say: every kind is refused in one line, and changes nothing."""

import json
import os
import shutil
import sqlite3
from datetime import timedelta

import numpy as np
import pytest

from sessions.expert.ground_truths import ground_truth_rated
from sessions.laptops.away import on_laptops, require_whole
from sessions.laptops.deal import deal_part
from sessions.laptops.merge import Merged, merge_part, require_honest
from sessions.maintenance.store_check import findings
from sessions.monitor.progress import progress
from sessions.plan import changes, schedule
from sessions.running.session_plan import plan_session
from study.errors import StoreError, StudyError
from study.store import audit, open_store, transaction
from study.store.addresses import sqlite_url
from study.store.desk import Desk
from study.store.laptops import foreign
from study.store.laptops import parts as tables_of
from study.store.people import headphone_checks
from study.store.people.headphone_checks import HeadphoneCheck
from study.store.plan import assignments, ground_truths
from study.store.tables import Base
from study.vocabulary import ParticipantKind, Phase, Rating
from tests.worlds.studies import AT, add_candidates, enrol, new_study, rate

TIME = "2026-01-05T09:00:00.000000+00:00"
NEW = "(SELECT id FROM session WHERE participant_id = 'S01' ORDER BY rowid DESC LIMIT 1)"
TRIAL = f"(SELECT id FROM trial WHERE session_id = {NEW} ORDER BY number LIMIT 1)"


def event(action, subject="laptop", actor="AB", **detail):
    return (
        "INSERT INTO audit_event (at, actor, action, subject, detail) VALUES "
        f"('{TIME}', '{actor}', '{action}', '{subject}', '{json.dumps(detail)}')"
    )


def rated(column, value):
    return f"UPDATE rating SET {column} = {value} WHERE trial_id = {TRIAL}"


def sat(column, value):
    return f"UPDATE session SET {column} = {value} WHERE id = {NEW}"


def flagged(kind, by):
    return (
        "INSERT INTO flag (trial_id, kind, flagged_by, flagged_at) VALUES "
        f"({TRIAL}, '{kind}', '{by}', '{TIME}')"
    )


def noted(participant, session, trial, by="AB"):
    return (
        "INSERT INTO note (participant_id, session_id, trial_id, text, written_by, written_at) "
        f"VALUES ({participant}, {session}, {trial}, 'x', '{by}', '{TIME}')"
    )


ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS id FROM n"
)
FORGED = {
    # events
    "a return of nobody": event("return"),
    "a return of everybody": event("return", participants=["S01"], deal_id="x"),
    "a deal that locks people out": event("deal", participants=["S03"], deal_id="x", file="y"),
    "a deal without a list": event("deal", participants=7, deal_id="x", file="y"),
    "a second dealt": event("dealt", participants=["S03"], deal_id="x", file="y"),
    "a payment": event("pay", "S01", hours_pence=1, bonus_pence=1),
    "a plan": event("plan", "plan"),
    "an enrolment": event("enrol", "P99"),
    "a correction": event("correct_ground_truth", "candidate 1", rating=1),
    "a ground truth that nobody gave": event(
        "ground_truth", "candidate 1", "EXPERT", rating=1, version=1
    ),
    "a headphone check that nobody did": event("check headphones", "S01", "S01", n_right=6),
    "the end of somebody else's session": event("end_session", "S03"),
    "an end of a session with a detail": event("end_session", "S01", participants=[]),
    "an actor with a name": event("end_session", "S01", "John Smith"),
    "an event that is a list": event("end_session", "S01").replace("'{}'", "'[]'"),
    "an event that is no JSON": event("end_session", "S01").replace("'{}'", "'{'"),
    "an event at no time": event("end_session", "S01").replace(TIME, "yesterday"),
    # money
    "a bonus of a million pounds": rated("bonus_pence", 99_999_999),
    "a bonus below nothing": rated("bonus_pence", -99_999),
    "a bonus of one match more": rated("bonus_pence", "bonus_pence + 10"),
    "a bonus for everything": "UPDATE rating SET bonus_pence = 10",
    "a bonus in the screening": rated("phase", "'screening'") + ";" + rated("bonus_pence", 10),
    "a rating that fits the bonus": (
        "UPDATE rating SET bonus_pence = 10, rating = 2 WHERE trial_id IN "
        f"(SELECT id FROM trial WHERE session_id = {NEW} AND candidate_id > 4)"
    ),
    "a configuration that pays more": (
        "INSERT INTO protocol_version (config_sha256, config, recorded_at, frozen) VALUES "
        f"('{'a' * 64}', '{{\"protocol\": {{\"hourly_rate_pence\": 9999}}}}', '{TIME}', 0)"
    ),
    "a configuration that is none": (
        "INSERT INTO protocol_version (config_sha256, config, recorded_at, frozen) VALUES "
        f"('{'a' * 64}', '{{\"protocol\": 7}}', '{TIME}', 0)"
    ),
    "a payment in the table": (
        "INSERT INTO payment (payee, paid_at, paid_by, worked_s, hours_pence, bonus_pence) "
        f"VALUES ('S01', '{TIME}', 'AB', 1, 1, 1)"
    ),
    # cells
    "a response time that is text": rated("rt_s", "'nan'"),
    "a response time without an end": rated("rt_s", "9e999"),
    "a response time before the clip": rated("rt_s", "-5.0"),
    "a response time of two years": rated("rt_s", "7e7"),
    "a rating at no time": rated("rated_at", "'yesterday'"),
    "a rating at a time without a zone": rated("rated_at", "'2026-01-05 09:00:00'"),
    "a count that is text": rated("n_replays", "'many'"),
    "a count below nothing": rated("n_early_presses", -1),
    "a number that no database holds": rated("n_replays", 2**40),
    "a truth value of two": rated("simulated", 2),
    "a blob for a word": sat("host", "x'ff00'"),
    "text that is not UTF-8": sat("host", "CAST(x'ff41' AS TEXT)"),
    "a word that moves the cursor": sat("host", "char(27) || '[2J'"),
    "a name of a megabyte": sat("host", "hex(zeroblob(600000))"),
    "a cell of 40 MB": sat("host", "hex(zeroblob(20000000))"),
    "a rig that is no JSON": sat("rig", "'nonsense'"),
    "a rig that is a list": sat("rig", "'[]'"),
    "a rig with NaN": sat("rig", "'{\"screen\": NaN}'"),
    "a rig that is nested deeply": sat("rig", f"'{'[' * 5000}'"),
    "a rig whose screen is a number": sat("rig", "'{\"screen\": 5}'"),
    "a rig with a grade that there is not": sat("rig", "'{\"grade\": \"A+\"}'"),
    "a level that is text": sat("gain_db", "'loud'"),
    # rows
    "a session of somebody who was not dealt": sat("participant_id", "'S03'"),
    "a session of nobody": "PRAGMA foreign_keys = OFF;" + sat("participant_id", "'S99'"),
    "a phase that is the expert's": sat("phase", "'ground_truth'"),
    "a session that ended for no reason": sat("end_reason", "'because'"),
    "a session with a name": (
        "PRAGMA foreign_keys = OFF; UPDATE trial SET session_id = 'mine' WHERE session_id = "
        f"{NEW}; " + sat("id", "'mine'")
    ),
    "an attempt below one": sat("attempt", 0),
    "a simulated session of the expert": (
        "UPDATE session SET simulated_profile = 'good' WHERE participant_id = 'EXPERT'"
    ),
    "a rating that says it is simulated": rated("simulated", 1),
    "a rating of another clip than its trial": rated(
        "candidate_id", "(SELECT candidate_id FROM assignment WHERE NOT done LIMIT 1)"
    ),
    "a rating of another person than its session": rated("participant_id", "'EXPERT'"),
    "a trial with a clip that was not dealt": (
        "UPDATE trial SET candidate_id = (SELECT id FROM candidate WHERE id NOT IN (SELECT "
        f"candidate_id FROM assignment) LIMIT 1) WHERE id = {TRIAL}; UPDATE rating SET "
        f"candidate_id = (SELECT candidate_id FROM trial WHERE id = {TRIAL}) WHERE trial_id = "
        f"{TRIAL}"
    ),
    "a trial without its rating": f"UPDATE trial SET outcome = 'failed' WHERE id = {TRIAL}",
    "a failed trial with a rating": f"UPDATE trial SET failure = 'x' WHERE id = {TRIAL}",
    "a trial more in a session that was dealt": (
        "INSERT INTO trial (session_id, number, candidate_id, outcome, recorded_at) SELECT "
        f"session_id, 99, candidate_id, 'left', '{TIME}' FROM trial WHERE id = 1"
    ),
    "a key press in a trial that was dealt": (
        "INSERT INTO key_press (trial_id, key, t_s, early) VALUES (1, '3', 1.0, 0)"
    ),
    "a presentation of no clip": (
        "INSERT INTO presentation (trial_id, number, onset_s, offset_s, interrupted, clip_sha256, "
        "n_frames_shown, n_frames_dropped, n_frames_late, n_xruns, left_px, bottom_px, width_px, "
        f"height_px, scale) VALUES ({TRIAL}, 9, 0, 3, 0, 'zz', 1, 0, 0, 0, 0, 0, 1, 1, 1)"
    ),
    "a key press of nothing": (
        "PRAGMA foreign_keys = OFF; INSERT INTO key_press (trial_id, key, t_s, early) VALUES "
        "(99999, '3', 1.0, 0)"
    ),
    "a participant more": (
        f"INSERT INTO participant (id, kind, enrolled_at) VALUES ('P77', 'human', '{TIME}')"
    ),
    "a consent": (
        "INSERT INTO consent (participant_id, form_version, ethics_approval, experimenter, "
        "signed_on) VALUES ('S01', '1', '1', 'AB', '2026-01-05')"
    ),
    "a clearance": (
        "INSERT INTO clearance (participant_id, phase, granted_at, granted_by, reason) VALUES "
        f"('S01', 'annotation', '{TIME}', 'AB', 'x')"
    ),
    "a slot more": (
        "INSERT INTO assignment (candidate_id, slot, participant_id, position, done) SELECT id, 9, "
        "'S01', 900, 0 FROM candidate WHERE id NOT IN (SELECT candidate_id FROM assignment) LIMIT 1"
    ),
    "a ground truth more": (
        "INSERT INTO ground_truth_version (candidate_id, version, rating, given_by, given_at, "
        f"reason) VALUES (1, 2, 3, 'EXPERT', '{TIME}', '')"
    ),
    "a ground truth by somebody else": (
        "UPDATE ground_truth_version SET given_by = 'S01' WHERE candidate_id = 4"
    ),
    "a headphone check with too many right": "UPDATE headphone_check SET n_right = 6",
    "a headphone check that says nothing": "UPDATE headphone_check SET answers = '{}'",
    "a headphone check of somebody else": (
        "PRAGMA foreign_keys = OFF; UPDATE headphone_check SET participant_id = 'S03'"
    ),
    # remarks and flags
    "a flag that rating does not set": flagged("mis_key", "AB"),
    "a slip of somebody else": flagged("slip", "S02"),
    "a disturbance that has a name": flagged("trial_disturbed", "John Smith"),
    "a flag of a trial that was dealt": flagged("trial_disturbed", "AB").replace(TRIAL, "1"),
    "a remark on nobody's session": noted("'S01'", "NULL", "NULL"),
    "a remark on somebody else's session": noted("'S02'", NEW, "NULL"),
    "a remark on a trial of another session": noted("'S01'", NEW, "1"),
    "a remark by a name": noted("'S01'", NEW, "NULL", by="John Smith"),
    # schema
    "a view that never ends": f"CREATE VIEW endless AS {ENDLESS}",
    "a table that is a view that never ends": (
        f"PRAGMA foreign_keys = OFF; DROP TABLE rig_check; CREATE VIEW rig_check AS {ENDLESS}"
    ),
    "a revision that is a view": (
        f"DROP TABLE alembic_version; CREATE VIEW alembic_version AS {ENDLESS}"
    ),
    "a trigger": (
        "CREATE TRIGGER t AFTER INSERT ON rating BEGIN UPDATE rating SET bonus_pence = 100; END"
    ),
    "a trigger on the revision": (
        "CREATE TRIGGER t AFTER UPDATE ON alembic_version BEGIN DELETE FROM rating; END"
    ),
    "a guard that guards nothing": (
        "DROP TRIGGER audit_event_no_update; CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON "
        "audit_event BEGIN SELECT 1; END"
    ),
    "no guard": "DROP TRIGGER audit_event_no_update",
    "a table more": "CREATE TABLE more (id INTEGER)",
    "a virtual table": "CREATE VIRTUAL TABLE more USING fts5(x)",
    "a table less": "DROP TABLE key_press",
    "a column more": "ALTER TABLE rating ADD COLUMN more INTEGER",
    "a computed column": (
        "ALTER TABLE rating ADD COLUMN more INTEGER AS (length(zeroblob(9))) VIRTUAL"
    ),
    "an index on an expression": "CREATE INDEX i ON rating (abs(bonus_pence))",
    "a constraint less": (
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, "
        "'BETWEEN 1 AND 3', 'BETWEEN 1 AND 9') WHERE name = 'rating'"
    ),
    "a schema that does not parse": (
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = 'CREATE TABLE rating (' "
        "WHERE name = 'rating'"
    ),
    "a revision that there is not": "UPDATE alembic_version SET version_num = '9999'",
    "an older revision than the schema": "UPDATE alembic_version SET version_num = '0015'",
    "two revisions": "INSERT INTO alembic_version VALUES ('0001')",
    "another study": f"UPDATE study SET store_id = '{'b' * 32}'",
    "two studies": f"INSERT INTO study VALUES ('x', '{TIME}', 'x', 1, 1)",
}  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A lab, and a laptop of a rater and the expert that has come back honest."""
    folder = tmp_path_factory.mktemp("forged")
    study, engine = new_study(folder / "lab", rehearsal=True)
    with transaction(engine) as db:
        clips = add_candidates(db, 8)
        enrol(db, "S01", "S02", "S03", "S04", kind=ParticipantKind.SIMULATED)
        enrol(db, "EXPERT", kind=ParticipantKind.EXPERT)
        ground_truths.add_sample(db, clips[:8], AT)
        for clip in clips[:3]:
            ground_truths.add_version(
                db, candidate_id=clip, rating=Rating(2), given_by="EXPERT", at=AT
            )
        schedule.make_plan(Desk(db, study, "AB", AT), ids=["S01", "S02", "S03", "S04"])
        rate(db, "S01", {assignments.remaining(db, "S01")[0].candidate_id: 1})
        path = folder / "laptop.sqlite"
        deal_part(Desk(db, study, "AB", AT), ["EXPERT", "S01"], path)
    laptop = open_store(sqlite_url(path))
    with transaction(laptop) as db:
        plan = plan_session(db, study, "S01", Phase.ANNOTATION)
        own = [trial.stimulus.candidate_id for trial in plan.trials[:20]]
        rate(db, "S01", dict.fromkeys(own, 2), bonus_pence=dict.fromkeys(clips[:3], 10), at=AT)
        rate(db, "EXPERT", {clips[3]: 3}, phase=Phase.GROUND_TRUTH)
        ground_truth_rated(
            db,
            candidate_id=clips[3],
            rating=Rating(3),
            participant_id="EXPERT",
            at=AT + timedelta(hours=1),
        )
        answers = HeadphoneCheck("S01", "huggins", (1, 2, 3), (1, 2, 1), -20.0, 2, AT)
        headphone_checks.add(db, answers)
        detail = {"stimulus": "huggins", "n_right": 2, "n_trials": 3}
        audit.add(db, actor="S01", action="check headphones", subject="S01", detail=detail, at=AT)
        audit.add(db, actor="AB", action="end_session", subject="S01", detail={}, at=AT)
    laptop.dispose()
    yield study, engine, path
    engine.dispose()


def content(engine):
    with transaction(engine) as db:
        return {name: tables_of.rows_of(db, name) for name in Base.metadata.tables}


def merge(study, engine, path, **options):
    with transaction(engine) as db:
        return merge_part(Desk(db, study, "AB", AT), path, final=False, **options)


def forged(path, script):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints = ON")  # so does who forges
    connection.executescript(script)
    connection.close()


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_file_is_refused_and_changes_nothing(world, tmp_path, kind):
    study, engine, honest = world
    path = tmp_path / "laptop.sqlite"
    shutil.copy(honest, path)
    forged(path, FORGED[kind])
    assert path.read_bytes() != honest.read_bytes()
    before, bytes_before = content(engine), path.read_bytes()
    with pytest.raises(StoreError) as refused:
        merge(study, engine, path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 500
    assert content(engine) == before
    assert path.read_bytes() == bytes_before


def test_the_honest_file_is_merged_whole(world, tmp_path):
    study, engine, honest = world
    lab = tmp_path / "lab.sqlite"
    with sqlite3.connect(engine.url.database) as source, sqlite3.connect(lab) as target:
        source.backup(target)
    copy = open_store(sqlite_url(lab))
    assert merge(study, copy, honest) == Merged(2, 21, 1)
    assert merge(study, copy, honest) == Merged(0, 0, 22)
    with transaction(copy) as db:
        assert ground_truths.current(db, 4) is Rating.VERY_CLEAN
        assert len(headphone_checks.listed(db, "S01")) == 1
        brought = audit.frame(db)["action"].tolist()
        assert [brought.count(a) for a in ("end_session", "ground_truth", "check headphones")] == [
            1
        ] * 3
        assert list(findings(db, study, clips=False, hashes=False)) == []
    copy.dispose()


def odd_files(folder, honest):
    """Yield names of what is not a file of a laptop at all."""
    whole = honest.read_bytes()
    made = {
        "empty": b"", "text": b"hello", "half": whole[: len(whole) // 2],
        "only a head": whole[:100], "zeros": bytes(8192),
        "head and noise": whole[:4096] + os.urandom(8192),
    }  # fmt: skip
    for name, data in made.items():
        (folder / name).write_bytes(data)
        yield folder / name
    os.mkfifo(folder / "pipe")
    yield folder / "pipe"
    yield folder
    yield folder / "nowhere"
    (folder / "link").symlink_to("/dev/zero")
    yield folder / "link"
    (folder / "loop").symlink_to(folder / "loop")
    yield folder / "loop"


def test_what_is_not_a_laptops_file_at_all_is_one_line(world, tmp_path):
    study, engine, honest = world
    for path in odd_files(tmp_path, honest):
        with pytest.raises(StudyError) as refused:
            merge(study, engine, path)
        assert "\n" not in str(refused.value)


def test_a_file_with_bytes_by_chance_is_refused_or_says_the_same(world, tmp_path):
    study, engine, honest = world
    rng, before = np.random.default_rng(7), content(engine)
    n_refused = 0
    for number in range(12):
        data = bytearray(honest.read_bytes())
        for place in rng.integers(100, len(data), 30):
            data[place] = rng.integers(256)
        path = tmp_path / f"{number}.sqlite"
        path.write_bytes(data)
        try:
            with foreign.opened(path) as laptop, transaction(engine) as db:
                require_honest(laptop, db, study, path)
        except StoreError:
            n_refused += 1
    assert n_refused >= 6
    assert content(engine) == before


def test_a_journal_that_names_other_files_is_not_played(world, tmp_path):
    study, engine, honest = world
    path = tmp_path / "laptop.sqlite"
    shutil.copy(honest, path)
    path.with_name("laptop.sqlite-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" * 100)
    with pytest.raises(StoreError, match="was being written when its machine stopped"):
        merge(study, engine, path)


def test_size_and_time_have_limits(world, monkeypatch):
    study, engine, honest = world
    with (
        pytest.raises(StoreError, match="looking at it took more than 0 s"),
        foreign.opened(honest, longest_s=0.0),
    ):
        pass
    monkeypatch.setattr(foreign, "LARGEST", 4096)
    with pytest.raises(StoreError, match="which no laptop's part has"):
        merge(study, engine, honest)


def test_nobody_waits_while_a_file_is_looked_at(world, tmp_path, monkeypatch):
    study, engine, honest = world
    other = open_store(sqlite_url(engine.url.database), busy_timeout_s=0)
    looked_at, looks = foreign.require_own, []

    def while_somebody_rates(*arguments, **options):
        with transaction(other) as db:
            db.connection().exec_driver_sql("UPDATE study SET title = 'meanwhile'")
            looks.append(1)
        looked_at(*arguments, **options)

    monkeypatch.setattr(foreign, "require_own", while_somebody_rates)
    path = tmp_path / "laptop.sqlite"
    shutil.copy(honest, path)
    forged(path, FORGED["a bonus of one match more"])  # so that the lab stays as it was
    with pytest.raises(StoreError, match="it earns"):
        merge(study, engine, path)
    assert looks == [1]
    other.dispose()


@pytest.mark.parametrize(
    ("action", "detail"),
    [
        ("return", {}), ("deal", {"participants": ["S02"], "file": "x"}), ("deal", {}),
        ("dealt", {}), ("pay", {}), ("plan", {}), ("return", {"participants": 5}),
    ],
)  # fmt: skip
def test_a_store_that_an_older_version_merged_such_an_event_into_works(tmp_path, action, detail):
    study, engine = new_study(tmp_path / "lab", rehearsal=True)
    with transaction(engine) as db:
        add_candidates(db, 2)
        enrol(db, "S01", "S02", "S03", "S04", kind=ParticipantKind.SIMULATED)
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
        # As the older version wrote them.
        brought = detail | {"deal_id": "0123456789ab", "event": 3}
        audit.add(db, actor="AB", action=action, subject="laptop", detail=brought, at=AT)
    with transaction(engine) as db:
        require_whole(db)
        assert on_laptops(db) == {}
        assert plan_session(db, study, "S02", Phase.ANNOTATION).trials
        assert progress(db, study).n_left == 36
        assert changes.reassign(Desk(db, study, "AB", AT), ["S01"]).n_slots > 0
        assert list(findings(db, study, clips=False, hashes=False)) == []
        deal_part(Desk(db, study, "AB", AT), ["S02"], tmp_path / "b.sqlite")
        assert set(on_laptops(db)) == {"S02"}
    engine.dispose()
