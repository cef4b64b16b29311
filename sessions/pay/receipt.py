"""The statement that a participant signs: what they received before, what they receive now."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from instructions import pence
from sessions.pay.statement import Statement, StatementLine
from sessions.pay.worked import LONGEST_PAID_GAP, LONGEST_PAID_TALK
from study.tools.local_time import local_day, local_time

SETTLED_ELSEWHERE = "settled at the desk"
AT_THE_DESK = (
    "this store is the part of a study on a laptop, which does not know what has been paid. "
    "Money is settled at the desk: run this there"
)
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


def session_lines(everything: Statement, *, is_settled_here: bool) -> list[str]:
    """Return a statement for the terminal: one line a session, and the sum.

    Parameters
    ----------
    everything : Statement
        From `sessions.pay.statement.statement`.
    is_settled_here : bool
        False on a laptop, which does not know what the desk has paid.
    """
    lines = [
        f"{local_time(line.started_at)}  {line.phase:13} {line.worked / _HOUR:6.2f} h  "
        f"{line.n_rated:5} clips  {pence(line.hours_pence):>7} + {pence(line.bonus_pence):>7}"
        + (f"  {line.state}" if is_settled_here else "")
        for line in everything.lines
    ]
    total = (
        f"{everything.participant_id}: {everything.hours:.2f} h {pence(everything.hours_pence)} + "
        f"bonus {pence(everything.bonus_pence)} = {pence(everything.total_pence)}"
    )
    owed_pence = everything.owed.total_pence
    paid_pence = everything.total_pence - owed_pence
    standing = f"of which {pence(paid_pence)} paid and {pence(owed_pence)} owed"
    return [*lines, f"{total}, {standing if is_settled_here else SETTLED_ELSEWHERE}"]


def file_of(everything: Statement) -> Path:
    """Return where a statement to sign belongs in the study's folder.

    Returns a name that has the number of the payment which is signed.
    """
    number = len(everything.payments) + bool(everything.owed.lines)
    return Path("pay") / f"{everything.participant_id}-{max(number, 1)}.pdf"


def statement_text(everything: Statement, title: str) -> str:
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
            _rule(everything),
            "",
            "| date | session | hours | pay | clips | bonus | paid |",
            "|---|---|---:|---:|---:|---:|---|",
            *(_row(line) for line in everything.lines),
            "",
            f"**{everything.hours:.2f} hours: {pence(everything.hours_pence)}. Bonus: "
            f"{pence(everything.bonus_pence)}. Total: {pence(everything.total_pence)}.**",
            "",
            *_received(everything),
            "",
        ]
    )


def _rule(everything: Statement) -> str:
    rates = sorted({line.hourly_rate_pence for line in everything.lines if line.session_id})
    offsets = dict.fromkeys(local_time(line.started_at)[-6:] for line in everything.lines)
    clock = f" Dates are local (UTC{', UTC'.join(offsets)})." if offsets else ""
    return (
        f"Rate: {' and '.join(pence(rate) for rate in rates) or '-'} per hour. Up to "
        f"{LONGEST_PAID_GAP // _MINUTE} minutes between two clips are paid (in training up to "
        f"{LONGEST_PAID_TALK // _MINUTE}), so breaks and short pauses are; what a pause takes "
        f"beyond that is not. Pay is rounded up to the penny, session by session.{clock}"
    )


def _row(line: StatementLine) -> str:
    paid = {"paid": "yes", "owed": "no"}.get(line.state, line.state)
    hours = f"{line.worked / _HOUR:.2f}" if line.session_id else ""
    return (
        f"| {local_day(line.started_at)} | {line.phase} | {hours} | {pence(line.hours_pence)} | "
        f"{line.n_rated} | {pence(line.bonus_pence)} | {paid} |"
    )


def _received(everything: Statement) -> Iterable[str]:
    owed, before = everything.owed, list(everything.payments)
    now_hours, now_bonus, when = owed.hours_pence, owed.bonus_pence, "now"
    if not owed.lines and before:  # printed again
        last = before.pop()
        now_hours, now_bonus = last.hours_pence, last.bonus_pence
        when = f"on {local_day(last.paid_at)}, this statement"
    yield "| received | pay | bonus | together |"
    yield "|---|---:|---:|---:|"
    for paid in before:
        yield _sum_row(f"earlier, on {local_day(paid.paid_at)}", paid.hours_pence, paid.bonus_pence)
    yield _sum_row(when, now_hours, now_bonus)
    yield _sum_row("in all", everything.hours_pence, everything.bonus_pence)
    yield ""
    if any(line.is_open for line in owed.lines):
        yield "Do not sign yet: a session is still open, and its pay is not known."
        return
    yield f"Received: {pence(now_hours + now_bonus)}"
    yield ""
    yield "Signature: ______________________________ Date: ______________"


def _sum_row(name: str, hours: int, bonus: int) -> str:
    return f"| {name} | {pence(hours)} | {pence(bonus)} | {pence(hours + bonus)} |"
