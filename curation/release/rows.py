"""What is wrong with the rows of one published list, looked at by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

import pandas as pd

from curation.release.reading import is_count
from curation.tally import COUNTS
from study.classes import read_classes
from study.vocabulary import VIDEO_LOCATIONS

N_EXAMPLES = 3
_SEVERAL_ROWS_PER_CLIP = "raw_video_ratings"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a list says and a reader would not expect.

    Parameters
    ----------
    code : str
        What kind of finding, such as ``"no_strict_majority"``.
    where : str
        The list, or lists.
    n : int
        How many rows, clips or sources.
    breaks : bool
        Whether a run on these lists stops or goes wrong.
    message : str
        What was found, in words.
    examples : tuple of str
        Up to three of them.
    """

    code: str
    where: str
    n: int
    breaks: bool
    message: str
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the finding on one line."""
        examples = f" ({', '.join(self.examples)})" if self.examples else ""
        return f"{self.where}: {self.n} {self.message}{examples}"


def check_values(name: str, rows: pd.DataFrame) -> Iterator[Finding]:
    """Yield what is wrong with the cells of a list.

    Parameters
    ----------
    name : str
        The list.
    rows : DataFrame
        From `curation.release.reading.read_list`.

    Yields
    ------
    Finding
        One per kind of fault; with ``n`` 0 where there is none.
    """
    for column in rows.columns.drop("line"):
        empty = rows[column].str.strip() == ""
        yield of_rows("empty_cell", name, rows, empty, True, f"rows without {column}")
        spaced = ~empty & (rows[column].str.strip() != rows[column])
        yield of_rows("stray_space", name, rows, spaced, True, f"rows with space around {column}")
    for column in set(COUNTS) & set(rows.columns):
        wrong = ~is_count(rows[column]) & (rows[column].str.strip() != "")
        yield of_rows("no_count", name, rows, wrong, True, f"rows whose {column} is no count")
    if "rating" in rows:
        unknown = ~rows["rating"].isin(["1", "2", "3"])
        yield of_rows("unknown_rating", name, rows, unknown, True, "ratings other than 1, 2, 3")
    if "video_location" in rows:
        astray = ~rows["video_location"].isin(VIDEO_LOCATIONS)
        yield of_rows(
            "unknown_location", name, rows, astray, True, "rows neither of training nor validation"
        )


def check_names(name: str, rows: pd.DataFrame) -> Iterator[Finding]:
    """Yield what is wrong with the names and labels of a list, and with what repeats.

    Parameters
    ----------
    name : str
        The list.
    rows : DataFrame
        From `curation.release.reading.read_list`.

    Yields
    ------
    Finding
        One per kind of fault; with ``n`` 0 where there is none.
    """
    parts = rows["filename"].str.split("/")
    shape = parts.map(lambda p: len(p) == 2 and all(p) and not set(p) & {".", ".."}).astype(bool)
    yield of_rows(
        "unsafe_filename", name, rows, ~shape, True, "filenames that are not <MIT class>/<clip>"
    )
    ending = rows["filename"].str.lower().str.endswith(".mp4")
    yield of_rows("unknown_ending", name, rows, ~ending, False, "clips that do not end in .mp4")
    folder = parts.str[0]
    yield of_rows(
        "folder_of_another_class",
        name,
        rows,
        shape & (folder != rows["mit_label"]),
        False,
        "clips whose folder is not their MIT label",
    )
    label_of = read_classes().label_of
    known = rows["mit_label"].map(label_of)
    elsewhere = rows["mit_label"].isin(label_of) & (known != rows["avmit_label"])
    yield of_rows(
        "unknown_relabelling",
        name,
        rows,
        elsewhere
        | (~rows["mit_label"].isin(label_of) & (rows["mit_label"] != rows["avmit_label"])),
        False,
        "rows relabelled in a way that Table 1 does not have",
    )
    if name != _SEVERAL_ROWS_PER_CLIP:
        keys = [c for c in ("video_location", "filename") if c in rows]
        yield of_rows(
            "duplicate_clip", name, rows, rows.duplicated(keys), True, "clips listed before"
        )
    else:
        yield from _check_raters(name, rows)
    if "tfrecord_filename" in rows:
        yield from _check_records(name, rows)
    if "new_filename" in rows:
        yield from _check_new_names(name, rows)


def _check_raters(name: str, rows: pd.DataFrame) -> Iterator[Finding]:
    clip = ["video_location", "filename"]
    labels = rows.drop_duplicates([*clip, "mit_label", "avmit_label"])
    yield of_rows(
        "labels_differ",
        name,
        labels,
        labels.duplicated(clip),
        True,
        "clips whose labels are not the same in all their rows",
    )
    if "participant_id" in rows:
        yield of_rows(
            "rated_twice",
            name,
            rows,
            rows.duplicated([*clip, "participant_id"]),
            True,
            "ratings of a clip that the same person had rated before",
        )


def _check_records(name: str, rows: pd.DataFrame) -> Iterator[Finding]:
    folder = rows["tfrecord_filename"].str.partition("/")[0]
    yield of_rows(
        "record_of_another_class",
        name,
        rows,
        folder != rows["avmit_label"],
        True,
        "records whose folder is another class than the row's: their label is wrong or unknown",
        column="tfrecord_filename",
    )
    stems = rows["filename"].map(lambda text: PurePosixPath(text).stem)
    record = rows["tfrecord_filename"].str.partition("/")[2]
    named = pd.Series(
        [
            text.endswith(".tfrecord") and text.startswith(stem) and "/" not in text
            for text, stem in zip(record, stems, strict=True)
        ],
        index=rows.index,
        dtype=bool,
    )
    yield of_rows(
        "record_of_another_clip",
        name,
        rows,
        ~named,
        True,
        "records that are not named after their clip",
        column="tfrecord_filename",
    )
    if name != _SEVERAL_ROWS_PER_CLIP:
        yield of_rows(
            "records_meet",
            name,
            rows,
            rows.duplicated("tfrecord_filename") & ~rows.duplicated("filename"),
            True,
            "records that another clip of the list has too",
            column="tfrecord_filename",
        )


def _check_new_names(name: str, rows: pd.DataFrame) -> Iterator[Finding]:
    parts = rows["new_filename"].str.rpartition("/")
    elsewhere = (parts[0] != rows["avmit_label"]) | parts[2].isin(["", ".", ".."])
    yield of_rows(
        "new_filename_elsewhere",
        name,
        rows,
        elsewhere,
        True,
        "new names that are not in the folder of the row's AVMIT label",
        column="new_filename",
    )
    number = rows.groupby("avmit_label").cumcount() + 1
    label = rows["avmit_label"]
    pattern = [
        text.rpartition(".")[0] != f"{a}/{a}_{n}"
        for text, a, n in zip(rows["new_filename"], label, number, strict=True)
    ]
    yield of_rows(
        "new_filename_out_of_order",
        name,
        rows,
        pd.Series(pattern, index=rows.index, dtype=bool),
        False,
        "new names that are not <label>/<label>_<1, 2, ...> in the order of the rows",
        column="new_filename",
    )
    yield of_rows(
        "new_filename_twice",
        name,
        rows,
        rows.duplicated("new_filename"),
        True,
        "new names given before",
        column="new_filename",
    )


def of_rows(
    code: str,
    name: str,
    rows: pd.DataFrame,
    wrong: pd.Series,
    breaks: bool,
    message: str,
    column: str = "filename",
) -> Finding:
    """Return a finding about some rows of a list.

    Parameters
    ----------
    code, name : str
        The kind of finding, and the list.
    rows : DataFrame
        The list, with ``line``.
    wrong : Series of bool
        Which rows.
    breaks : bool
        Whether a run on the list stops or goes wrong.
    message : str
        What was found, in words.
    column : str
        Whose cells are shown as examples.

    Returns
    -------
    Finding
        With ``n`` 0 where no row is wrong.
    """
    where_wrong = wrong.to_numpy(dtype=bool)
    if not where_wrong.any():
        return Finding(code, name, 0, breaks, message)
    hits = rows.loc[where_wrong]
    examples = tuple(
        f"line {line}: {value}" for line, value in zip(hits["line"], hits[column], strict=True)
    )
    return Finding(code, name, len(hits), breaks, message, examples[:N_EXAMPLES])
