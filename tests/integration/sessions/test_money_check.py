"""What `sessions check` finds about money."""

from datetime import timedelta

import pytest
from sqlalchemy import text, update

from sessions.laptops.deal import deal_part
from sessions.maintenance.store_check import findings
from sessions.pay import statement
from sessions.plan import schedule
from study.store import transaction
from study.store.desk import Desk
from study.store.people import payments
from study.store.plan import ground_truths
from study.store.tables import PaidSessionRow, PaymentRow, RatingRow
from study.vocabulary import ParticipantKind, Rating
from tests.worlds.studies import AT, add_candidates, enrol, new_study, rate

LATER = AT + timedelta(hours=2)


@pytest.fixture(params=["sqlite", "postgresql"])
def lab(request, tmp_path):
    """S01 has matched one of two ground truths, of which one was corrected afterwards."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    study, engine = new_study(tmp_path / "lab", rehearsal=True, url=url)
    with transaction(engine) as db:
        clips = add_candidates(db, 1)
        enrol(db, "S01", "S02", "S03", kind=ParticipantKind.SIMULATED)
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
        ground_truths.add_sample(db, clips[:2], AT)
        for clip, rating in zip(clips[:2], (2, 3), strict=True):
            ground_truths.add_version(
                db, candidate_id=clip, rating=Rating(rating), given_by="EXPERT", at=AT
            )
        at = AT + timedelta(hours=1)
        rate(db, "S01", dict.fromkeys(clips, 2), bonus_pence={clips[0]: 10}, at=at)
        ground_truths.add_version(
            db, candidate_id=clips[1], rating=Rating(2), given_by="EXPERT", at=LATER, reason="heard"
        )
        rate(db, "S02", {clips[1]: 2}, bonus_pence=10, at=LATER + timedelta(hours=1))
    yield study, engine, tmp_path
    engine.dispose()


def found(study, db):
    return [line for line in findings(db, study, clips=False, hashes=False) if "rater" not in line]


def test_bonuses_follow_the_ground_truth_that_held_then(lab):
    study, engine, _ = lab
    with transaction(engine) as db:
        assert found(study, db) == []
        statement.settle(db, "S01", study.config.protocol, paid_by="AB", at=LATER)
        assert found(study, db) == []


def test_a_payment_that_is_not_the_sum_over_its_sessions_is_found(lab):
    study, engine, _ = lab
    with transaction(engine) as db:
        statement.settle(db, "S01", study.config.protocol, paid_by="AB", at=LATER)
        (payment,) = payments.frame(db).to_dict("records")
        paid = payment["hours_pence"] + payment["bonus_pence"]
        db.execute(update(PaidSessionRow).values(bonus_pence=PaidSessionRow.bonus_pence + 1))
        assert found(study, db) == [
            f"payment {payment['payment_id']} is {paid} pence, and its sessions sum up to "
            f"{paid + 1}. Compare with the signed statement"
        ]


@pytest.mark.parametrize(("clip", "bonus"), [(1, 0), (1, 20), (2, 10), (4, 10)])
def test_a_bonus_that_follows_from_nothing_is_found(lab, clip, bonus):
    study, engine, _ = lab
    with transaction(engine) as db:
        row = (RatingRow.participant_id == "S01") & (RatingRow.candidate_id == clip)
        db.execute(update(RatingRow).where(row).values(bonus_pence=bonus))
        (line,) = found(study, db)
        assert line.startswith(
            "1 bonus does not follow from rating, ground truth and protocol (S01"
        )


def test_who_rated_on_a_laptop_earned_by_what_was_dealt(lab):
    study, engine, folder = lab
    with transaction(engine) as db:
        deal_part(Desk(db, study, "AB", AT), ["S03"], folder / "laptop.sqlite")
        rate(db, "S03", {2: 3}, bonus_pence=10, at=LATER + timedelta(hours=2))
        assert found(study, db) == []


def test_a_payment_changed_by_hand_is_found(lab):
    study, engine, _ = lab
    with transaction(engine) as db:
        statement.settle(db, "S01", study.config.protocol, paid_by="AB", at=LATER)
        db.execute(text("UPDATE payment SET hours_pence = hours_pence + 5, bonus_pence = 5"))
        lines = found(study, db)
        assert any(line.startswith("payment 1 is ") for line in lines)
        assert any("bonuses sum up to 10p, and 5p was paid" in line for line in lines)
        db.execute(update(PaymentRow).values(bonus_pence=10))
