"""Ratings as a tidy frame; they are written with their trial (`study.store.ratings.trials`)."""

import pandas as pd
from sqlalchemy import func, select

from study.store.engine import Db
from study.store.tables import CandidateRow, RatingRow
from study.vocabulary import Phase

_RATING_COLUMNS = (
    "candidate_id",
    "participant_id",
    "rating",
    "phase",
    "attempt",
    "rt_s",
    "n_replays",
    "n_early_presses",
    "bonus_pence",
    "simulated",
    "rated_at",
)
_CANDIDATE_COLUMNS = ("filename", "avmit_label", "mit_label", "video_location")
COLUMNS = _RATING_COLUMNS + _CANDIDATE_COLUMNS


def frame(
    db: Db, phase: str | Phase = Phase.ANNOTATION, *, include_simulated: bool = False
) -> pd.DataFrame:
    """Return the ratings of a phase.

    Parameters
    ----------
    db : Session
        An open transaction.
    phase : {"training", "screening", "annotation", "ground_truth"}
        What the sessions were for.
    include_simulated : bool
        Whether ratings of simulated people are wanted; in rehearsals only.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, one row per rating, in the order in which they were given.
    """
    query = (
        select(
            *(getattr(RatingRow, name) for name in _RATING_COLUMNS),
            *(getattr(CandidateRow, name) for name in _CANDIDATE_COLUMNS),
        )
        .join(CandidateRow, CandidateRow.id == RatingRow.candidate_id)
        .where(RatingRow.phase == Phase(phase).value)
        .order_by(RatingRow.trial_id)
    )
    if not include_simulated:
        query = query.where(RatingRow.simulated.is_(False))
    return pd.DataFrame(db.execute(query).all(), columns=list(COLUMNS))


def n_simulated(db: Db, phase: str | Phase = Phase.ANNOTATION) -> int:
    """Return how many ratings of a phase were given by simulated people.

    Parameters
    ----------
    db : Session
        An open transaction.
    phase : {"training", "screening", "annotation", "ground_truth"}
        What the sessions were for.

    Returns
    -------
    int
        The number of ratings.
    """
    query = (
        select(func.count())
        .select_from(RatingRow)
        .where(RatingRow.phase == Phase(phase).value, RatingRow.simulated.is_(True))
    )
    return db.scalar(query) or 0


def bonuses(db: Db, candidate_id: int) -> list[int]:
    """Return the bonuses that were shown for ratings of a candidate.

    Parameters
    ----------
    db : Session
        An open transaction.
    candidate_id : int
        Which.

    Returns
    -------
    list of int
        Whole pence, in the order in which they were shown.
    """
    query = (
        select(RatingRow.bonus_pence)
        .where(RatingRow.candidate_id == candidate_id, RatingRow.bonus_pence > 0)
        .order_by(RatingRow.trial_id)
    )
    return list(db.scalars(query))
