"""Flags: what somebody says against a rating, which stays as it is."""

from datetime import datetime

import pandas as pd
from sqlalchemy import func, select

from study.errors import StoreError
from study.store.dataframes import as_frame
from study.store.engine import Db
from study.store.tables import (
    CandidateRow,
    FlagRow,
    RatingRow,
    SessionRow,
    StimulusRow,
    TrialRow,
)
from study.vocabulary import FlagKind

EXPERIMENTER = "experimenter"  # who pressed a key in the window, where nobody asks for initials


def add(
    db: Db,
    *,
    trial_id: int,
    kind: FlagKind,
    flagged_by: str,
    at: datetime,
    presentation: int | None = None,
) -> bool:
    """Flag a trial; rating and bonus stay as they are.

    Returns False where it has this flag already. Raises StoreError if there is no such trial.

    Parameters
    ----------
    flagged_by : str
        Initials of the experimenter (`EXPERIMENTER` for a key in the window), or the participant's
        id.
    presentation : int or None
        The number of the playing, from 1, where the flag is on one.
    """
    if db.get(TrialRow, trial_id) is None:
        raise StoreError(f"no trial {trial_id} in the store. Nothing was flagged")
    query = select(FlagRow.id).where(FlagRow.trial_id == trial_id, FlagRow.kind == kind.value)
    if db.scalars(query).first() is not None:
        return False
    db.add(
        FlagRow(
            trial_id=trial_id,
            presentation=presentation,
            kind=kind.value,
            flagged_by=flagged_by,
            flagged_at=at,
        )
    )
    db.flush()
    return True


def last_rated(db: Db, session_id: str) -> int | None:
    """Return the last trial of a session that was rated, which a slip key flags."""
    query = (
        select(RatingRow.trial_id)
        .join(TrialRow, TrialRow.id == RatingRow.trial_id)
        .where(TrialRow.session_id == session_id)
        .order_by(TrialRow.number.desc())
        .limit(1)
    )
    return db.scalars(query).first()


def n_in_session(db: Db, session_id: str, kind: FlagKind, *, after_number: int = 0) -> int:
    """Return how many trials of a session have a flag, for a cap per block.

    `after_number`: counts only trials whose number in the session is above it.
    """
    query = (
        select(func.count(FlagRow.id))
        .join(TrialRow, TrialRow.id == FlagRow.trial_id)
        .where(
            TrialRow.session_id == session_id,
            TrialRow.number > after_number,
            FlagRow.kind == kind.value,
        )
    )
    return db.scalars(query).one()


def by_trial(db: Db) -> pd.DataFrame:
    """Return the flags of each trial that has one.

    Returns columns ``trial_id, flags``: kinds in the order of their names, with ; between.
    """
    query = select(FlagRow.trial_id, FlagRow.kind).order_by(FlagRow.trial_id, FlagRow.kind)
    kinds: dict[int, list[str]] = {}
    for trial_id, kind in db.execute(query):
        kinds.setdefault(trial_id, []).append(kind)
    return pd.DataFrame({"trial_id": list(kinds), "flags": [*map(";".join, kinds.values())]})


def frame(db: Db) -> pd.DataFrame:
    """Return all flags with what they are on.

    Returns columns ``participant_id, phase, session_id, trial_number, filename, kind,
    presentation, flagged_by, flagged_at``, in the order in which they were set.
    """
    query = (
        select(
            SessionRow.participant_id,
            SessionRow.phase,
            TrialRow.session_id,
            TrialRow.number.label("trial_number"),
            func.coalesce(CandidateRow.filename, StimulusRow.filename).label("filename"),
            FlagRow.kind,
            FlagRow.presentation,
            FlagRow.flagged_by,
            FlagRow.flagged_at,
        )
        .join(TrialRow, TrialRow.id == FlagRow.trial_id)
        .join(SessionRow, SessionRow.id == TrialRow.session_id)
        .outerjoin(CandidateRow, CandidateRow.id == TrialRow.candidate_id)
        .outerjoin(StimulusRow, StimulusRow.id == TrialRow.stimulus_id)
        .order_by(FlagRow.id)
    )
    return as_frame(db.execute(query))
