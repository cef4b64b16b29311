"""Rewrite published lists with the columns of the paper's Tables 2 and 3."""

from datetime import datetime
from pathlib import Path

import pandas as pd

from curation.release.list_check import APART, refuse_breaking
from curation.release.published import Located, PublishedRelease, located, with_counts
from curation.release.tables import (
    CLIP_LIST,
    RAW_VIDEO_RATINGS,
    RAW_WITH_PARTICIPANT,
    TEST_SET,
    VIDEO_RATINGS,
    Provenance,
    Schema,
    refuse_twice,
    write_table,
)
from curation.tally import COUNTS, clip_keys
from study.reading.clip_keys import require_apart
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
    release: PublishedRelease, folder: Path, *, at: datetime, overwrite: bool = False
) -> dict[Path, Located]:
    """Write the lists of a release in the spelling of this program.

    Parameters
    ----------
    release : PublishedRelease
        From `curation.release.published.read_release`.

    Raises
    ------
    TableError
        If something breaks a run; oddities that do not hinder reading are kept.
    """
    refuse_breaking(release)
    lists = located(release)
    paths = {name: folder / f"{name}.csv" for name in lists}
    for path in paths.values():
        refuse_existing(path, overwrite=overwrite)
    for name, found in lists.items():
        refuse_twice(found.rows, _schema_of(name, found.rows), paths[name])
    for one, other in APART:
        if {one, other} <= set(lists):
            require_apart({name: clip_keys(lists[name].rows) for name in (one, other)})
    for name, found in lists.items():
        schema = _schema_of(name, found.rows)
        provenance = Provenance(
            rehearsal=False,
            store_id=None,
            made_at=at.isoformat(timespec="seconds"),
            settings={"assumed_location": bool(found.n_assumed)},
            counts={
                "locations_of_lists_beside": dict(found.n_from_beside),
                "locations_assumed": found.n_assumed,
            },
            inputs={paths[name].name: sha256_of(release.folder / paths[name].name)},
        )
        rows = _complete(found.rows, schema)
        write_table(rows, schema, paths[name], provenance, overwrite=overwrite)
    return {paths[name]: found for name, found in lists.items()}


def _schema_of(name: str, rows: pd.DataFrame) -> Schema:
    schema = _SCHEMAS[name]
    with_people = schema is RAW_VIDEO_RATINGS and "participant_id" in rows
    return RAW_WITH_PARTICIPANT if with_people else schema


def _complete(rows: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    return with_counts(rows) if set(COUNTS) <= {c.inside for c in schema.columns} else rows
