"""Read the rows of CSV tables that come from outside."""

import csv
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from study.errors import StudyError, TableError
from study.reading.text import decoded, read_bytes
from study.tools.wording import counted

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
LARGEST_CELL = 128 * 1024  # letters
Row = tuple[int, dict[str, str]]


def csv_rows(
    path: Path,
    columns: Collection[str] = (),
    *,
    error: type[StudyError] = TableError,
    missing: str = "Name another file",
    delimiters: str = ",",
) -> Iterator[Row]:
    r"""Read a CSV table with a heading, row by row.

    Parameters
    ----------
    path, error, missing
        As for `read_bytes`.
    columns : sequence of str
        What the heading must have; it may have more.
    delimiters : str
        What may stand between cells; the one that the heading has most often is taken.

    Yields
    ------
    line : int
        Where the row begins, counted from 1.
    cells : dict of str to str
        By column. Rows without any text are passed over: spreadsheets save rows that were emptied.

    Raises
    ------
    StudyError
        As `error`: as `csv_lines`, or if a column is missing or there twice, or a row has not as
        many cells as the heading.
    """
    heading, rows = csv_table(path, error=error, missing=missing, delimiters=delimiters)
    lacking = [name for name in columns if name not in heading]
    if lacking:
        raise error(
            f"{path} lacks the columns {', '.join(lacking)}; it has "
            f"{', '.join(heading) or 'none'}. Correct its first line"
        )
    for line, cells in rows:
        yield line, dict(zip(heading, cells, strict=True))


def csv_table(
    path: Path,
    *,
    error: type[StudyError] = TableError,
    missing: str = "Name another file",
    delimiters: str = ",",
) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """Read a CSV table as its heading and the rows below it.

    `path`, `error`, `missing` and `delimiters`: as for `csv_rows`.

    Returns
    -------
    heading : list of str
        Names without space around them; no name stands twice, some may be empty.
    rows : iterator of tuple of int and list of str
        The line on which a row begins, and as many cells as the heading has.

    Raises
    ------
    StudyError
        As `error`, here or while rows are taken: as `csv_rows`.
    """
    lines = csv_lines(path, error=error, missing=missing, delimiters=delimiters)
    heading = [name.strip() for name in next(lines, (1, []))[1]]
    twice = sorted({name for name in heading if name and heading.count(name) > 1})
    if twice:
        raise error(f"{path} has the column {twice[0]!r} twice. Rename or remove one")
    return heading, _full_rows(lines, len(heading), path, error)


def _full_rows(
    lines: Iterator[tuple[int, list[str]]], n_cells: int, path: Path, error: type[StudyError]
) -> Iterator[tuple[int, list[str]]]:
    for line, cells in lines:
        if not any(cell and not cell.isspace() for cell in cells):
            continue
        if len(cells) != n_cells:
            raise error(
                f"{path}, line {line} has {counted(len(cells), 'cell')} and the heading "
                f"has {n_cells}. Put text that has a comma in double quotes"
            )
        yield line, cells


def csv_lines(
    path: Path,
    *,
    error: type[StudyError] = TableError,
    missing: str = "Name another file",
    delimiters: str = ",",
) -> Iterator[tuple[int, list[str]]]:
    """Read the rows of a CSV file as lists of cells, the heading among them.

    `path`, `error`, `missing` and `delimiters`: as for `csv_rows`.

    Yields
    ------
    line : int
        Where the row begins, counted from 1.
    cells : list of str
        Its cells; empty lines are passed over.

    Raises
    ------
    StudyError
        As `error`: as `read_text`, or if quotes are out of place or a cell has over 128 KiB.
    """
    text = decoded(read_bytes(path, error=error, missing=missing), path, error)
    first_line = text.partition("\n")[0]
    delimiter = max(delimiters, key=first_line.count)
    # Not io.StringIO, which takes four bytes for every letter.
    lines = (found.group() for found in _LINE.finditer(text))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            # Any package can raise the limit that the csv module has for the whole process.
            if max(map(len, cells), default=0) > LARGEST_CELL:
                raise csv.Error(f"field larger than field limit ({LARGEST_CELL})")
            if cells:
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as reason:
        raise error(f"{path}, line {line} is not CSV: {reason}. Correct the row") from reason
