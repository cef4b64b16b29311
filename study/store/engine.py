"""The database of a store: durable, one transaction at a time."""

import os
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, DateTime, Engine, create_engine, event, func, select
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import Session

from study.errors import StoreError
from study.store import cells
from study.store.addresses import file_system_of, is_network_file_system, parsed, sqlite_url
from study.tools.access import make_own_file
from study.tools.wording import without_password

Db = Session  # `session` means a participant's sitting
BUSY_TIMEOUT_S = 30
_READS_ONLY = "avmit_reads_only"
_TABLES, _VERSIONS = "SELECT name FROM sqlite_schema WHERE type = 'table'", "alembic_version"
_RETRY_S = (0.001, 0.02)  # how long who finds the store locked waits before looking again


@contextmanager
def transaction(engine: Engine) -> Iterator[Db]:
    """Yield a database session that commits on success and rolls back on error.

    Parameters
    ----------
    engine : Engine
        From `open_store`.

    Yields
    ------
    Session
        A SQLAlchemy session, called ``db`` everywhere.

    Raises
    ------
    StoreError
        If the database cannot be reached, is locked or damaged, or has no room left.
    """
    with _told_in_one_line(engine), Db(engine) as db, db.begin():
        yield db


@contextmanager
def snapshot(engine: Engine) -> Iterator[Db]:
    """Yield a database session that reads the store as it is at this moment, and changes nothing.

    Others go on writing meanwhile: nobody's rating waits for a report that takes seconds, or for
    a check that reads every clip.

    Parameters
    ----------
    engine : Engine
        From `open_store`.

    Yields
    ------
    Session
        A SQLAlchemy session; a change is refused by the database.

    Raises
    ------
    StoreError
        As `transaction` does.
    """
    with _told_in_one_line(engine), Db(reading(engine)) as db, db.begin():
        yield db


def reading(engine: Engine) -> Engine:
    """Return an engine whose transactions see one moment, block nobody and change nothing.

    Parameters
    ----------
    engine : Engine
        The database.

    Returns
    -------
    Engine
        With the same connections.
    """
    if engine.dialect.name == "sqlite":
        return engine.execution_options(**{_READS_ONLY: True})
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


@contextmanager
def _told_in_one_line(engine: Engine) -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise StoreError(
            f"{shown(engine)}: {error.orig}. Nothing was changed. {_way_out(str(error.orig))}"
        ) from error
    except DatabaseError as error:
        # Its children, such as a broken constraint, are bugs; the class itself is a broken file.
        if type(error) is not DatabaseError:
            raise
        raise StoreError(
            f"{shown(engine)}: {error.orig}. Put a back-up in its place: nothing was changed"
        ) from error
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        # SQLite takes anything into any column; if no cell is to blame, this is a bug.
        broken = _broken_cell(engine)
        if broken is None:
            raise
        raise StoreError(
            f"{shown(engine)} was changed by hand: {broken}. Put a back-up in its place"
        ) from error


def _broken_cell(engine: Engine) -> str | None:
    if engine.dialect.name != "sqlite" or engine.url.database in (None, "", ":memory:"):
        return None
    with closing(engine.raw_connection()) as connection:
        alone: Any = connection.driver_connection
        connection.detach()  # nobody else is to read text as it does
        found = next(cells.wrong(alone), None)
        if found is not None:
            return found
        (said,) = alone.execute("PRAGMA quick_check(1)").fetchone()
        return None if said == "ok" else str(said)


def clock(db: Db) -> datetime:
    """Return the time by the clock of the database, which is the same for all who use it.

    Returns the server's time; a SQLite file is used by one machine, and that one's clock holds.
    """
    if db.get_bind().dialect.name == "sqlite":
        return datetime.now(UTC)
    return db.scalars(select(func.clock_timestamp(type_=DateTime(timezone=True)))).one()


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite store that may be in use, with what its log still holds.

    Parameters
    ----------
    source, target : Path
        From where to where; an existing target is replaced.

    Raises
    ------
    StoreError
        If the store is damaged, or the target's disk has no room left.
    """
    with closing(sqlite3.connect(source)) as origin:
        _copy(origin, target, f"store {source}")


def copy_open_store(engine: Engine, target: Path) -> None:
    """Copy an open SQLite store, also where it can only be read.

    Raises StoreError if the store is damaged, or the target's disk has no room left.

    `target`: where to; an existing file is replaced.
    """
    with closing(engine.raw_connection()) as connection:
        _copy(connection.driver_connection, target, shown(engine))


def _copy(origin: Any, target: Path, name: str) -> None:  # noqa: ANN401
    make_own_file(target)
    with closing(sqlite3.connect(target)) as copy:
        try:
            origin.backup(copy)
        except sqlite3.Error as error:
            raise StoreError(
                f"{name} could not be copied to {target.parent}: {error}. {_way_out(str(error))}"
            ) from error


def engine_of(url: str, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Engine:
    """Return the engine of a database, which need not exist yet.

    Parameters
    ----------
    url : str
        ``sqlite:///<path>`` or ``postgresql+psycopg://...``.
    busy_timeout_s : float
        How long a transaction waits for another one to end before it is refused (SQLite).

    Returns
    -------
    Engine
        Not connected yet.

    Raises
    ------
    StoreError
        If the URL is not that of a store, or the driver of its database is not installed.
    """
    address = parsed(url)
    if address.get_backend_name() == "sqlite":
        engine = create_engine(address, connect_args={"timeout": busy_timeout_s})
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", partial(_begin, busy_timeout_s=busy_timeout_s))
        return engine
    try:
        return create_engine(address, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise StoreError(
            f"store {without_password(url)} needs the module {error.name}. "
            "Install the extra [postgres]"
        ) from error


def engine_of_copy(path: Path) -> Engine:
    """Return the engine of a copied SQLite store, which is only read and may lie on a share.

    Returns takes no lock, and leaves no file beside it.
    """
    return engine_at(path, "mode=ro&immutable=1")


def engine_at(path: Path, options: str, *, in_transactions: bool = False) -> Engine:
    """Return the engine of a SQLite file that is opened with special options.

    Parameters
    ----------
    options : str
        What follows the question mark of SQLite's own URI.
    in_transactions : bool
        Whether each transaction is to see one moment, because others write meanwhile.
    """
    address = f"{path.resolve().as_uri()}?{options}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            address, uri=True, timeout=BUSY_TIMEOUT_S, check_same_thread=False
        )
        if in_transactions:
            connection.isolation_level = None  # `_begin` begins
        return connection

    engine = create_engine(sqlite_url(path), creator=connect)
    if in_transactions:
        event.listen(engine, "begin", _begin)
    return engine


def _configure_sqlite(connection: Any, _record: Any) -> None:  # noqa: ANN401
    # SQLAlchemy's own BEGIN would come too late: a SELECT before it reads without a lock, and
    # two annotators then take the same slot.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    # What a file from elsewhere brings along in its schema runs nothing that reaches out of it.
    connection.execute("PRAGMA trusted_schema = OFF")
    # Else REPLACE deletes an audit event without asking the trigger that refuses it.
    connection.execute("PRAGMA recursive_triggers = ON")
    tables = {name for (name,) in connection.execute(_TABLES)}
    if tables and _VERSIONS not in tables:
        return  # another program's file, which is refused and left as it is
    (journal,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    # A power cut in the cubicle must not lose a rating that the bonus counter showed. Where
    # write-ahead logging is refused, only EXTRA also syncs the journal's removal.
    level = "FULL" if journal in ("wal", "memory") else "EXTRA"
    connection.execute(f"PRAGMA synchronous = {level}")
    # macOS acknowledges a flush that has only reached the drive's cache unless told otherwise.
    connection.execute("PRAGMA fullfsync = ON")


def _begin(connection: Connection, *, busy_timeout_s: float) -> None:
    reads_only = bool(connection.get_execution_options().get(_READS_ONLY))
    connection.exec_driver_sql(f"PRAGMA query_only = {int(reads_only)}")
    if reads_only:
        connection.exec_driver_sql("BEGIN")
        return
    give_up_s = time.monotonic() + busy_timeout_s
    while not _is_begun(connection):
        if time.monotonic() > give_up_s:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # which says why not
            return
        # By chance: who waits ever longer, as SQLite does, never gets between two who do not.
        time.sleep(random.uniform(*_RETRY_S))


def _is_begun(connection: Connection) -> bool:
    database: Any = connection.connection.dbapi_connection
    (timeout_ms,) = database.execute("PRAGMA busy_timeout").fetchone()
    try:
        database.execute("PRAGMA busy_timeout = 0")
        database.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            return False
        raise
    finally:
        database.execute(f"PRAGMA busy_timeout = {timeout_ms}")
    return True


@contextmanager
def connected(engine: Engine) -> Iterator[Connection]:
    """Yield a connection in a transaction of its own, for what comes before `transaction`.

    Parameters
    ----------
    engine : Engine
        The database.

    Yields
    ------
    Connection
        Commits on success and rolls back on error.

    Raises
    ------
    StoreError
        If the database cannot be opened.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except OperationalError as error:
        raise StoreError(
            f"{shown(engine)} cannot be opened: {error.orig}. "
            "Check the folder, its rights and the room on its disk, or the server"
        ) from error
    except DatabaseError as error:
        raise StoreError(
            f"{shown(engine)}: {error.orig}. It is not a SQLite file, or a damaged one. Name the "
            "study's store, or put its back-up in place"
        ) from error


def check_sqlite_file(path: Path) -> None:
    """Raise if a file cannot be a store that is written to.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    StoreError
        If it is missing, empty, a folder, on a network share or must not be written.
    """
    check_file(path)
    refuse_network_share(path)
    # Write-ahead logging makes files beside the store.
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        raise StoreError(
            f"store {path} cannot be written. Give write access to the file and its folder, or "
            "copy the study to where it can be written, then start again"
        )
    # The file is never opened here: closing it would drop every lock that this process holds on
    # it, and another process could then take the write-ahead log from under an open engine.


def check_file(path: Path) -> None:
    """Raise if a file cannot be a store, written to or not.

    Raises StoreError if it is missing, empty or a folder.
    """
    if path.is_dir():
        raise StoreError(f"store {path} is a folder. Name a file, such as {path}/store.sqlite")
    if not path.is_file():
        raise StoreError(f"no store at {path}. Make one: python -m study init DIR")
    if path.stat().st_size == 0:
        raise StoreError(f"{path} is empty. Name the study's store, or put its back-up in place")


def refuse_network_share(path: Path) -> None:
    """Raise if a file lies where SQLite's locks cannot be trusted.

    Parameters
    ----------
    path : Path
        The file; it need not exist yet.

    Raises
    ------
    StoreError
        If it lies on a network share.
    """
    if is_network_file_system(path):
        raise StoreError(
            f"store {path} lies on a network share ({file_system_of(path)}), where SQLite's locks "
            "cannot be trusted. Use a local folder, or PostgreSQL: --store postgresql+psycopg://..."
        )


def _way_out(problem: str) -> str:
    if "no such" in problem:
        return "It was changed by hand, or is not a study's store: put a back-up in its place"
    if "locked" in problem:
        return (
            "Another program (plan, merge or an upgrade) was writing to the store the whole time: "
            "upgrade: let it finish, then try again"
        )
    if "full" in problem or "disk I/O" in problem:
        return "Free some space on its disk, then try again"
    return "Check the disk, or the server, then try again"


def shown(engine: Engine) -> str:
    """Return the name of a store for messages.

    Parameters
    ----------
    engine : Engine
        The store.

    Returns
    -------
    str
        Its URL without the password.
    """
    return f"store {without_password(engine.url.render_as_string(hide_password=False))}"
