"""Notes: the experimenter's remarks, which never leave the lab."""

from datetime import datetime

import pandas as pd
from sqlalchemy import select

from study.store.dataframes import as_frame
from study.store.engine import Db
from study.store.people import participants
from study.store.tables import CandidateRow, NoteRow, SessionRow, TrialRow

LONGEST = 1000  # characters


def add(
    db: Db,
    *,
    participant_id: str,
    text: str,
    written_by: str,
    at: datetime,
    session_id: str | None = None,
    trial_id: int | None = None,
    presentation: int | None = None,
) -> None:
    """Write a remark on a participant, a session of theirs, or a trial of it.

    Raises NotClearedError if nobody is enrolled under this id.

    Parameters
    ----------
    text : str
        At most `LONGEST` characters.
    presentation : int or None
        The number of the playing, from 1, where the remark is on one.
    """
    participants.get(db, participant_id)
    db.add(
        NoteRow(
            participant_id=participant_id,
            session_id=session_id,
            trial_id=trial_id,
            presentation=presentation,
            text=text,
            written_by=written_by,
            written_at=at,
        )
    )
    db.flush()


def frame(db: Db) -> pd.DataFrame:
    """Return all remarks with what they are on.

    Returns columns ``participant_id, phase, session_id, trial_number, filename, presentation,
    text, written_by, written_at``, in the order in which they were written; what a remark is not
    on is missing.
    """
    query = (
        select(
            NoteRow.participant_id,
            SessionRow.phase,
            NoteRow.session_id,
            TrialRow.number.label("trial_number"),
            CandidateRow.filename,
            NoteRow.presentation,
            NoteRow.text,
            NoteRow.written_by,
            NoteRow.written_at,
        )
        .outerjoin(SessionRow, SessionRow.id == NoteRow.session_id)
        .outerjoin(TrialRow, TrialRow.id == NoteRow.trial_id)
        .outerjoin(CandidateRow, CandidateRow.id == TrialRow.candidate_id)
        .order_by(NoteRow.id)
    )
    return as_frame(db.execute(query))
