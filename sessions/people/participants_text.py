"""The paper's paragraph on its participants, written from the store."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from sessions.pay.receipt import AT_THE_DESK
from sessions.pay.statement import Statement, is_settled_here, statement
from sessions.people.demographics import NOT_SAID, answers_of, banded, consenting
from sessions.people.withdrawal import WITHDREW
from study.config.money import Money
from study.config.protocol import Protocol
from study.config.study import Study
from study.errors import StudyError
from study.store import Db
from study.store.desk import Desk
from study.store.people import payments
from study.store.people.participants import Participant
from study.tools.wording import counted


@dataclass(frozen=True, slots=True)
class _Facts:
    people: Sequence[Participant]
    answers: Sequence[dict[str, Any]]  # one of each person
    earned: Sequence[Statement]
    bonuses_pence: frozenset[int]


def participants_text(desk: Desk, *, exact: bool) -> str:
    """Return the paragraph on participants.

    Raises StudyError on a laptop, which knows neither all people nor what they were paid.

    `exact`: whether ages and sexes are given as they are, which is written to the audit log; in
    bands otherwise. Paper: Participants.
    """
    db, study = desk.db, desk.study
    if not is_settled_here(db):
        raise StudyError(AT_THE_DESK)
    facts = _facts(db, study)
    described = _exactly(facts.answers) if exact else _in_bands(db)
    n_excluded = sum(
        person.closed_at is not None and person.close_reason != WITHDREW for person in facts.people
    )
    n_withdrawn = sum(person.close_reason == WITHDREW for person in facts.people)
    if exact:
        desk.log("export_exact", "demographics", {})
    n = len(facts.people)
    sentences = [
        f"To rate the clips, {counted(n, 'participant')}{described} "
        f"{'were' if n != 1 else 'was'} recruited and gave informed consent to take part.",
        _left_early(n_excluded, n_withdrawn),
        _senses(facts.answers) if exact else "",
        _reimbursed(facts, study.config.protocol, study.config.money),
        _earned(facts, study.config.money),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _facts(db: Db, study: Study) -> _Facts:
    people = consenting(db)
    return _Facts(
        people,
        answers_of(db, people),
        [statement(db, person.id, study.config.protocol) for person in people],
        payments.bonuses_pence(db, [person.id for person in people]),
    )


def _exactly(answers: Sequence[dict[str, Any]]) -> str:
    sexes = Counter(str(a.get("sex") or NOT_SAID).casefold() for a in answers)
    ages = [a["age"] for a in answers if a.get("age") is not None]
    parts = []
    if set(sexes) - {NOT_SAID}:
        counts = (f"{n} {_plural(sex) if n != 1 else sex}" for sex, n in sexes.most_common())
        parts.append(", ".join(counts))
    if ages:
        n_silent = len(answers) - len(ages)
        silent = f", {n_silent} {NOT_SAID}" if n_silent else ""
        parts.append(f"mean age {mean(ages):.2f}, range {min(ages)}-{max(ages)} years{silent}")
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
    n_normal = sum(bool(a.get("hearing_normal") and a.get("vision_normal")) for a in answers)
    if not n_normal:
        return ""
    who = "All" if n_normal == len(answers) else f"{n_normal} of {len(answers)}"
    return f"{who} reported normal hearing and normal or corrected-to-normal vision."


def _reimbursed(facts: _Facts, protocol: Protocol, money: Money) -> str:
    lines = [line for earned in facts.earned for line in earned.lines if line.session_id]
    paid = [line for line in lines if line.is_paid] or lines
    rates = {line.hourly_rate_pence for line in paid} or {protocol.hourly_rate_pence}
    return (
        f"Participants were reimbursed at {_a('rate', rates, money)} per hour, plus "
        f"{_a('bonus', facts.bonuses_pence or {protocol.bonus_pence}, money)} for each rating that "
        "matched a randomly interspersed ground truth."
    )


def _a(noun: str, amounts_pence: Iterable[int], money: Money) -> str:
    amounts = [money(amount) for amount in sorted(amounts_pence)]
    if len(amounts) == 1:
        return f"a {noun} of {amounts[0]}"
    plural = "bonuses" if noun == "bonus" else f"{noun}s"
    return f"{plural} of {', '.join(amounts[:-1])} and {amounts[-1]}"


def _earned(facts: _Facts, money: Money) -> str:
    hours = sum(earned.hours for earned in facts.earned)
    if not hours:
        return ""
    per_hour = round(sum(earned.total_pence for earned in facts.earned) / hours)
    owed_pence = sum(earned.owed.total_pence for earned in facts.earned)
    unpaid = f", of which {money(owed_pence)} in all has not been paid yet" if owed_pence else ""
    return (
        f"On average participants earned a total (hourly payment + bonus) of {money(per_hour)} "
        f"per hour{unpaid}."
    )
