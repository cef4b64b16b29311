"""What a statement says of sessions that are owed, paid, open and removed, in whole values."""

from dataclasses import FrozenInstanceError, replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from sessions.pay.statement import (
    REMOVED,
    Statement,
    StatementLine,
    is_settled_here,
    settle,
    statement,
)
from study.errors import NotClearedError, StudyError
from study.store import audit, transaction
from study.store.people import payments
from study.store.people.payments import PaidSession, Payment
from study.store.tables import PaymentRow, ProtocolVersionRow, SessionRow
from tests.worlds.studies import AT, add_candidates, enrol, new_study, rate

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk(tmp_path):
    """P01 rated two clips within 5 s in each of three sessions of a minute."""
    study, engine = new_study(tmp_path, hourly_rate_pence=900)
    with transaction(engine) as db:
        ids = add_candidates(db, 1)
        enrol(db, "P01", "P02")
        for day, clips in enumerate((ids[:2], ids[2:4], ids[4:])):
            rate(db, "P01", dict.fromkeys(clips, 3), bonus_pence=10, at=AT + day * DAY, minutes=1)
        yield study.config.protocol, db


def line(db, day, payment, *, is_open=False, worked=MINUTE, hours_pence=15):
    session_id = payments.sessions(db, "P01")["session_id"].iloc[day]
    return StatementLine(
        session_id, "annotation", AT + day * DAY, worked, 900, hours_pence, 2, 20, is_open, payment
    )


def removed(payment, paid_at, *, hours_pence, bonus_pence):
    return StatementLine(
        "", REMOVED, paid_at, timedelta(), 0, hours_pence, 0, bonus_pence, False, payment
    )


def test_what_nobody_has_paid_is_owed(desk):
    protocol, db = desk
    found = statement(db, "P01", protocol)
    assert found == Statement("P01", tuple(line(db, day, None) for day in range(3)))
    assert found.owed == found
    assert statement(db, "P01", protocol, unpaid_only=True) == found
    assert statement(db, "P02", protocol) == Statement("P02", ())
    with pytest.raises(NotClearedError, match="P99 is not enrolled"):
        statement(db, "P99", protocol)


def test_a_statement_adds_up_sessions_hours_and_money():
    first = StatementLine("s1", "training", AT, timedelta(minutes=45), 600, 450, 9, 0, False, 1)
    second = StatementLine("s2", "annotation", AT, timedelta(hours=2), 600, 1203, 9, 71, True, None)
    gone = removed(1, AT, hours_pence=5, bonus_pence=2)
    found = Statement("P01", (first, second, gone), (Payment(1, AT, 455, 2),))
    assert (found.n_sessions, found.hours) == (2, 2.75)
    assert (found.hours_pence, found.bonus_pence, found.total_pence) == (1658, 73, 1731)
    assert [each.state for each in found.lines] == ["paid", "open", "paid"]
    assert replace(second, is_open=False).state == "owed"
    assert found.owed == Statement("P01", (second,))


def test_a_statement_that_was_made_is_not_changed():
    made = removed(1, AT, hours_pence=5, bonus_pence=2)
    for thing, field in ((made, "hours_pence"), (Statement("P01", (made,)), "lines")):
        with pytest.raises(FrozenInstanceError):
            setattr(thing, field, 0)


def test_settling_pays_what_is_owed_notes_it_and_says_what_it_was(desk):
    protocol, db = desk
    owed = tuple(line(db, day, None) for day in range(3))
    paid = settle(db, "P01", protocol, paid_by="AB", at=AT + 3 * DAY)
    assert paid == Statement("P01", owed)
    assert payments.frame(db).drop(columns="payment_id").to_dict("records") == [
        {
            "payee": "P01", "paid_at": AT + 3 * DAY, "paid_by": "AB", "worked_s": 180,
            "hours_pence": 45, "bonus_pence": 60,
        }
    ]  # fmt: skip
    event = audit.frame(db).iloc[-1]
    assert (event["actor"], event["action"], event["subject"]) == ("AB", "pay", "P01")
    assert event["detail"] == {
        "payment": 1, "hours_pence": 45, "bonus_pence": 60,
        "sessions": [each.session_id for each in owed],
    }  # fmt: skip
    found = statement(db, "P01", protocol)
    received = Payment(1, AT + 3 * DAY, 45, 60)
    assert found == Statement("P01", tuple(line(db, day, 1) for day in range(3)), (received,))
    assert found.owed == statement(db, "P01", protocol, unpaid_only=True) == Statement("P01", ())
    with pytest.raises(StudyError, match=r"P01 has been paid for everything\. Nothing was changed"):
        settle(db, "P01", protocol, paid_by="AB", at=AT)


def test_nothing_is_paid_while_a_session_is_open(desk):
    protocol, db = desk
    running = line(db, 2, None).session_id
    db.execute(update(SessionRow).where(SessionRow.id == running).values(ended_at=None))
    to_its_last_trial = line(db, 2, None, is_open=True, worked=timedelta(seconds=5), hours_pence=2)
    assert statement(db, "P01", protocol).lines == (
        line(db, 0, None), line(db, 1, None), to_its_last_trial,
    )  # fmt: skip
    with pytest.raises(StudyError, match=r"P01 has a session that is still open.* end-session P01"):
        settle(db, "P01", protocol, paid_by="AB", at=AT)
    assert payments.received(db, "P01") == ()


def test_the_rate_of_a_session_is_that_of_its_study_and_else_the_present_one(desk):
    protocol, db = desk
    config = {"protocol": {"hourly_rate_pence": 1800}}
    version = ProtocolVersionRow(config_sha256="1", config=config, recorded_at=AT, frozen=False)
    db.add(version)
    db.flush()
    last = line(db, 2, None)
    db.execute(
        update(SessionRow)
        .where(SessionRow.id == last.session_id)
        .values(protocol_version_id=version.id)
    )
    dearer = replace(last, hourly_rate_pence=1800, hours_pence=30)
    assert statement(db, "P01", protocol).lines[1:] == (line(db, 1, None), dearer)


def test_what_was_paid_beyond_the_sessions_that_are_left_has_a_line_for_each_payment(desk):
    protocol, db = desk
    for day in range(3):
        covered = PaidSession(line(db, day, None).session_id, 15, 20)
        payments.add(
            db, payee="P01", sessions=[covered], worked_s=60, paid_by="AB", at=AT + day * DAY
        )
    db.execute(update(PaymentRow).where(PaymentRow.id == 1).values(hours_pence=15 + 25))
    db.execute(update(PaymentRow).where(PaymentRow.id == 3).values(bonus_pence=20 + 30))
    found = statement(db, "P01", protocol)
    assert found == Statement(
        "P01",
        (
            *(line(db, day, day + 1) for day in range(3)),
            removed(1, AT, hours_pence=25, bonus_pence=0),
            removed(3, AT + 2 * DAY, hours_pence=0, bonus_pence=30),
        ),
        tuple(
            Payment(day + 1, AT + day * DAY, hours, bonus)
            for day, (hours, bonus) in enumerate([(40, 20), (15, 20), (15, 50)])
        ),
    )
    assert found.n_sessions == 3


def test_money_is_settled_where_the_store_was_not_dealt(desk):
    _, db = desk
    assert is_settled_here(db)
    audit.add(db, actor="AB", action="dealt", subject="laptop", detail={}, at=AT)
    assert not is_settled_here(db)
