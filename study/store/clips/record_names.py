"""Names of records: given once, when a clip is decided on, and never changed by what follows."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute

from study.store.clips.candidates import called
from study.store.engine import Db
from study.store.tables import RecordNameRow

COLUMNS = ("video_location", "filename", "tfrecord_filename")
_N_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class RecordName:
    """The name of a clip's record, ``<AVMIT label>/<stem>.tfrecord``."""

    video_location: str
    filename: str
    tfrecord_filename: str


def folded(name: str) -> str:
    """Return a name in lower case, which no two may share: some file systems ignore case."""
    return name.casefold()


def add_many(db: Db, names: Sequence[RecordName], at: datetime) -> None:
    """Store the names of clips that have none yet."""
    rows = [
        {**asdict(name), "folded": folded(name.tfrecord_filename), "given_at": at} for name in names
    ]
    if rows:
        db.execute(insert(RecordNameRow), rows)


def taken(db: Db, names: Collection[str]) -> set[str]:
    """Return which of some names, folded, belong to a clip already."""
    return set(_in_parts(db, RecordNameRow.folded, sorted(map(folded, names))))


def named(db: Db, video_location: str, filenames: Sequence[str]) -> set[str]:
    """Return which clips of a location have a name."""
    here = RecordNameRow.video_location == video_location
    return set(_in_parts(db, RecordNameRow.filename, list(filenames), here))


def frame(db: Db, filenames: Collection[str] | None = None) -> pd.DataFrame:
    """Return all names, with the columns `COLUMNS`.

    `filenames`: only those of clips of these names, some hundreds at most; None for all.
    """
    columns = [getattr(RecordNameRow, name) for name in COLUMNS]
    query = select(*columns).where(called(RecordNameRow, filenames))
    rows = db.execute(query.order_by(RecordNameRow.id)).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=list(COLUMNS))


def replace_many(db: Db, names: Sequence[RecordName], at: datetime) -> None:
    """Give clips the names that an earlier export gave them; two clips may change places."""
    for name in names:
        out_of_the_way = f"\n{name.tfrecord_filename}"  # no name has a line break
        db.execute(update(RecordNameRow).where(_of(name)).values(folded=out_of_the_way))
    for name in names:
        values = {
            "tfrecord_filename": name.tfrecord_filename,
            "folded": folded(name.tfrecord_filename),
            "given_at": at,
        }
        db.execute(update(RecordNameRow).where(_of(name)).values(values))


def _of(name: RecordName) -> ColumnElement[bool]:
    return (RecordNameRow.video_location == name.video_location) & (
        RecordNameRow.filename == name.filename
    )


def _in_parts(
    db: Db,
    column: InstrumentedAttribute[str],
    values: Sequence[str],
    *conditions: ColumnElement[bool],
) -> Iterator[str]:
    for first in range(0, len(values), _N_AT_ONCE):
        part = values[first : first + _N_AT_ONCE]
        yield from db.scalars(select(column).where(column.in_(part), *conditions))
