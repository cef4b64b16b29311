"""What participants have earned, as far as the store knows it."""

import pandas as pd
from sqlalchemy import func, select

from study.store.engine import Db
from study.store.tables import RatingRow, SessionRow, TrialRow


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
        Columns ``session_id, phase, started_at, ended_at, heartbeat_at, n_rated, bonus_pence``,
        in the order of time; ``ended_at`` is missing while a session is open.
    """
    result = db.execute(
        select(
            SessionRow.id.label("session_id"),
            SessionRow.phase,
            SessionRow.started_at,
            SessionRow.ended_at,
            SessionRow.heartbeat_at,
            func.count(RatingRow.trial_id).label("n_rated"),
            func.coalesce(func.sum(RatingRow.bonus_pence), 0).label("bonus_pence"),
        )
        .outerjoin(TrialRow, TrialRow.session_id == SessionRow.id)
        .outerjoin(RatingRow, RatingRow.trial_id == TrialRow.id)
        .where(SessionRow.participant_id == participant_id)
        .group_by(SessionRow.id)
        .order_by(SessionRow.started_at)
    )
    return pd.DataFrame(result.all(), columns=list(result.keys()))


def trial_times(db: Db, participant_id: str) -> pd.DataFrame:
    """Return when each trial of a participant was recorded.

    Parameters
    ----------
    db : Session
        An open transaction.
    participant_id : str
        Who.

    Returns
    -------
    DataFrame
        Columns ``session_id, recorded_at``, in the order of trials.
    """
    result = db.execute(
        select(TrialRow.session_id, TrialRow.recorded_at)
        .join(SessionRow, SessionRow.id == TrialRow.session_id)
        .where(SessionRow.participant_id == participant_id)
        .order_by(TrialRow.id)
    )
    return pd.DataFrame(result.all(), columns=list(result.keys()))
