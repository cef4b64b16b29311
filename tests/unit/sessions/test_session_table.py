"""The table of sessions: what was done, on which rig, what of it counts, and what it earned."""

import pandas as pd
import pytest

from sessions.monitor.session_table import COLUMNS, session_table
from sessions.pay.statement import settle, statement
from study.errors import StudyError
from study.store import audit, transaction
from study.vocabulary import Phase
from tests.worlds.studies import AT, add_candidates, add_truths, enrol, new_study, rate


@pytest.fixture
def lab(tmp_path):
    study, engine = new_study(tmp_path / "study")
    with transaction(engine) as db:
        enrol(db, "P01", "P02")
        clips = add_candidates(db, 2)
        yield db, study, clips
    engine.dispose()


def test_each_session_is_a_row_with_its_rig_its_counts_and_its_pay(lab):
    db, study, clips = lab
    add_truths(db, clips[:1])
    first = rate(db, "P01", {clips[0]: 3, clips[1]: 2}, bonus_pence={clips[0]: 10}, minutes=1)
    settle(db, "P01", study.config.protocol, paid_by="AB", at=AT)
    second = rate(db, "P02", {clips[0]: 1}, minutes=1, grade=None)
    table = session_table(db, study).set_index("session_id")
    assert table.index.tolist() == sorted([first, second])
    paid, owed = table.loc[first], table.loc[second]
    shown = ["participant_id", "rig_grade", "n_trials", "n_failed", "n_ratings", "n_counted",
             "bonus_pence", "payment_state"]  # fmt: skip
    assert paid[shown].tolist() == ["P01", "A", 2, 0, 2, 2, 10, "paid"]
    # Nobody knows what the second one saw and heard: its rating is there and does not count.
    assert owed[shown].tolist() == ["P02", "", 1, 0, 1, 0, 0, "owed"]


def test_pay_adds_up_to_the_statements(lab):
    db, study, clips = lab
    for person in ("P01", "P02"):
        rate(db, person, {clips[0]: 3}, minutes=37, bonus_pence=10)
        rate(db, person, {clips[1]: 3}, minutes=11, phase=Phase.TRAINING)
    table = session_table(db, study)
    for person, own in table.groupby("participant_id"):
        told = statement(db, person, study.config.protocol)
        assert own["hours_pence"].sum() == told.hours_pence
        assert own["bonus_pence"].sum() == told.bonus_pence
        assert own["worked_s"].sum() == pytest.approx(told.hours * 3600)


def test_without_a_session_the_table_has_its_columns_only(lab):
    db, study, _ = lab
    table = session_table(db, study)
    assert list(table.columns) == list(COLUMNS)
    assert isinstance(table, pd.DataFrame)
    assert table.empty


def test_on_a_laptop_it_is_refused_because_pay_is_not_known_there(lab):
    db, study, _ = lab
    audit.add(db, actor="AB", action="dealt", subject="laptop", detail={}, at=AT)
    with pytest.raises(StudyError, match="does not know what has been paid"):
        session_table(db, study)
