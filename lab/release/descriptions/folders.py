"""What the two folders with rows under other names share."""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

TRIALS = "trials.csv"


def read_rows(path: Path) -> Iterator[list[str]]:
    """Yield the rows of a table as text, its heading first."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.reader(file)


def rows_sha256(rows: Iterable[Sequence[str]]) -> str:
    """Return the digest of rows as text: cells with tabs between, a line feed after each row.

    The heading is the first row, and an empty cell is empty whatever a format writes there.
    """
    digest = hashlib.sha256()
    for row in rows:
        digest.update(("\t".join(row) + "\n").encode())
    return digest.hexdigest()
