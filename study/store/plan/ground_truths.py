"""Ground truths: candidates sampled for the expert, and the expert's ratings."""

from collections.abc import Collection, Sequence
from datetime import datetime

import pandas as pd
from sqlalchemy import delete, func, insert, select

from study.errors import StoreError
from study.store.dataframes import as_frame
from study.store.engine import Db
from study.store.tables import (
    CandidateRow,
    ExerciseClipRow,
    GroundTruthRow,
    GroundTruthVersionRow,
)
from study.vocabulary import Rating

COLUMNS = ("candidate_id", "position", "rating", "version", "given_by", "given_at", "reason")


def add_sample(db: Db, candidate_ids: Sequence[int], at: datetime) -> None:
    """Add candidates to those that the expert rates, in this order."""
    last = db.scalar(select(func.max(GroundTruthRow.position))) or 0
    rows = [
        {"candidate_id": int(candidate_id), "position": position, "sampled_at": at}
        for position, candidate_id in enumerate(candidate_ids, start=last + 1)
    ]
    if rows:
        db.execute(insert(GroundTruthRow), rows)


def sampled(db: Db) -> list[int]:
    """Return the candidates that the expert rates."""
    query = select(GroundTruthRow.candidate_id).order_by(GroundTruthRow.position)
    return list(db.scalars(query))


def eligible(db: Db) -> list[int]:
    """Return the candidates that may be sampled: no ground truths, no exercise clips."""
    taken = select(GroundTruthRow.candidate_id).union(select(ExerciseClipRow.candidate_id))
    query = select(CandidateRow.id).where(CandidateRow.id.not_in(taken)).order_by(CandidateRow.id)
    return list(db.scalars(query))


def current(db: Db, candidate_id: int, *, first_counts: bool = True) -> Rating | None:
    """Return the expert's present rating of a candidate.

    Returns the latest version; None where the candidate was not sampled or not rated yet.

    Parameters
    ----------
    first_counts : bool
        Whether the first version counts, which does not if it was given of another clip.
    """
    row = _latest(db, candidate_id)
    if row is None or (row.version == 1 and not first_counts):
        return None
    return Rating(row.rating)


def add_version(
    db: Db, *, candidate_id: int, rating: Rating, given_by: str, at: datetime, reason: str = ""
) -> int:
    """Add an expert's rating of a candidate; an earlier version stays.

    Returns the version's number, from 1. Raises StoreError if the candidate was not sampled.

    `reason`: why it was corrected; empty for the first version.
    """
    if db.get(GroundTruthRow, candidate_id) is None:
        raise StoreError(
            f"candidate {candidate_id} is not among the sampled ground truths. "
            "Run: python -m curation sample-ground-truths"
        )
    before = _latest(db, candidate_id)
    version = 1 if before is None else before.version + 1
    db.add(
        GroundTruthVersionRow(
            candidate_id=candidate_id,
            version=version,
            rating=int(rating),
            given_by=given_by,
            given_at=at,
            reason=reason,
        )
    )
    db.flush()
    return version


def forget_first(db: Db, candidate_ids: Collection[int]) -> None:
    """Delete the first versions of some candidates from a part that goes to a laptop."""
    for candidate_id in candidate_ids:
        db.execute(
            delete(GroundTruthVersionRow).where(
                GroundTruthVersionRow.candidate_id == candidate_id,
                GroundTruthVersionRow.version == 1,
            )
        )


def frame(db: Db) -> pd.DataFrame:
    """Return all sampled candidates with the expert's latest rating.

    Returns columns `COLUMNS`, in the expert's order; what is not rated yet has no rating.
    """
    newest = (
        select(
            GroundTruthVersionRow.candidate_id,
            func.max(GroundTruthVersionRow.version).label("version"),
        )
        .group_by(GroundTruthVersionRow.candidate_id)
        .subquery()
    )
    version = GroundTruthVersionRow
    query = (
        select(
            GroundTruthRow.candidate_id,
            GroundTruthRow.position,
            version.rating,
            version.version,
            version.given_by,
            version.given_at,
            version.reason,
        )
        .outerjoin(newest, newest.c.candidate_id == GroundTruthRow.candidate_id)
        .outerjoin(
            version,
            (version.candidate_id == newest.c.candidate_id) & (version.version == newest.c.version),
        )
        .order_by(GroundTruthRow.position)
    )
    rows = pd.DataFrame(db.execute(query).all(), columns=list(COLUMNS))
    return rows.astype({"rating": "Int64", "version": "Int64"})


def versions(db: Db) -> pd.DataFrame:
    """Return all versions of the expert's ratings.

    Returns columns ``candidate_id, filename, version, rating, given_by, given_at, reason``, by
    candidate and version.
    """
    version = GroundTruthVersionRow
    result = db.execute(
        select(
            version.candidate_id,
            CandidateRow.filename,
            version.version,
            version.rating,
            version.given_by,
            version.given_at,
            version.reason,
        )
        .join(CandidateRow, CandidateRow.id == version.candidate_id)
        .order_by(version.candidate_id, version.version)
    )
    return as_frame(result)


def _latest(db: Db, candidate_id: int) -> GroundTruthVersionRow | None:
    query = (
        select(GroundTruthVersionRow)
        .where(GroundTruthVersionRow.candidate_id == candidate_id)
        .order_by(GroundTruthVersionRow.version.desc())
        .limit(1)
    )
    return db.scalar(query)
