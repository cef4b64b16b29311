"""The seal of what a laptop was given: whether a row of it has been changed since."""

import hashlib
import json
from typing import Any

from sqlalchemy import ColumnElement, Table, func, select

from study.store.engine import Db
from study.store.tables import Base

# What rating itself changes in rows that a laptop was given.
_MAY_CHANGE = {("assignment", "done"), ("protocol_version", "frozen")}


def seal(db: Db) -> dict[str, dict[str, Any]]:
    """Return digests of all rows of a store.

    Returns them by table: ``columns``, ``sha256``, and which rows: those up to ``last``, or
    ``keys``.
    """
    return {table.name: _sealed(db, table) for table in Base.metadata.sorted_tables}


def broken(db: Db, sealed: dict[str, dict[str, Any]]) -> list[str]:
    """Return the tables of which a sealed row was changed or removed; new rows break no seal.

    `sealed`: from `seal`, on the same store.
    """
    return [
        name
        for name, was in sealed.items()
        if name not in Base.metadata.tables
        or _digest(db, Base.metadata.tables[name], was) != was["sha256"]
    ]


def new_rows(db: Db, sealed: dict[str, dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return what was added to a store since it was sealed.

    Returns rows by table, in the order of their keys; tables without any are left out.

    `sealed`: from `seal`, on the same store.
    """
    found = {}
    for table in Base.metadata.sorted_tables:
        key, was = _key(table), sealed.get(table.name, {"keys": []})
        added = key > was["last"] if "last" in was else key.not_in(was["keys"])
        rows = db.execute(select(table).where(added).order_by(key))
        found[table.name] = [dict(row._mapping) for row in rows]
    return {name: rows for name, rows in found.items() if rows}


def _sealed(db: Db, table: Table) -> dict[str, Any]:
    key = _key(table)
    columns = [c.name for c in table.columns if (table.name, c.name) not in _MAY_CHANGE]
    found: dict[str, Any] = {"columns": columns}
    if key.type.python_type is int:
        found["last"] = db.scalar(select(func.max(key))) or 0
    else:
        found["keys"] = list(db.scalars(select(key).order_by(key)))
    return found | {"sha256": _digest(db, table, found)}


def _digest(db: Db, table: Table, which: dict[str, Any]) -> str:
    key = _key(table)
    given: ColumnElement[bool] = key <= which["last"] if "last" in which else key.in_(which["keys"])
    columns = [table.columns[name] for name in which["columns"]]
    digest = hashlib.sha256()
    for row in db.execute(select(*columns).where(given).order_by(key)):
        digest.update(json.dumps(list(row), sort_keys=True, default=str).encode())
    return digest.hexdigest()


def _key(table: Table) -> Any:  # noqa: ANN401
    (key,) = table.primary_key.columns
    return key
