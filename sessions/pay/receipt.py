"""The statement that a participant signs: what they received before, what they receive now."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from sessions.pay.statement import Statement, StatementLine
from sessions.pay.worked import LONGEST_PAID_GAP, LONGEST_PAID_TALK
from study.config.money import Money
from study.tools.local_time import local_day, local_time

POUNDS = Money("GBP")  # Paper: Participants
SETTLED_ELSEWHERE = "settled at the desk"
AT_THE_DESK = (
    "this store is the part of a study on a laptop, which does not know what has been paid. "
    "Money is settled at the desk: run this there"
)
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


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
        f"{local_time(line.started_at)}  {line.phase:13} {line.worked / _HOUR:6.2f} h  "
        f"{line.n_rated:5} clips  {money(line.hours_pence):>7} + {money(line.bonus_pence):>7}"
        + (f"  {line.state}" if is_settled_here else "")
        for line in everything.lines
    ]
    total = (
        f"{everything.participant_id}: {everything.hours:.2f} h {money(everything.hours_pence)} + "
        f"bonus {money(everything.bonus_pence)} = {money(everything.total_pence)}"
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


def statement_text(everything: Statement, title: str, money: Money = POUNDS) -> str:
    """Return a statement as Markdown, to be printed and signed.

    Returns one table row a session, what was received before and is received now, and a line to
    sign on. What is received now is what is owed; where nothing is, the last payment.

    `everything`: from `sessions.pay.statement.statement`, with what has been paid.
    """
    return "\n".join(
        [
            f"# {title}",
            "",
            f"## Statement of pay: {everything.participant_id}",
            "",
            _rule(everything, money),
            "",
            "| date | session | hours | pay | clips | bonus | paid |",
            "|---|---|---:|---:|---:|---:|---|",
            *(_row(line, money) for line in everything.lines),
            "",
            f"**{everything.hours:.2f} hours: {money(everything.hours_pence)}. Bonus: "
            f"{money(everything.bonus_pence)}. Total: {money(everything.total_pence)}.**",
            "",
            *_received(everything, money),
            "",
        ]
    )


def _rule(everything: Statement, money: Money) -> str:
    rates = sorted({line.hourly_rate_pence for line in everything.lines if line.session_id})
    offsets = dict.fromkeys(local_time(line.started_at)[-6:] for line in everything.lines)
    clock = f" Dates are local (UTC{', UTC'.join(offsets)})." if offsets else ""
    return (
        f"Rate: {' and '.join(money(rate) for rate in rates) or '-'} per hour. Up to "
        f"{LONGEST_PAID_GAP // _MINUTE} minutes between two clips are paid (in training up to "
        f"{LONGEST_PAID_TALK // _MINUTE}), so breaks and short pauses are; what a pause takes "
        f"beyond that is not. Pay is rounded up to the next {money(1)}, session by session.{clock}"
    )


def _row(line: StatementLine, money: Money) -> str:
    paid = {"paid": "yes", "owed": "no"}.get(line.state, line.state)
    hours = f"{line.worked / _HOUR:.2f}" if line.session_id else ""
    return (
        f"| {local_day(line.started_at)} | {line.phase} | {hours} | {money(line.hours_pence)} | "
        f"{line.n_rated} | {money(line.bonus_pence)} | {paid} |"
    )


def _received(everything: Statement, money: Money) -> Iterable[str]:
    owed, before = everything.owed, list(everything.payments)
    now_hours, now_bonus, when = owed.hours_pence, owed.bonus_pence, "now"
    if not owed.lines and before:  # printed again
        last = before.pop()
        now_hours, now_bonus = last.hours_pence, last.bonus_pence
        when = f"on {local_day(last.paid_at)}, this statement"
    yield "| received | pay | bonus | together |"
    yield "|---|---:|---:|---:|"
    for paid in before:
        name = f"earlier, on {local_day(paid.paid_at)}"
        yield _sum_row(name, paid.hours_pence, paid.bonus_pence, money)
    yield _sum_row(when, now_hours, now_bonus, money)
    yield _sum_row("in all", everything.hours_pence, everything.bonus_pence, money)
    yield ""
    if any(line.is_open for line in owed.lines):
        yield "Do not sign yet: a session is still open, and its pay is not known."
        return
    yield f"Received: {money(now_hours + now_bonus)}"
    yield ""
    yield "Signature: ______________________________ Date: ______________"


def _sum_row(name: str, hours: int, bonus: int, money: Money) -> str:
    return f"| {name} | {money(hours)} | {money(bonus)} | {money(hours + bonus)} |"
