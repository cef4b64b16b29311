"""What is wrong with the rows of one published list, looked at by itself."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

import pandas as pd

from study.classes import read_classes
from study.reading.clip_keys import in_one_line
from study.reading.list_faults import ClipList, faults

N_EXAMPLES = 3
_DIGEST = re.compile(r"-[0-9a-f]{8}$")  # of `curation.release.record_names`


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a list says and a reader would not expect.

    Parameters
    ----------
    code : str
        What kind of finding, such as ``"no_strict_majority"``.
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


def check_values(name: str, clips: ClipList) -> Iterator[Finding]:
    """Yield what no list of clips may hold, here or anywhere else."""
    for fault in faults(clips):
        cells = clips.columns.get(fault.column, clips.lines)
        examples = [
            f"line {clips.lines[row]}: {in_one_line(str(cells[row]))}"
            for row in fault.rows[:N_EXAMPLES]
        ]
        n = max(len(fault.rows), 1)
        says = f"row{'s' if n > 1 else ''}: {fault.says}" if fault.rows else "the list has no rows"
        yield Finding(fault.code, name, n, True, says, tuple(examples))


def check_names(name: str, rows: pd.DataFrame) -> Iterator[Finding]:
    """Yield what is odd about the names and labels of a published list.

    Yields one per kind of fault; with ``n`` 0 where there is none.

    `rows`: from `curation.release.published.read_list`.
    """
    shape = rows["filename"].str.count("/") == 1
    ending = rows["filename"].str.lower().str.endswith(".mp4")
    yield of_rows("unknown_ending", name, rows, ~ending, False, "clips that do not end in .mp4")
    folder = rows["filename"].str.partition("/")[0]
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
    if "tfrecord_filename" in rows:
        yield from _check_records(name, rows)
    if "new_filename" in rows:
        yield from _check_new_names(name, rows)


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
    both = zip(rows["tfrecord_filename"], rows["filename"], strict=True)
    named = pd.Series([_is_named_after(*names) for names in both], index=rows.index, dtype=bool)
    yield of_rows(
        "record_of_another_clip",
        name,
        rows,
        ~named,
        True,
        "records that are not named after their clip",
        column="tfrecord_filename",
    )


def _is_named_after(record: str, filename: str) -> bool:
    name, stem = PurePosixPath(record).stem, PurePosixPath(filename).stem
    if name == stem or name.startswith(f"{stem}-"):
        return True
    cut = _DIGEST.sub("", name)  # of a name too long for a disk
    return cut != name and stem.startswith(cut)


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

    The ``n`` is 0 where no row is wrong.

    Parameters
    ----------
    rows : DataFrame
        The list, with ``line``.
    breaks : bool
        Whether a run on the list stops or goes wrong.
    """
    where_wrong = wrong.to_numpy(dtype=bool)
    if not where_wrong.any():
        return Finding(code, name, 0, breaks, message)
    hits = rows.loc[where_wrong]
    first = hits.head(N_EXAMPLES)
    examples = tuple(
        f"line {line}: {in_one_line(str(value))}"
        for line, value in zip(first["line"], first[column], strict=True)
    )
    return Finding(code, name, len(hits), breaks, message, examples)
