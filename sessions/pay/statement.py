"""What a participant is owed and was paid: hours, pauses out, and the bonus that was shown."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from sessions.laptops.away import IS_PART
from sessions.pay import worked as rule
from study.config.protocol import Protocol
from study.errors import StudyError
from study.store import Db, audit
from study.store.people import participants, payments
from study.store.people.payments import PaidSession, Payment

REMOVED = "removed since"  # what stands for sessions whose ratings are gone


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A session as it stands on the statement.

    Parameters
    ----------
    session_id : str
        Which; empty for what was paid for ratings that were removed since.
    hourly_rate_pence : int
        The rate that the study had when the session began.
    hours_pence : int
        Pay for it: what was paid, or what is owed, rounded up to the penny.
    bonus_pence : int
        Bonus that was paid, or shown.
    is_open : bool
        Whether the session still runs.
    payment : int or None
        The number of the payment that covers it; None while it is owed.
    """

    session_id: str
    phase: str
    started_at: datetime
    worked: timedelta
    hourly_rate_pence: int
    hours_pence: int
    n_rated: int
    bonus_pence: int
    is_open: bool
    payment: int | None

    @property
    def is_paid(self) -> bool:
        """Whether a payment covers it."""
        return self.payment is not None

    @property
    def state(self) -> str:
        """Whether it is paid, owed or still open, in a word."""
        return "paid" if self.is_paid else "open" if self.is_open else "owed"


@dataclass(frozen=True, slots=True)
class Statement:
    """What a participant has earned.

    Parameters
    ----------
    lines : tuple of StatementLine
        In the order of time.
    payments : tuple of Payment
        What they have received so far; the paid lines add up to it.
    """

    participant_id: str
    lines: tuple[StatementLine, ...]
    payments: tuple[Payment, ...] = ()

    @property
    def n_sessions(self) -> int:
        """How many sessions these are."""
        return sum(bool(line.session_id) for line in self.lines)

    @property
    def worked(self) -> timedelta:
        """Time of all sessions."""
        return sum((line.worked for line in self.lines), timedelta())

    @property
    def hours(self) -> float:
        """Hours of all sessions."""
        return self.worked / timedelta(hours=1)

    @property
    def hours_pence(self) -> int:
        """Pay for the hours: the sum over sessions, each rounded up on its own."""
        return sum(line.hours_pence for line in self.lines)

    @property
    def bonus_pence(self) -> int:
        """The bonus of all sessions."""
        return sum(line.bonus_pence for line in self.lines)

    @property
    def total_pence(self) -> int:
        """Hours and bonus together."""
        return self.hours_pence + self.bonus_pence

    @property
    def owed(self) -> "Statement":
        """The part that has not been paid."""
        return Statement(
            self.participant_id, tuple(line for line in self.lines if not line.is_paid)
        )


def is_settled_here(db: Db) -> bool:
    """Return whether money is settled in this store; a laptop's part does not know of payments.

    Returns False on a laptop: only the desk knows what was paid.
    """
    return not audit.own(db, IS_PART)


def statement(
    db: Db, participant_id: str, protocol: Protocol, *, unpaid_only: bool = False
) -> Statement:
    """Return what a participant has earned.

    Returns one line a session; one that is still open counts up to its last trial.

    Paper: Participants.

    Parameters
    ----------
    protocol : Protocol
        Gives the hourly rate of sessions whose own is not known; the others are paid as promised,
        whatever `study.toml` says by now.
    unpaid_only : bool
        Whether to leave out sessions that have been paid.
    """
    participants.get(db, participant_id)
    rows = payments.sessions(db, participant_id).astype(object).to_dict("records")
    if unpaid_only:  # the others' trials need not be read
        rows = [row for row in rows if pd.isna(row["payment_id"])]
    times = payments.trial_times(db, [row["session_id"] for row in rows])
    rates = payments.hourly_rates_pence(db)
    lines = tuple(
        _line(
            row,
            times.get(row["session_id"], []),
            rates.get(row["protocol_version_id"], protocol.hourly_rate_pence),
        )
        for row in rows
    )
    if unpaid_only:
        return Statement(participant_id, lines)
    received = payments.received(db, participant_id)
    removed = tuple(line for payment in received for line in _removed(payment, lines))
    return Statement(participant_id, lines + removed, received)


def settle(
    db: Db,
    participant_id: str,
    protocol: Protocol,
    *,
    paid_by: str,
    at: datetime,
    currency: str = "GBP",
) -> Statement:
    """Mark all that is owed as paid; the same session cannot be paid again.

    Raises StudyError if nothing is owed, or a session is still open.

    `protocol`: as in `statement`; `currency`: the study's, which the payment keeps.
    """
    owed = statement(db, participant_id, protocol, unpaid_only=True)
    if any(line.is_open for line in owed.lines):
        raise StudyError(
            f"participant {participant_id} has a session that is still open, and its pay is not "
            "known yet. End it with Escape; if its program is gone: python -m sessions "
            f"end-session {participant_id}"
        )
    if not owed.lines:
        raise StudyError(
            f"participant {participant_id} has been paid for everything. Nothing was changed"
        )
    number = payments.add(
        db,
        payee=participant_id,
        sessions=[
            PaidSession(line.session_id, line.hours_pence, line.bonus_pence) for line in owed.lines
        ],
        worked_s=rule.whole_seconds(owed.worked),
        currency=currency,
        paid_by=paid_by,
        at=at,
    )
    detail = {
        "payment": number,
        "hours_pence": owed.hours_pence,
        "bonus_pence": owed.bonus_pence,
        "sessions": [line.session_id for line in owed.lines],
    }
    audit.add(db, actor=paid_by, action="pay", subject=participant_id, detail=detail, at=at)
    return owed


def _line(
    row: Mapping[Hashable, Any], recorded_at: list[datetime], hourly_rate_pence: int
) -> StatementLine:
    ended_at = None if pd.isna(row["ended_at"]) else row["ended_at"]
    time = rule.worked(
        row["started_at"], recorded_at, ended_at, rule.longest_paid_gap(row["phase"])
    )
    is_paid = not pd.isna(row["payment_id"])
    is_known = not pd.isna(row["paid_hours_pence"])
    count = rule.hours_pence_before if is_paid else rule.hours_pence
    return StatementLine(
        session_id=row["session_id"],
        phase=row["phase"],
        started_at=row["started_at"],
        worked=time,
        hourly_rate_pence=hourly_rate_pence,
        hours_pence=(int(row["paid_hours_pence"]) if is_known else count(time, hourly_rate_pence)),
        n_rated=row["n_rated"],
        bonus_pence=int(row["paid_bonus_pence"] if is_known else row["bonus_pence"]),
        is_open=ended_at is None,
        payment=int(row["payment_id"]) if is_paid else None,
    )


def _removed(payment: Payment, lines: tuple[StatementLine, ...]) -> list[StatementLine]:
    covered = [line for line in lines if line.payment == payment.number]
    hours = payment.hours_pence - sum(line.hours_pence for line in covered)
    bonus = payment.bonus_pence - sum(line.bonus_pence for line in covered)
    if not hours and not bonus:
        return []
    rest = StatementLine(
        "", REMOVED, payment.paid_at, timedelta(), 0, hours, 0, bonus, False, payment.number
    )
    return [rest]
