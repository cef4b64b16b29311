"""Candidates and rejects: what became of every clip of the study's classes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import delete, insert, select

from study.errors import StoreError
from study.store.engine import Db
from study.store.tables import CandidateRow, RejectRow

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
REJECT_COLUMNS = ("filename", "video_location", "mit_label", "reason", "detail")


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
    sha256 : str
        Of the file.
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
class Reject:
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

    Parameters
    ----------
    db : Session
        An open transaction.
    clips : iterable of Candidate
        Clips that are not in the store yet.
    at : datetime
        Now.

    Returns
    -------
    int
        How many were admitted.
    """
    rows = [{**_values(clip, Candidate), "admitted_at": at} for clip in clips]
    if rows:
        db.execute(insert(CandidateRow), rows)
    return len(rows)


def add_rejects(db: Db, rejects: Iterable[Reject]) -> int:
    """Keep a record of clips that were not admitted.

    Parameters
    ----------
    db : Session
        An open transaction.
    rejects : iterable of Reject
        Clips that are not in the store yet.

    Returns
    -------
    int
        How many.
    """
    rows = [_values(reject, Reject) for reject in rejects]
    if rows:
        db.execute(insert(RejectRow), rows)
    return len(rows)


def forget_rejects(db: Db) -> int:
    """Delete all rejects, so that their clips are looked at again.

    Parameters
    ----------
    db : Session
        An open transaction.

    Returns
    -------
    int
        How many there were.
    """
    n_rejects = len(rejects(db))
    db.execute(delete(RejectRow))
    return n_rejects


def known(db: Db) -> set[tuple[str, str]]:
    """Return the clips that have been decided on, admitted or not.

    Parameters
    ----------
    db : Session
        An open transaction.

    Returns
    -------
    set of tuple of str
        Pairs of ``video_location`` and ``filename``.
    """
    admitted = db.execute(select(CandidateRow.video_location, CandidateRow.filename))
    rejected = db.execute(select(RejectRow.video_location, RejectRow.filename))
    return {(row[0], row[1]) for rows in (admitted, rejected) for row in rows}


def frame(db: Db) -> pd.DataFrame:
    """Return all candidates.

    Parameters
    ----------
    db : Session
        An open transaction.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, in the order of ``candidate_id``.
    """
    columns = [getattr(CandidateRow, name) for name in COLUMNS[1:]]
    rows = db.execute(select(CandidateRow.id, *columns).order_by(CandidateRow.id)).all()
    return pd.DataFrame(rows, columns=list(COLUMNS))


def rejects(db: Db) -> pd.DataFrame:
    """Return all rejects.

    Parameters
    ----------
    db : Session
        An open transaction.

    Returns
    -------
    DataFrame
        Columns `REJECT_COLUMNS`, sorted by location and filename.
    """
    columns = [getattr(RejectRow, name) for name in REJECT_COLUMNS]
    query = select(*columns).order_by(RejectRow.video_location, RejectRow.filename)
    return pd.DataFrame(db.execute(query).all(), columns=list(REJECT_COLUMNS))


def get(db: Db, candidate_id: int) -> Candidate:
    """Return one candidate.

    Parameters
    ----------
    db : Session
        An open transaction.
    candidate_id : int
        Its id.

    Returns
    -------
    Candidate
        The clip.

    Raises
    ------
    StoreError
        If there is none of this id.
    """
    found = get_many(db, [candidate_id])
    if candidate_id not in found:
        raise StoreError(f"no candidate {candidate_id} in the store. Run: curation candidates")
    return found[candidate_id]


def get_many(db: Db, candidate_ids: Sequence[int]) -> dict[int, Candidate]:
    """Return several candidates.

    Parameters
    ----------
    db : Session
        An open transaction.
    candidate_ids : sequence of int
        Their ids; unknown ones are left out.

    Returns
    -------
    dict of int to Candidate
        The clips by id.
    """
    rows = db.scalars(select(CandidateRow).where(CandidateRow.id.in_(list(candidate_ids))))
    return {
        row.id: Candidate(**{name: getattr(row, name) for name in _fields(Candidate)})
        for row in rows
    }


def _fields(kind: type[Candidate | Reject]) -> tuple[str, ...]:
    return tuple(kind.__dataclass_fields__)


def _values(clip: Candidate | Reject, kind: type[Candidate | Reject]) -> dict[str, object]:
    return {name: getattr(clip, name) for name in _fields(kind)}
