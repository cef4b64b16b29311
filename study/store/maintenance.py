"""Copies of a store, and checks that it is intact."""

import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Engine,
    Float,
    Integer,
    String,
    func,
    select,
    text,
)

from study.errors import StoreError
from study.store.engine import Db, copy_open_store
from study.store.tables import (
    AssignmentRow,
    AuditEventRow,
    Base,
    CandidateRow,
    GroundTruthVersionRow,
    KeyPressRow,
    ParticipantRow,
    PaymentRow,
    PresentationRow,
    RatingRow,
    SessionRow,
    TrialRow,
    UtcTime,
)

_COUNTED = (
    ParticipantRow,
    CandidateRow,
    AssignmentRow,
    SessionRow,
    TrialRow,
    RatingRow,
    PresentationRow,
    KeyPressRow,
    GroundTruthVersionRow,
    PaymentRow,
    AuditEventRow,
)


_LONGEST_LOOK_S = 30.0  # into one back-up, for one person


def back_up(engine: Engine, target: Path) -> None:
    """Copy a store that may be in use.

    Raises StoreError if ``pg_dump`` is missing or fails.

    `target`: where to, replaced if it is there; a SQLite file, or for PostgreSQL a dump that
    ``pg_restore`` reads.
    """
    if engine.url.get_backend_name() == "sqlite":
        copy_open_store(engine, target)
        return
    from psycopg.conninfo import make_conninfo  # an extra

    _, address = engine.dialect.create_connect_args(engine.url)
    address.pop("context", None)  # the driver's own, nothing of an address
    # The password goes by the environment: command lines can be read by everybody on a machine.
    password = address.pop("password", None)
    named = make_conninfo(**address)
    command = ["pg_dump", "--format=custom", f"--file={target}", f"--dbname={named}"]
    secret = {"PGPASSWORD": str(password)} if password else {}
    try:
        result = subprocess.run(
            command, env=os.environ | secret, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise StoreError(
            "pg_dump is not installed (Debian: apt-get install postgresql-client). Back up on the "
            "server instead"
        ) from error
    if result.returncode:
        raise StoreError(f"pg_dump failed: {result.stderr.strip()}. No back-up was made")


def rewrite(engine: Engine) -> None:
    """Write a SQLite file anew without what was deleted from it, and empty its log.

    Raises StoreError if somebody else uses it.

    `engine`: the store; PostgreSQL is left alone.
    """
    if engine.url.get_backend_name() != "sqlite":
        return
    connection = engine.raw_connection()
    try:
        # The connection may come from a snapshot.
        for statement in ("PRAGMA query_only = 0", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            connection.cursor().execute(statement).fetchall()
    except sqlite3.OperationalError as error:
        raise StoreError(
            f"the rows are removed, but the file could not be written anew ({error}) and may hold "
            "traces of them. Close what uses the store, and run on it: VACUUM"
        ) from error
    finally:
        connection.close()


def n_ratings_in(path: Path, participant_id: str) -> int | None:
    """Return how many ratings a back-up holds of a person, without changing it.

    Returns -1 where the person is not in it; None where it cannot be read, such as a dump.
    """
    try:
        copy = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    except sqlite3.OperationalError:
        return None
    give_up_s = time.monotonic() + _LONGEST_LOOK_S
    copy.set_progress_handler(lambda: time.monotonic() > give_up_s, 10_000)
    try:
        copy.execute("PRAGMA trusted_schema = OFF")
        tables = "SELECT name FROM sqlite_schema WHERE type = 'table'"
        if not {("participant",), ("rating",)} <= set(copy.execute(tables)):
            return None  # a view under that name may say anything
        (known,) = copy.execute(
            "SELECT count(*) FROM participant WHERE id = ?", (participant_id,)
        ).fetchone()
        (held,) = copy.execute(
            "SELECT count(*) FROM rating WHERE participant_id = ?", (participant_id,)
        ).fetchone()
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return None
    finally:
        copy.close()
    return int(held) if known else -1


def broken_pages(db: Db) -> Iterator[str]:
    """Yield what the database finds wrong with its file and its references.

    Yields one finding each; PostgreSQL checks references at all times and has none.
    """
    if db.get_bind().dialect.name != "sqlite":
        return
    for (finding,) in db.execute(text("PRAGMA integrity_check")):
        # A row that breaks a rule damages no page: `odd_rows` reports it, and it is backed up.
        if finding != "ok" and not finding.startswith("CHECK constraint failed"):
            yield f"the database file is damaged: {finding}"
    for table, row, parent, _ in db.execute(text("PRAGMA foreign_key_check")):
        yield f"row {row} of table {table} refers to a {parent} that does not exist"


def open_to_all(db: Db) -> list[tuple[str, str]]:
    """Return the tables that everybody who can connect to the server may read or change.

    Returns tables (or their columns) that PUBLIC has rights on, and the rights; empty for SQLite,
    where files say who may read.
    """
    if db.get_bind().dialect.name == "sqlite":
        return []
    granted = text(
        "SELECT c.relname, string_agg(DISTINCT lower(a.privilege_type), ', ') "
        "FROM pg_class c, aclexplode(c.relacl) a "
        "WHERE c.relnamespace = current_schema()::regnamespace AND a.grantee = 0 "
        "AND c.relkind IN ('r', 'p', 'v', 'm', 'S') GROUP BY c.relname "
        "UNION ALL SELECT c.relname, "
        "string_agg(DISTINCT lower(a.privilege_type) || ' of ' || t.attname, ', ') "
        "FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid, aclexplode(t.attacl) a "
        "WHERE c.relnamespace = current_schema()::regnamespace AND a.grantee = 0 "
        "GROUP BY c.relname ORDER BY 1"
    )
    return [(name, rights) for name, rights in db.execute(granted)]


def superuser(db: Db) -> str:
    """Return the role of this connection if nothing is refused to it.

    Returns a superuser of the PostgreSQL server; empty for others and for SQLite.
    """
    if db.get_bind().dialect.name == "sqlite":
        return ""
    query = text("SELECT rolname FROM pg_roles WHERE rolname = current_user AND rolsuper")
    return db.scalar(query) or ""


def broken_cells(db: Db) -> Iterator[str]:
    """Yield which columns of a SQLite file hold what they cannot: SQLite takes anything.

    Yields
    ------
    str
        One finding a column; PostgreSQL knows the types of its columns and has none.
    """
    if db.get_bind().dialect.name != "sqlite":
        return
    for table in Base.metadata.sorted_tables:
        wrong = {column.name: _is_broken(column) for column in table.columns}
        sums = ", ".join(f"sum({condition})" for condition in wrong.values())
        found = db.execute(text(f'SELECT {sums} FROM "{table.name}"')).one()
        for name, n in zip(wrong, found, strict=True):
            if n:
                yield (
                    f"{n} cell{'s' * (n != 1)} of column {name} of table {table.name} "
                    f"{'is' if n == 1 else 'are'} not what the column holds: the file was changed "
                    "by hand. Put a back-up in its place"
                )


def _is_broken(column: Column[Any]) -> str:
    name = f'"{column.name}"'
    wrong = next(wrong for kind, wrong in _BROKEN if isinstance(column.type, kind))
    return f"{name} IS NOT NULL AND ({wrong.replace('?', name)})"


# By the kind of a column, the most special first; text of any length is text.
_BROKEN: tuple[tuple[Any, str], ...] = (
    (UtcTime, "typeof(?) <> 'text' OR ? NOT LIKE '____-__-__T__:__:__%+00:00'"),
    (JSON, "typeof(?) <> 'text' OR NOT json_valid(?)"),
    (Boolean, "typeof(?) <> 'integer' OR ? NOT IN (0, 1)"),
    (Integer, "typeof(?) <> 'integer'"),
    (Float, "typeof(?) NOT IN ('real', 'integer')"),
    (String, "typeof(?) <> 'text'"),
)


def odd_rows(db: Db) -> Iterator[str]:
    """Yield which tables have rows that the database would refuse today.

    Yields one finding a rule: the rows are older than it, or were written past this program.
    """
    for table in Base.metadata.sorted_tables:
        for rule in table.constraints:
            if not isinstance(rule, CheckConstraint):
                continue
            wrong = select(func.count()).select_from(table).where(text(f"NOT ({rule.sqltext})"))
            n = db.scalar(wrong) or 0
            if n:
                yield (
                    f"{n} row{'s' * (n != 1)} of table {table.name} cannot be: expected "
                    f"{rule.sqltext}. Compare with a back-up and with the signed statements"
                )


def counts(db: Db) -> dict[str, int]:
    """Return how many rows the tables have."""
    return {
        row.__tablename__: db.scalars(select(func.count()).select_from(row)).one()
        for row in _COUNTED
    }
