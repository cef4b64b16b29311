"""Rewrite published lists with the columns of the paper's Tables 2 and 3."""

from datetime import datetime
from pathlib import Path

import pandas as pd

from curation.release import Release, with_counts
from curation.release_check import Finding, check
from curation.tables import (
    CLIP_LIST,
    RAW_VIDEO_RATINGS,
    TEST_SET,
    VIDEO_RATINGS,
    Provenance,
    Schema,
    write_table,
)
from curation.tally import COUNTS
from study.errors import TableError
from study.files import refuse_existing, sha256_of

_SCHEMAS = {
    "video_ratings": VIDEO_RATINGS,
    "raw_video_ratings": RAW_VIDEO_RATINGS,
    "test_set": TEST_SET,
    "AVMIT_train": VIDEO_RATINGS,
    "AVMIT_validation": VIDEO_RATINGS,
    "MIT16_train": CLIP_LIST,
    "MIT16_validation": CLIP_LIST,
}
# Findings after which a row does not say what it should; the others are carried over as they are.
_UNUSABLE = frozenset(
    {
        "unreadable_list",
        "no_rows",
        "empty_cell",
        "stray_space",
        "no_count",
        "unknown_rating",
        "unknown_location",
        "unsafe_filename",
    }
)
ASSUMED_LOCATION = "training"  # the published MIT-16 lists have no location; their authors say so


def import_release(
    release: Release, folder: Path, *, at: datetime, overwrite: bool = False
) -> dict[Path, int]:
    """Write the lists of a release in the spelling of this program.

    Parameters
    ----------
    release : Release
        From `curation.release.read_release`.
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
    hindering = [item for item in check(release) if item.code in _UNUSABLE]
    if hindering:
        raise TableError(
            f"{release.folder} cannot be imported: {'; '.join(_said(item) for item in hindering)}. "
            "See all findings: curation check-release"
        )
    paths = {name: folder / f"{name}.csv" for name in release.lists}
    for path in paths.values():
        refuse_existing(path, overwrite=overwrite)
    written = {}
    for name, path in paths.items():
        rows, schema = release.lists[name], _SCHEMAS[name]
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


def _complete(rows: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    if "video_location" not in rows:
        rows = rows.assign(video_location=ASSUMED_LOCATION)
    return with_counts(rows) if set(COUNTS) <= {c.inside for c in schema.columns} else rows


def _said(item: Finding) -> str:
    examples = f" ({', '.join(item.examples)})" if item.examples else ""
    return f"{item.where}: {item.n} {item.message}{examples}"
