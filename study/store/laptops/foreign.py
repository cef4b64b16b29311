"""SQLite files from outside: copied, compared with what this program writes, and only then opened.

A file can carry views that never end, triggers, another schema under the same names, and cells
of any type. Nothing of it is run or believed before its schema is the one that our own migrations
make for the revision that it names.
"""

import os
import sqlite3
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from study.errors import StoreError
from study.processes.machine import READ_ONLY
from study.store import cells
from study.store.addresses import sqlite_url
from study.store.engine import Db, transaction
from study.store.laptops import schema
from study.store.migrations import open_store, upgrade_store

LARGEST = 2**30  # bytes: the ratings of eleven people, with all evidence, take a tenth of it
LONGEST_S = 300.0  # to look at a file of that size
_LARGEST_CELL = 2**24
_STEPS = 20_000  # of SQLite's machine, between two looks at the clock
_MAGIC = b"SQLite format 3\x00"


@contextmanager
def opened(path: Path, *, longest_s: float = LONGEST_S) -> Iterator[Db]:
    """Yield a transaction on a private copy of a store that came from outside.

    It is in the present schema; every cell has the type and range of its column, and refers to
    what is there. What the rows say has not been looked at. Raises StoreError if it is
    missing, too large, damaged, not a store that this program wrote, or takes too long to look at.

    `path`: the file; it is only read, and left as it is.
    """
    with tempfile.TemporaryDirectory(prefix="avmit-laptop-") as folder:
        copy = Path(folder) / "store.sqlite"
        _copy(path, copy)
        require_own(copy, path, longest_s=longest_s)
        try:
            upgrade_store(sqlite_url(copy))
            engine = open_store(sqlite_url(copy))
        except (StoreError, SQLAlchemyError) as error:
            raise StoreError(
                f"{path} cannot be brought to the present version: "
                f"{str(error).splitlines()[0].replace(str(copy), str(path))}. "
                "Upgrade it on the laptop: python -m study upgrade"
            ) from error
        try:
            with transaction(engine) as db:
                yield db
        finally:
            engine.dispose()


def require_own(file: Path, path: Path, *, longest_s: float = LONGEST_S) -> None:
    """Raise if a SQLite file is not a store that this program wrote.

    Raises StoreError if schema, pages, references or cells are not what they should be.
    """
    give_up_s = time.monotonic() + longest_s
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.set_progress_handler(lambda: time.monotonic() > give_up_s, _STEPS)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST_CELL)
        try:
            for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "query_only = ON"):
                connection.execute(f"PRAGMA {pragma}")
            schema.require_known(connection, path)
            _require_whole(connection, path)
            cells.require_right(connection, path)
            if time.monotonic() > give_up_s:
                raise sqlite3.OperationalError("interrupted")
        except (sqlite3.Error, UnicodeDecodeError) as error:  # the words of an error as well
            too_long = time.monotonic() > give_up_s
            why = f"looking at it took more than {longest_s:g} s" if too_long else str(error)
            raise StoreError(
                f"{path} is not a store that this program wrote, or is damaged: {why}. "
                "Copy it from the laptop again"
            ) from error


def _require_whole(connection: sqlite3.Connection, path: Path) -> None:
    found = [row[0] for row in connection.execute("PRAGMA integrity_check(1)")]
    if found != ["ok"]:
        raise StoreError(f"{path} is damaged: {found[0]}. Copy it from the laptop again")
    broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        table, row, parent, _ = broken
        raise StoreError(
            f"{path} was changed by hand: row {row} of table {table} refers to a {parent} that "
            "does not exist. "
            "Copy it from the laptop again"
        )


def _copy(path: Path, copy: Path) -> None:
    _copy_file(path, copy)
    with copy.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise StoreError(f"{path} is not a SQLite file. Give the file from the laptop")
    for suffix, is_wanted in (("-wal", True), ("-journal", False)):
        beside = path.with_name(path.name + suffix)
        if not beside.exists() or beside.stat().st_size == 0:
            continue
        if not is_wanted:
            # A journal can name other files, which SQLite then removes.
            raise StoreError(
                f"{path} was being written when its machine stopped: {beside.name} is beside it. "
                "Start and leave the annotator on the laptop, then take the file again"
            )
        _copy_file(beside, copy.with_name(copy.name + suffix))


def _copy_file(path: Path, copy: Path) -> None:
    try:
        handle = os.open(path, READ_ONLY)
    except OSError as error:
        raise StoreError(
            f"no file {path} that can be read ({error.strerror}). Give the SQLite file of the "
            "laptop"
        ) from error
    except ValueError as error:  # a NUL in the name
        raise StoreError(f"no file {str(path)!r}. Give the SQLite file of the laptop") from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise StoreError(f"{path} is not a file. Give the SQLite file of the laptop")
    with os.fdopen(handle, "rb") as source, copy.open("xb") as target:
        left = LARGEST
        while block := source.read(2**20):
            left -= len(block)
            if left < 0:
                raise StoreError(
                    f"{path} has more than {LARGEST / 2**30:g} GiB, which no laptop's part has. "
                    "Name the file that deal made"
                )
            target.write(block)
