"""Rewrite published lists with the columns of the paper's Tables 2 and 3."""

from datetime import datetime
from pathlib import Path

import pandas as pd

from curation.release.check import refuse_unusable
from curation.release.reading import Release, with_counts, with_location
from curation.release.tables import (
    CLIP_LIST,
    RAW_VIDEO_RATINGS,
    RAW_WITH_PARTICIPANT,
    TEST_SET,
    VIDEO_RATINGS,
    Provenance,
    Schema,
    write_table,
)
from curation.tally import COUNTS
from study.tools.files import refuse_existing, sha256_of

_SCHEMAS = {
    "video_ratings": VIDEO_RATINGS,
    "raw_video_ratings": RAW_VIDEO_RATINGS,
    "test_set": TEST_SET,
    "AVMIT_train": VIDEO_RATINGS,
    "AVMIT_validation": VIDEO_RATINGS,
    "MIT16_train": CLIP_LIST,
    "MIT16_validation": CLIP_LIST,
}


def import_release(
    release: Release, folder: Path, *, at: datetime, overwrite: bool = False
) -> dict[Path, int]:
    """Write the lists of a release in the spelling of this program.

    Parameters
    ----------
    release : Release
        From `curation.release.reading.read_release`.
    folder : Path
        Where to write.
    at : datetime
        Now.
    overwrite : bool
        Whether existing lists may be replaced.

    Returns
    -------
    dict of Path to int
        Number of rows by file.

    Raises
    ------
    TableError
        If a row does not say what it should; oddities that do not hinder reading are kept.
    """
    refuse_unusable(release)
    paths = {name: folder / f"{name}.csv" for name in release.lists}
    for path in paths.values():
        refuse_existing(path, overwrite=overwrite)
    written = {}
    for name, path in paths.items():
        rows = release.lists[name]
        schema = _schema_of(name, rows)
        write_table(
            _complete(rows, schema),
            schema,
            path,
            Provenance(
                rehearsal=False,
                store_id=None,
                made_at=at.isoformat(timespec="seconds"),
                settings={"assumed_location": "video_location" not in rows},
                inputs={path.name: sha256_of(release.folder / path.name)},
            ),
            overwrite=overwrite,
        )
        written[path] = len(rows)
    return written


def _schema_of(name: str, rows: pd.DataFrame) -> Schema:
    return RAW_WITH_PARTICIPANT if "participant_id" in rows else _SCHEMAS[name]


def _complete(rows: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    rows = with_location(rows)
    return with_counts(rows) if set(COUNTS) <= {c.inside for c in schema.columns} else rows
