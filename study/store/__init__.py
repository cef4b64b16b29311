"""The store: one SQLite file or PostgreSQL database with all that a study must not lose.

`engine` is its database, `tables` its schema, `schema` makes and upgrades it, and one module per
noun reads and writes it. Every function takes ``db``, an open transaction, and leaves the commit
to `engine.transaction`; `engine.snapshot` is for those that only read.
"""

from sqlalchemy import Engine

from study.store.engine import Db, snapshot, transaction
from study.store.migrations import (
    create_store,
    open_store,
    open_to_read,
    store_snapshot,
    store_transaction,
    upgrade_store,
)
from study.store.read_only import is_read_only

__all__ = [
    "Db",
    "Engine",
    "create_store",
    "is_read_only",
    "open_store",
    "open_to_read",
    "snapshot",
    "store_snapshot",
    "store_transaction",
    "transaction",
    "upgrade_store",
]
