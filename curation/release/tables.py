"""The released tables: their columns in one place, written and read without surprises."""

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from study.errors import TableError
from study.reading.clip_keys import keys_of, require_apart
from study.reading.lists import read_list, refuse_few_ratings
from study.reading.text import read_json
from study.tools.access import Readers
from study.tools.files import refuse_existing, sha256_of, written_atomically
from study.tools.versions import program
from study.tools.wording import no_formula

_WRITTEN_BY = {
    "video_ratings.csv": "export-ratings",
    "raw_video_ratings.csv": "export-ratings",
    "test_set.csv": "test-set",
    "label_posterior.csv": "export-ratings",
}
_OF_ONE_CLIP = {"tfrecord_filename", "new_filename"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a released table.

    Parameters
    ----------
    inside : str
        What the program calls it.
    means : str
        Its description for the data dictionary.
    kind : {"text", "count", "seconds", "number", "flag"}
        Type of its values.
    optional : bool
        Whether a cell may be empty.
    values : tuple of str
        All that a cell may hold; empty for anything of its kind.
    """

    name: str
    inside: str
    means: str
    kind: str = "text"
    optional: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Schema:
    """A released table.

    Parameters
    ----------
    title : str
        What a row of it is.
    is_one_row_per_clip : bool
        False for a table of ratings.
    key : tuple of str
        Released columns that tell its rows apart; empty where rows may be alike.
    refers : dict of str to tuple of str
        Released columns that are the key of another table, by that table's file.
    """

    title: str
    columns: tuple[Column, ...]
    is_one_row_per_clip: bool = True
    key: tuple[str, ...] = ()
    refers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Column names as released, in order."""
        return [column.name for column in self.columns]


FILENAME = Column("filename", "filename", "MIT class subdirectory/ video name")
AVMIT_LABEL = Column(
    "AVMIT_label", "avmit_label", "as displayed to participants in annotation task"
)
MIT_LABEL = Column("MIT_label", "mit_label", "original dataset label")
LOCATION = Column("video_location", "video_location", "training or validation directories of MIT")
TFRECORD = Column(
    "tfrecord_filename",
    "tfrecord_filename",
    "subdirectory and filename of corresponding audiovisual feature embeddings",
)
R1, R2, R3 = (
    Column(f"r{n}", f"r{n}", f"number of '{n}' ratings given", "count") for n in (1, 2, 3)
)

# Paper: Data Description, Table 2 and Table 3; the raw table as the authors' README has it.
VIDEO_RATINGS = Schema(
    "One row per clip with all its ratings",
    (FILENAME, R1, R2, R3, AVMIT_LABEL, MIT_LABEL, LOCATION, TFRECORD),
)
RAW_VIDEO_RATINGS = Schema(
    "One row per rating",
    (FILENAME, AVMIT_LABEL, MIT_LABEL, LOCATION, Column("rating", "rating", "1, 2 or 3", "count")),
    is_one_row_per_clip=False,
)
RATER = Column("participant", "participant_id", "pseudonymous id of the rater")
TIMES = (
    Column(
        "rt_s",
        "rt_s",
        "seconds from the end of the last playing to the key, without interruptions; where "
        "interrupted_s is empty they may be in it",
        "seconds",
    ),
    Column(
        "interrupted_s",
        "interrupted_s",
        "seconds of pauses and of the question whether to leave in between, so that rt_s + "
        "interrupted_s is the time by the clock; empty where the version that wrote the rating did "
        "not tell them apart",
        "seconds",
    ),
    Column(
        "n_interruptions",
        "n_interruptions",
        "how many interruptions; empty as interrupted_s is",
        "count",
    ),
)
RAW_WITH_PARTICIPANT = Schema(
    "One row per rating, with the pseudonymous id of who gave it",
    (*RAW_VIDEO_RATINGS.columns, RATER),
    is_one_row_per_clip=False,
)
CLIP_LIST = Schema(
    "Clips with their labels and records", (FILENAME, AVMIT_LABEL, MIT_LABEL, LOCATION, TFRECORD)
)
TEST_SET = Schema(
    "The test clips",
    (
        FILENAME,
        AVMIT_LABEL,
        MIT_LABEL,
        LOCATION,
        Column("new_filename", "new_filename", "AVMIT label subdirectory/ new video name"),
        TFRECORD,
    ),
)


@dataclass(frozen=True)
class Provenance:
    """Where a table comes from.

    Parameters
    ----------
    rehearsal : bool
        Whether simulated ratings or ungraded rigs may be in it.
    store_id, store_revision : str or None
        The store and the revision of its schema; None for a table made from files.
    settings, counts : dict
        Rules and seed that made it; what went in, came out and was left out.
    inputs : dict of str to str
        SHA-256 of the files that were read.
    """

    rehearsal: bool
    store_id: str | None
    made_at: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    store_revision: str | None = None


def raw_ratings(*, with_participant: bool = False, with_times: bool = False) -> Schema:
    """Return the columns of `raw_video_ratings.csv`.

    Returns
    -------
    Schema
        The published columns and those that are asked for.
    """
    schema = RAW_WITH_PARTICIPANT if with_participant else RAW_VIDEO_RATINGS
    return replace(schema, columns=(*schema.columns, *(TIMES if with_times else ())))


def write_table(
    frame: pd.DataFrame, schema: Schema, path: Path, provenance: Provenance, *, overwrite: bool
) -> None:
    """Write a released table and, beside it, its data dictionary.

    The same rows give the same bytes. The dictionary has the table's name with the ending
    ``.json`` and holds columns, provenance, and the table's digest.

    Parameters
    ----------
    frame : DataFrame
        With the columns that the schema calls ``inside``; others are not written.

    Raises
    ------
    StudyError
        If the file exists and must not be replaced.
    TableError
        If a clip would stand in the table twice.
    """
    sidecar = path.with_suffix(".json")
    for target in (path, sidecar):
        refuse_existing(target, overwrite=overwrite)
    refuse_twice(frame, schema, path)
    # What is published can be read by everybody; raters' ids stay in the lab.
    readers = Readers.OWNER if schema == RAW_WITH_PARTICIPANT else Readers.EVERYBODY
    with written_atomically(path, overwrite=overwrite, readers=readers) as part:
        write_rows(frame, schema, part)
    described = {
        column.name: {"description": column.means, "type": column.kind} for column in schema.columns
    }
    content = {
        **_origin(len(frame), path, provenance), "title": schema.title, "columns": described,
    }  # fmt: skip
    _write_sidecar(content, sidecar, overwrite=overwrite, readers=readers)


def write_rows(frame: pd.DataFrame, schema: Schema, path: Path) -> None:
    """Write the rows of a released table as CSV; the same rows give the same bytes.

    Parameters
    ----------
    frame : DataFrame
        With the columns that the schema calls ``inside``; others are not written.
    path : Path
        Replaced.
    """
    columns = [column.inside for column in schema.columns]
    frame[columns].set_axis(schema.names, axis=1).to_csv(
        path, index=False, lineterminator="\n", encoding="utf-8", quoting=csv.QUOTE_MINIMAL
    )


def refuse_twice(frame: pd.DataFrame, schema: Schema, path: Path) -> None:
    """Look a last time at a table that is about to be written.

    Who writes several tables looks at all of them before the first.

    Parameters
    ----------
    frame, schema, path
        As `write_table` takes them.

    Raises
    ------
    TableError
        If a clip, a record or a new name would stand in the table twice.
    """
    if not schema.is_one_row_per_clip:
        return
    require_apart({path.name: keys_of(frame["video_location"], frame["filename"])})
    for name in _OF_ONE_CLIP & set(schema.names):
        twice = frame.loc[frame.duplicated(name), name]
        if len(twice):
            raise TableError(
                f"{twice.iloc[0]} would stand twice in {path.name} as {name}. Nothing was written; "
                "check the tables that it comes from"
            )


def write_report(
    frame: pd.DataFrame | Iterable[pd.DataFrame],
    path: Path,
    *,
    overwrite: bool,
    readers: Readers = Readers.UMASK,
    provenance: Provenance | None = None,
) -> None:
    """Write a table that is made to be looked at, in a spreadsheet as well.

    Text that a spreadsheet would take for a formula gets an apostrophe in front. Released tables
    are read by programs, so `write_table` leaves their cells as they are.

    Parameters
    ----------
    frame : DataFrame or iterable of DataFrame
        The table, whole or in parts with the same columns, of which one is held at a time.
    provenance : Provenance or None
        Where it comes from, written beside it under its name with the ending ``.json``; None for
        a table that says nothing of ratings.

    Raises
    ------
    StudyError
        If the file exists and must not be replaced.
    """
    sidecar = path.with_suffix(".json")
    if provenance is not None:
        refuse_existing(sidecar, overwrite=overwrite)
    n_rows = 0
    parts = [frame] if isinstance(frame, pd.DataFrame) else frame
    with (
        written_atomically(path, overwrite=overwrite, readers=readers) as part,
        part.open("w", encoding="utf-8", newline="") as file,
    ):
        for place, rows in enumerate(parts):
            n_rows += len(rows)
            text = rows.select_dtypes(["object", "string"]).columns
            shown = rows.assign(**{name: rows[name].map(no_formula) for name in text})
            shown.to_csv(
                file, index=False, header=place == 0, lineterminator="\n", float_format="%.6g"
            )
    if provenance is not None:
        content = _origin(n_rows, path, provenance)
        _write_sidecar(content, sidecar, overwrite=overwrite, readers=readers)


def read_table(path: Path, schema: Schema, *, min_ratings: int = 0) -> pd.DataFrame:
    """Read a table of this program, or a published one of the same kind.

    Parameters
    ----------
    schema : Schema
        Its columns; others are ignored.

    Returns
    -------
    DataFrame
        Columns as the program calls them; text as str, counts as int; ``line`` is the row's line
        in the file.

    Raises
    ------
    TableError
        If the file is missing, lacks a column, or a row does not say what it should.
    """
    command = _WRITTEN_BY.get(path.name)
    missing = "" if command is None else f"Write it first: python -m curation {command}"
    needed = [column.inside for column in schema.columns]
    clips = read_list(path, needed, missing=missing, several_rows=not schema.is_one_row_per_clip)
    if min_ratings:
        refuse_few_ratings(clips, min_ratings)
    read = {
        column.inside: list(map(int, cells)) if column.kind == "count" else cells
        for column in schema.columns
        for cells in [clips.columns[column.inside]]
    }
    return pd.DataFrame({**read, "line": clips.lines})


def is_changed(path: Path) -> bool:
    """Return whether a table is not the file that was written with its data dictionary.

    Returns
    -------
    bool
        False where there is no dictionary, as with published lists.

    Raises
    ------
    TableError
        If the dictionary cannot be read.
    """
    sidecar = path.with_suffix(".json")
    if not sidecar.is_file():
        return False
    said = read_json(sidecar, error=TableError)
    digest = said.get("sha256") if isinstance(said, dict) else None
    return digest is not None and digest != sha256_of(path)


def _origin(n_rows: int, path: Path, provenance: Provenance) -> dict[str, Any]:
    return {
        "table": path.name,
        "rehearsal": provenance.rehearsal,
        "n_rows": n_rows,
        "sha256": sha256_of(path),
        "provenance": {
            "store_id": provenance.store_id,
            "store_revision": provenance.store_revision,
            "made_at": provenance.made_at,
            "software": program(),
            "settings": dict(provenance.settings),
            "counts": dict(provenance.counts),
            "inputs_sha256": dict(provenance.inputs),
        },
    }


def _write_sidecar(
    content: Mapping[str, Any], path: Path, *, overwrite: bool, readers: Readers
) -> None:
    text = json.dumps(content, indent=2, ensure_ascii=False)
    with written_atomically(path, overwrite=overwrite, readers=readers) as part:
        part.write_text(text + "\n", encoding="utf-8")
