"""Pay: exact time times rate, rounded up once, and the same sum on every sheet and screen."""

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy import delete, update

from sessions.monitor.progress import progress
from sessions.pay.receipt import POUNDS, session_lines, statement_text
from sessions.pay.statement import REMOVED, Statement, StatementLine, settle, statement
from sessions.pay.worked import hours_pence, worked
from sessions.people.participants_text import participants_text
from sessions.people.withdrawal import withdraw
from sessions.plan import schedule
from study.config.study import Study, StudyConfig
from study.store import audit, transaction
from study.store.desk import Desk
from study.store.people import demographics, participants, payments
from study.store.people.payments import Payment
from study.store.plan import assignments
from study.store.tables import PaidSessionRow, PaymentRow, ProtocolVersionRow, TrialRow
from tests.worlds.studies import AT, add_candidates, enrol, new_study, rate

STUDY = Study(Path(), StudyConfig())
TIMES = some.timedeltas(timedelta(), timedelta(hours=9))
RATES = some.integers(0, 100_000)


def amounts(text: str) -> list[int]:
    """The amounts of money in a text, in pence."""
    found = re.findall(r"£([\d,]+)\.(\d\d)|(?<![\d.])(\d+)p\b", text)
    return [int(p) if p else 100 * int(a.replace(",", "")) + int(b) for a, b, p in found]


@given(TIMES, RATES)
def test_pay_is_the_exact_product_rounded_up(time, rate_pence):
    hours = Fraction(time // timedelta(microseconds=1), 3_600_000_000)
    assert 0 <= hours_pence(time, rate_pence) - hours * rate_pence < 1


@given(some.lists(TIMES, max_size=9), some.timedeltas(timedelta(), timedelta(minutes=20)))
def test_time_that_is_paid_is_every_gap_up_to_the_longest(gaps, longest):
    moments = [AT]
    for gap in gaps:
        moments.append(moments[-1] + gap)
    paid = worked(AT, moments[1:-1], moments[-1], longest)
    assert paid == sum((min(gap, longest) for gap in gaps), timedelta())


LINES = some.builds(
    StatementLine,
    session_id=some.just("s"),
    phase=some.sampled_from(("training", "annotation")),
    started_at=some.just(datetime(2026, 1, 5, 9, tzinfo=UTC)),
    worked=TIMES,
    hourly_rate_pence=RATES,
    hours_pence=some.integers(0, 10_000),
    n_rated=some.integers(0, 99),
    bonus_pence=some.integers(0, 10_000),
    is_open=some.just(False),
    payment=some.sampled_from((None, 1, 2)),
)


def paid_in(lines, number):
    own = [line for line in lines if line.payment == number]
    return Payment(number, AT, sum(x.hours_pence for x in own), sum(x.bonus_pence for x in own))


@settings(max_examples=60)
@given(some.lists(LINES, min_size=1, max_size=6))
def test_what_is_received_is_what_is_not_paid_yet_and_all_sums_agree(lines):
    numbers = sorted({line.payment for line in lines} - {None})
    everything = Statement("P01", tuple(lines), tuple(paid_in(lines, n) for n in numbers))
    text = statement_text(everything, STUDY)
    owed = [line for line in lines if line.payment is None]
    now = sum(line.hours_pence + line.bonus_pence for line in owed)
    if not owed:
        now = everything.payments[-1].total_pence
    (received,) = amounts(re.search(r"^Received: .*$", text, re.MULTILINE)[0])
    (total,) = amounts(re.search(r"Total: [^*]*", text)[0])
    assert (received, total) == (now, everything.total_pence)
    table = text.partition("| received |")[2].splitlines()[2:]
    rows = [amounts(line) for line in table if line.startswith("|")]
    assert rows[-1] == [sum(column) for column in zip(*rows[:-1], strict=True)]
    last = amounts(session_lines(everything, is_settled_here=True)[-1])
    assert last[-1] == everything.owed.total_pence
    assert last[-2] + last[-1] == last[2] == everything.total_pence


def test_a_sheet_with_an_open_session_is_not_for_signing():
    line = StatementLine("s", "annotation", AT, timedelta(0), 600, 0, 0, 10, True, None)
    text = statement_text(Statement("P01", (line,)), STUDY)
    assert "Do not sign yet" in text
    assert "Received:" not in text


def test_the_sheet_says_what_of_a_pause_is_paid():
    text = statement_text(Statement("P01", ()), STUDY)
    assert "Up to 2 minutes between two clips are paid (in training up to 10)" in text
    assert "not paid" not in text


@pytest.fixture
def paid_once(tmp_path):
    """Four people rated ten clips in 60.4 s; P01 was paid and then rated two more."""
    study, engine = new_study(tmp_path)
    with transaction(engine) as db:
        add_candidates(db, 4)
        enrol(db, "P01", "P02", "P03", "P04")
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
        for person in ("P01", "P02"):
            rate_some(db, person, 10, AT)
        settle(db, "P01", study.config.protocol, paid_by="AB", at=AT)
        rate_some(db, "P01", 2, AT + timedelta(days=1))
        yield study, db


def rate_some(db, person, n, at):
    clips = [clip.candidate_id for clip in assignments.remaining(db, person)[:n]]
    return rate(db, person, dict.fromkeys(clips, 3), bonus_pence=10, at=at, minutes=60.4 / 60)


def test_a_second_of_which_a_part_is_over_is_paid(paid_once):
    study, db = paid_once
    assert [line.hours_pence for line in statement(db, "P01", study.config.protocol).lines] == [
        11,
        11,
    ]
    row = progress(db, study).people.set_index("participant_id").loc["P01"]
    assert row["owed_pence"] == 11 + 20


def test_the_second_sheet_shows_earlier_now_and_total(paid_once):
    study, db = paid_once
    protocol = study.config.protocol
    text = statement_text(statement(db, "P01", protocol), STUDY)
    assert "| earlier, on 2026-01-05 | 11p | £1.00 | £1.11 |" in text
    assert "| now | 11p | 20p | 31p |" in text
    assert "| in all | 22p | £1.20 | £1.42 |" in text
    assert "Received: 31p" in text
    settle(db, "P01", protocol, paid_by="AB", at=AT + timedelta(days=1))
    again = statement_text(statement(db, "P01", protocol), STUDY)
    assert "| this statement, of 2026-01-06 | 11p | 20p | 31p |" in again
    assert "Received: 31p" in again


def test_what_an_older_version_paid_is_neither_changed_nor_paid_again(paid_once):
    study, db = paid_once
    db.execute(update(PaidSessionRow).values(hours_pence=None, bonus_pence=None))
    db.execute(update(PaymentRow).values(hours_pence=10))
    found = statement(db, "P01", study.config.protocol)
    assert [(line.hours_pence, line.state) for line in found.lines] == [(10, "paid"), (11, "owed")]


def test_what_was_paid_stays_on_the_sheet_when_its_ratings_are_removed(paid_once):
    study, db = paid_once
    protocol = study.config.protocol
    settle(db, "P01", protocol, paid_by="AB", at=AT)
    before = statement(db, "P01", protocol)
    done = withdraw(Desk(db, study, "AB", AT), "P01", keep_ratings=False)
    assert done.n_ratings_removed == 12
    after = statement(db, "P01", protocol)
    assert (after.hours_pence, after.bonus_pence) == (before.hours_pence, before.bonus_pence)
    db.execute(update(PaidSessionRow).values(hours_pence=None, bonus_pence=None))
    older = statement(db, "P01", protocol)
    assert older.total_pence == before.total_pence
    assert [line.phase for line in older.lines] == ["annotation"] * 2 + [REMOVED] * 2


def test_a_trial_without_a_rating_is_not_counted_as_a_rating(paid_once):
    study, db = paid_once
    settle(db, "P01", study.config.protocol, paid_by="AB", at=AT)
    session_id = statement(db, "P01", study.config.protocol).lines[0].session_id
    db.add(
        TrialRow(
            session_id=session_id, number=99, candidate_id=1, outcome="failed", recorded_at=AT,
            failure="the clip is gone",
        )
    )  # fmt: skip
    done = withdraw(Desk(db, study, "AB", AT), "P01", keep_ratings=False)
    assert done.n_ratings_removed == 12


def test_the_paragraph_has_all_rates_that_were_paid_and_not_the_present_one(paid_once):
    study, db = paid_once
    version = ProtocolVersionRow(
        config_sha256="1", config={"protocol": {"hourly_rate_pence": 720}}, recorded_at=AT,
        frozen=False,
    )  # fmt: skip
    db.add(version)
    db.flush()
    rate_some(db, "P03", 5, AT)
    text = participants_text(Desk(db, study, "AB", AT), exact=False)
    assert "reimbursed at a rate of £6.00 per hour, plus a bonus of 10p for" in text
    session_id = statement(db, "P03", study.config.protocol).lines[0].session_id
    db.connection().exec_driver_sql(
        f"UPDATE session SET protocol_version_id = {version.id} WHERE id = '{session_id}'"
    )
    settle(db, "P03", study.config.protocol, paid_by="AB", at=AT)
    text = participants_text(Desk(db, study, "AB", AT), exact=False)
    assert "reimbursed at rates of £6.00 and £7.20 per hour" in text
    owed = sum(statement(db, p, study.config.protocol).owed.total_pence for p in ("P01", "P02"))
    assert f"of which {POUNDS(owed)} in all has not been paid yet" in text


def test_exact_figures_list_everybody_also_who_said_nothing(paid_once):
    study, db = paid_once
    said = {"age": 30, "sex": "female", "hearing_normal": True, "vision_normal": True}
    for person in ("P01", "P02", "P03"):
        demographics.put(db, person, said, AT)
    text = participants_text(Desk(db, study, "AB", AT), exact=True)
    assert "4 participants (3 females, 1 not said; mean age 30.00, range 30-30 years, 1 not" in text
    assert "3 of 4 reported normal hearing" in text


def test_a_laptop_does_not_say_what_is_owed(paid_once):
    study, db = paid_once
    audit.add(db, actor="AB", action="dealt", subject="laptop", detail={}, at=AT)
    everything = statement(db, "P01", study.config.protocol)
    lines = session_lines(everything, is_settled_here=False)
    assert lines[-1].endswith("settled at the desk")
    assert "owed" not in "".join(lines)
    assert progress(db, study).people["owed_pence"].isna().all()


def test_payments_add_up_to_what_was_paid_for_their_sessions(paid_once):
    _, db = paid_once
    assert payments.wrong_sums(db) == []
    db.execute(update(PaidSessionRow).values(bonus_pence=99))
    assert payments.wrong_sums(db) == [(1, 111, 110)]
    db.execute(delete(PaidSessionRow))
    assert payments.wrong_sums(db) == []  # an erased person's sessions are gone
    assert participants.get(db, "P01").id == "P01"
