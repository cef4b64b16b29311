"""Lists of clips: the one reader of every table that has a row per clip or per rating.

Ours and the published files spell columns and locations differently; here they get one spelling,
and what a list must not hold is refused. Who reads one adds nothing but what it means.
"""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import pandas as pd

from study.errors import TableError
from study.reading.clip_keys import in_one_line, location_of, with_slashes
from study.reading.list_faults import COUNTS, ClipList, Fault, faults, n_ratings, record_faults
from study.reading.rows import csv_table
from study.tools.wording import counted

# How the published files and ours spell the same column.
SPELLINGS: dict[str, tuple[str, ...]] = {
    "filename": ("filename",),
    "mit_label": ("MIT_label", "MIT label", "actual_label", "mit_label"),
    "avmit_label": ("AVMIT_label", "AVMIT label", "label", "avmit_label"),
    "video_location": ("video_location",),
    "tfrecord_filename": ("tfrecord_filename",),
    "new_filename": ("new_filename",),
    "rating": ("rating",),
    "participant_id": ("participant", "participant_id"),
    "r1": ("r1",),
    "r2": ("r2",),
    "r3": ("r3",),
}

_NAMES = {"filename", "tfrecord_filename", "new_filename"}
CLIP_AND_LABEL = ("filename", "avmit_label")


def read_list(
    path: Path,
    needed: Collection[str] = CLIP_AND_LABEL,
    *,
    missing: str = "",
    several_rows: bool | None = False,
    with_records: bool = False,
) -> ClipList:
    """Read a list and refuse it if a row does not say what it should.

    Parameters
    ----------
    needed : collection of str
        Columns that it must have, by the program's names.
    missing : str
        What to do where there is no file.
    several_rows : bool or None
        Whether a row is a rating, so that a clip may have several; None where the columns say.
    with_records : bool
        Whether the records' names matter even where the list leaves them to the rule.

    Returns
    -------
    ClipList
        A list in which every clip stands once, or a list of ratings.

    Raises
    ------
    TableError
        With the file, the line and what is wrong.
    """
    clips = open_list(path, needed, missing=missing, several_rows=several_rows)
    found = faults(clips)
    refuse(clips, found or (record_faults(clips) if with_records else []))
    return clips


def open_list(
    path: Path,
    needed: Collection[str] = CLIP_AND_LABEL,
    *,
    missing: str = "",
    several_rows: bool | None = False,
) -> ClipList:
    """Read a list without looking at what its rows say; for those who show all `faults`.

    Parameters
    ----------
    needed : collection of str
        Columns that it must have, by the program's names.
    missing : str
        What to do where there is no file.
    several_rows : bool or None
        Whether a row is a rating; None where the columns say.

    Returns
    -------
    ClipList
        The rows, if every row has a cell in every column.

    Raises
    ------
    TableError
        If the file is not a table of clips.
    """
    heading, rows = csv_table(path, missing=missing or "Name another table")
    if not any(heading):
        raise TableError(f"{path} is empty, expected a heading and a row per clip. Export it again")
    return _clip_list(path, heading, rows, needed, several_rows)


def read_frame(
    frame: pd.DataFrame,
    needed: Collection[str] = CLIP_AND_LABEL,
    *,
    with_records: bool = False,
    name: str = "clips",
) -> ClipList:
    """Take a frame as a list, with the columns and the checks of a file; the heading is line 1.

    Parameters
    ----------
    with_records : bool
        Whether the records' names matter even where the frame leaves them to the rule.
    name : str
        What messages call it.
    """
    cells = frame.astype(object).where(frame.notna(), "").astype(str)
    rows = enumerate(map(list, cells.itertuples(index=False, name=None)), start=2)
    clips = _clip_list(Path(name), list(map(str, frame.columns)), rows, needed, False)
    refuse(clips, faults(clips) or (record_faults(clips) if with_records else []))
    return clips


def with_our_names(frame: pd.DataFrame, needed: Collection[str] = ()) -> pd.DataFrame:
    """Return a frame with the program's names for the columns of the published files.

    Raises TableError if columns are lacking.

    Parameters
    ----------
    needed : collection of str
        Columns that it must have, by the program's names.

    Examples
    --------
    >>> list(with_our_names(pd.DataFrame(columns=["filename", "AVMIT_label", "r3"])))
    ['filename', 'avmit_label', 'r3']
    """
    there = set(frame.columns)
    unnamed = [ours for ours in SPELLINGS if ours not in there]
    named = frame.rename(columns={name: ours for ours in unnamed for name in SPELLINGS[ours]})
    twice = named.columns[named.columns.duplicated()]
    if len(twice):
        raise TableError(f"the table has the column {twice[0]} twice, in two spellings. Drop one")
    lacking = [name for name in needed if name not in named]
    if lacking:
        raise TableError(
            f"the table lacks the columns {', '.join(lacking)}; it has "
            f"{in_one_line(', '.join(map(str, frame.columns)))}. "
            "Rename its columns"
        )
    return named


def _clip_list(
    path: Path,
    heading: Sequence[str],
    rows: Iterable[tuple[int, list[str]]],
    needed: Collection[str],
    several_rows: bool | None,
) -> ClipList:
    places = _places(path, heading, needed)
    columns: dict[str, list[str]] = {name: [] for name in places}
    lines: list[int] = []
    for line, cells in rows:
        lines.append(line)
        for name, place in places.items():
            columns[name].append(cells[place])
    for name in _NAMES & set(columns):
        columns[name] = [with_slashes(text) for text in columns[name]]
    if "video_location" in columns:
        columns["video_location"] = [location_of(text) for text in columns["video_location"]]
    if several_rows is None:
        several_rows = "rating" in columns and not set(COUNTS) <= set(columns)
    return ClipList(path, columns, lines, several_rows)


def _places(path: Path, heading: Sequence[str], needed: Collection[str]) -> dict[str, int]:
    if len(heading) == 1 and set(";\t") & set(heading[0]):
        raise TableError(f"{path} has no commas between its cells. Export it again with commas")
    places = {}
    for inside, spellings in SPELLINGS.items():
        found = [name for name in spellings if name in heading]
        if len(found) > 1:
            raise TableError(
                f"{path} has the column {inside} twice: {', '.join(found)}. Remove one"
            )
        if found:
            places[inside] = heading.index(found[0])
    lacking = [name for name in needed if name not in places]
    if lacking:
        spelt = "; ".join(f"{name} ({' or '.join(SPELLINGS[name])})" for name in lacking)
        found_names = in_one_line(", ".join(filter(None, heading)))
        raise TableError(f"{path} lacks {spelt}; found {found_names}. Rename or add the column")
    return places


def refuse(clips: ClipList, found: Sequence[Fault]) -> None:
    """Raise if a list has faults.

    Parameters
    ----------
    found : sequence of Fault
        From `faults`.

    Raises
    ------
    TableError
        With the first fault, its line, and how many rows have it.
    """
    if not found:
        return
    fault = found[0]
    if not fault.rows:
        raise TableError(f"{clips.path} lists no clip. Export the list again")
    row, n_more = fault.rows[0], len(fault.rows) - 1
    cells = clips.records if fault.column == "tfrecord_filename" else clips.columns[fault.column]
    cell = in_one_line(cells[row])
    more = f", and so on in {counted(n_more, 'further row')}" if n_more else ""
    raise TableError(
        f"{clips.path}, line {clips.lines[row]}: {fault.says} ({cell}{more}). Correct the list, or "
        "export it again"
    )


def refuse_few_ratings(clips: ClipList, at_least: int) -> None:
    """Raise if a clip of a list has fewer ratings than a table of rated clips lets in.

    Parameters
    ----------
    clips : ClipList
        With ``r1, r2, r3``.
    at_least : int
        How many ratings a clip of the study gets.

    Raises
    ------
    TableError
        With the first such line.
    """
    few = tuple(row for row, n in enumerate(n_ratings(clips)) if n < at_least)
    says = f"fewer than the {counted(at_least, 'rating')} of protocol.ratings_per_clip"
    refuse(clips, [Fault("few_ratings", says, few, "filename")] if few else [])
