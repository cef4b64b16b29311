"""What participants have earned, and what they have been paid."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from study.errors import StoreError
from study.store.dataframes import as_frame
from study.store.engine import Db
from study.store.tables import (
    AnswerRow,
    PaidSessionRow,
    PaymentRow,
    ProtocolVersionRow,
    RatingRow,
    SessionRow,
    TrialRow,
)


@dataclass(frozen=True, slots=True)
class PaidSession:
    """What was paid for a session; it stays, whatever becomes of its ratings."""

    session_id: str
    hours_pence: int
    bonus_pence: int


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that somebody received."""

    number: int
    paid_at: datetime
    hours_pence: int
    bonus_pence: int

    @property
    def total_pence(self) -> int:
        """Hours and bonus together."""
        return self.hours_pence + self.bonus_pence


def received(db: Db, payee: str) -> tuple[Payment, ...]:
    """Return what somebody has been paid, in the order of payments."""
    rows = db.scalars(select(PaymentRow).where(PaymentRow.payee == payee).order_by(PaymentRow.id))
    return tuple(Payment(r.id, r.paid_at, r.hours_pence, r.bonus_pence) for r in rows)


def bonus_pence(db: Db, participant_id: str) -> int:
    """Return the sum of the bonuses that a participant was shown.

    Returns whole pence.
    """
    return sum(
        db.scalars(
            select(func.coalesce(func.sum(table.bonus_pence), 0)).where(
                table.participant_id == participant_id
            )
        ).one()
        for table in (RatingRow, AnswerRow)
    )


def bonuses_pence(db: Db, participant_ids: Sequence[str]) -> frozenset[int]:
    """Return the different bonuses above zero that some people were shown for a rating.

    Returns whole pence; more than one where the protocol changed under way.
    """
    queries = (
        select(table.bonus_pence)
        .where(table.participant_id.in_(participant_ids), table.bonus_pence > 0)
        .distinct()
        for table in (RatingRow, AnswerRow)
    )
    return frozenset(pence for query in queries for pence in db.scalars(query))


def sessions(db: Db, participant_id: str) -> pd.DataFrame:
    """Return a participant's sessions with the bonus of each.

    Returns columns ``session_id, phase, started_at, ended_at, heartbeat_at, protocol_version_id,
    n_rated, bonus_pence, payment_id, paid_hours_pence, paid_bonus_pence``, in the order of time;
    ``ended_at`` is missing while a session is open, ``payment_id`` until it is paid, the paid
    amounts also where an older version paid.
    """
    result = db.execute(
        select(
            SessionRow.id.label("session_id"),
            SessionRow.phase,
            SessionRow.started_at,
            SessionRow.ended_at,
            SessionRow.heartbeat_at,
            SessionRow.protocol_version_id,
            # A trial has a rating or an answer, so that the joins double nothing.
            (func.count(RatingRow.trial_id) + func.count(AnswerRow.trial_id)).label("n_rated"),
            (
                func.coalesce(func.sum(RatingRow.bonus_pence), 0)
                + func.coalesce(func.sum(AnswerRow.bonus_pence), 0)
            ).label("bonus_pence"),
            func.min(PaidSessionRow.payment_id).label("payment_id"),
            func.min(PaidSessionRow.hours_pence).label("paid_hours_pence"),
            func.min(PaidSessionRow.bonus_pence).label("paid_bonus_pence"),
        )
        .outerjoin(PaidSessionRow, PaidSessionRow.session_id == SessionRow.id)
        .outerjoin(TrialRow, TrialRow.session_id == SessionRow.id)
        .outerjoin(RatingRow, RatingRow.trial_id == TrialRow.id)
        .outerjoin(AnswerRow, AnswerRow.trial_id == TrialRow.id)
        .where(SessionRow.participant_id == participant_id)
        .group_by(SessionRow.id)
        .order_by(SessionRow.started_at)
    )
    return as_frame(result)


def hourly_rates_pence(db: Db) -> dict[int, int]:
    """Return the hourly rate of each version of the protocol.

    Returns whole pence by version; a version whose configuration names no rate is left out.
    """
    return _promised(db, "hourly_rate_pence")


def match_pence(db: Db) -> dict[int, int]:
    """Return the bonus of a match in each version of the protocol.

    Returns whole pence by version; a version whose configuration names none is left out.
    """
    return _promised(db, "bonus_pence")


def _promised(db: Db, key: str) -> dict[int, int]:
    rows = db.execute(select(ProtocolVersionRow.id, ProtocolVersionRow.config))
    protocols = {version: config.get("protocol", {}) for version, config in rows}
    return {version: protocol[key] for version, protocol in protocols.items() if key in protocol}


def trial_times(db: Db, session_ids: Sequence[str]) -> dict[str, list[datetime]]:
    """Return when the trials of some sessions were recorded.

    Returns them by session, in the order of trials; sessions without a trial are left out.
    """
    times: dict[str, list[datetime]] = {}
    for session_id, recorded_at in db.execute(
        select(TrialRow.session_id, TrialRow.recorded_at)
        .where(TrialRow.session_id.in_(session_ids))
        .order_by(TrialRow.id)
    ):
        times.setdefault(session_id, []).append(recorded_at)
    return times


def add(
    db: Db,
    *,
    payee: str,
    sessions: Sequence[PaidSession],
    worked_s: int,
    paid_by: str,
    at: datetime,
    currency: str = "GBP",
) -> int:
    """Add a payment and the sessions that it covers.

    Raises StoreError if one of the sessions has been paid before.

    Parameters
    ----------
    sessions : sequence of PaidSession
        What is paid; the payment is their sum.
    worked_s : int
        Whole seconds of work.
    currency : str
        In which it is paid.
    """
    payment = PaymentRow(
        payee=payee,
        paid_at=at,
        paid_by=paid_by,
        worked_s=worked_s,
        currency=currency,
        hours_pence=sum(session.hours_pence for session in sessions),
        bonus_pence=sum(session.bonus_pence for session in sessions),
    )
    db.add(payment)
    db.flush()
    rows = [{"payment_id": payment.id, **asdict(session)} for session in sessions]
    try:
        db.execute(insert(PaidSessionRow), rows)
    except IntegrityError as error:
        raise StoreError(
            f"a session of participant {payee} has been paid in the meantime. Nothing was paid; "
            f"look again: python -m sessions pay {payee}"
        ) from error
    return payment.id


def wrong_sums(db: Db) -> list[tuple[int, int, int]]:
    """Return the payments that differ from the sum over their sessions.

    Returns payment, its amount, and the sum over its sessions, in pence; payments of an older
    version, which kept the sums only, and of erased people are left out.
    """
    amount = PaymentRow.hours_pence + PaymentRow.bonus_pence
    of_sessions = func.sum(PaidSessionRow.hours_pence + PaidSessionRow.bonus_pence)
    query = (
        select(PaymentRow.id, amount, of_sessions)
        .join(PaidSessionRow, PaidSessionRow.payment_id == PaymentRow.id)
        .where(PaidSessionRow.hours_pence.is_not(None))
        .group_by(PaymentRow.id)
        .having(of_sessions != amount)
        .order_by(PaymentRow.id)
    )
    return [(row[0], row[1], int(row[2] or 0)) for row in db.execute(query)]


def frame(db: Db) -> pd.DataFrame:
    """Return all payments.

    Returns columns ``payment_id, payee, paid_at, paid_by, worked_s, hours_pence, bonus_pence``.
    """
    result = db.execute(
        select(
            PaymentRow.id.label("payment_id"),
            PaymentRow.payee,
            PaymentRow.paid_at,
            PaymentRow.paid_by,
            PaymentRow.worked_s,
            PaymentRow.hours_pence,
            PaymentRow.bonus_pence,
        ).order_by(PaymentRow.id)
    )
    return as_frame(result)
