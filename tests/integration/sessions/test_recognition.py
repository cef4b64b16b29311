"""The recognition experiment from the plan to pay, laptops and the table, without a window."""

import csv
import sqlite3
from collections import Counter
from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from sqlalchemy.exc import IntegrityError

from sessions.laptops import clips_needed
from sessions.laptops.deal import deal_part
from sessions.laptops.merge import merge_part
from sessions.monitor.session_table import session_table
from sessions.pay.statement import statement
from sessions.recognition.planning import plan_recognition
from sessions.recognition.session import stimulus_of
from sessions.running.gate import require_cleared
from sessions.running.next_step import Step, next_step
from sessions.running.recording import open_session
from study.errors import ClipError, ConfigError, NotClearedError, StudyError
from study.init import init_study
from study.store import open_store, transaction
from study.store.desk import Desk
from study.store.people import participants
from study.store.recognition import answers, counted, slots, stimuli
from study.store.recognition.slots import Slot
from study.tools.files import sha256_of
from study.vocabulary import Choice, ParticipantKind, Phase, Presentation, TrialRecord
from tests.worlds.recognition import CONDITIONS, recognition_study, stimuli_folder, write_manifest
from tests.worlds.studies import AT, CONSENT


def plan(study, engine, ids=None):
    with transaction(engine) as db:
        return plan_recognition(Desk(db, study, "AB", AT), ids)


@pytest.fixture
def world(tmp_path):
    study, engine = recognition_study(tmp_path, settings={"recognition.practice": "2"})
    plan(study, engine)
    yield SimpleNamespace(study=study, engine=engine, folder=tmp_path)
    engine.dispose()


def answered(study, engine, who, n, *, confidence=None, answer=None, store=None):
    """Let somebody answer some trials right, or as they are told; return what was to come."""
    with open_session(
        engine, study, who, Phase.RECOGNITION, stage="simulated", profile="sure", now=lambda: AT,
        rig={},
    ) as recorder:  # fmt: skip
        for i, planned in enumerate(recorder.plan.trials[:n]):
            said = answer or planned.recognise.label or recorder.plan.classes[0]
            shown = Presentation(10.0 * i, 10.0 * i + 3)
            recorder.save(TrialRecord(planned.stimulus, None, (shown,),
                                      choice=Choice(said, 0.5, confidence)))  # fmt: skip
    return recorder.plan


def test_nobody_meets_a_source_twice_and_two_people_share_each_row(world):
    with transaction(world.engine) as db:
        known, rows = stimuli.listed(db), slots.rows_of_people(db)
        of = {who: slots.remaining(db, who) for who in rows}
    assert len(known) == 4 * 5 * len(CONDITIONS)
    assert set(Counter(rows.values()).values()) == {2}
    for who, to_come in of.items():
        met = Counter(s for each in to_come for s in known[each.stimulus_id].sources)
        assert max(met.values()) == 1, who
        assert [each.is_practice for each in to_come[:3]] == [True, True, False]
        assert {known[each.stimulus_id].condition for each in to_come} == set(CONDITIONS)


def test_the_store_itself_refuses_a_source_that_was_met(world):
    with transaction(world.engine) as db:
        known = stimuli.listed(db)
        mine = {each.stimulus_id for each in slots.remaining(db, "S01")}
        sources = {s for i in mine for s in known[i].sources}
        again = next(i for i, s in known.items() if s.sources & sources and i not in mine)
        with pytest.raises(IntegrityError), db.begin_nested():
            slots.add_many(db, [Slot("S01", again, 0, 999, False)], known)


def test_who_comes_later_joins_the_emptiest_row_and_nobody_else_moves(world):
    with transaction(world.engine) as db:
        before = slots.remaining(db, "S01")
        participants.add(db, participant_id="S99", kind=ParticipantKind.SIMULATED, at=AT)
    done = plan(world.study, world.engine)
    assert list(done.people) == ["S99"]
    with transaction(world.engine) as db:
        assert slots.remaining(db, "S01") == before
    with pytest.raises(StudyError, match="everybody who is enrolled has a place"):
        plan(world.study, world.engine)


def test_too_few_people_are_told_how_many_are_needed(tmp_path):
    study, engine = recognition_study(tmp_path, n_people=9)
    with pytest.raises(StudyError, match=r"square of 5 rows, .* 10 people, and there are 9"):
        plan(study, engine)
    with transaction(engine) as db:
        assert stimuli.listed(db) == {}  # nothing is half planned
    engine.dispose()


def test_stimuli_that_changed_since_the_plan_are_refused(world):
    clip = next((world.folder / "stimuli" / "plain").glob("*/*.mp4"))
    clip.write_bytes(b"another")
    with transaction(world.engine) as db:
        participants.add(db, participant_id="S99", kind=ParticipantKind.SIMULATED, at=AT)
    with pytest.raises(StudyError, match="is another one or gone"):
        plan(world.study, world.engine)


def test_a_session_goes_on_where_it_stopped_and_ends(world):
    first = answered(world.study, world.engine, "S01", 5)
    with transaction(world.engine) as db:
        found = next_step(db, world.study, "S01")
    assert (found.step, found.n_done) == (Step.RECOGNITION, 5)
    second = answered(world.study, world.engine, "S01", 100)
    assert second.trials == first.trials[5:]
    assert all(not trial.stimulus.label for trial in first.trials)
    with transaction(world.engine) as db:
        found = next_step(db, world.study, "S01")
        assert (found.is_finished, found.n_done) == (True, len(first.trials))
        assert counted.judged(db, world.study)["reason"].eq("").all()
        assert len(session_table(db, world.study)) == 2
        assert session_table(db, world.study)["n_counted"].sum() == len(first.trials)


def test_an_answer_that_was_saved_already_is_not_saved_twice(world):
    with open_session(
        world.engine, world.study, "S01", Phase.RECOGNITION, stage="simulated", profile="sure",
        rig={},
    ) as recorder:  # fmt: skip
        record = TrialRecord(recorder.plan.trials[0].stimulus, None, choice=Choice("barking", 1.0))
        recorder.save(record)
        recorder.save(record)
    with transaction(world.engine) as db:
        assert len(answers.frame(db)) == 1


def test_right_answers_earn_what_the_study_promises_but_practice_nothing(tmp_path):
    settings = {"recognition.bonus_pence": "3", "recognition.practice": "2"}
    study, engine = recognition_study(tmp_path, settings=settings)
    plan(study, engine)
    to_come = answered(study, engine, "S01", 100)
    n_right = sum(bool(t.recognise.label) and not t.is_practice for t in to_come.trials)
    assert to_come.shows_bonus
    with transaction(engine) as db:
        owed = statement(db, "S01", study.config.protocol)
        assert (owed.bonus_pence, owed.lines[0].n_rated) == (3 * n_right, len(to_come.trials))
    engine.dispose()


def test_refusals_say_what_to_do(world):
    with transaction(world.engine) as db:
        for who, kind in (("P01", ParticipantKind.HUMAN), ("EXPERT", ParticipantKind.EXPERT)):
            participants.add(db, participant_id=who, kind=kind, at=AT)
        for who, phase, says in (
            ("NOBODY", Phase.RECOGNITION, "enrol"),
            ("P01", Phase.RECOGNITION, "has not given consent"),
            ("EXPERT", Phase.RECOGNITION, "is the expert"),
            ("S01", Phase.ANNOTATION, "is a recognition experiment alone"),
        ):
            with pytest.raises(StudyError, match=says):
                require_cleared(db, world.study, who, phase)
        participants.add_consent(db, "P01", CONSENT)
        require_cleared(db, world.study, "P01", Phase.RECOGNITION)
        assert "plan-recognition" in next_step(db, world.study, "P01").why
        assert "enrol" in next_step(db, world.study, "NOBODY").why


def test_a_study_without_stimuli_has_no_recognition(tmp_path):
    study, engine = recognition_study(
        tmp_path, settings={"recognition.alone": "false", "recognition.stimuli": '"gone"'}
    )
    with pytest.raises(ConfigError, match="is not there"):
        plan(study, engine)
    engine.dispose()


def test_a_laptop_gets_the_clips_that_its_people_have_still_to_recognise(world, tmp_path):
    answered(world.study, world.engine, "S01", 3)
    with transaction(world.engine) as db:
        left = slots.remaining(db, "S01")
        needed = clips_needed.needed(db, ["S01"])
        both = clips_needed.needed(db, ["S01", "S02"])
        part = deal_part(Desk(db, world.study, "AB", AT), ["S01"], tmp_path / "laptop.sqlite")
    assert sorted(needed["filename"]) == sorted(each.stimulus.filename for each in left)
    assert part.n_clips == len(left) == len(needed) < len(both)
    stick = tmp_path / "stick"
    assert list(clips_needed.copy(needed, world.study, stick)) == [False] * len(needed)
    lines = {"recognition.stimuli": f'"{stick / clips_needed.STIMULI}"'}
    there = init_study(tmp_path / "there", [f"{k}={v}" for k, v in lines.items()], AT)
    for each in left:
        shown = stimulus_of(there, each)
        assert sha256_of(shown.path) == shown.sha256 == each.stimulus.sha256
    (world.study.stimuli_path / left[0].stimulus.filename).write_bytes(b"another clip")
    with pytest.raises(ClipError, match="is not the file that was admitted"):
        list(clips_needed.copy(needed, world.study, tmp_path / "other"))
    (world.study.stimuli_path / left[0].stimulus.filename).unlink()
    with pytest.raises(ClipError, match=r"1 clip of .* Check recognition\.stimuli in study\.toml"):
        list(clips_needed.copy(needed, world.study, tmp_path / "third"))


def test_answers_come_back_from_a_laptop_once_and_forged_ones_do_not(world, tmp_path):
    laptop = tmp_path / "laptop.sqlite"
    with transaction(world.engine) as db:
        deal_part(Desk(db, world.study, "AB", AT), ["S01"], laptop)
    with pytest.raises(NotClearedError, match="on a laptop"):
        answered(world.study, world.engine, "S01", 1)
    engine = open_store(f"sqlite:///{laptop}")
    answered(world.study, engine, "S01", 6, confidence=2)
    engine.dispose()

    def merge(path, *, final=False):
        with transaction(world.engine) as db:
            at = AT + timedelta(hours=1)
            return merge_part(Desk(db, world.study, "AB", at), path, final=final)

    for sql, says in (
        ("UPDATE answer SET bonus_pence = 500", "bonus that it does not earn"),
        ("UPDATE answer SET simulated = 0", "disagree on who is simulated"),
        ("UPDATE answer SET answer = ''", "no class"),
        ("DELETE FROM answer WHERE trial_id = 1", "says something else"),
        ("UPDATE stimulus SET label = 'diving'", "stimulus"),
        ("UPDATE recognition_slot SET position = position + 100", "recognition_slot"),
    ):
        forged = tmp_path / "forged.sqlite"
        forged.write_bytes(laptop.read_bytes())
        connection = sqlite3.connect(forged)
        with connection:
            connection.execute(sql)
        connection.close()
        with pytest.raises(StudyError, match=says):
            merge(forged)
    assert merge(laptop).n_ratings == 6
    assert merge(laptop, final=True).n_ratings == 0
    with transaction(world.engine) as db:
        found = answers.frame(db)
    assert found["participant_id"].tolist() == ["S01"] * 6
    assert found["confidence"].tolist() == [2] * 6


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"filename": "../secret.mp4"}, "lies outside"),
        ({"filename": "/etc/passwd"}, "lies outside"),
        ({"filename": "plain/barking/none.mp4"}, "there is no clip"),
        ({"condition": ""}, "condition is ''"),
        ({"label": "a\x07b"}, "is not a class"),
        ({"modality": "smell"}, "Write audiovisual"),
        ({"asynchrony_ms": "soon"}, "expected a number"),
        ({"asynchrony_ms": "1e9"}, "expected a number"),
        ({"label": "x" * 61}, "is not a class"),
    ],
)
def test_a_manifest_from_outside_is_checked(tmp_path, change, says):
    folder = stimuli_folder(tmp_path / "stimuli")
    with (folder / "manifest.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    write_manifest(folder, [*rows[1:], rows[0] | change])
    study, engine = recognition_study(tmp_path, stimuli=folder)
    with pytest.raises(StudyError, match=says):
        plan(study, engine)
    engine.dispose()


def test_a_folder_of_clips_by_class_needs_no_manifest(tmp_path):
    folder = tmp_path / "clips"
    for label in ("barking", "frying"):
        for k in range(3):
            (folder / label).mkdir(parents=True, exist_ok=True)
            (folder / label / f"{k}.mp4").write_bytes(f"{label}{k}".encode())
    study, engine = recognition_study(tmp_path, stimuli=folder, n_people=2)
    done = plan(study, engine)
    assert (done.n_stimuli, set(done.people.values())) == (6, {6})
    assert np.unique(list(done.per_row.values())).tolist() == [2]
    engine.dispose()
