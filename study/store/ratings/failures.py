"""Clips that could not be shown."""

import pandas as pd
from sqlalchemy import select

from study.store.engine import Db
from study.store.frames import as_frame
from study.store.tables import CandidateRow, SessionRow, TrialRow


def frame(db: Db) -> pd.DataFrame:
    """Return the trials in which a clip could not be shown.

    Returns columns ``participant_id, candidate_id, recorded_at, filename, failure``, in the order
    of time.
    """
    result = db.execute(
        select(
            SessionRow.participant_id,
            TrialRow.candidate_id,
            TrialRow.recorded_at,
            CandidateRow.filename,
            TrialRow.failure,
        )
        .join(SessionRow, SessionRow.id == TrialRow.session_id)
        .join(CandidateRow, CandidateRow.id == TrialRow.candidate_id)
        .where(TrialRow.outcome == "failed")
        .order_by(TrialRow.id)
    )
    return as_frame(result)
