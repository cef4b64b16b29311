"""counts and money that cannot be are refused by the database itself"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0044"
branch_labels = None
depends_on = None

_CHECKS = (
    ("rating", "amounts", "bonus_pence BETWEEN 0 AND 1000000"),
    ("rating", "response", "rt_s BETWEEN -1 AND 34560000"),
    (
        "rating",
        "counts",
        "n_replays BETWEEN 0 AND 10000000 AND n_early_presses BETWEEN 0 AND 10000000 "
        "AND attempt BETWEEN 1 AND 10000",
    ),
    ("session", "attempt", "attempt BETWEEN 1 AND 10000"),
    ("trial", "number", "number BETWEEN 0 AND 10000000"),
    ("ground_truth_version", "version", "version BETWEEN 1 AND 10000"),
    ("headphone_check", "counts", "n_right BETWEEN 0 AND n_trials"),
    ("payment", "worked", "worked_s BETWEEN 0 AND 2147483647"),
    ("paid_session", "amounts", "hours_pence >= 0 AND bonus_pence >= 0"),
)


def upgrade() -> None:
    # Rows that are wrong already stay as they are, and `sessions check` reports them.
    if op.get_bind().dialect.name != "sqlite":
        for table, name, condition in _CHECKS:
            wrong = sa.text(f"SELECT 1 FROM {table} WHERE NOT ({condition}) LIMIT 1")
            kept = "" if op.get_bind().execute(wrong).first() is None else " NOT VALID"
            op.execute(f"ALTER TABLE {table} ADD {_clause(table, name, condition)}{kept}")
        return
    for table, name, condition in _CHECKS:
        sql = _sql_of(table).rstrip()
        _write(table, f"{sql.removesuffix(')').rstrip()}, {_clause(table, name, condition)})")
    _read_again()


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        for table, name, _ in _CHECKS:
            op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{name}")
        return
    for table, name, condition in _CHECKS:
        _write(table, _sql_of(table).replace(f", {_clause(table, name, condition)}", ""))
    _read_again()


def _clause(table: str, name: str, condition: str) -> str:
    return f"CONSTRAINT ck_{table}_{name} CHECK ({condition})"


def _sql_of(table: str) -> str:
    query = sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table")
    return str(op.get_bind().execute(query, {"table": table}).scalar_one())


def _write(table: str, sql: str) -> None:
    # The way that SQLite's own page on ALTER TABLE gives for constraints: no row is touched, and
    # no table that others refer to is made anew.
    op.execute("PRAGMA writable_schema = ON")
    op.get_bind().execute(
        sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :table"),
        {"sql": sql, "table": table},
    )
    op.execute("PRAGMA writable_schema = OFF")


def _read_again() -> None:
    version = op.get_bind().execute(sa.text("PRAGMA schema_version")).scalar_one()
    op.execute(f"PRAGMA schema_version = {int(version) + 1}")
