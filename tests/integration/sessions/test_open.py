"""A session that is open: whose clips cannot be moved, and how a crashed one is closed."""

import socket
from datetime import timedelta

import pytest
from sqlalchemy import update

from sessions.laptops.deal import deal_part
from sessions.pay import statement
from sessions.people import withdrawal
from sessions.plan import changes, schedule
from sessions.running.open_sessions import end_crashed
from study.errors import StoreError, StudyError
from study.store import audit, transaction
from study.store.desk import Desk
from study.store.plan import assignments
from study.store.tables import SessionRow
from study.vocabulary import ParticipantKind
from tests.worlds.studies import AT, add_candidates, enrol, new_study, rate

PEOPLE = ("S01", "S02", "S03", "S04", "S05")


@pytest.fixture
def lab(tmp_path):
    """A rehearsal in which S02 is rating at this moment, on this machine."""
    study, engine = new_study(tmp_path / "lab", rehearsal=True)
    with transaction(engine) as db:
        add_candidates(db, 8)
        enrol(db, *PEOPLE, kind=ParticipantKind.SIMULATED)
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
        for person in ("S01", "S02"):
            (first, *_) = assignments.remaining(db, person)
            rate(db, person, {first.candidate_id: 2})
        enrol(db, "S06", kind=ParticipantKind.SIMULATED)
        here = {"ended_at": None, "host": socket.gethostname(), "pid": 4711}
        db.execute(update(SessionRow).where(SessionRow.participant_id == "S02").values(here))
        yield study, db, tmp_path / "laptop.sqlite"
    engine.dispose()


def give_away(db, study, path):
    return {
        "reassign": lambda: changes.reassign(Desk(db, study, "AB", AT), ["S02"]),
        "extend": lambda: changes.extend(Desk(db, study, "AB", AT), "S06", n_clips=None),
        "withdraw": lambda: withdrawal.withdraw(
            Desk(db, study, "AB", AT), "S02", keep_ratings=True
        ),
        "erase": lambda: withdrawal.erase(Desk(db, study, "AB", AT), "S02", rng=None),
        "deal": lambda: deal_part(Desk(db, study, "AB", AT), ["S01", "S02"], path),
    }


@pytest.mark.parametrize("change", ["reassign", "extend", "withdraw", "erase", "deal"])
def test_clips_are_not_taken_from_under_somebody_who_rates(lab, change):
    study, db, path = lab
    before, events = assignments.frame(db), len(audit.frame(db))
    message = r"S02 on \S+ since 2026.* would take away clips .*python -m sessions end-session S02"
    with pytest.raises(StudyError, match=message):
        give_away(db, study, path)[change]()
    assert assignments.frame(db).equals(before)
    assert len(audit.frame(db)) == events
    assert not path.exists()


def test_who_does_not_rate_is_no_hindrance(lab):
    study, db, _ = lab
    assert changes.reassign(Desk(db, study, "AB", AT), ["S03"]).n_slots > 0


def test_a_crashed_session_is_closed_at_the_desk(lab):
    study, db, path = lab
    with pytest.raises(StudyError, match="end-session S02"):
        statement.settle(db, "S02", study.config.protocol, paid_by="AB", at=AT)
    with pytest.raises(StoreError, match="S02 has a session open on"):
        end_crashed(Desk(db, study, "AB", AT), "S02", is_running=lambda pid: pid == 4711)
    end_crashed(Desk(db, study, "AB", AT), "S02", is_running=lambda pid: False)
    with pytest.raises(StudyError, match="S02 has no open session"):
        end_crashed(Desk(db, study, "AB", AT), "S02", is_running=lambda pid: False)
    last = audit.frame(db).iloc[-1]
    assert (last["actor"], last["action"], last["subject"]) == ("AB", "end_session", "S02")
    statement.settle(db, "S02", study.config.protocol, paid_by="AB", at=AT)
    for change in ("extend", "deal"):
        give_away(db, study, path)[change]()


def test_a_session_on_another_machine_is_taken_for_dead_when_it_is_silent(lab):
    study, db, _ = lab
    db.execute(update(SessionRow).values(host="elsewhere"))
    with pytest.raises(StoreError, match="open on elsewhere"):
        end_crashed(Desk(db, study, "AB", AT), "S02", is_running=lambda pid: False)
    later = AT + timedelta(minutes=6)
    end_crashed(Desk(db, study, "AB", later), "S02", is_running=lambda pid: False)
