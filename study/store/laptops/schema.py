"""Whether the schema of a SQLite file is the one that our migrations make."""

import re
import sqlite3
import tempfile
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from study.errors import StoreError
from study.store.addresses import sqlite_url
from study.store.migrations import known_revisions, make_schema, present_revision

_REVISION_TABLE = "alembic_version"
_MOST = 1000  # things that a schema of ours is far from having
Shape = dict[tuple[str, str], frozenset[str]]


def require_known(connection: sqlite3.Connection, path: Path) -> None:
    """Raise if a file has another schema than the one of the revision that it names.

    Raises StoreError if it is not a store, is of an unknown revision, or has more, less or
    something else than a store of that revision has.

    `connection`: the file, with ``trusted_schema`` off; nothing of its content is run.
    """
    query = f"SELECT type, name, sql FROM sqlite_schema LIMIT {_MOST}"
    found = shape_of(connection.execute(query))
    key = ("table", _REVISION_TABLE)
    # This table first, because what it says is read before the others are compared.
    if found.get(key) != reference(present_revision())[key] or ("view", key[1]) in found:
        raise StoreError(f"{path} is not a store of a study. Give the file from the laptop")
    rows = connection.execute(f"SELECT version_num FROM {_REVISION_TABLE} LIMIT 2").fetchall()
    revision = rows[0][0] if len(rows) == 1 else None
    if revision not in known_revisions():
        raise StoreError(
            f"{path} is of revision {str(revision)[:40]!r}, and this version knows "
            f"{present_revision()}: a newer version of this software wrote it, or another "
            "program. Install the newer version, or name another file"
        )
    expected = reference(revision)
    odd = sorted({f"{kind} {name}" for kind, name in found.keys() ^ expected.keys()})
    odd += [f"{k} {n}" for k, n in expected if found.get((k, n), expected[k, n]) != expected[k, n]]
    if odd:
        raise StoreError(
            f"{path} was changed by hand: its schema is not that of revision {revision} "
            f"({', '.join(odd)[:200]}). "
            "Copy it from the laptop again"
        )


def shape_of(rows: Iterable[tuple[str, str, str | None]]) -> Shape:
    """Return the parts of a schema, ignoring order and spelling.

    Returns the clauses of each table, index and trigger.

    `rows`: type, name and SQL, as ``sqlite_schema`` has them.
    """
    return {(str(kind), str(name)): _clauses(str(sql or "")) for kind, name, sql in rows}


@lru_cache
def reference(revision: str) -> Shape:
    """Return the schema that our migrations make.

    Returns
    -------
    dict
        As `shape_of`.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reference.sqlite"
        make_schema(sqlite_url(path), revision)
        connection = sqlite3.connect(path)
        try:
            return shape_of(connection.execute("SELECT type, name, sql FROM sqlite_schema"))
        finally:
            connection.close()


def _clauses(sql: str) -> frozenset[str]:
    text = re.sub(r"[\s\"`\[\]]+", "", sql)
    if not text.startswith("CREATETABLE"):
        return frozenset([text])
    head, _, rest = text.partition("(")
    body, _, tail = rest.rpartition(")")
    clauses, depth, begin, quoted = [], 0, 0, False
    for i, character in enumerate(body):
        quoted ^= character == "'"
        depth += ((character == "(") - (character == ")")) * (not quoted)
        if character == "," and depth == 0 and not quoted:
            clauses.append(body[begin:i])
            begin = i + 1
    return frozenset([f"{head}({tail})", *clauses, body[begin:]])
