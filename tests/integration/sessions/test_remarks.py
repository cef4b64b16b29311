"""Remarks stay in the lab; flags count against a rating that stays as it is."""

import csv

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import select

from sessions.monitor.session_table import session_table
from sessions.monitor.show import lines
from sessions.pay.statement import settle
from sessions.people import remarks, withdrawal
from sessions.plan.again import plan_again
from study.config.evidence import EvidenceRules
from study.config.study import Study
from study.errors import ConfigError, StudyError
from study.store import audit, transaction
from study.store.desk import Desk
from study.store.people.private import private_words
from study.store.plan import assignments
from study.store.ratings import flags, notes
from study.store.ratings.counted import counted, judged
from study.store.tables import FlagRow, NoteRow, RatingRow
from study.vocabulary import FlagKind
from tests.worlds.studies import AT, add_candidates, enrol, new_study, rate

CLIP = "barking/clip_0.mp4"


@pytest.fixture
def desk(tmp_path):
    study, engine = new_study(tmp_path / "study")
    with transaction(engine) as db:
        clips = add_candidates(db, 2, ("barking",))
        enrol(db, "P01", "P02", "P03", "P04")
        for person in ("P01", "P02", "P03"):
            rate(db, person, dict.fromkeys(clips, 3), bonus_pence=10)
        db.flush()
        yield Desk(db, study, "AB", AT)
    engine.dispose()


def leaving_out(desk):
    rules = EvidenceRules(slip="leave_out", mis_key="leave_out", trial_disturbed="leave_out")
    config = desk.study.config.model_copy(update={"evidence": rules})
    return Desk(desk.db, Study(desk.study.folder, config), desk.by, desk.at)


def test_a_flag_leaves_rating_and_bonus_as_they_are(desk):
    before = desk.db.execute(select(RatingRow.rating, RatingRow.bonus_pence)).all()
    remarks.flag(desk, "P01", CLIP, FlagKind.MIS_KEY)
    assert desk.db.execute(select(RatingRow.rating, RatingRow.bonus_pence)).all() == before
    with pytest.raises(StudyError, match="flagged mis_key already"):
        remarks.flag(desk, "P01", CLIP, FlagKind.MIS_KEY)


@pytest.mark.parametrize("kind", FlagKind)
def test_a_flagged_rating_counts_or_not_as_the_study_says(desk, kind):
    remarks.flag(desk, "P01", CLIP, kind)
    kept = counted(desk.db, desk.study)
    assert (len(kept.ratings), kept.let_through) == (6, {kind.value: 1})
    left = counted(desk.db, leaving_out(desk).study)
    assert (len(left.ratings), left.left_out) == (5, {kind.value: 1})


def test_somebody_else_is_asked_for_what_was_a_slip(desk):
    plan = [
        {"candidate_id": clip, "slot": slot, "participant_id": person, "position": clip}
        for clip in sorted(set(judged(desk.db, desk.study)["candidate_id"]))
        for slot, person in enumerate(("P01", "P02", "P03"), start=1)
    ]
    assignments.add_many(desk.db, pd.DataFrame(plan))
    for person in ("P01", "P02", "P03"):
        for clip in {row["candidate_id"] for row in plan}:
            assignments.mark_done(desk.db, person, clip)
    remarks.flag(desk, "P01", CLIP, FlagKind.SLIP)
    done = plan_again(leaving_out(desk))
    assert (done.given, done.reasons) == ({"P04": 1}, {"slip": 1})


def test_a_slip_flags_the_last_rating_of_the_session(desk):
    session = session_table(desk.db, desk.study)["session_id"].iloc[0]
    trial = flags.last_rated(desk.db, session)
    assert flags.add(desk.db, trial_id=trial, kind=FlagKind.SLIP, flagged_by="P01", at=AT)
    assert not flags.add(desk.db, trial_id=trial, kind=FlagKind.SLIP, flagged_by="P01", at=AT)
    assert flags.n_in_session(desk.db, session, FlagKind.SLIP) == 1
    assert flags.n_in_session(desk.db, session, FlagKind.SLIP, after_number=1) == 0
    counts = session_table(desk.db, desk.study)[["n_slips", "n_mis_keys", "n_disturbed"]]
    assert counts.to_numpy().tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_a_remark_is_shown_exported_and_private(desk, tmp_path):
    remarks.write_note(desk, "P01", "=cmd, the alarm\n rang", clip=CLIP)
    remarks.write_note(desk, "P01", "Comes back on Monday.")
    table = remarks.for_spreadsheets(remarks.remarks(desk.db))
    table.to_csv(tmp_path / "notes.csv", index=False)
    with (tmp_path / "notes.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == ["'=cmd, the alarm rang", "Comes back on Monday."]
    assert [row["filename"] for row in rows] == [CLIP, ""]
    assert any("=cmd, the alarm rang" in line for line in lines(desk.db, desk.study, "P01"))
    private = private_words(desk.db)
    assert "Comes back on Monday." in private.remarks
    assert "AB" in private.ids


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 1001, "write to a@b.org", "a\x07b"])
def test_a_remark_that_cannot_be_kept_is_refused(desk, text):
    with pytest.raises(ConfigError, match="--text"):
        remarks.write_note(desk, "P01", text)


def test_a_clip_that_nobody_rated_is_named(desk):
    with pytest.raises(StudyError, match=r"P04 has not rated barking/clip_0.mp4"):
        remarks.flag(desk, "P04", CLIP, FlagKind.MIS_KEY)


def test_the_audit_log_knows_of_a_remark_and_not_its_words(desk):
    remarks.write_note(desk, "P01", "Looked tired.")
    (event,) = audit.own(desk.db, "note")
    assert "tired" not in str(event)


def test_whoever_is_erased_takes_remarks_and_flags_along(desk):
    remarks.write_note(desk, "P01", "Looked tired.")
    remarks.write_note(desk, "P01", "Coughed.", clip=CLIP)
    remarks.flag(desk, "P01", CLIP, FlagKind.TRIAL_DISTURBED)
    notes.add(desk.db, participant_id="P02", text="Fine.", written_by="AB", at=AT)
    settle(desk.db, "P01", desk.study.config.protocol, paid_by="AB", at=AT)
    withdrawal.erase(desk, "P01", rng=np.random.default_rng(1))
    assert desk.db.scalars(select(NoteRow.text)).all() == ["Fine."]
    assert desk.db.scalars(select(FlagRow.id)).all() == []
