"""A release that is followed, and the store that it was made from, where that is there."""

from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from lab.checking.opened import Opened
from lab.trace.kept import Kept

IN_THE_LAB = "sessions, presentations and key presses stay in the store of the lab"
CLOSE_S = 1e-6  # response times are released with six digits


@dataclass(frozen=True)
class Followed:
    """A release, and the store that it was made from; None where that is not there."""

    release: Opened
    kept: Kept | None


def rows_of(release: Opened, name: str, **asked: str) -> list[dict[str, Any]]:
    """Return the rows of a table whose cells are those that are asked for."""
    table = release.table(name)
    if table is None or not set(asked) <= set(table.column_names):
        return []
    for column, value in asked.items():
        table = table.filter(pc.equal(table[column], value))
    return list(table.to_pylist())


def seconds(text: str) -> float:
    """Return a time out of a table; NaN where it is none."""
    try:
        return float(text)
    except ValueError:
        return float("nan")
