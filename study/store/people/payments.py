"""What participants have earned, and what they have been paid."""

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from study.errors import StoreError
from study.store.engine import Db
from study.store.frames import as_frame
from study.store.tables import (
    PaidSessionRow,
    PaymentRow,
    ProtocolVersionRow,
    RatingRow,
    SessionRow,
    TrialRow,
)


def bonus_pence(db: Db, participant_id: str) -> int:
    """Return the sum of the bonuses that a participant was shown.

    Parameters
    ----------
    db : Session
        An open transaction.
    participant_id : str
        Who.

    Returns
    -------
    int
        Whole pence.
    """
    return db.scalars(
        select(func.coalesce(func.sum(RatingRow.bonus_pence), 0)).where(
            RatingRow.participant_id == participant_id
        )
    ).one()


def sessions(db: Db, participant_id: str) -> pd.DataFrame:
    """Return a participant's sessions with the bonus of each.

    Parameters
    ----------
    db : Session
        An open transaction.
    participant_id : str
        Who.

    Returns
    -------
    DataFrame
        Columns ``session_id, phase, started_at, ended_at, heartbeat_at, protocol_version_id,
        n_rated, bonus_pence, payment_id``, in the order of time; ``ended_at`` is missing while a
        session is open, ``payment_id`` until it is paid.
    """
    result = db.execute(
        select(
            SessionRow.id.label("session_id"),
            SessionRow.phase,
            SessionRow.started_at,
            SessionRow.ended_at,
            SessionRow.heartbeat_at,
            SessionRow.protocol_version_id,
            func.count(RatingRow.trial_id).label("n_rated"),
            func.coalesce(func.sum(RatingRow.bonus_pence), 0).label("bonus_pence"),
            func.min(PaidSessionRow.payment_id).label("payment_id"),
        )
        .outerjoin(PaidSessionRow, PaidSessionRow.session_id == SessionRow.id)
        .outerjoin(TrialRow, TrialRow.session_id == SessionRow.id)
        .outerjoin(RatingRow, RatingRow.trial_id == TrialRow.id)
        .where(SessionRow.participant_id == participant_id)
        .group_by(SessionRow.id)
        .order_by(SessionRow.started_at)
    )
    return as_frame(result)


def hourly_rates_pence(db: Db) -> dict[int, int]:
    """Return the hourly rate of each version of the protocol.

    Parameters
    ----------
    db : Session
        An open transaction.

    Returns
    -------
    dict of int to int
        Whole pence by version; a version whose configuration names no rate is left out.
    """
    rows = db.execute(select(ProtocolVersionRow.id, ProtocolVersionRow.config))
    protocols = {version: config.get("protocol", {}) for version, config in rows}
    return {
        version: protocol["hourly_rate_pence"]
        for version, protocol in protocols.items()
        if "hourly_rate_pence" in protocol
    }


def trial_times(db: Db, session_ids: Sequence[str]) -> dict[str, list[datetime]]:
    """Return when the trials of some sessions were recorded.

    Parameters
    ----------
    db : Session
        An open transaction.
    session_ids : sequence of str
        Which sessions.

    Returns
    -------
    dict of str to list of datetime
        By session, in the order of trials; sessions without a trial are left out.
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
    session_ids: Sequence[str],
    worked_s: int,
    hours_pence: int,
    bonus_pence: int,
    paid_by: str,
    at: datetime,
) -> int:
    """Add a payment and the sessions that it covers.

    Parameters
    ----------
    db : Session
        An open transaction.
    payee : str
        The participant.
    session_ids : sequence of str
        What is paid.
    worked_s, hours_pence, bonus_pence : int
        As on the statement.
    paid_by : str
        Who paid.
    at : datetime
        Now.

    Returns
    -------
    int
        The number of the payment.

    Raises
    ------
    StoreError
        If one of the sessions has been paid before.
    """
    payment = PaymentRow(
        payee=payee,
        paid_at=at,
        paid_by=paid_by,
        worked_s=worked_s,
        hours_pence=hours_pence,
        bonus_pence=bonus_pence,
    )
    db.add(payment)
    db.flush()
    rows = [{"session_id": number, "payment_id": payment.id} for number in session_ids]
    try:
        db.execute(insert(PaidSessionRow), rows)
    except IntegrityError as error:
        raise StoreError(
            f"a session of participant {payee} has been paid in the meantime. Nothing was paid; "
            f"look again: python -m sessions pay {payee}"
        ) from error
    return payment.id


def frame(db: Db) -> pd.DataFrame:
    """Return all payments.

    Parameters
    ----------
    db : Session
        An open transaction.

    Returns
    -------
    DataFrame
        Columns ``payment_id, payee, paid_at, paid_by, worked_s, hours_pence, bonus_pence``.
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
