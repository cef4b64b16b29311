"""CSV files from anywhere, row by row, with the line on which each row begins."""

import csv
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from study.errors import TableError

_LONGEST_LINE = 2**24  # bytes; no list of clips has a line of 16 MiB
_OTHER_ENCODINGS = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table with every cell as text.

    Parameters
    ----------
    path : Path
        The file.
    columns : tuple of str
        The heading, without space around the names; no name stands twice, some may be empty.
    rows : list of list of str
        As many cells in each as there are columns; rows without any text are left out.
    lines : list of int
        Line of the file on which each row begins, from 1.
    """

    path: Path
    columns: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]


def read_text_table(path: Path, *, missing: str = "", semicolons: bool = False) -> TextTable:
    """Read a CSV file with a heading.

    Parameters
    ----------
    path : Path
        The file; UTF-8, with or without a byte order mark.
    missing : str
        What to do where there is no file; empty for the advice to name another one.
    semicolons : bool
        Whether semicolons between the cells are read too, as spreadsheets of many countries save.

    Returns
    -------
    TextTable
        The cells.

    Raises
    ------
    TableError
        If there is no file, it is empty or no CSV in UTF-8, a column stands twice, or a row has
        more or fewer cells than the heading.
    """
    records = text_rows(path, missing=missing, semicolons=semicolons)
    _, heading = next(records, (0, []))
    columns = tuple(name.strip() for name in heading)
    if not any(columns):
        raise TableError(f"{path} is empty, expected a heading and a row per clip. Export it again")
    if len(columns) == 1 and set(";\t") & set(columns[0]):
        raise TableError(f"{path} has no commas between its cells. Export it again with commas")
    twice = [name for name, n in Counter(columns).items() if n > 1 and name]
    if twice:
        raise TableError(f"{path} has the column {twice[0]} twice. Remove one of the two")
    rows, lines = [], []
    for line, row in records:
        if len(row) != len(columns):
            raise TableError(
                f"{path}, line {line} has {len(row)} cells and the heading {len(columns)}. Correct "
                "the line; text with commas stands in double quotes"
            )
        rows.append(row)
        lines.append(line)
    return TextTable(path, columns, rows, lines)


def text_rows(
    path: Path, *, missing: str = "", semicolons: bool = False
) -> Generator[tuple[int, list[str]], None, None]:
    """Yield the rows of a CSV file, its heading too, holding one at a time.

    Parameters
    ----------
    path : Path
        The file; UTF-8, with or without a byte order mark.
    missing : str
        What to do where there is no file.
    semicolons : bool
        Whether semicolons may stand between the cells.

    Yields
    ------
    tuple of int and list of str
        The line on which a row begins, and its cells; rows without any text are left out.

    Raises
    ------
    TableError
        If there is no file, or it is no CSV in UTF-8; names the line.
    """
    _refuse_no_file(path, missing)
    with path.open("rb") as file:
        lines = _decoded(file, path)
        first = next(lines, "")
        delimiter = ";" if semicolons and first.count(";") > first.count(",") else ","
        reader = csv.reader(_chained(first, lines), delimiter=delimiter, strict=True)
        begins = 1
        while True:
            try:
                row = next(reader, None)
            except csv.Error as error:
                raise TableError(
                    f"{path}, line {begins} cannot be read as CSV: {error}. Correct the line, or "
                    "export the table again"
                ) from error
            if row is None:
                return
            if any(cell and not cell.isspace() for cell in row):
                yield begins, row
            begins = reader.line_num + 1


def _refuse_no_file(path: Path, missing: str) -> None:
    if path.is_dir():
        raise TableError(f"{path} is a folder, expected a table (CSV). Name the file")
    if not path.is_file():
        raise TableError(f"no table at {path}. {missing or 'Name another one'}")


def _chained(first: str, others: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from others


def _decoded(file: IO[bytes], path: Path) -> Iterator[str]:
    number = 0
    while line := file.readline(_LONGEST_LINE):
        number += 1
        where = f"{path}, line {number}"
        if len(line) == _LONGEST_LINE:
            raise TableError(f"{where} is longer than 16 MiB. Name a table of clips (CSV)")
        if number == 1:
            line = line.removeprefix(_BYTE_ORDER_MARK)
            for mark, encoding in _OTHER_ENCODINGS:
                if line.startswith(mark):
                    raise TableError(f"{path} is written in {encoding}. Save it as CSV UTF-8")
        if b"\0" in line:
            raise TableError(f"{where} holds a NUL character, which no table has. Export it again")
        try:
            yield line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise TableError(
                f"{where} is not written in UTF-8 ({error.reason} at byte {error.start}). Save the "
                "table as CSV UTF-8"
            ) from error
