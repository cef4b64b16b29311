"""Open a store: durable, checked for its version, one transaction at a time."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy import make_url as _make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.orm import Session

from study.errors import StoreError
from study.files import written_atomically
from study.store.filesystem import file_system_of, is_network_file_system

Db = Session  # `session` means a participant's sitting
BUSY_TIMEOUT_S = 30
_READS_ONLY = "avmit_reads_only"
_DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")
_MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What an upgrade did.

    Parameters
    ----------
    before, after : str
        Revision of the schema; the same where there was nothing to do.
    backup : Path or None
        Copy of the store as it was; None for PostgreSQL, whose back-ups are the server's, and
        where there was nothing to do.
    """

    before: str
    after: str
    backup: Path | None


def create_store(url: str) -> Engine:
    """Make a new, empty store with the present schema.

    Parameters
    ----------
    url : str
        ``sqlite:///<path>`` or ``postgresql+psycopg://...``.

    Returns
    -------
    Engine
        The open store.

    Raises
    ------
    StoreError
        If there is a store already, or none can be made there.
    """
    engine = _engine(url)
    path = _sqlite_path(engine.url)
    if path is not None:
        _refuse_network_share(path)
        path.parent.mkdir(parents=True, exist_ok=True)
    with _connected(engine) as connection:
        if inspect(connection).get_table_names():
            raise StoreError(
                f"{_shown(engine)} has tables in it already, so that no new store can be made "
                "there. Use it as it is, or choose another store"
            )
    _migrate(engine)
    return engine


def open_store(url: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Engine:
    """Open an existing store of this software's version.

    Parameters
    ----------
    url : str
        ``sqlite:///<path>`` or ``postgresql+psycopg://...``.
    busy_timeout_s : float
        How long a transaction waits for another one to end before it is refused (SQLite).

    Returns
    -------
    Engine
        The open store.

    Raises
    ------
    StoreError
        If there is none, it cannot be written, or it is of another version.
    """
    engine = _engine(url, busy_timeout_s)
    path = _sqlite_path(engine.url)
    if path is not None:
        _check_sqlite_file(path)
    revision, head = _known_revision(engine), _head()
    if revision != head:
        raise StoreError(
            f"{_shown(engine)} is of an older version (revision {revision}, now {head}). "
            "Upgrade it (a back-up is made first): python -m study upgrade"
        )
    return engine


def upgrade_store(url: str) -> Upgrade:
    """Bring an older store to the present schema; a SQLite file is backed up first.

    A store of the present schema is left alone.

    Parameters
    ----------
    url : str
        The store.

    Returns
    -------
    Upgrade
        The revisions, and where the back-up is.

    Raises
    ------
    StoreError
        If it is no store, or of a version that this software does not know.
    """
    engine = _engine(url)
    path = _sqlite_path(engine.url)
    if path is not None:
        _check_sqlite_file(path)
    revision, head = _known_revision(engine), _head()
    backup = None
    if path is not None and revision != head:
        backup = path.with_name(f"{path.name}.{revision}.backup")
        with written_atomically(backup) as part:
            copy_sqlite(path, part)
    _migrate(engine)
    engine.dispose()
    return Upgrade(revision, head, backup)


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
    if engine.dialect.name == "sqlite":
        reading = engine.execution_options(**{_READS_ONLY: True})
    else:
        reading = engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
    with _told_in_one_line(engine), Db(reading) as db, db.begin():
        yield db


@contextmanager
def _told_in_one_line(engine: Engine) -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise StoreError(
            f"{_shown(engine)}: {error.orig}. Nothing was changed. {_way_out(str(error.orig))}"
        ) from error
    except DatabaseError as error:
        # Its children, such as a broken constraint, are bugs; the class itself is a broken file.
        if type(error) is not DatabaseError:
            raise
        raise StoreError(
            f"{_shown(engine)}: {error.orig}. Put a back-up in its place: nothing was changed"
        ) from error


@contextmanager
def store_transaction(url: str) -> Iterator[Db]:
    """Open a store for one transaction, and close it again.

    Parameters
    ----------
    url : str
        As `open_store` takes it.

    Yields
    ------
    Session
        As `transaction` yields it.
    """
    engine = open_store(url)
    try:
        with transaction(engine) as db:
            yield db
    finally:
        engine.dispose()


def schema_revision(db: Db) -> str:
    """Return which revision of the schema a store has.

    Parameters
    ----------
    db : Session
        An open transaction.

    Returns
    -------
    str
        The revision of the last migration.
    """
    return MigrationContext.configure(db.connection()).get_current_revision() or ""


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite store that may be in use, with what its log still holds.

    Parameters
    ----------
    source, target : Path
        From where to where; an existing target is replaced.
    """
    target.unlink(missing_ok=True)
    with sqlite3.connect(source) as origin, sqlite3.connect(target) as copy:
        origin.backup(copy)
    origin.close()
    copy.close()


def _engine(url: str, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Engine:
    try:
        parsed = _make_url(url)
    except ArgumentError as error:
        raise StoreError(
            f"{url!r} is no store URL. Expected sqlite:///path or postgresql+psycopg://host/name"
        ) from error
    if parsed.drivername not in _DRIVERS or _is_in_memory(parsed):
        raise StoreError(
            f"{parsed.render_as_string(hide_password=True)} is no store URL. Expected "
            "sqlite:///path or postgresql+psycopg://host/name"
        )
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": busy_timeout_s})
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin)
        return engine
    try:
        return create_engine(parsed, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise StoreError(
            f"store {parsed.render_as_string(hide_password=True)} needs the module {error.name}. "
            "Install the extra [postgres]"
        ) from error


def _configure_sqlite(connection: Any, _record: Any) -> None:  # noqa: ANN401
    # SQLAlchemy's own BEGIN would come too late: a SELECT before it reads without a lock, and
    # two annotators then take the same slot.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    (journal,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    # A power cut in the cubicle must not lose a rating that the bonus counter showed. Where
    # write-ahead logging is refused, only EXTRA also syncs the journal's removal.
    level = "FULL" if journal in ("wal", "memory") else "EXTRA"
    connection.execute(f"PRAGMA synchronous = {level}")
    # macOS acknowledges a flush that has only reached the drive's cache unless told otherwise.
    connection.execute("PRAGMA fullfsync = ON")


def _begin(connection: Connection) -> None:
    reads_only = bool(connection.get_execution_options().get(_READS_ONLY))
    connection.exec_driver_sql(f"PRAGMA query_only = {int(reads_only)}")
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


@contextmanager
def _connected(engine: Engine) -> Iterator[Connection]:
    try:
        with engine.begin() as connection:
            yield connection
    except OperationalError as error:
        raise StoreError(
            f"{_shown(engine)} cannot be opened for writing: {error.orig}. "
            "Check the folder, its rights and the server"
        ) from error
    except DatabaseError as error:
        raise StoreError(
            f"{_shown(engine)}: {error.orig}. It is no SQLite file, or a broken one. Name the "
            "study's store, or put its back-up in place"
        ) from error


def _check_sqlite_file(path: Path) -> None:
    if path.is_dir():
        raise StoreError(f"store {path} is a folder. Name a file, such as {path}/store.sqlite")
    if not path.is_file():
        raise StoreError(f"no store at {path}. Make one: python -m study init DIR")
    _refuse_network_share(path)
    # Write-ahead logging makes files beside the store.
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        raise StoreError(
            f"store {path} cannot be written. Give write access to the file and its folder, then "
            "start again"
        )
    if path.stat().st_size == 0:
        raise StoreError(
            f"{path} is empty, no SQLite file. Name the study's store, or put its back-up in place"
        )
    # The file is never opened here: closing it would drop every lock that this process holds on
    # it, and another process could then take the write-ahead log from under an open engine.


def _refuse_network_share(path: Path) -> None:
    if is_network_file_system(path):
        raise StoreError(
            f"store {path} lies on a network share ({file_system_of(path)}), where SQLite's locks "
            "cannot be trusted. Use a local folder, or PostgreSQL: --store postgresql+psycopg://..."
        )


def _is_in_memory(url: URL) -> bool:
    # Such a store ends with the command that made it.
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def _sqlite_path(url: URL) -> Path | None:
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


def _way_out(problem: str) -> str:
    if "locked" in problem:
        return "End the other program that uses the store, then try again"
    if "full" in problem or "disk I/O" in problem:
        return "Make room on its disk, then try again"
    return "Check the disk, or the server, then try again"


def _shown(engine: Engine) -> str:
    return f"store {engine.url.render_as_string(hide_password=True)}"


def _alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_alembic_config())


def _head() -> str:
    return str(_scripts().get_current_head())


def _known_revisions() -> set[str]:
    return {script.revision for script in _scripts().walk_revisions()}


def _revision(engine: Engine) -> str | None:
    with _connected(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _known_revision(engine: Engine) -> str:
    revision = _revision(engine)
    if revision is None:
        raise StoreError(f"{_shown(engine)} is no store of a study. Make one: python -m study init")
    if revision not in _known_revisions():
        raise StoreError(
            f"{_shown(engine)} is of revision {revision}, and this version knows {_head()}: it was "
            "written by a newer version of this software, which is to be installed, or belongs to "
            "another program. Nothing was changed"
        )
    return revision


def _migrate(engine: Engine) -> None:
    config = _alembic_config()
    with _connected(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
