"""The expert's ratings become ground truths, and may be corrected."""

from datetime import datetime

from study.store import Db, audit, ground_truths
from study.vocabulary import Rating


def ground_truth_rated(
    db: Db, *, candidate_id: int, rating: Rating, participant_id: str, at: datetime
) -> int:
    """Turn a rating of the expert in phase ground_truth into a ground truth.

    Parameters
    ----------
    db : Session
        An open transaction, the one that adds the rating.
    candidate_id : int
        A sampled candidate.
    rating : Rating
        The expert's.
    participant_id : str
        The expert.
    at : datetime
        Now.

    Returns
    -------
    int
        The version of the ground truth; 1 unless it was rated before.

    Notes
    -----
    Paper: Quality Control.
    """
    version = ground_truths.add_version(
        db, candidate_id=candidate_id, rating=rating, given_by=participant_id, at=at
    )
    audit.add(
        db,
        actor=participant_id,
        action="ground_truth",
        subject=f"candidate {candidate_id}",
        detail={"rating": int(rating), "version": version},
        at=at,
    )
    return version


def correct(
    db: Db, *, candidate_id: int, rating: Rating, given_by: str, reason: str, at: datetime
) -> int:
    """Correct a ground truth; bonuses that were shown stay.

    Parameters
    ----------
    db : Session
        An open transaction.
    candidate_id : int
        A sampled candidate.
    rating : Rating
        What it should have been.
    given_by, reason : str
        Who says so, and why.
    at : datetime
        Now.

    Returns
    -------
    int
        The new version.
    """
    version = ground_truths.add_version(
        db, candidate_id=candidate_id, rating=rating, given_by=given_by, at=at, reason=reason
    )
    audit.add(
        db,
        actor=given_by,
        action="correct_ground_truth",
        subject=f"candidate {candidate_id}",
        detail={"rating": int(rating), "version": version, "reason": reason},
        at=at,
    )
    return version
