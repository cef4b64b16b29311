"""The schema of a store: make it, know its revision, bring it up to date."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, inspect

from study.errors import StoreError
from study.store.addresses import sqlite_path
from study.store.engine import (
    BUSY_TIMEOUT_S,
    Db,
    check_sqlite_file,
    connected,
    copy_sqlite,
    engine_of,
    reading,
    refuse_network_share,
    shown,
    snapshot,
    transaction,
)
from study.store.read_only import can_be_written, engine_of_own_copy, engine_to_read
from study.store.tables import Base
from study.tools.access import Readers, make_own_file, make_own_folder
from study.tools.files import written_atomically

_MIGRATIONS = Path(__file__).parent


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

    Raises StoreError if there is a store already, or none can be made there.

    `url`: ``sqlite:///<path>`` or ``postgresql+psycopg://...``.
    """
    engine = engine_of(url)
    path = sqlite_path(engine.url)
    if path is not None:
        refuse_network_share(path)
        make_own_folder(path.parent)
        if not path.exists():
            make_own_file(path)
    with connected(engine) as connection:
        if inspect(connection).get_table_names():
            raise StoreError(
                f"{shown(engine)} has tables in it already, so that no new store can be made "
                "there. Use it as it is, or choose another store"
            )
    _migrate(engine)
    return engine


def open_store(url: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Engine:
    """Open an existing store of this software's version.

    Raises StoreError if there is none, it cannot be written, or it is of another version.

    Parameters
    ----------
    url : str
        ``sqlite:///<path>`` or ``postgresql+psycopg://...``.
    busy_timeout_s : float
        How long a transaction waits for another one to end before it is refused (SQLite).
    """
    engine = engine_of(url, busy_timeout_s)
    path = sqlite_path(engine.url)
    if path is not None:
        check_sqlite_file(path)
    revision, present = _known_revision(engine), present_revision()
    if revision != present:
        raise StoreError(
            f"{shown(engine)} is of an older version (revision {revision}, now {present}). "
            "Upgrade it (a back-up is made first): python -m study upgrade"
        )
    return engine


def open_to_read(url: str) -> Engine:
    """Open an existing store to read it, which may lie where nothing can be written.

    Returns the open store, for `snapshot`. One that cannot be written and is of an older version is
    read from a copy that was upgraded.

    `url`: as `open_store` takes it.

    Raises
    ------
    StoreError
        As `open_store` does.
    """
    path = sqlite_path(url)
    if path is None or not path.is_file() or can_be_written(path):
        return open_store(url)
    engine = engine_to_read(path)
    if _known_revision(engine) != present_revision():
        engine.dispose()
        engine = engine_of_own_copy(path)
        _migrate(engine)
    return engine


def upgrade_store(url: str) -> Upgrade:
    """Bring an older store to the present schema; a SQLite file is backed up first.

    A store of the present schema is left alone.

    Raises StoreError if it is not a store, or of a version that this software does not know.
    """
    engine = engine_of(url)
    path = sqlite_path(engine.url)
    if path is not None:
        check_sqlite_file(path)
    revision, present = _known_revision(engine), present_revision()
    backup = None
    if path is not None and revision != present:
        backup = path.with_name(f"{path.name}.{revision}.backup")
        with written_atomically(backup, readers=Readers.OWNER) as part:
            copy_sqlite(path, part)
    _migrate(engine)
    engine.dispose()
    return Upgrade(revision, present, backup)


@contextmanager
def store_transaction(url: str) -> Iterator[Db]:
    """Open a store for one transaction, and close it again.

    `url`: as `open_store` takes it.

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


@contextmanager
def store_snapshot(url: str) -> Iterator[Db]:
    """Open a store to read it once, and close it again.

    `url`: as `open_store` takes it.

    Yields
    ------
    Session
        As `snapshot` yields it.
    """
    engine = open_to_read(url)
    try:
        with snapshot(engine) as db:
            yield db
    finally:
        engine.dispose()


def alembic_config() -> Config:
    """Return alembic's configuration for the migrations.

    Returns put the connection to migrate into its ``attributes``.
    """
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


@cache
def _scripts() -> ScriptDirectory:
    # Every migration is a file that is read, and opening a store asks three times.
    return ScriptDirectory.from_config(alembic_config())


def present_revision() -> str:
    """Return the revision of the schema that this software writes.

    Returns the revision of the last migration there is.
    """
    return str(_scripts().get_current_head())


def known_revisions() -> set[str]:
    """Return every revision of the schema so far."""
    return {script.revision for script in _scripts().walk_revisions()}


def _revision(engine: Engine) -> str | None:
    with connected(reading(engine)) as connection:
        _refuse_disguised_tables(connection)
        try:
            found = MigrationContext.configure(connection).get_current_revision()
        except CommandError as error:  # several revisions at once
            raise StoreError(
                f"{shown(engine)} was changed by hand: {str(error).splitlines()[0]}. Put a back-up "
                "in its place"
            ) from error
        if found == present_revision():
            _require_tables(connection)
        return found


def _refuse_disguised_tables(connection: Connection) -> None:
    # A view under the name of a table answers whatever it likes, or never.
    names = {*Base.metadata.tables, "alembic_version"}
    disguised = sorted(names.intersection(inspect(connection).get_view_names()))
    if disguised:
        raise StoreError(
            f"{shown(connection.engine)} was changed by hand: {disguised[0]} is a view, not a "
            "table. Put a back-up in its place"
        )


def _require_tables(connection: Connection) -> None:
    missing = sorted(Base.metadata.tables.keys() - set(inspect(connection).get_table_names()))
    if missing:
        raise StoreError(
            f"{shown(connection.engine)} has no table {missing[0]}: it was changed by hand, or is "
            "not a study's store. Put a back-up in its place"
        )


def _known_revision(engine: Engine) -> str:
    revision = _revision(engine)
    if revision is None:
        raise StoreError(
            f"{shown(engine)} is not a store of a study. Make one: python -m study init"
        )
    if revision not in known_revisions():
        raise StoreError(
            f"{shown(engine)} is of revision {revision}, and this version knows "
            f"{present_revision()}: it was written by a newer version of this software (install "
            "that), or belongs to another program. Nothing was changed"
        )
    return revision


def make_schema(url: str, revision: str) -> None:
    """Make the empty schema of a revision, as every store of that revision has it.

    `url`: of a SQLite file that is not there.
    """
    engine = engine_of(url)
    _migrate(engine, revision)
    engine.dispose()


def _migrate(engine: Engine, revision: str = "head") -> None:
    config = alembic_config()
    with connected(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
