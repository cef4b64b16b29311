"""Check type and range of every cell of a SQLite file, which SQLite does not."""

import math
import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Integer, String

from study.errors import StoreError
from study.reading.dates import is_by_a_clock
from study.reading.text import json_of
from study.store.tables import Base, UtcTime

_LONGEST_TEXT, _LONGEST_JSON = 100_000, 2**20  # characters
_LARGEST_INT = 2**31 - 1  # what an integer of every database holds
_DAY_S = 86_400.0
_PENCE, _COUNT, _PX = (0, 1_000_000), (0, 10_000_000), (-1_000_000, 1_000_000)
_RANGES: dict[str, tuple[float, float]] = {
    "attempt": (1, 10_000), "bonus_pence": _PENCE, "hours_pence": _PENCE, "worked_s": _COUNT,
    "number": _COUNT, "version": (1, 10_000), "slot": (1, 1_000), "position": (0, _LARGEST_INT),
    "pid": (0, 2**31 - 1), "rt_s": (-1.0, 400 * _DAY_S), "interrupted_s": (0.0, 400 * _DAY_S),
    "gain_db": (-200.0, 100.0), "peak": (0.0, 1e6), "scale": (0.0, 1e6), "duration_s": (0.0, 1e6),
    "frame_rate_hz": (0.0, 1e6), "left_px": _PX, "bottom_px": _PX, "width_px": _PX,
    "height_px": _PX, "width_deg": (0.0, 180.0), "height_deg": (0.0, 180.0),
    "id": (-_LARGEST_INT, 2**62),
}  # fmt: skip
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def require_right(connection: sqlite3.Connection, path: Path) -> None:
    """Raise if a cell does not fit its column.

    Raises StoreError if one is of another type, out of range, too long, or not a time or not JSON;
    it says which.
    """
    for problem in wrong(connection):
        raise StoreError(
            f"{path} was changed by hand: {problem}. "
            "Restore a back-up of it, or copy it from the laptop again"
        )


def wrong(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield which cells are not what their columns hold, such as ``"in row 1 of table ..."``.

    Parameters
    ----------
    connection : Connection
        Its text is read as bytes would be from now on; use it for nothing else.
    """
    names = {row[0] for row in connection.execute(_TABLES)}
    # Text that is not UTF-8 would be an error that does not say where.
    connection.text_factory = lambda raw: raw.decode(errors="surrogateescape")
    for table in Base.metadata.sorted_tables:
        if table.name not in names:
            continue  # of a later version
        rows = connection.execute(f'SELECT * FROM "{table.name}"')
        columns = [table.columns.get(name) for name, *_ in rows.description]
        for row_number, problem in _problems(rows, columns):
            yield f"in row {row_number} of table {table.name}, {problem}"


_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table'"


def _problems(rows: sqlite3.Cursor, columns: list[Column[Any] | None]) -> Iterator[tuple[int, str]]:
    for number, row in enumerate(rows, start=1):
        for column, value in zip(columns, row, strict=True):
            problem = None if column is None else _problem(column, value)
            if problem is not None:
                yield number, problem


def _problem(column: Column[Any], value: Any) -> str | None:  # noqa: ANN401
    if value is None:
        return None if column.nullable else f"{column.name} is missing"
    for kind, check in _CHECKS:
        if isinstance(column.type, kind):
            wrong = check(column, value)
            return None if wrong is None else f"{column.name} {wrong}"
    return f"{column.name} is of a type that no table has"


def _wrong_int(column: Column[Any], value: Any) -> str | None:  # noqa: ANN401
    if not isinstance(value, int):
        return f"is {_shown(value)}, not a whole number"
    return _out_of_range(column, value, (-_LARGEST_INT, _LARGEST_INT))


def _wrong_big_int(column: Column[Any], value: Any) -> str | None:  # noqa: ANN401
    return None if isinstance(value, int) else f"is {_shown(value)}, not a whole number"


def _wrong_float(column: Column[Any], value: Any) -> str | None:  # noqa: ANN401
    if not isinstance(value, int | float) or not math.isfinite(value):
        return f"is {_shown(value)}, not a number"
    return _out_of_range(column, value, (-1e12, 1e12))


def _wrong_bool(_: Column[Any], value: Any) -> str | None:  # noqa: ANN401
    return None if value in (0, 1) and isinstance(value, int) else f"is {_shown(value)}, not 0 or 1"


def _wrong_text(column: Column[Any], value: Any) -> str | None:  # noqa: ANN401
    longest = getattr(column.type, "length", None) or _LONGEST_TEXT
    text = _text(value)
    if text is None:
        return f"is {_shown(value)}, not text in UTF-8"
    if len(text) > longest:
        return f"has {len(text):,} characters, and {longest:,} are the most"
    if _CONTROL.search(text):
        return "has characters that no screen shows"
    return None


def _wrong_time(_: Column[Any], value: Any) -> str | None:  # noqa: ANN401
    try:
        time_stamp = datetime.fromisoformat(_text(value) or "")
        is_right = is_by_a_clock(time_stamp)
    except ValueError:
        is_right = False
    return None if is_right else f"is {_shown(value)}, not a time with its zone"


def _wrong_json(_: Column[Any], value: Any) -> str | None:  # noqa: ANN401
    text = _text(value)
    try:
        content = json_of(text) if text is not None and len(text) <= _LONGEST_JSON else None
    except (ValueError, RecursionError):
        content = None
    return None if isinstance(content, dict) else f"is {_shown(value)}, not a JSON object"


_Check = Callable[[Column[Any], Any], str | None]
_CHECKS: tuple[tuple[Any, _Check], ...] = (
    (UtcTime, _wrong_time), (JSON, _wrong_json), (Boolean, _wrong_bool),
    (BigInteger, _wrong_big_int), (Integer, _wrong_int), (Float, _wrong_float),
    (String, _wrong_text),
)  # fmt: skip


def _out_of_range(column: Column[Any], value: float, widest: tuple[float, float]) -> str | None:
    default = _COUNT if column.name.startswith("n_") else widest
    low, high = _RANGES.get(column.name, default)
    return None if low <= value <= high else f"is {_shown(value)}, expected {low:g} to {high:g}"


def _text(value: Any) -> str | None:  # noqa: ANN401
    try:
        value.encode()
    except (AttributeError, UnicodeEncodeError):
        return None
    return value if isinstance(value, str) else None


def _shown(value: Any) -> str:  # noqa: ANN401
    return ascii(value)[:60]
