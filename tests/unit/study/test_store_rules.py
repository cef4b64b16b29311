import sqlite3

import pytest
from sqlalchemy import CheckConstraint, insert
from sqlalchemy.exc import IntegrityError

from study.errors import StoreError
from study.store import create_store, maintenance, open_store, snapshot, transaction, upgrade_store
from study.store.addresses import sqlite_url
from study.store.migrations import make_schema
from study.store.tables import Base
from tests.worlds.studies import AT

TIME = AT.isoformat()
RULES = [
    (table.name, rule.name, str(rule.sqltext))
    for table in Base.metadata.sorted_tables
    for rule in table.constraints
    if isinstance(rule, CheckConstraint)
]


def test_every_rule_of_the_tables_stands_in_the_store(tmp_path):
    create_store(sqlite_url(tmp_path / "store.sqlite")).dispose()
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        sql = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
        assert [rule for rule in RULES if rule[2] not in sql[rule[0]]] == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


@pytest.mark.parametrize(
    "wrong", [{"worked_s": -1}, {"bonus_pence": -99_999}, {"hours_pence": -1}, {"worked_s": "x"}]
)
def test_money_that_cannot_be_is_refused(tmp_path, wrong):
    engine = create_store(sqlite_url(tmp_path / "store.sqlite"))
    right = {
        "payee": "P01", "paid_at": AT, "paid_by": "AB", "worked_s": 1, "hours_pence": 1,
        "bonus_pence": 1,
    }  # fmt: skip
    with pytest.raises(IntegrityError), transaction(engine) as db:
        db.execute(insert(Base.metadata.tables["payment"]), [right | wrong])
    with transaction(engine) as db:
        db.execute(insert(Base.metadata.tables["payment"]), [right])
    engine.dispose()


def test_rows_that_are_wrong_already_are_reported_and_hinder_no_upgrade(tmp_path):
    path = tmp_path / "store.sqlite"
    make_schema(sqlite_url(path), "0044")
    with sqlite3.connect(path) as connection:
        connection.execute(
            "INSERT INTO payment (payee, paid_at, paid_by, worked_s, hours_pence, bonus_pence) "
            f"VALUES ('P01', '{TIME}', 'AB', -5, 1, 1)"
        )
    connection.close()
    assert upgrade_store(sqlite_url(path)).before == "0044"
    engine = open_store(sqlite_url(path))
    with snapshot(engine) as db:
        (finding,) = maintenance.odd_rows(db)
        assert finding.startswith("1 row of table payment cannot be: expected worked_s BETWEEN 0")
        assert list(maintenance.broken_pages(db)) == []
    engine.dispose()


ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS id FROM n"
)


@pytest.mark.parametrize("name", ["rating", "participant", "alembic_version"])
def test_a_view_that_poses_as_a_table_is_not_asked(tmp_path, name):
    path = tmp_path / "store.sqlite"
    create_store(sqlite_url(path)).dispose()
    with sqlite3.connect(path) as connection:
        connection.execute(f"DROP TABLE {name}")
        connection.execute(f"CREATE VIEW {name} AS {ENDLESS}")
    connection.close()
    for use in (open_store, upgrade_store):
        with pytest.raises(StoreError, match=f"{name} is a view, not a table"):
            use(sqlite_url(path))
    if name != "alembic_version":
        assert maintenance.n_ratings_in(path, "P01") is None


def test_a_view_of_the_labs_own_hinders_nobody(tmp_path):
    path = tmp_path / "store.sqlite"
    create_store(sqlite_url(path)).dispose()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE VIEW mine AS SELECT rating FROM rating")
    connection.close()
    open_store(sqlite_url(path)).dispose()
