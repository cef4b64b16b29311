"""Read the rows of CSV tables that come from outside."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from study.errors import StudyError, TableError
from study.tools.reading import decoded, read_bytes

Row = tuple[int, dict[str, str]]


def csv_rows(
    path: Path,
    columns: Sequence[str] = (),
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
    lines = csv_lines(path, error=error, missing=missing, delimiters=delimiters)
    _, heading = next(lines, (1, []))
    _require_columns(heading, columns, path, error)
    for line, cells in lines:
        if not any(cells):
            continue
        if len(cells) != len(heading):
            raise error(
                f"{path}, line {line} has {len(cells)} cells and the heading has {len(heading)}. "
                "Put text that has a comma in double quotes"
            )
        yield line, dict(zip(heading, cells, strict=True))


def csv_lines(
    path: Path,
    *,
    error: type[StudyError] = TableError,
    missing: str = "Name another file",
    delimiters: str = ",",
) -> Iterator[tuple[int, list[str]]]:
    """Read the rows of a CSV file as lists of cells, the heading among them.

    Parameters
    ----------
    path, error, missing, delimiters
        As for `csv_rows`.

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
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as reason:
        raise error(f"{path}, line {line} is not CSV: {reason}. Correct the row") from reason


def _require_columns(
    heading: Sequence[str], columns: Sequence[str], path: Path, error: type[StudyError]
) -> None:
    twice = sorted({name for name in heading if heading.count(name) > 1})
    if twice:
        raise error(f"{path} has the column {twice[0]!r} twice. Rename or remove one")
    lacking = [name for name in columns if name not in heading]
    if lacking:
        raise error(
            f"{path} lacks the columns {', '.join(lacking)}; it has "
            f"{', '.join(heading) or 'none'}. Correct its first line"
        )
