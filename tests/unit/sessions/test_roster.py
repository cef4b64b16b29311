from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from sessions.maintenance.store_check import findings
from sessions.people import roster
from study.errors import ConfigError, StoreError
from study.store import audit, transaction
from study.store.desk import Desk
from study.store.people import participants
from study.vocabulary import ParticipantKind, Phase
from tests.worlds.studies import AT, CONSENT, new_study

HUMAN = ParticipantKind.HUMAN


@pytest.mark.parametrize("participant_id", ["P03", "S01", "R4821", "BD1", "P1899"])
def test_ids_that_say_nothing_are_accepted(participant_id):
    roster.check_id(participant_id, HUMAN)


@pytest.mark.parametrize(
    "participant_id",
    ["", "JSM1", "SUE1", "JO7", "P1987", "JS1987", "JS2004", "JS030287",
     "anna", "Anna1", "ANNA", "ANNA12", "anna@example.org", "P03 ", "P 3", "p03", "P123456",
     "Smith-3", "EXPERT"],
)  # fmt: skip
def test_anything_like_a_name_is_refused(participant_id):
    with pytest.raises(ConfigError, match="cannot be an id"):
        roster.check_id(participant_id, HUMAN)


def test_only_the_expert_is_called_expert():
    roster.check_id("EXPERT", ParticipantKind.EXPERT)


def test_random_ids_are_accepted_and_new():
    rng = np.random.default_rng(1)
    taken: set[str] = set()
    for _ in range(200):
        participant_id = roster.random_id(taken, rng)
        roster.check_id(participant_id, HUMAN)
        assert participant_id not in taken
        taken.add(participant_id)


@pytest.mark.parametrize(
    ("consent", "message"),
    [
        (("", "E", "AB", None), "--form-version is empty"),
        (("1", " ", "AB", None), "--ethics-approval is empty"),
        (("1", "E", "Anna Bell", None), "capital initials"),
        (("1", "E", "AB", "5.1.2026"), "is not a date"),
        (("1", "E", "AB", "2026-01-06"), "in the future"),
        (("1", "E", "AB", "0001-01-01"), "is before 2018-01-01, when there was no study yet"),
        (("1", "E", "AB", "2017-12-31"), "is before 2018-01-01"),
        (("1", "E", "AB", "9999-12-31"), "in the future"),
    ],
)
def test_a_consent_that_cannot_be_is_refused(consent, message):
    with pytest.raises(ConfigError, match=message):
        roster.new_consent(*consent, today=date(2026, 1, 5))


@pytest.mark.parametrize("day", ["0001-01-01", "5.1.2026", ""])
def test_a_consent_of_an_older_version_with_a_day_that_cannot_be_is_found(tmp_path, day):
    study, engine = new_study(tmp_path)
    with transaction(engine) as db:
        desk = Desk(db, study, "AB", AT)
        roster.enrol(desk, "P03", HUMAN, consent=replace(CONSENT, signed_on=day))
        (found,) = findings(db, study, clips=False, hashes=False)
        assert f"the consent of P03 is said to be signed on {day!r}, which is" in found
        roster.give_consent(desk, "P03", CONSENT)
        assert list(findings(db, study, clips=False, hashes=False)) == []


def test_enrolment_consent_and_closing_are_audited(tmp_path):
    study, engine = new_study(tmp_path)
    with transaction(engine) as db:
        roster.enrol(Desk(db, study, "AB", AT), "P03", HUMAN, consent=CONSENT)
        assert participants.consent_of(db, "P03") == CONSENT
        with pytest.raises(StoreError, match="P03 is enrolled already"):
            roster.enrol(Desk(db, study, "AB", AT), "P03", HUMAN, consent=None)
        assert roster.close(Desk(db, study, "AB", AT), "P03", reason="moved away") == 0
        with pytest.raises(StoreError, match="P03 is closed already"):
            roster.close(Desk(db, study, "AB", AT), "P03", reason="again")
        events = audit.frame(db).query("subject == 'P03'")
        assert events["action"].tolist() == ["enrol", "consent", "close"]
        assert set(events["actor"]) == {"AB"}


def test_training_and_screening_can_be_left_out_in_rehearsals_only(tmp_path):
    real, engine = new_study(tmp_path)
    with transaction(engine) as db:
        roster.enrol(Desk(db, real, "AB", AT), "P03", HUMAN, consent=None)
        with pytest.raises(ConfigError, match="this is a real study"):
            roster.clear_for_rehearsal(Desk(db, real, "AB", AT), "P03")
    study, engine = new_study(tmp_path / "rehearsal", rehearsal=True)
    with transaction(engine) as db:
        roster.enrol(Desk(db, study, "AB", AT), "P03", HUMAN, consent=None)
        roster.clear_for_rehearsal(Desk(db, study, "AB", AT), "P03")
        assert participants.is_cleared(db, "P03", Phase.ANNOTATION)
        assert "clear" in audit.frame(db)["action"].tolist()
