"""The statement that a participant signs: what they received before, what they receive now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import instructions
from sessions.pay.statement import Statement, StatementLine
from sessions.pay.worked import LONGEST_PAID_GAP, LONGEST_PAID_TALK
from study.classes import read_classes
from study.config.money import Money
from study.config.study import Study
from study.tools.local_time import local_day, local_time
from study.tools.wording import on_the_clock

POUNDS = Money("GBP")  # Paper: Participants
SETTLED_ELSEWHERE = "settled at the desk"
AT_THE_DESK = (
    "this store is the part of a study on a laptop, which does not know what has been paid. "
    "Money is settled at the desk: run this there"
)
NOTHING = "-"
_MINUTE = timedelta(minutes=1)


def session_lines(
    everything: Statement, money: Money = POUNDS, *, is_settled_here: bool
) -> list[str]:
    """Return a statement for the terminal: one line a session, and the sum.

    Parameters
    ----------
    everything : Statement
        From `sessions.pay.statement.statement`.
    money : Money
        How amounts are written.
    is_settled_here : bool
        False on a laptop, which does not know what the desk has paid.
    """
    lines = [
        f"{local_time(line.started_at)}  {line.phase:13} "
        f"{on_the_clock(line.worked.total_seconds()):>9} h  "
        f"{line.n_rated:5} clips  {money(line.hours_pence):>7} + {money(line.bonus_pence):>7}"
        + (f"  {line.state}" if is_settled_here else "")
        for line in everything.lines
    ]
    total = (
        f"{everything.participant_id}: {on_the_clock(everything.worked.total_seconds())} h, "
        f"{money(everything.hours_pence)} + bonus {money(everything.bonus_pence)} = "
        f"{money(everything.total_pence)}"
    )
    owed_pence = everything.owed.total_pence
    paid_pence = everything.total_pence - owed_pence
    standing = f"of which {money(paid_pence)} paid and {money(owed_pence)} owed"
    return [*lines, f"{total}, {standing if is_settled_here else SETTLED_ELSEWHERE}"]


def file_of(everything: Statement) -> Path:
    """Return where a statement to sign belongs in the study's folder.

    Returns a name that has the number of the payment which is signed.
    """
    number = len(everything.payments) + bool(everything.owed.lines)
    return Path("pay") / f"{everything.participant_id}-{max(number, 1)}.pdf"


def statement_text(everything: Statement, study: Study) -> str:
    """Return a statement in the study's language, as Markdown, to be printed and signed.

    Returns one table row a session, what was received before and is received now, and a line to
    sign on. What is received now is what is owed; where nothing is, the last payment. Raises
    ConfigError if a text of the study's own cannot be read or filled in.

    `everything`: from `sessions.pay.statement.statement`, with what has been paid.
    """
    money, words = study.config.money, instructions.words_of(study).statement
    receipts = _receipts(everything, words)
    rates = sorted({line.hourly_rate_pence for line in everything.lines if line.session_id})
    offsets = dict.fromkeys(local_time(line.started_at)[-6:] for line in everything.lines)
    return _text(
        "statement",
        study,
        participant=everything.participant_id,
        rates=", ".join(map(money, rates)) or NOTHING,
        gap_min=LONGEST_PAID_GAP // _MINUTE,
        talk_min=LONGEST_PAID_TALK // _MINUTE,
        smallest=money(1),
        time_zones=", ".join(f"UTC{offset}" for offset in offsets) or NOTHING,
        sessions="\n".join(_row(line, money, words) for line in everything.lines),
        time=on_the_clock(everything.worked.total_seconds()),
        pay=money(everything.hours_pence),
        bonus_total=money(everything.bonus_pence),
        total=money(everything.total_pence),
        receipts="\n".join(receipt.row(money) for receipt in receipts),
        signature=_signature(everything, receipts, study),
    )


@dataclass(frozen=True, slots=True)
class _Receipt:
    """A row of what was received."""

    when: str
    hours_pence: int
    bonus_pence: int

    def row(self, money: Money) -> str:
        amounts = (self.hours_pence, self.bonus_pence, self.hours_pence + self.bonus_pence)
        return f"| {self.when} | {' | '.join(map(money, amounts))} |"


def _receipts(everything: Statement, words: Mapping[str, str]) -> list[_Receipt]:
    """Return what was received before, what is received now, and both together."""
    owed, before = everything.owed, list(everything.payments)
    now = _Receipt(words["now"], owed.hours_pence, owed.bonus_pence)
    if not owed.lines and before:  # printed again
        last = before.pop()
        day = f"{words['again']} {local_day(last.paid_at)}"
        now = _Receipt(day, last.hours_pence, last.bonus_pence)
    earlier = [
        _Receipt(f"{words['earlier']} {local_day(p.paid_at)}", p.hours_pence, p.bonus_pence)
        for p in before
    ]
    in_all = _Receipt(words["in_all"], everything.hours_pence, everything.bonus_pence)
    return [*earlier, now, in_all]


def _row(line: StatementLine, money: Money, words: Mapping[str, str]) -> str:
    paid = words[{"paid": "yes", "owed": "no"}.get(line.state, line.state)]
    time = on_the_clock(line.worked.total_seconds()) if line.session_id else ""
    name = words[line.phase if line.session_id else "removed"]
    return (
        f"| {local_day(line.started_at)} | {name} | {time} | {money(line.hours_pence)} | "
        f"{line.n_rated} | {money(line.bonus_pence)} | {paid} |"
    )


def _signature(everything: Statement, receipts: Sequence[_Receipt], study: Study) -> str:
    if any(line.is_open for line in everything.owed.lines):
        return _text("statement_open", study)
    *_, now, _in_all = receipts
    amount = study.config.money(now.hours_pence + now.bonus_pence)
    return _text("statement_sign", study, amount=amount)


def _text(name: str, study: Study, **words: object) -> str:
    n_classes = len(read_classes(study.classes_path).avmit_labels)
    values = instructions.placeholders_of(study, n_classes) | words
    return instructions.text(name, study.config.language, values, own=study.texts_path).strip()
