from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select

from sessions.exercises.verdicts import screening_report
from sessions.maintenance.store_check import findings
from sessions.pay import bonus
from sessions.pay import statement as pay
from sessions.pay.receipt import statement_text
from sessions.pay.worked import worked
from sessions.people import demographics, withdrawal
from sessions.people.participants_text import participants_text
from sessions.plan import changes, schedule
from study.config.protocol import Protocol
from study.config.study import StudyConfig
from study.errors import ConfigError, NotClearedError, StudyError
from study.store import audit, transaction
from study.store.desk import Desk
from study.store.people import demographics as answers_store
from study.store.people import participants, payments
from study.store.people.payments import PaidSession
from study.store.plan import assignments, exercises
from study.store.plan.exercises import ExerciseClip
from study.store.tables import ProtocolVersionRow
from study.vocabulary import ParticipantKind, Phase, Rating
from tests.worlds.studies import AT, CONSENT, add_candidates, add_truths, enrol, new_study, rate

PEOPLE = ("P01", "P02", "P03", "P04")


@pytest.fixture
def running(tmp_path):
    """A study of 24 clips, in which each of four people has rated ten for an hour."""
    study, engine = new_study(tmp_path)
    with transaction(engine) as db:
        every = add_candidates(db, 4)
        enrol(db, *PEOPLE)
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
        add_truths(db, every)
        for person in PEOPLE:
            clips = [clip.candidate_id for clip in assignments.remaining(db, person)[:10]]
            rate(db, person, dict.fromkeys(clips, 3), bonus_pence=10, minutes=1)
        yield study, db


def raters_per_clip(db):
    return assignments.frame(db).groupby("candidate_id")["participant_id"].nunique()


def test_pay_is_hours_without_pauses_and_the_bonus_that_was_shown(running):
    study, db = running
    owed = pay.statement(db, "P01", study.config.protocol)
    assert [
        (line.worked.total_seconds(), line.hours_pence, line.bonus_pence) for line in owed.lines
    ] == [(60, 10, 100)]
    assert owed.total_pence == 110
    assert bonus.total_pence(db, "P01") == 100


def test_a_long_gap_is_a_pause_and_two_minutes_of_it_are_paid():
    moments = [AT + timedelta(seconds=s) for s in (10, 20, 3600)]
    assert worked(AT, moments, AT + timedelta(seconds=3610)) == timedelta(seconds=20 + 120 + 10)


def test_talking_a_training_clip_over_is_work(running):
    _, db = running
    clips = assignments.candidate_ids(db)[:1].tolist()
    rate(db, "P01", {clips[0]: 3}, phase=Phase.TRAINING, at=AT + timedelta(days=1), minutes=7)
    line = pay.statement(db, "P01", Protocol()).lines[-1]
    assert (line.phase, line.worked, line.hours_pence) == ("training", timedelta(minutes=7), 70)


def test_a_session_is_paid_at_the_rate_that_was_promised_when_it_began(running):
    study, db = running
    version = db.scalars(select(ProtocolVersionRow)).one()
    version.config = StudyConfig(protocol=Protocol(hourly_rate_pence=1200)).model_dump(mode="json")
    db.flush()
    owed = pay.statement(db, "P01", study.config.protocol)
    assert [line.hours_pence for line in owed.lines] == [20]
    assert "Rate: £12.00 per hour" in statement_text(owed, study)


def test_a_clock_that_was_set_back_takes_no_pay_away():
    times = [AT + timedelta(seconds=60), AT]
    assert worked(AT, times, AT + timedelta(seconds=30)) == timedelta(seconds=90)


def test_what_is_settled_cannot_be_paid_twice(running):
    study, db = running
    protocol = study.config.protocol
    paid = pay.settle(db, "P01", protocol, paid_by="AB", at=AT)
    assert paid.total_pence == 110
    assert pay.statement(db, "P01", protocol, unpaid_only=True).total_pence == 0
    with pytest.raises(StudyError, match="P01 has been paid for everything"):
        pay.settle(db, "P01", protocol, paid_by="AB", at=AT)
    extra = [clip.candidate_id for clip in assignments.remaining(db, "P01")[:1]]
    rate(db, "P01", dict.fromkeys(extra, 3), at=AT + timedelta(days=1), minutes=1)
    assert pay.settle(db, "P01", protocol, paid_by="AB", at=AT).total_pence == 10
    table = payments.frame(db)
    assert table[["payee", "hours_pence", "bonus_pence"]].to_numpy().tolist() == [
        ["P01", 10, 100],
        ["P01", 10, 0],
    ]


def test_the_store_refuses_a_session_on_a_second_payment(running):
    study, db = running
    line = pay.settle(db, "P01", study.config.protocol, paid_by="AB", at=AT).lines[0]
    with pytest.raises(StudyError, match="has been paid in the meantime"), db.begin_nested():
        payments.add(
            db, payee="P01", sessions=[PaidSession(line.session_id, 1, 0)], worked_s=1,
            paid_by="AB", at=AT,
        )  # fmt: skip


def test_the_statement_can_be_printed_and_signed(running):
    study, db = running
    text = statement_text(pay.statement(db, "P01", study.config.protocol), study)
    assert "| 2026-01-05 | annotation | 0:01:00 | 10p | 10 | £1.00 | no |" in text
    assert "Total: £1.10" in text


def test_who_withdraws_and_leaves_the_ratings_loses_only_what_is_to_come(running):
    study, db = running
    done = withdrawal.withdraw(Desk(db, study, "AB", AT), "P02", keep_ratings=True)
    assert done == withdrawal.Withdrawal(0, 8, 0)
    assert assignments.counts(db)["P02"] == assignments.Count(10, 10)
    assert set(raters_per_clip(db)) == {3}
    assert participants.consent_of(db, "P02") is None
    assert participants.get(db, "P02").closed_at == AT
    assert audit.frame(db).iloc[-1]["action"] == "withdraw"


def test_a_withdrawal_is_entered_once_also_where_the_record_was_closed_before(running):
    study, db = running
    participants.close(db, "P02", reason=withdrawal.WITHDREW, at=AT)
    done = withdrawal.withdraw(Desk(db, study, "AB", AT), "P02", keep_ratings=True)
    assert done == withdrawal.Withdrawal(0, 8, 0)
    with pytest.raises(StudyError, match="has withdrawn already"):
        withdrawal.withdraw(Desk(db, study, "AB", AT), "P02", keep_ratings=True)


def test_ratings_are_removed_after_they_are_paid_and_their_clips_rated_again(running):
    study, db = running
    with pytest.raises(StudyError, match=r"P02 has not been paid £1.10.* pay P02 --settle"):
        withdrawal.withdraw(Desk(db, study, "AB", AT), "P02", keep_ratings=False)
    pay.settle(db, "P02", study.config.protocol, paid_by="AB", at=AT)
    done = withdrawal.withdraw(Desk(db, study, "AB", AT), "P02", keep_ratings=False)
    assert done == withdrawal.Withdrawal(10, 18, 0)
    assert "P02" not in assignments.counts(db)
    assert set(raters_per_clip(db)) == {3}
    assert len(raters_per_clip(db)) == 24


def test_with_too_few_people_left_clips_wait_for_somebody_new(running):
    study, db = running
    for person in ("P01", "P02"):
        pay.settle(db, person, study.config.protocol, paid_by="AB", at=AT)
        done = withdrawal.withdraw(Desk(db, study, "AB", AT), person, keep_ratings=False)
    assert done.n_unfilled > 0
    enrol(db, "P05")
    changes.reassign(Desk(db, study, "AB", AT), [])
    assert set(raters_per_clip(db)) == {3}
    assert len(raters_per_clip(db)) == 24


def test_an_erased_person_is_in_no_table_and_the_payment_stays_under_a_number(running):
    study, db = running
    answers_store.put(db, "P03", {"age": 30}, AT)
    pay.settle(db, "P03", study.config.protocol, paid_by="AB", at=AT)
    rng = np.random.default_rng(1)
    withdrawal.erase(Desk(db, study, "AB", AT), "P03", rng=rng)
    with pytest.raises(NotClearedError, match="P03 is not enrolled"):
        participants.get(db, "P03")
    assert "P03" not in answers_store.answers(db)
    assert set(raters_per_clip(db)) == {3}
    (payment,) = payments.frame(db).to_dict("records")
    assert payment["payee"].startswith("erased-")
    assert (payment["hours_pence"], payment["bonus_pence"]) == (10, 100)
    events = audit.frame(db)
    assert "P03" not in events.to_csv()
    of_person = events[events["subject"] == payment["payee"]]["action"].tolist()
    assert of_person == ["pay", "erase"]
    assert payment["payee"] in events.query("action == 'plan'")["detail"].iloc[0]["left_to_do"]
    assert list(findings(db, study, clips=False, hashes=False)) == []
    participants.add(db, participant_id="P03", kind=ParticipantKind.HUMAN, at=AT)


def test_the_expert_cannot_withdraw_what_bonuses_were_paid_on(running):
    study, db = running
    enrol(db, "EXPERT", kind=ParticipantKind.EXPERT)
    with pytest.raises(StudyError, match="EXPERT is the expert"):
        withdrawal.withdraw(Desk(db, study, "AB", AT), "EXPERT", keep_ratings=True)


@pytest.fixture
def described(tmp_path):
    """Eleven people as in the paper: ten women and a man, 19 to 63."""
    study, engine = new_study(tmp_path)
    ages = (19, 19, 20, 20, 21, 22, 23, 24, 25, 32, 63)
    with transaction(engine) as db:
        for number, age in enumerate(ages, start=1):
            person = f"P{number:02d}"
            participants.add(db, participant_id=person, kind=ParticipantKind.HUMAN, at=AT)
            participants.add_consent(db, person, CONSENT)
            answers = {
                "age": age, "sex": "male" if number == 5 else "female",
                "hearing_normal": True, "vision_normal": True,
            }  # fmt: skip
            demographics.record(Desk(db, study, "AB", AT), person, answers)
        yield study, db


def test_no_exported_group_is_smaller_than_three(described):
    _, db = described
    table = demographics.banded(db)
    assert table["n"].min() >= 3
    ages = table[table["question"] == "age"]
    assert dict(zip(ages["band"], ages["n"], strict=True)) == {
        "18-24": 8,
        "25-34 or 55-64": 3,
    }
    assert table[table["question"] == "sex"]["band"].tolist() == ["all"]


def test_the_participants_paragraph_is_in_bands_unless_exact_figures_are_asked_for(described):
    study, db = described
    text = participants_text(Desk(db, study, "AB", AT), exact=False)
    assert text.startswith("To rate the clips, 11 participants (age: 8 18-24, 3 25-34 or 55-64)")
    assert "male" not in text
    assert "63" not in text
    exact = participants_text(Desk(db, study, "AB", AT), exact=True)
    assert "11 participants (10 females, 1 male; mean age 26.18, range 19-63 years)" in exact
    assert "No participants were excluded." in exact
    assert "normal or corrected-to-normal vision" in exact
    assert "£6.00 per hour" in exact
    assert audit.frame(db)["action"].tolist().count("export_exact") == 1


def test_the_audit_log_does_not_keep_what_people_said(described):
    _, db = described
    details = audit.frame(db).query("action == 'demographics'")["detail"]
    assert {tuple(detail) for detail in details} == {("questions",)}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"age": 200}, "200 is not an age"),
        ({"sex": "jane@example.org"}, "identify nobody"),
        ({"town": "Ulm"}, "does not ask for town. It asks for age, sex, hearing_normal"),
    ],
)
def test_what_cannot_be_or_is_not_asked_is_refused(described, said, message):
    study, db = described
    with pytest.raises(ConfigError, match=message):
        demographics.record(Desk(db, study, "AB", AT), "P01", said)


def test_nothing_is_kept_of_people_without_a_consent(described):
    study, db = described
    participants.add(db, participant_id="P20", kind=ParticipantKind.HUMAN, at=AT)
    with pytest.raises(
        NotClearedError, match=r"P20 has not given consent, and nothing is recorded"
    ):
        demographics.record(Desk(db, study, "AB", AT), "P20", {"age": 30})


def test_answers_are_counted_alike_however_they_are_typed(described):
    study, db = described
    demographics.record(Desk(db, study, "AB", AT), "P05", {"sex": "Female"})
    exact = participants_text(Desk(db, study, "AB", AT), exact=True)
    assert "11 participants (11 females; mean age" in exact


def test_a_screening_is_reported_with_its_confusions_and_missed_clips(tmp_path):
    _, engine = new_study(tmp_path)
    with transaction(engine) as db:
        ids = add_candidates(db, 1)
        clips = [
            ExerciseClip(clip, Phase.SCREENING, 1, i, Rating(1 + i % 3), f"because {i}")
            for i, clip in enumerate(ids)
        ]
        exercises.add_many(db, clips)
        enrol(db, "P03")
        with pytest.raises(NotClearedError, match="P03 has not been screened"):
            screening_report(db, Protocol(), "P03")
        rate(db, "P03", dict(zip(ids, (1, 2, 3, 1, 2, 1), strict=True)), phase=Phase.SCREENING)
        report = screening_report(db, Protocol(), "P03")
    assert report[0] == "P03, screening 1: failed, 5 of 6 right, 6 needed"
    assert report[-1] == "tapping: rated 1, expert 3. because 5 (tapping/clip_0.mp4)"
    assert len(report) == 9
