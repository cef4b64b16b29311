"""Enrol people and record their consent; ids are short and say nothing about a person."""

import re
from collections.abc import Collection
from datetime import date
from string import ascii_uppercase

import numpy as np

from study.errors import ConfigError
from study.reading import dates
from study.store.desk import Desk
from study.store.people import participants
from study.store.people.participants import Consent
from study.store.plan import assignments
from study.tools.local_time import local_day
from study.tools.wording import checked_reason
from study.vocabulary import ParticipantKind, Phase

_ID = re.compile(r"(?:[A-Z]|[B-DF-HJ-NP-TV-XZ]{2})[0-9]{1,4}")  # two letters spell no name
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_EXPERT_ID = re.compile(r"EXPERT[0-9]{0,2}")
_EXPERIMENTER = re.compile(r"[A-Z]{2,4}")
_RANDOM_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_CLEARED_PHASES = (Phase.TRAINING, Phase.SCREENING, Phase.ANNOTATION)


def check_id(participant_id: str, kind: ParticipantKind) -> None:
    """Raise unless an id is short and says nothing about the person.

    Raises ConfigError if it could be a name, initials with a year or a date, or an e-mail address.

    `kind`: the expert may be called ``EXPERT``.

    Examples
    --------
    >>> check_id("P03", ParticipantKind.HUMAN)
    """
    if kind is ParticipantKind.EXPERT and _EXPERT_ID.fullmatch(participant_id):
        return
    if not _ID.fullmatch(participant_id) or _YEAR.fullmatch(participant_id.lstrip(ascii_uppercase)):
        raise ConfigError(
            f"{participant_id!r} cannot be an id: a capital letter (or two consonants) and "
            "one to four digits that are not a year are expected, such as P03, and nothing that "
            "identifies a person. The list of who is who belongs on paper. For a random id pass "
            "--random-id"
        )


def random_id(taken: Collection[str], rng: np.random.Generator) -> str:
    """Return a free id that does not show the order of enrolment.

    `rng`: source of chance; not the study's seed, which others can know.
    """
    while True:
        letters = "".join(rng.choice(list(_RANDOM_LETTERS), 2))
        candidate = f"{letters}{rng.integers(1000):03d}"
        if candidate not in taken:
            return candidate


def enrol(
    desk: Desk, participant_id: str, kind: ParticipantKind, *, consent: Consent | None
) -> None:
    """Enrol somebody.

    `consent`: what they signed; it can be added later, before the first session.
    """
    check_id(participant_id, kind)
    participants.add(desk.db, participant_id=participant_id, kind=kind, at=desk.at)
    desk.log("enrol", participant_id, {"kind": kind.value})
    if consent is not None:
        give_consent(desk, participant_id, consent)


def give_consent(desk: Desk, participant_id: str, consent: Consent) -> None:
    """Add a consent form that a participant signed."""
    participants.add_consent(desk.db, participant_id, consent)
    detail = {
        "form_version": consent.form_version,
        "ethics_approval": consent.ethics_approval,
        "experimenter": consent.experimenter,
        "signed_on": consent.signed_on,
    }
    desk.log("consent", participant_id, detail)


def new_consent(
    form_version: str, ethics_approval: str, experimenter: str, signed_on: str | None, today: date
) -> Consent:
    """Return a consent after checking what was typed.

    Raises ConfigError if something is empty, not a date, in the future, or a whole name.

    `signed_on`: ISO date; None for today.
    """
    for option, value in (("form-version", form_version), ("ethics-approval", ethics_approval)):
        if not value.strip():
            raise ConfigError(f"--{option} is empty. A consent names the form and its approval")
    if not _EXPERIMENTER.fullmatch(experimenter):
        raise ConfigError(
            f"--experimenter {experimenter!r} is not two to four capital initials. Write them as AB"
        )
    return Consent(form_version, ethics_approval, experimenter, _checked_date(signed_on, today))


def close(desk: Desk, participant_id: str, *, reason: str) -> int:
    """Close a participant's record; their ratings stay.

    Returns clips that are assigned to them and not rated. Raises ConfigError if the reason is
    empty, or could name somebody.
    """
    reason = checked_reason(reason)
    participants.close(desk.db, participant_id, reason=reason, at=desk.at)
    desk.log("close", participant_id, {"reason": reason})
    counts = assignments.counts(desk.db)
    return counts[participant_id].n_left if participant_id in counts else 0


def clear_for_rehearsal(desk: Desk, participant_id: str) -> None:
    """Let somebody rate in a rehearsal without training and screening.

    Raises ConfigError if the study is a real one.
    """
    if not desk.study.config.rehearsal:
        raise ConfigError(
            "this is a real study, in which training and screening cannot be left out. "
            "Rehearse in a study made with: python -m study init DIR --rehearsal"
        )
    if participants.consent_of(desk.db, participant_id) is None:
        signed_on = local_day(desk.at).isoformat()
        consent = Consent("rehearsal", "rehearsal", "rehearsal", signed_on)
        give_consent(desk, participant_id, consent)
    for phase in _CLEARED_PHASES:
        participants.clear(
            desk.db, participant_id, phase, granted_by=desk.by, reason="rehearsal", at=desk.at
        )
    desk.log("clear", participant_id, {"phases": [phase.value for phase in _CLEARED_PHASES]})


def why_not_signed_on(signed_on: str, today: date = date.max) -> str | None:
    """Return what is wrong with the day that a form is said to be signed on.

    Parameters
    ----------
    signed_on : str
        As it was typed, or as the store has it.
    today : date
        By the lab's clock; no day is in the future where it is not said.
    """
    try:
        signed = date.fromisoformat(signed_on)
    except ValueError:
        return "is not a date"
    return dates.why_not_signed_on(signed, today)


def _checked_date(signed_on: str | None, today: date) -> str:
    if signed_on is None:
        return today.isoformat()
    wrong = why_not_signed_on(signed_on, today)
    if wrong is not None:
        raise ConfigError(f"--signed-on {signed_on!r} {wrong}. Write it as {today.isoformat()}")
    return date.fromisoformat(signed_on).isoformat()
