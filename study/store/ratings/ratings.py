"""Ratings as a tidy frame; they are written with their trial (`study.store.ratings.trials`)."""

from collections.abc import Collection

import pandas as pd
from sqlalchemy import ColumnElement, select, true

from study.store.engine import Db
from study.store.frames import as_frame
from study.store.tables import CandidateRow, RatingRow, SessionRow, TrialRow
from study.vocabulary import Phase

_RATING_COLUMNS = (
    "trial_id",
    "candidate_id",
    "participant_id",
    "rating",
    "phase",
    "attempt",
    "rt_s",
    "interrupted_s",
    "n_interruptions",
    "n_replays",
    "n_early_presses",
    "bonus_pence",
    "simulated",
    "rated_at",
)
_CANDIDATE_COLUMNS = ("filename", "avmit_label", "mit_label", "video_location")
COLUMNS = _RATING_COLUMNS + _CANDIDATE_COLUMNS


def of_clips(clips: Collection[int] | None) -> ColumnElement[bool]:
    """Return the condition that a rating is of one of some candidates; None for any."""
    return true() if clips is None else RatingRow.candidate_id.in_(list(clips))


def frame(
    db: Db, phase: str | Phase = Phase.ANNOTATION, clips: Collection[int] | None = None
) -> pd.DataFrame:
    """Return all ratings of a phase; `study.store.ratings.counted` says which of them count.

    Returns columns `COLUMNS`, one row per rating, in the order in which they were given.
    ``interrupted_s`` and ``n_interruptions`` are missing where the version that wrote the rating
    did not separate interruptions; its ``rt_s`` may contain pauses.

    `clips`: only the ratings of these candidates, some hundreds at most; None for all.
    """
    query = (
        select(
            *(getattr(RatingRow, name) for name in _RATING_COLUMNS),
            *(getattr(CandidateRow, name) for name in _CANDIDATE_COLUMNS),
        )
        .join(CandidateRow, CandidateRow.id == RatingRow.candidate_id)
        .where(RatingRow.phase == Phase(phase).value, of_clips(clips))
        .order_by(RatingRow.trial_id)
    )
    return as_frame(db.execute(query))


def earnings(db: Db) -> pd.DataFrame:
    """Return what every rating earned, with what that follows from.

    Returns columns ``trial_id, session_id, participant_id, candidate_id, phase, rating,
    bonus_pence, rated_at, protocol_version_id``, in the order in which they were given.
    """
    rating = RatingRow
    result = db.execute(
        select(
            rating.trial_id, TrialRow.session_id, rating.participant_id, rating.candidate_id,
            rating.phase, rating.rating, rating.bonus_pence, rating.rated_at,
            SessionRow.protocol_version_id,
        )
        .join(TrialRow, TrialRow.id == rating.trial_id)
        .join(SessionRow, SessionRow.id == TrialRow.session_id)
        .order_by(rating.trial_id)
    )  # fmt: skip
    return as_frame(result)


def bonuses(db: Db, candidate_id: int) -> list[int]:
    """Return the bonuses that were shown for ratings of a candidate.

    Returns whole pence, in the order in which they were shown.
    """
    query = (
        select(RatingRow.bonus_pence)
        .where(RatingRow.candidate_id == candidate_id, RatingRow.bonus_pence > 0)
        .order_by(RatingRow.trial_id)
    )
    return list(db.scalars(query))
