"""Where each rated trial stands in its session, and how its clip was played."""

import pandas as pd
from sqlalchemy import func, select

from study.store.dataframes import as_frame
from study.store.engine import Db
from study.store.tables import PresentationRow, RatingRow, SessionRow, TrialRow
from study.vocabulary import Phase


def frame(db: Db, phase: str | Phase = Phase.ANNOTATION) -> pd.DataFrame:
    """Return the place and the playings of all rated trials of a phase.

    Parameters
    ----------
    phase : {"training", "screening", "annotation", "ground_truth"}
        What the sessions were for.

    Returns
    -------
    DataFrame
        Columns ``trial_id, trial_number, started_at`` (of the session), ``n_presentations,
        n_frames_late``; the last is of all playings together.
    """
    query = (
        select(
            RatingRow.trial_id,
            TrialRow.number.label("trial_number"),
            SessionRow.started_at,
            func.count(PresentationRow.id).label("n_presentations"),
            func.coalesce(func.sum(PresentationRow.n_frames_late), 0).label("n_frames_late"),
        )
        .join(TrialRow, TrialRow.id == RatingRow.trial_id)
        .join(SessionRow, SessionRow.id == TrialRow.session_id)
        .outerjoin(PresentationRow, PresentationRow.trial_id == TrialRow.id)
        .where(RatingRow.phase == Phase(phase).value)
        .group_by(RatingRow.trial_id, TrialRow.number, SessionRow.started_at)
    )
    return as_frame(db.execute(query))


def first_start(db: Db) -> pd.Timestamp | None:
    """Return when the first session of the store began; None where there is none."""
    found = db.scalars(select(SessionRow.started_at).order_by(SessionRow.started_at).limit(1))
    first = found.one_or_none()
    return None if first is None else pd.Timestamp(first)


def unrated(db: Db) -> dict[tuple[str, str], int]:
    """Return how many trials ended without a rating, by phase and outcome."""
    query = (
        select(SessionRow.phase, TrialRow.outcome, func.count())
        .join(SessionRow, SessionRow.id == TrialRow.session_id)
        .where(TrialRow.outcome != "rated")
        .group_by(SessionRow.phase, TrialRow.outcome)
        .order_by(SessionRow.phase, TrialRow.outcome)
    )
    return {(phase, outcome): n for phase, outcome, n in db.execute(query)}
