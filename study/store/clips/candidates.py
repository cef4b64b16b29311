"""Candidates and rejects: what became of every clip of the study's classes."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import ColumnElement, delete, func, insert, literal, select, true

from study.errors import StoreError
from study.store.engine import Db
from study.store.tables import CandidateRow, RecordNameRow, RejectRow
from study.vocabulary import VIDEO_LOCATIONS

COLUMNS = (
    "candidate_id",
    "filename",
    "video_location",
    "mit_label",
    "avmit_label",
    "sha256",
    "duration_s",
    "frame_rate_hz",
    "width_px",
    "height_px",
    "peak",
    "admitted_at",
)
_N_AT_ONCE = 10_000
REJECT_COLUMNS = {  # what each means
    "filename": "MIT class subdirectory/ video name",
    "video_location": "training or validation directories of MIT",
    "mit_label": "class of Moments in Time",
    "reason": "why it was rejected, in a word",
    "detail": "the same in a sentence",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A clip to be admitted.

    Parameters
    ----------
    filename : str
        ``<MIT class>/<clip>.mp4``.
    video_location : {"training", "validation"}
        The part of Moments in Time.
    mit_label, avmit_label : str
        Its original class, and the class it is shown under.
    duration_s, frame_rate_hz : float
        Length, and average frame rate.
    width_px, height_px : int
        Size of the upright picture.
    peak : float
        Largest absolute sample, 0 to 1.
    """

    filename: str
    video_location: str
    mit_label: str
    avmit_label: str
    sha256: str
    duration_s: float
    frame_rate_hz: float
    width_px: int
    height_px: int
    peak: float


@dataclass(frozen=True, slots=True)
class RejectedClip:
    """A clip that is not admitted, and why.

    Parameters
    ----------
    filename, video_location, mit_label : str
        As in `Candidate`.
    reason : str
        A reason code, such as ``"silent"``.
    detail : str
        What was found, in words.
    """

    filename: str
    video_location: str
    mit_label: str
    reason: str
    detail: str


def add_many(db: Db, clips: Iterable[Candidate], at: datetime) -> int:
    """Admit clips.

    `clips`: clips that are not in the store yet.
    """
    rows = [{**_values(clip, Candidate), "admitted_at": at} for clip in clips]
    if rows:
        db.execute(insert(CandidateRow), rows)
    return len(rows)


def add_rejects(db: Db, rejects: Iterable[RejectedClip]) -> int:
    """Record clips that were not admitted.

    `rejects`: clips that are not in the store yet.
    """
    rows = [_values(reject, RejectedClip) for reject in rejects]
    if rows:
        db.execute(insert(RejectRow), rows)
    return len(rows)


def forget_rejects(db: Db, reasons: Sequence[str] | None = None) -> None:
    """Delete rejects, so that their clips are looked at again.

    `reasons`: which ones, by reason code; None for all.
    """
    rows = delete(RejectRow)
    db.execute(rows if reasons is None else rows.where(RejectRow.reason.in_(list(reasons))))


def known(db: Db, video_location: str, filenames: Sequence[str]) -> set[str]:
    """Return which clips have been decided on, admitted or not.

    Returns those of them that are candidates or rejects.

    `video_location`: the part of Moments in Time.
    """
    return {
        filename
        for row in (CandidateRow, RejectRow)
        for filename in db.scalars(
            select(row.filename).where(
                row.video_location == video_location, row.filename.in_(list(filenames))
            )
        )
    }


def n_known(db: Db) -> int:
    """Return how many clips have been decided on."""
    return int(counts(db)["n"].sum())


def counts(db: Db) -> pd.DataFrame:
    """Count clips by class and by what became of them.

    Returns columns ``mit_label, reason`` (empty for candidates) and ``n``.
    """
    admitted = select(CandidateRow.mit_label, literal(""), func.count())
    rejected = select(RejectRow.mit_label, RejectRow.reason, func.count())
    rows = [
        *db.execute(admitted.group_by(CandidateRow.mit_label)),
        *db.execute(rejected.group_by(RejectRow.mit_label, RejectRow.reason)),
    ]
    return pd.DataFrame(rows, columns=["mit_label", "reason", "n"])


def frame(db: Db, filenames: Collection[str] | None = None) -> pd.DataFrame:
    """Return all candidates.

    Returns columns `COLUMNS`, in the order of ``candidate_id``.

    `filenames`: only those of these names, some hundreds at most; None for all.
    """
    columns = [getattr(CandidateRow, name) for name in COLUMNS[1:]]
    query = select(CandidateRow.id, *columns).where(called(CandidateRow, filenames))
    rows = db.execute(query.order_by(CandidateRow.id)).all()
    return pd.DataFrame(rows, columns=list(COLUMNS))


def called(
    table: type[CandidateRow | RejectRow | RecordNameRow], filenames: Collection[str] | None
) -> ColumnElement[bool]:
    """Return the condition that a clip has one of some names; None for any."""
    if filenames is None:
        return true()
    # With its location, so that the index over both is used.
    return table.video_location.in_(VIDEO_LOCATIONS) & table.filename.in_(list(filenames))


def rejects(db: Db, filenames: Collection[str] | None = None) -> pd.DataFrame:
    """Return all rejects.

    Returns columns `REJECT_COLUMNS`, sorted by location and filename.

    `filenames`: only those of these names, some hundreds at most; None for all.
    """
    return pd.concat(reject_frames(db, filenames), ignore_index=True)


def reject_frames(db: Db, filenames: Collection[str] | None = None) -> Iterator[pd.DataFrame]:
    """Yield all rejects, some thousands at once, so that memory stays bounded.

    Yields
    ------
    DataFrame
        As `rejects` returns it; at least one, with no row where nothing was rejected.
    """
    columns = [getattr(RejectRow, name) for name in REJECT_COLUMNS]
    query = select(*columns).where(called(RejectRow, filenames))
    query = query.order_by(RejectRow.video_location, RejectRow.filename)
    parts = db.execute(query.execution_options(yield_per=_N_AT_ONCE)).partitions()
    yield pd.DataFrame([tuple(row) for row in next(parts, ())], columns=list(REJECT_COLUMNS))
    for rows in parts:
        yield pd.DataFrame([tuple(row) for row in rows], columns=list(REJECT_COLUMNS))


def get(db: Db, candidate_id: int) -> Candidate:
    """Return one candidate.

    Raises StoreError if there is none of this id.
    """
    found = get_many(db, [candidate_id])
    if candidate_id not in found:
        raise StoreError(
            f"no candidate {candidate_id} in the store. Run: python -m curation candidates"
        )
    return found[candidate_id]


def get_many(db: Db, candidate_ids: Sequence[int]) -> dict[int, Candidate]:
    """Return several candidates.

    `candidate_ids`: their ids; unknown ones are left out.
    """
    rows = db.scalars(select(CandidateRow).where(CandidateRow.id.in_(list(candidate_ids))))
    return {
        row.id: Candidate(**{name: getattr(row, name) for name in _fields(Candidate)})
        for row in rows
    }


def _fields(kind: type[Candidate | RejectedClip]) -> tuple[str, ...]:
    return tuple(kind.__dataclass_fields__)


def _values(
    clip: Candidate | RejectedClip, kind: type[Candidate | RejectedClip]
) -> dict[str, object]:
    return {name: getattr(clip, name) for name in _fields(kind)}
