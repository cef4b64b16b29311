"""Sessions on ungraded rigs, and those whose ratings count because an experimenter says so."""

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
from sqlalchemy import func, insert, select

from study.counting import GRADES_THAT_COUNT, grade_of
from study.store.engine import Db
from study.store.tables import RatingRow, RigAcceptanceRow, SessionRow, TrialRow

_COLUMNS = ("session_id", "host", "participant_id", "phase", "started_at", "n_ratings")


def waiting(db: Db) -> pd.DataFrame:
    """Return the ended sessions on ungraded rigs that nobody has accepted.

    Returns columns ``session_id, host, participant_id, phase, started_at, n_ratings``, in the order
    in which they began.
    """
    n_ratings = (
        select(func.count(RatingRow.trial_id))
        .join(TrialRow, TrialRow.id == RatingRow.trial_id)
        .where(TrialRow.session_id == SessionRow.id)
        .scalar_subquery()
    )
    query = (
        select(
            SessionRow.id,
            SessionRow.host,
            SessionRow.participant_id,
            SessionRow.phase,
            SessionRow.started_at,
            n_ratings,
            SessionRow.rig,
        )
        .where(
            SessionRow.stage == "window",
            SessionRow.ended_at.is_not(None),
            SessionRow.id.not_in(select(RigAcceptanceRow.session_id)),
        )
        .order_by(SessionRow.started_at, SessionRow.id)
    )
    rows = [row[:-1] for row in db.execute(query) if grade_of(row[-1]) not in GRADES_THAT_COUNT]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def add(db: Db, session_ids: Sequence[str], *, accepted_by: str, reason: str, at: datetime) -> None:
    """Accept the rig of sessions: their ratings count."""
    rows = [
        {"session_id": each, "accepted_at": at, "accepted_by": accepted_by, "reason": reason}
        for each in session_ids
    ]
    if rows:
        db.execute(insert(RigAcceptanceRow), rows)
