"""The paper's paragraph on its participants, written from the store."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import mean
from typing import Any

from instructions import pence
from sessions.pay.statement import statement
from sessions.people.demographics import banded
from sessions.people.withdrawal import WITHDREW
from study.config.study import Study
from study.store import Db, audit
from study.store.people import demographics, participants
from study.store.people.participants import Participant
from study.vocabulary import ParticipantKind


@dataclass(frozen=True, slots=True)
class _Facts:
    people: Sequence[Participant]
    answers: Sequence[dict[str, Any]]
    hours: float
    earned_pence: int


def participants_text(db: Db, study: Study, *, exact: bool, actor: str, at: datetime) -> str:
    """Return the paragraph on participants.

    Parameters
    ----------
    db : Session
        An open transaction.
    study : Study
        Gives rate and bonus.
    exact : bool
        Whether ages and sexes are given as they are, which is written to the audit log; in
        bands otherwise.
    actor : str
        Who asks.
    at : datetime
        Now.

    Returns
    -------
    str
        English prose.

    Notes
    -----
    Paper: Participants.
    """
    facts = _facts(db, study)
    protocol = study.config.protocol
    described = _exactly(facts.answers) if exact else _in_bands(db)
    n_excluded = sum(
        person.closed_at is not None and person.close_reason != WITHDREW for person in facts.people
    )
    n_withdrawn = sum(person.close_reason == WITHDREW for person in facts.people)
    if exact:
        audit.add(db, actor=actor, action="export_exact", subject="demographics", detail={}, at=at)
    n = len(facts.people)
    sentences = [
        f"To rate the clips, {n} participant{'s' * (n != 1)}{described} "
        f"{'were' if n != 1 else 'was'} recruited and gave informed consent to take part.",
        _left_early(n_excluded, n_withdrawn),
        _senses(facts.answers) if exact else "",
        f"Participants were reimbursed at a rate of {pence(protocol.hourly_rate_pence)} per hour, "
        f"plus a bonus of {pence(protocol.bonus_pence)} for each rating that matched a randomly "
        "interspersed ground truth.",
        _earned(facts),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _facts(db: Db, study: Study) -> _Facts:
    people = [
        person
        for person in participants.listed(db)
        if person.kind is ParticipantKind.HUMAN and participants.has_consented(db, person.id)
    ]
    known = demographics.answers(db)
    owed = [statement(db, person.id, study.config.protocol) for person in people]
    return _Facts(
        people,
        [known[person.id] for person in people if person.id in known],
        sum(line.worked_s for line in owed) / 3600,
        sum(line.total_pence for line in owed),
    )


def _exactly(answers: Sequence[dict[str, Any]]) -> str:
    sexes = Counter(a["sex"].casefold() for a in answers if a.get("sex"))
    ages = [a["age"] for a in answers if a.get("age") is not None]
    parts = []
    if sexes:
        counted = (f"{n} {_plural(sex) if n != 1 else sex}" for sex, n in sexes.most_common())
        parts.append(", ".join(counted))
    if ages:
        parts.append(f"mean age {mean(ages):.2f}, range {min(ages)}-{max(ages)} years")
    return f" ({'; '.join(parts)})" if parts else ""


def _plural(sex: str) -> str:
    return f"{sex}s" if sex in ("female", "male") else sex


def _in_bands(db: Db) -> str:
    table = banded(db)
    parts = []
    for question in ("sex", "age"):
        own = table[table["question"] == question]
        if len(own) > 1:
            groups = ", ".join(f"{n} {band}" for band, n in zip(own["band"], own["n"], strict=True))
            parts.append(f"{question}: {groups}")
    return f" ({'; '.join(parts)})" if parts else ""


def _left_early(n_excluded: int, n_withdrawn: int) -> str:
    if not n_excluded and not n_withdrawn:
        return "No participants were excluded."
    excluded = f"{n_excluded} {'was' if n_excluded == 1 else 'were'} excluded"
    parts = [excluded] * bool(n_excluded) + [f"{n_withdrawn} withdrew"] * bool(n_withdrawn)
    return f"Of these, {' and '.join(parts)}."


def _senses(answers: Sequence[dict[str, Any]]) -> str:
    if answers and all(a.get("hearing_normal") and a.get("vision_normal") for a in answers):
        return "All reported normal hearing and normal or corrected-to-normal vision."
    return ""


def _earned(facts: _Facts) -> str:
    if not facts.hours:
        return ""
    per_hour = round(facts.earned_pence / facts.hours)
    return (
        f"On average participants earned a total (hourly payment + bonus) of {pence(per_hour)} "
        "per hour."
    )
