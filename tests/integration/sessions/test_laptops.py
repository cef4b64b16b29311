import sqlite3
from datetime import timedelta
from hashlib import sha256

import pytest
from alembic import command

from sessions.laptops import away, clips_needed
from sessions.laptops.away import require_whole
from sessions.laptops.deal import deal_part
from sessions.laptops.merge import Merged, merge_part
from sessions.maintenance.store_check import findings
from sessions.plan import changes, schedule
from sessions.running.session_plan import plan_session
from study.errors import ClipError, NotClearedError, StoreError, StudyError
from study.store import audit, open_store, transaction
from study.store.clips import candidates
from study.store.desk import Desk
from study.store.engine import engine_of
from study.store.migrations import alembic_config
from study.store.people import headphone_checks, payments
from study.store.people.headphone_checks import HeadphoneCheck
from study.store.plan import assignments, ground_truths
from study.store.ratings import flags, notes, trials
from study.vocabulary import FlagKind, ParticipantKind, Phase, Rating
from tests.worlds.studies import AT, add_candidates, enrol, new_study, rate

PEOPLE = ("S01", "S02", "S03", "S04", "S05")


@pytest.fixture(params=["sqlite", "postgresql"])
def lab(request, tmp_path):
    """A planned rehearsal of 48 clips whose first participant has rated three of them."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    study, engine = new_study(tmp_path / "lab", rehearsal=True, url=url)
    with transaction(engine) as db:
        clips = add_candidates(db, 8)
        ground_truths.add_sample(db, clips[:4], AT)
        for clip in clips[:3]:
            ground_truths.add_version(
                db, candidate_id=clip, rating=Rating(2), given_by="EXPERT", at=AT
            )
        enrol(db, *PEOPLE, kind=ParticipantKind.SIMULATED)
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
        rate_some(db, study, "S01", 3)
    yield study, engine, tmp_path / "laptop-a.sqlite"
    engine.dispose()


def rate_some(db, study, participant_id, n=None):
    plan = plan_session(db, study, participant_id, Phase.ANNOTATION)
    clips = [trial.stimulus.candidate_id for trial in plan.trials[:n]]
    # All are rated as the expert rated the first three.
    return rate(
        db, participant_id, dict.fromkeys(clips, 2), bonus_pence=dict.fromkeys((1, 2, 3), 10)
    )


def deal(study, engine, path, people=("S01", "S02")):
    with transaction(engine) as db:
        return deal_part(Desk(db, study, "AB", AT), list(people), path)


def merge(study, engine, path, *, final=False):
    with transaction(engine) as db:
        return merge_part(Desk(db, study, "AB", AT), path, final=final)


def rate_on_laptop(study, path, participant_id, n=None):
    engine = open_store(f"sqlite:///{path}")
    with transaction(engine) as db:
        rate_some(db, study, participant_id, n)
    engine.dispose()


def test_a_laptop_brings_back_what_was_rated_there_and_only_once(lab):
    study, engine, path = lab
    assert deal(study, engine, path).n_clips == 2 * 29 - 3
    rate_on_laptop(study, path, "S01", 5)
    rate_on_laptop(study, path, "S02", 4)
    assert merge(study, engine, path) == Merged(2, 9, 3)
    assert merge(study, engine, path) == Merged(0, 0, 12)
    rate_on_laptop(study, path, "S02", 6)
    assert merge(study, engine, path, final=True) == Merged(1, 6, 12)
    with transaction(engine) as db:
        assert trials.rated(db).groupby("participant_id").size().to_dict() == {
            "S01": 8,
            "S02": 10,
        }
        assert assignments.counts(db)["S01"].n_done == 8
        assert assignments.counts(db)["S02"].n_done == 10
        given = trials.rated(db)
        earned = 10 * int((given["participant_id"].eq("S01") & given["candidate_id"].le(3)).sum())
        assert payments.bonus_pence(db, "S01") == earned


def test_who_is_on_laptops_rates_on_the_laptop_only_and_keeps_every_clip(lab):
    study, engine, path = lab
    deal(study, engine, path)
    with transaction(engine) as db:
        with pytest.raises(NotClearedError, match=r"S01 are on a laptop: laptop-a.sqlite"):
            plan_session(db, study, "S01", Phase.ANNOTATION)
        with pytest.raises(StudyError, match="S01 are on a laptop"):
            changes.reassign(Desk(db, study, "AB", AT), ["S01"])
        with pytest.raises(StudyError, match="are on a laptop"):
            deal_part(Desk(db, study, "AB", AT), ["S02"], path.with_name("b.sqlite"))
        before = assignments.counts(db)
        enrol(db, "S06", kind=ParticipantKind.SIMULATED)
        changes.extend(Desk(db, study, "AB", AT), "S06", n_clips=20)
        changes.reassign(Desk(db, study, "AB", AT), ["S05"])
        after = assignments.counts(db)
        assert [after[p] for p in ("S01", "S02")] == [before[p] for p in ("S01", "S02")]
    rate_on_laptop(study, path, "S01", 5)
    merge(study, engine, path, final=True)
    with transaction(engine) as db:
        assert plan_session(db, study, "S01", Phase.ANNOTATION).n_done == 8
        assert list(findings(db, study, clips=False, hashes=False)) == []


def test_the_laptops_audit_events_come_back_once(lab):
    study, engine, path = lab
    deal(study, engine, path)
    laptop = open_store(f"sqlite:///{path}")
    with transaction(laptop) as db:
        audit.add(db, actor="CD", action="end_session", subject="S01", detail={}, at=AT)
    laptop.dispose()
    for _ in range(2):
        merge(study, engine, path)
    with transaction(engine) as db:
        notes = audit.frame(db).query("action == 'end_session'")
        assert notes["actor"].tolist() == ["CD"]


def altered(path, statement):
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_file_changed_by_hand_is_refused(lab):
    study, engine, path = lab
    deal(study, engine, path)
    rate_on_laptop(study, path, "S02", 4)
    merge(study, engine, path)
    altered(path, "UPDATE rating SET rating = 3 WHERE participant_id = 'S02'")
    with pytest.raises(StoreError, match="other trials for a session than were merged before"):
        merge(study, engine, path)
    altered(path, "UPDATE assignment SET position = position + 1000")
    with pytest.raises(StoreError, match=r"what the laptop was given differs in assignment"):
        merge(study, engine, path)


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        ("UPDATE rating SET rating = 3 WHERE trial_id = 1", "rating"),
        ("UPDATE rating SET bonus_pence = 1000 WHERE trial_id = 2", "rating"),
        ("UPDATE ground_truth_version SET rating = 1", "ground_truth_version"),
        ("UPDATE candidate SET avmit_label = 'diving' WHERE id = 1", "candidate"),
        ("UPDATE session SET ended_at = '2026-01-06T09:00:00+00:00'", "session"),
        ("DELETE FROM ground_truth WHERE position = 4", "ground_truth"),
        ("UPDATE participant SET kind = 'human'", "participant"),
    ],
)
def test_what_was_dealt_is_sealed_before_the_first_merge(lab, statement, tables):
    study, engine, path = lab
    deal(study, engine, path)
    altered(path, statement)
    with pytest.raises(StoreError, match=f"was changed by hand: .* differs in {tables}. Nothing"):
        merge(study, engine, path)


@pytest.mark.parametrize("moment", ["started_at", "ended_at"])
def test_times_that_were_paid_for_cannot_be_changed_after_a_merge(lab, moment):
    study, engine, path = lab
    deal(study, engine, path)
    rate_on_laptop(study, path, "S02", 4)
    merge(study, engine, path)
    altered(
        path,
        f"UPDATE session SET {moment} = '2026-01-01T09:00:00+00:00' WHERE participant_id = 'S02'",
    )
    with pytest.raises(StoreError, match="other times of a session than were merged before"):
        merge(study, engine, path)


@pytest.mark.parametrize("done", [0, 1])
def test_slots_marked_by_hand_are_refused(lab, done):
    study, engine, path = lab
    deal(study, engine, path)
    rate_on_laptop(study, path, "S02", 4)
    altered(path, f"UPDATE assignment SET done = {done} WHERE participant_id = 'S02'")
    with pytest.raises(StoreError, match="marked as rated that have no rating"):
        merge(study, engine, path)


def test_the_desk_changes_nothing_on_a_laptops_part(lab):
    study, engine, path = lab
    deal(study, engine, path)
    laptop = open_store(f"sqlite:///{path}")
    with transaction(laptop) as db, pytest.raises(StudyError, match="part of a study on a laptop"):
        require_whole(db)
    laptop.dispose()
    with transaction(engine) as db:
        require_whole(db)


def test_a_foreign_store_and_a_whole_store_are_refused(lab, tmp_path):
    study, engine, _ = lab
    other, other_engine = new_study(tmp_path / "other", rehearsal=True)
    with transaction(other_engine) as db:
        enrol(db, "S01", kind=ParticipantKind.SIMULATED)
        deal_part(Desk(db, other, "AB", AT), ["S01"], tmp_path / "foreign.sqlite")
    other_engine.dispose()
    with pytest.raises(StoreError, match="belongs to another study"):
        merge(study, engine, tmp_path / "foreign.sqlite")
    with pytest.raises(StoreError, match="no file"):
        merge(study, engine, tmp_path / "nowhere.sqlite")


def test_an_open_session_on_the_laptop_is_to_be_ended_first(lab):
    study, engine, path = lab
    deal(study, engine, path)
    rate_on_laptop(study, path, "S02", 4)
    altered(path, "UPDATE session SET ended_at = NULL WHERE participant_id = 'S02'")
    with pytest.raises(StoreError, match="is still open"):
        merge(study, engine, path)


def test_a_laptop_holds_nobody_elses_ratings_and_no_pay(lab):
    study, engine, path = lab
    with transaction(engine) as db:
        rate_some(db, study, "S03", 3)
    deal(study, engine, path)
    laptop = open_store(f"sqlite:///{path}")
    with transaction(laptop) as db:
        assert set(assignments.frame(db)["participant_id"]) == {"S01", "S02"}
        assert plan_session(db, study, "S01", Phase.ANNOTATION).n_done == 3
    laptop.dispose()


def test_a_lost_laptop_is_given_up_and_its_clips_can_be_moved(lab):
    study, engine, path = lab
    deal(study, engine, path)
    with transaction(engine) as db:
        with pytest.raises(StudyError, match=r"no laptop is out with b.sqlite. .*S01 in laptop-a"):
            away.write_off(Desk(db, study, "AB", AT), "b.sqlite", reason="stolen")
        people = away.write_off(Desk(db, study, "AB", AT), path.name, reason="stolen")
        assert people == ["S01", "S02"]
        assert away.in_words(db) == ""
        with pytest.raises(StudyError, match="no laptop is out"):
            away.write_off(Desk(db, study, "AB", AT), path.name, reason="stolen")
        assert plan_session(db, study, "S01", Phase.ANNOTATION).n_done == 3
        changes.reassign(Desk(db, study, "AB", AT), ["S02"])
    rate_on_laptop(study, path, "S01", 2)
    with pytest.raises(StoreError, match="clips were moved after its laptop was back"):
        merge(study, engine, path)


def test_what_was_rated_on_a_laptop_and_here_is_not_merged(lab):
    study, engine, path = lab
    deal(study, engine, path)
    merge(study, engine, path, final=True)
    rate_on_laptop(study, path, "S01", 5)
    with transaction(engine) as db:
        rate_some(db, study, "S01", 2)
    with pytest.raises(StoreError, match=r"2 clips were rated by the same people .* Nothing was"):
        merge(study, engine, path)
    with transaction(engine) as db:
        assert len(trials.rated(db)) == 5


def test_a_file_that_was_dealt_before_an_upgrade_is_merged_and_left_as_it_was(lab):
    study, engine, path = lab
    deal(study, engine, path)
    rate_on_laptop(study, path, "S01", 5)
    older = engine_of(f"sqlite:///{path}")
    config = alembic_config()
    with older.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "-1")
    older.dispose()
    before = path.read_bytes()
    assert merge(study, engine, path, final=True).n_ratings == 5
    assert path.read_bytes() == before


def test_a_headphone_check_done_on_a_laptop_comes_back_once(lab):
    study, engine, path = lab
    before = HeadphoneCheck("S01", "huggins", (1, 2), (1, 1), -20.0, 1, AT)
    after = HeadphoneCheck("S01", "huggins", (1, 2), (1, 2), -18.0, 2, AT + timedelta(hours=1))
    with transaction(engine) as db:
        headphone_checks.add(db, before)
    deal(study, engine, path)
    laptop = open_store(f"sqlite:///{path}")
    with transaction(laptop) as db:
        headphone_checks.add(db, after)
    laptop.dispose()
    merge(study, engine, path)
    merge(study, engine, path, final=True)
    with transaction(engine) as db:
        assert headphone_checks.listed(db, "S01") == [before, after]


def test_remarks_and_flags_of_a_laptop_come_back_once_and_those_of_the_desk_stay_there(lab):
    study, engine, path = lab
    with transaction(engine) as db:
        notes.add(db, participant_id="S01", text="stays here", written_by="AB", at=AT)
    deal(study, engine, path)
    laptop = open_store(f"sqlite:///{path}")
    with transaction(laptop) as db:
        assert notes.frame(db).empty
        session = rate_some(db, study, "S01", 2)
        trial = flags.last_rated(db, session)
        flags.add(db, trial_id=trial, kind=FlagKind.SLIP, flagged_by="S01", at=AT)
        where = {"participant_id": "S01", "session_id": session, "written_by": "AB", "at": AT}
        notes.add(db, text="of the session", **where)
        notes.add(db, text="of the trial", trial_id=trial, presentation=1, **where)
    laptop.dispose()
    for _ in range(2):
        merge(study, engine, path)
    with transaction(engine) as db:
        found = notes.frame(db)
        assert found["text"].tolist() == ["stays here", "of the trial", "of the session"]
        assert found["trial_number"].dropna().tolist() == [1]
        (flag,) = flags.frame(db).to_dict("records")
        assert (flag["session_id"], flag["trial_number"]) == (session, 1)


def test_a_laptop_needs_what_its_people_have_left_and_every_clip_is_checked(lab, tmp_path):
    study, engine, path = lab
    with transaction(engine) as db:
        rated = assignments.frame(db).query("participant_id == 'S01' and done")["candidate_id"]
        one, two = clips_needed.needed(db, ["S01"]), clips_needed.needed(db, ["S01", "S02"])
        names = candidates.frame(db).set_index("candidate_id").loc[rated, "filename"]
    assert len(one) == 29 - 3
    assert not set(names) & set(one["filename"])
    assert set(one["filename"]) < set(two["filename"])
    assert clips_needed.list_of(path).name == "laptop-a.clips.csv"
    with pytest.raises(ClipError, match=r"26 clips of 26 cannot be found, such as .*barking"):
        list(clips_needed.copy(one, study, tmp_path / "stick"))
    for row in one.to_dict("records"):
        file = study.clip_path(row["video_location"], row["filename"])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"another clip")
    with pytest.raises(ClipError, match="is not the file that was admitted"):
        list(clips_needed.copy(one, study, tmp_path / "stick"))
    assert list((tmp_path / "stick").rglob("*.mp4")) == []
    sealed = one.assign(sha256=sha256(b"another clip").hexdigest())
    assert list(clips_needed.copy(sealed, study, tmp_path / "stick")) == [False] * 26
    assert list(clips_needed.copy(sealed, study, tmp_path / "stick")) == [True] * 26
