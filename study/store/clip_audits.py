"""Clip audits: what decoding all of each clip found, admitted or not."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import delete, insert, select, update

from study.store.engine import Db
from study.store.tables import ClipAuditRow

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ClipAudit:
    """What is known of a clip; None where decoding did not get that far.

    Parameters
    ----------
    filename, video_location, mit_label : str
        Which clip.
    n_bytes : int
        Size of the file.
    sha256 : str
        Of the file; empty where it could not be read.
    reason : str
        Why it cannot be a candidate; empty where it can.
    flags : str
        What a curator should know of it, separated by commas.
    duration_s, frame_rate_hz, nominal_frame_rate_hz, is_vfr, width_px, height_px, rotation_deg, \
    pixel_aspect, n_video_streams, n_audio_streams, sample_rate_hz, n_channels, av_start_offset_s
        As in `study.clips.probe.ClipProbe`.
    n_frames, peak, loudness_lufs, frame_hash, sound_hash
        As in `study.clips.inspection.Inspection`.
    """

    filename: str
    video_location: str
    mit_label: str
    n_bytes: int
    sha256: str = ""
    reason: str = ""
    flags: str = ""
    duration_s: float | None = None
    frame_rate_hz: float | None = None
    nominal_frame_rate_hz: float | None = None
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


COLUMNS = (*ClipAudit.__dataclass_fields__, "duplicate_group", "same_sound_group", "audited_at")


def add_many(db: Db, audits: Iterable[ClipAudit], at: datetime) -> None:
    """Keep audits of clips that have none yet.

    Parameters
    ----------
    db : Session
        An open transaction.
    audits : iterable of ClipAudit
        What was found.
    at : datetime
        Now.
    """
    rows = [{**asdict(audit), "audited_at": at} for audit in audits]
    if rows:
        db.execute(insert(ClipAuditRow), rows)


def forget_rejected(db: Db) -> None:
    """Delete the audits of clips that cannot be candidates, so that they are looked at again.

    Parameters
    ----------
    db : Session
        An open transaction.
    """
    db.execute(delete(ClipAuditRow).where(ClipAuditRow.reason != ""))


def frame(db: Db) -> pd.DataFrame:
    """Return all audits.

    Parameters
    ----------
    db : Session
        An open transaction.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, sorted by location and filename.
    """
    columns = [getattr(ClipAuditRow, name) for name in COLUMNS]
    query = select(*columns).order_by(ClipAuditRow.video_location, ClipAuditRow.filename)
    rows = pd.DataFrame(db.execute(query).all(), columns=list(COLUMNS))
    whole = ["duplicate_group", "same_sound_group", "n_frames", "width_px", "height_px"]
    return rows.astype(dict.fromkeys(whole, "Int64"))


def set_groups(
    db: Db, duplicate_group: Mapping[Key, int], same_sound_group: Mapping[Key, int]
) -> None:
    """Replace all groups of near-duplicates.

    Parameters
    ----------
    db : Session
        An open transaction.
    duplicate_group, same_sound_group : dict of tuple of str to int
        Group by location and filename; clips that are alike to no other are absent.
    """
    db.execute(update(ClipAuditRow).values(duplicate_group=None, same_sound_group=None))
    for column, groups in (
        ("duplicate_group", duplicate_group),
        ("same_sound_group", same_sound_group),
    ):
        for (location, filename), group in groups.items():
            db.execute(
                update(ClipAuditRow)
                .where(ClipAuditRow.video_location == location, ClipAuditRow.filename == filename)
                .values({column: group})
            )


def duplicates(db: Db) -> pd.Series | None:
    """Return which clips show nearly the same.

    Parameters
    ----------
    db : Session
        An open transaction.

    Returns
    -------
    Series of int or None
        Group by location and filename, clips alike to no other left out; None where no clip was
        audited.
    """
    if db.scalar(select(ClipAuditRow.id).limit(1)) is None:
        return None
    query = select(
        ClipAuditRow.video_location, ClipAuditRow.filename, ClipAuditRow.duplicate_group
    ).where(ClipAuditRow.duplicate_group.is_not(None))
    names = ["video_location", "filename", "group"]
    rows = pd.DataFrame(db.execute(query.order_by(ClipAuditRow.id)).all(), columns=names)
    return rows.astype({"group": "int64"}).set_index(names[:2])["group"]
