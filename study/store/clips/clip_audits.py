"""Clip audits: what decoding all of each clip found, admitted or not."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import delete, func, insert, select, update

from study.errors import StoreError
from study.store.engine import Db
from study.store.tables import ClipAuditRow

Key = tuple[str, str]
Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class ClipAudit:
    """What is known of a clip; None where decoding did not get that far.

    `COLUMNS` says what each field means.
    """

    filename: str
    video_location: str
    mit_label: str
    n_bytes: int
    sha256: str = ""
    reason: str = ""
    flags: str = ""
    detail: str = ""
    duration_s: float | None = None
    frame_rate_hz: float | None = None
    nominal_frame_rate_hz: float | None = None
    usual_frame_rate_hz: float | None = None
    n_odd_steps: int | None = None
    is_vfr: bool | None = None
    width_px: int | None = None
    height_px: int | None = None
    rotation_deg: int | None = None
    pixel_aspect: float | None = None
    n_video_streams: int | None = None
    n_audio_streams: int | None = None
    sample_rate_hz: int | None = None
    n_channels: int | None = None
    av_start_offset_s: float | None = None
    n_frames: int | None = None
    peak: float | None = None
    loudness_lufs: float | None = None
    frame_hash: str = ""
    sound_hash: str = ""


COLUMNS = {  # what each means
    "filename": "MIT class subdirectory/ video name",
    "video_location": "training or validation directories of MIT",
    "mit_label": "class of Moments in Time",
    "n_bytes": "size of the file",
    "sha256": "its digest; empty where it could not be read",
    "reason": "why it cannot be a candidate, in a word; empty where it can",
    "flags": "what a curator should know of it, separated by commas",
    "detail": "the reason in a sentence",
    "duration_s": "from where the first of picture and sound begins to where the last one ends",
    "frame_rate_hz": "average frame rate",
    "nominal_frame_rate_hz": "the rate that the stream declares for itself",
    "usual_frame_rate_hz": "the rate that most frames have",
    "n_odd_steps": "steps from frame to frame more than a tenth longer or shorter than most",
    "is_vfr": "whether any frame stands a quarter longer or shorter than most",
    "width_px": "width of the upright picture, as stored",
    "height_px": "height of the upright picture, as stored",
    "rotation_deg": "clockwise turn that brings the stored picture upright",
    "pixel_aspect": "width of a pixel divided by its height",
    "n_video_streams": "streams of pictures; cover pictures are not counted",
    "n_audio_streams": "streams of sound",
    "sample_rate_hz": "of the first stream of sound",
    "n_channels": "of the first stream of sound",
    "av_start_offset_s": "start of the sound minus start of the picture",
    "n_frames": "decoded frames",
    "peak": "largest absolute sample, 0 to 1",
    "loudness_lufs": "integrated loudness (EBU R128) of the first minute",
    "frame_hash": "digits that stay nearly the same when the clip is scaled or encoded again",
    "sound_hash": "likewise of the sound; empty for silence",
    "duplicate_group": "number that clips with nearly the same picture share; empty for others",
    "same_sound_group": "number that clips with nearly the same sound share; empty for others",
    "audited_at": "when it was looked at, UTC",
}
HashColumn = Literal["frame_hash", "sound_hash"]
_GROUP_OF: dict[HashColumn, str] = {
    "frame_hash": "duplicate_group",
    "sound_hash": "same_sound_group",
}
ALONE = 0  # the group of a clip that was compared and is alike to no other
_N_AT_ONCE = 10_000
_WHOLE = (
    "rotation_deg",
    "n_video_streams",
    "n_audio_streams",
    "sample_rate_hz",
    "n_channels",
    "n_frames",
    "n_odd_steps",
    "width_px",
    "height_px",
    *_GROUP_OF.values(),
)
_REAL = (
    "duration_s",
    "frame_rate_hz",
    "nominal_frame_rate_hz",
    "usual_frame_rate_hz",
    "pixel_aspect",
    "av_start_offset_s",
    "peak",
    "loudness_lufs",
)
_TYPES = {
    **dict.fromkeys(_WHOLE, "Int64"),
    **dict.fromkeys(_REAL, "float64"),
    "is_vfr": "boolean",
}


def add_many(db: Db, audits: Iterable[ClipAudit], at: datetime) -> None:
    """Record the audits of clips that have none yet."""
    rows = [{**asdict(audit), "audited_at": at} for audit in audits]
    if rows:
        db.execute(insert(ClipAuditRow), rows)


def forget_rejected(db: Db, reasons: Sequence[str] | None = None) -> None:
    """Delete the audits of clips that cannot be candidates, so that they are looked at again.

    `reasons`: which ones, by reason code; None for all.
    """
    rows = delete(ClipAuditRow).where(ClipAuditRow.reason != "")
    db.execute(rows if reasons is None else rows.where(ClipAuditRow.reason.in_(list(reasons))))


def frames(db: Db) -> Iterator[pd.DataFrame]:
    """Yield all audits, some thousands at once, so that memory stays bounded.

    Yields columns `COLUMNS`, sorted by location and filename; at least one, with no row where no
    clip was audited.
    """
    columns = [
        func.nullif(getattr(ClipAuditRow, name), ALONE).label(name)
        if name in _GROUP_OF.values()
        else getattr(ClipAuditRow, name)
        for name in COLUMNS
    ]
    query = select(*columns).order_by(ClipAuditRow.video_location, ClipAuditRow.filename)
    found = db.execute(query.execution_options(yield_per=_N_AT_ONCE))
    n_yielded = 0
    for rows in found.partitions():
        n_yielded += 1
        yield pd.DataFrame([tuple(row) for row in rows], columns=list(COLUMNS)).astype(_TYPES)
    if not n_yielded:
        yield pd.DataFrame(columns=list(COLUMNS)).astype(_TYPES)


def flagged(db: Db) -> dict[str, set[Key]]:
    """Return which clips have which flag.

    Returns them by flag, pairs of location and filename; asked for a flag that no clip has, an
    empty set.
    """
    query = select(ClipAuditRow.video_location, ClipAuditRow.filename, ClipAuditRow.flags)
    found: dict[str, set[Key]] = defaultdict(set)
    for location, filename, flags in db.execute(query.where(ClipAuditRow.flags != "")):
        for flag in flags.split(","):
            found[flag].add((location, filename))
    return found


def steps(db: Db) -> pd.DataFrame:
    """Return how evenly the frames of each clip follow one another.

    Returns columns ``usual_frame_rate_hz, n_odd_steps`` by location and filename; missing where a
    clip was audited before steps were counted, or could not be.
    """
    names = ["video_location", "filename", "usual_frame_rate_hz", "n_odd_steps"]
    rows = db.execute(select(*(getattr(ClipAuditRow, name) for name in names))).all()
    found = pd.DataFrame(rows, columns=names)
    found[names[2:]] = found[names[2:]].astype("float64")
    return found.set_index(names[:2])


def hashes(db: Db, column: HashColumn) -> tuple[Ints, Words]:
    """Return the hashes of all clips that have one, as numbers.

    `column`: which hashes.

    Returns
    -------
    ids : ndarray of int64, shape (n_clips,)
        Rows, as `set_groups` takes them.
    words : ndarray of uint64, shape (n_clips, n_words)
        The hashes; 64 bits a word.
    """
    hashed = getattr(ClipAuditRow, column)
    query = select(ClipAuditRow.id, hashed).where(hashed != "").order_by(ClipAuditRow.id)
    ids, content = array("q"), bytearray()
    for row_id, text in db.execute(query.execution_options(yield_per=_N_AT_ONCE)):
        ids.append(row_id)
        content += bytes.fromhex(text)
    words = np.frombuffer(content, dtype=">u8").astype(np.uint64)
    return np.array(ids, dtype=np.int64), words.reshape(len(ids), -1 if len(ids) else 1)


def are_grouped(db: Db, column: HashColumn) -> bool:
    """Return whether every audit with a hash has been compared with the others.

    Returns False too where a run ended before it got to comparing.

    `column`: which hash.
    """
    hashed, group = getattr(ClipAuditRow, column), getattr(ClipAuditRow, _GROUP_OF[column])
    return db.scalar(select(ClipAuditRow.id).where(hashed != "", group.is_(None)).limit(1)) is None


def set_groups(db: Db, column: HashColumn, ids: Ints, groups: Ints) -> None:
    """Replace the groups of clips that are alike.

    Parameters
    ----------
    column : {"frame_hash", "sound_hash"}
        In what they are alike.
    ids : ndarray of int64, shape (n_clips,)
        From `hashes`.
    groups : ndarray of int64, shape (n_clips,)
        The group of each; `ALONE` for clips that are alike to no other.
    """
    name = _GROUP_OF[column]
    hashed = getattr(ClipAuditRow, column) != ""
    # A clip that was audited since `hashes` has been compared with none.
    compared = ClipAuditRow.id <= int(ids.max(initial=0))
    db.execute(update(ClipAuditRow).where(hashed, compared).values({name: ALONE}))
    rows = [
        {"id": int(row_id), name: int(group)}
        for row_id, group in zip(ids[groups != ALONE], groups[groups != ALONE], strict=True)
    ]
    for first in range(0, len(rows), _N_AT_ONCE):
        db.execute(update(ClipAuditRow), rows[first : first + _N_AT_ONCE])


def group_sizes(db: Db) -> dict[str, tuple[int, int]]:
    """Return how many clips are alike.

    Returns them by ``duplicate_group`` and ``same_sound_group``: clips that stand in a group, and
    groups.
    """
    columns = {name: getattr(ClipAuditRow, name) for name in _GROUP_OF.values()}
    found = {
        name: db.execute(
            select(func.count(column), func.count(column.distinct())).where(column != ALONE)
        ).one()
        for name, column in columns.items()
    }
    return {name: (int(row[0]), int(row[1])) for name, row in found.items()}


def duplicates(db: Db) -> pd.Series | None:
    """Return which clips show nearly the same.

    Returns group by location and filename, clips alike to no other left out; None where no clip was
    audited. Raises StoreError if a run ended before its clips were compared.
    """
    if db.scalar(select(ClipAuditRow.id).limit(1)) is None:
        return None
    if not are_grouped(db, "frame_hash"):
        raise StoreError(
            "not all clips have been compared with one another, so near-duplicates are not known. "
            "Let this end: python -m curation candidates"
        )
    query = select(
        ClipAuditRow.video_location, ClipAuditRow.filename, ClipAuditRow.duplicate_group
    ).where(ClipAuditRow.duplicate_group != ALONE)
    names = ["video_location", "filename", "group"]
    rows = pd.DataFrame(db.execute(query.order_by(ClipAuditRow.id)).all(), columns=names)
    return rows.astype({"group": "int64"}).set_index(names[:2])["group"]
