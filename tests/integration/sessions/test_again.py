"""Ratings that do not count: accepted rigs, clips rated again, and what `check` says of them."""

import pytest
from typer.testing import CliRunner

from annotator.__main__ import app as annotator
from sessions.__main__ import app as desk
from sessions.laptops.deal import deal_part
from sessions.laptops.merge import merge_part
from sessions.maintenance import rigs
from sessions.maintenance.store_check import findings
from sessions.people import withdrawal
from sessions.plan import again, changes, schedule
from study.errors import StoreError, StudyError
from study.store import audit, open_store, transaction
from study.store.desk import Desk
from study.store.people import participants
from study.store.plan import assignments, ground_truths
from study.store.ratings.counted import counted, judged
from study.store.tables import PresentationRow, RigAcceptanceRow, SessionRow
from study.vocabulary import Phase, Rating
from tests.worlds.studies import AT, add_candidates, enrol, new_study, rate

PEOPLE = ("P01", "P02", "P03", "P04", "P05")
SWAPPED = "f" * 64


@pytest.fixture
def lab(tmp_path):
    """Twelve clips, planned for five people."""
    study, engine = new_study(tmp_path)
    with transaction(engine) as db:
        clips = add_candidates(db, 2)
        ground_truths.add_sample(db, clips[::4], AT)
        enrol(db, *PEOPLE)
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
    return study, engine


def rate_what_is_left(db, person, **playing):
    left = [clip.candidate_id for clip in assignments.remaining(db, person)]
    rate(db, person, dict.fromkeys(left, 3), **playing)
    return left


def rate_all(db, **of_person):
    for person in PEOPLE:
        rate_what_is_left(db, person, **of_person.get(person, {}))


def plan_again(db, study):
    return again.plan_again(Desk(db, study, "AB", AT))


def standing(db, study):
    return again.standing(again.judged_slots(db, study))


def findings_of(db, study):
    return list(findings(db, study, clips=False, hashes=False))


def accept(db, study, host="laptop", prefixes=()):
    return rigs.accept(Desk(db, study, "AB", AT), host=host, prefixes=prefixes, reason="photodiode")


def test_every_clip_has_three_ratings_that_count_in_the_end_and_nobody_rates_it_twice(lab):
    study, engine = lab
    with transaction(engine) as db:
        rate_all(db, P02={"clip_sha256": SWAPPED}, P04={"grade": "ungraded"})
        lost = set(counted(db, study).left_out.items())
        n_lost = sum(n for _, n in lost)
        assert dict(lost).keys() == {"other_clip", "ungraded_rig"}
        done = plan_again(db, study)
        assert (done.change.n_slots, sum(done.reasons.values())) == (n_lost, n_lost)
        assert not any("plan --again" in line for line in counted(db, study).lines())
        assert sum(done.given.values()) == n_lost
        assert max(done.change.loads.values()) - min(done.change.loads.values()) <= 2
        assert plan_again(db, study).change.n_slots == 0
        rate_all(db)
        found = counted(db, study).ratings.groupby("candidate_id")["participant_id"]
        assert (found.size() == 3).all()
        assert (found.nunique() == 3).all()
        table = assignments.frame(db)
        assert not table.duplicated(["candidate_id", "participant_id"]).any()
        assert not table.duplicated(["participant_id", "position"]).any()
        assert findings_of(db, study) == []
        assert again.n_complete(standing(db, study)) == 12


def test_a_rating_that_was_lost_again_is_given_once_more(lab):
    study, engine = lab
    with transaction(engine) as db:
        rate_all(db, P01={"clip_sha256": SWAPPED})
        plan_again(db, study)
        n_left = sum(count.n_left for count in assignments.counts(db).values())
        rate_all(db, **{person: {"clip_sha256": SWAPPED} for person in PEOPLE})
        assert plan_again(db, study).change.n_slots == n_left
        rate_all(db)
        assert counted(db, study).ratings.groupby("candidate_id").size().eq(3).all()


def test_clips_that_everybody_has_seen_wait_for_somebody_who_has_not(lab):
    study, engine = lab
    with transaction(engine) as db:
        for person in PEOPLE[3:]:
            changes.reassign(Desk(db, study, "AB", AT), [person])
            participants.close(db, person, reason="moved", at=AT)
        rate_all(db, P03={"clip_sha256": SWAPPED})
        done = plan_again(db, study)
        assert (done.change.n_slots, done.n_without) == (0, 12)
        assert "Enrol" in done.lines()[0]
        enrol(db, "P06")
        assert plan_again(db, study).change.loads["P06"] == 12
        rate_what_is_left(db, "P06")
        assert counted(db, study).ratings.groupby("candidate_id").size().eq(3).all()
        assert findings_of(db, study) == []


def test_who_is_to_rate_again_and_leaves_or_withdraws_is_replaced(lab):
    study, engine = lab
    with transaction(engine) as db:
        rate_all(db, P01={"clip_sha256": SWAPPED})
        plan_again(db, study)
        changes.reassign(Desk(db, study, "AB", AT), ["P02"])
        participants.close(db, "P02", reason="moved", at=AT)
        assert standing(db, study)[["n_good", "n_open"]].sum(axis=1).eq(3).all()
        withdrawal.withdraw(Desk(db, study, "AB", AT), "P03", keep_ratings=True)
        enrol(db, "P06", "P07")
        changes.reassign(Desk(db, study, "AB", AT), [])
        for person in ("P04", "P05", "P06", "P07"):
            rate_what_is_left(db, person)
        assert counted(db, study).ratings.groupby("candidate_id").size().eq(3).all()


def test_an_accepted_rig_takes_back_what_nobody_has_rated_in_its_place(lab):
    study, engine = lab
    with transaction(engine) as db:
        rate_all(db, P04={"grade": "ungraded"})
        before = assignments.frame(db).drop(columns="replaced")
        plan_again(db, study)
        accepted = accept(db, study)
        n = int((before["participant_id"] == "P04").sum())
        assert (accepted.n_ratings, accepted.n_sessions, accepted.n_taken_back) == (n, 1, n)
        assert assignments.frame(db).drop(columns="replaced").equals(before)
        assert counted(db, study).left_out == {}
        assert counted(db, study).ratings.groupby("candidate_id").size().eq(3).all()
        assert plan_again(db, study).change.n_slots == 0
        assert findings_of(db, study) == []


def test_a_rig_that_is_accepted_late_gives_no_clip_a_fourth_rating(lab):
    study, engine = lab
    with transaction(engine) as db:
        rate_all(db, P04={"grade": "ungraded"})
        plan_again(db, study)
        again_rated = rate_what_is_left(db, "P01")
        accepted = accept(db, study)
        assert 0 < len(again_rated) < accepted.n_ratings
        assert accepted.n_taken_back == accepted.n_ratings - len(again_rated)
        assert counted(db, study).left_out == {"rated_again": len(again_rated)}
        assert counted(db, study).ratings.groupby("candidate_id").size().eq(3).all()
        assert findings_of(db, study) == []


def test_accepting_covers_sessions_that_have_ended_and_no_later_ones(lab):
    study, engine = lab
    with transaction(engine) as db:
        clips = [clip.candidate_id for clip in assignments.remaining(db, "P04")]
        first = rate(db, "P04", dict.fromkeys(clips[:2], 3), grade="ungraded")
        other = rate(db, "P01", {clips[-1]: 3}, grade="ungraded", host="lab-2")
        accept(db, study)
        later = rate(db, "P04", dict.fromkeys(clips[2:4], 3), grade="ungraded")
        running = rate(db, "P05", {}, grade="ungraded")
        db.get_one(SessionRow, running).ended_at = None
        db.flush()
        said = judged(db, study).groupby("session_id")["reason"].unique().map(list).to_dict()
        assert said == {first: [""], other: ["ungraded_rig"], later: ["ungraded_rig"]}
        with pytest.raises(StoreError, match=r"begin with 'zz', expected one of"):
            accept(db, study, prefixes=("zz",))
        accept(db, study, prefixes=(later[:8],))
        with pytest.raises(
            StoreError, match=r"for laptop\. Those that wait: lab-2 \(1 session, 1 rating\)"
        ):
            accept(db, study)
        (event, _) = audit.frame(db).query("action == 'accept_rig'")["detail"].tolist()
        assert event == {
            "reason": "photodiode", "rig_check": "never checked", "sessions": [first],
            "n_ratings": 2, "n_taken_back": 0,
        }  # fmt: skip


def test_a_laptop_accepts_no_rig_of_its_own(lab, tmp_path):
    study, engine = lab
    path = tmp_path / "laptop.sqlite"
    with transaction(engine) as db:
        deal_part(Desk(db, study, "AB", AT), ["P04"], path)
    away = open_store(f"sqlite:///{path}")
    with transaction(away) as laptop:
        session = rate(laptop, "P04", {assignments.remaining(laptop, "P04")[0].candidate_id: 3},
                       grade="ungraded")  # fmt: skip
        with pytest.raises(StudyError, match="Run this at the desk"):
            accept(laptop, study)
        laptop.add(
            RigAcceptanceRow(session_id=session, accepted_at=AT, accepted_by="AB", reason="mine")
        )
    away.dispose()
    with transaction(engine) as db:
        try:
            merge_part(Desk(db, study, "AB", AT), path, final=True)
        except StudyError:
            return  # refused as a whole
        assert counted(db, study).left_out == {"ungraded_rig": 1}


def test_check_names_the_ratings_of_other_clips_in_every_phase(lab):
    study, engine = lab
    with transaction(engine) as db:
        first, second, third = assignments.candidate_ids(db)[:3].tolist()
        enrol(db, "P08")
        for person in ("P08", "P01"):
            rate(db, person, {first: 3}, clip_sha256=SWAPPED, phase=Phase.SCREENING)
        rate(db, "P01", {first: 3}, phase=Phase.SCREENING, attempt=2)
        rate(db, "P08", {second: 3}, clip_sha256=SWAPPED, phase=Phase.GROUND_TRUTH)
        ground_truths.add_sample(db, [second], AT)
        ground_truths.add_version(db, candidate_id=second, rating=Rating(3), given_by="P08", at=AT)
        (who,) = assignments.frame(db).query("candidate_id == @third and slot == 1")[
            "participant_id"
        ]
        rate(db, who, {third: 3}, clip_sha256=SWAPPED)
        name = "training/barking/clip_{}.mp4".format
        of_another = "1 rating of another clip than the one that was admitted"
        assert findings_of(db, study) == [
            f"{of_another}: training/diving/clip_0.mp4 ({who}). Put the admitted clips back (see: "
            "check --hashes), and have them rated again: python -m sessions plan --again",
            f"ground truths: {of_another}: {name(1)} (P08). Look at the clips, then: "
            "python -m sessions correct-ground-truth",
            f"screening: {of_another}: {name(0)} (P08). Put the admitted clips back, and judge the "
            "result with this in mind",
        ]


def test_one_swapped_playing_of_several_is_enough_to_lose_a_rating(lab):
    study, engine = lab
    with transaction(engine) as db:
        clip = assignments.remaining(db, "P01")[0].candidate_id
        rate(db, "P01", {clip: 3})
        played = db.query(PresentationRow).one()
        values = {c.name: getattr(played, c.name) for c in PresentationRow.__table__.columns}
        db.add(PresentationRow(**{**values, "id": None, "number": 0, "clip_sha256": SWAPPED}))
        db.flush()
        assert counted(db, study).left_out == {"other_clip": 1}


@pytest.mark.parametrize("keep", [True, False])
def test_who_takes_ratings_along_takes_those_that_a_lost_laptop_brings_later(lab, keep):
    study, engine = lab
    with transaction(engine) as db:
        clips = [clip.candidate_id for clip in assignments.remaining(db, "P01")]
        withdrawal.withdraw(Desk(db, study, "AB", AT), "P01", keep_ratings=keep)
        rate(db, "P01", {clips[1]: 3})
        assert counted(db, study).left_out == ({} if keep else {"withdrawn": 1})


def test_the_commands_say_what_they_do_and_a_dry_run_changes_nothing(lab):
    study, engine = lab
    with transaction(engine) as db:
        rate_all(db, P04={"grade": "ungraded", "host": "lab-2"})
        n = len(judged(db, study).query("reason != ''"))
    (study.folder / "study.toml").write_text("")  # all at its default, as in this world
    options = ("--study", str(study.folder))
    runner = CliRunner()
    told = runner.invoke(desk, ["status", *options])
    assert f"{n} ratings of {n} clips do not count" in told.output, told.output
    told = runner.invoke(desk, ["plan", "--again", "--dry-run", *options])
    assert told.exit_code == 0, told.output
    assert f"lost: {n} ratings on ungraded rigs" in told.output
    assert f"would be planned again: {n} ratings of {n} clips" in told.output
    with transaction(engine) as db:
        assert not assignments.frame(db)["replaced"].any()
        assert "plan_again" not in set(audit.frame(db)["action"])
    assert (
        f"planned again: {n} ratings" in runner.invoke(desk, ["plan", "--again", *options]).output
    )
    assert "nothing to plan again" in runner.invoke(desk, ["plan", "--again", *options]).output
    told = runner.invoke(annotator, ["accept-rig", "lab-2", "--reason", "seen", *options])
    assert told.exit_code == 0, told.output
    assert f"{n} ratings to be given again withdrawn" in told.output
    assert f"lab-2 (never checked): {n} ratings of 1 session accepted" in told.output
    with transaction(engine) as db:
        assert (len(counted(db, study).ratings), len(assignments.frame(db))) == (36, 36)
