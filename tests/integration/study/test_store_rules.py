"""Rules of the tables on PostgreSQL, where rows of an older version break them already."""

import pytest
from sqlalchemy import MetaData, Table, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from study.store import maintenance, open_store, snapshot, upgrade_store
from study.store.engine import engine_of
from study.store.migrations import make_schema
from tests.worlds.studies import go_back

BEFORE = "0044"  # the revision before the rules
# A value that breaks each rule, by the constraint's name.
WRONG = {
    "ck_rating_amounts": ("rating", {"bonus_pence": -99_999}),
    "ck_rating_response": ("rating", {"rt_s": -2.0}),
    "ck_rating_counts": ("rating", {"n_replays": -1}),
    "ck_session_attempt": ("session", {"attempt": 0}),
    "ck_trial_number": ("trial", {"number": -1}),
    "ck_ground_truth_version_version": ("ground_truth_version", {"version": 0}),
    "ck_headphone_check_counts": ("headphone_check", {"n_right": 7}),
    "ck_payment_worked": ("payment", {"worked_s": -5}),
    "ck_paid_session_amounts": ("paid_session", {"hours_pence": -1}),
}
# What a row holds where a column must hold something.
FILLED = {
    "attempt": 1, "answers": {}, "phase": "annotation", "rating": 1,
    "n_trials": 6, "n_right": 5, "outcome": "rated", "stage": "window", "version": 1,
    "simulated": False,
}  # fmt: skip


def filled(table: Table, values: dict, number: int) -> dict:
    """Return a row with something in every column that asks for it."""
    row = {}
    for column in table.columns:
        if column.nullable or column.server_default is not None or column.autoincrement is True:
            continue
        kind = column.type.python_type
        of_kind = {int: number, float: 1.0, bool: False, object: {}, str: f"x{number}"}
        row[column.name] = FILLED.get(column.name, of_kind[kind])
    if "id" in table.columns and table.columns["id"].type.python_type is str:
        row["id"] = f"{number:032x}"
    return row | values


def insert_past_references(engine, table: Table, values: dict, number: int) -> None:
    """Insert a row although what it refers to is not there."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(insert(table), [filled(table, values, number)])


@pytest.fixture
def old_store(postgres_url):
    """A store of the version before the rules, with a wrong and a right row for each."""
    make_schema(postgres_url, BEFORE)
    engine = engine_of(postgres_url)
    metadata = MetaData()
    metadata.reflect(engine)
    for number, (name, values) in enumerate(WRONG.values(), start=1):
        insert_past_references(engine, metadata.tables[name], values, number)
        insert_past_references(engine, metadata.tables[name], {}, 100 + number)
    yield postgres_url, engine, metadata
    engine.dispose()


def validated(engine) -> dict[str, bool]:
    query = text("SELECT conname, convalidated FROM pg_constraint WHERE contype = 'c'")
    with engine.connect() as connection:
        return {str(row.conname): bool(row.convalidated) for row in connection.execute(query)}


def test_rows_that_break_every_rule_stay_are_reported_and_hinder_no_upgrade(old_store):
    url, engine, metadata = old_store
    assert upgrade_store(url).before == BEFORE
    assert {name: validated(engine)[name] for name in WRONG} == dict.fromkeys(WRONG, False)
    opened = open_store(url)
    with snapshot(opened) as db:
        found = list(maintenance.odd_rows(db))
        kept = {name: db.scalar(select(func.count()).select_from(metadata.tables[name]))
                for name, _ in WRONG.values()}  # fmt: skip
    opened.dispose()
    assert sorted(line.split(" cannot be")[0] for line in found) == sorted(
        f"1 row of table {name}" for name, _ in WRONG.values()
    )
    assert kept == {"rating": 6} | dict.fromkeys(kept.keys() - {"rating"}, 2)


def test_new_rows_that_break_a_rule_are_refused_all_the_same(old_store):
    url, engine, metadata = old_store
    upgrade_store(url)
    for number, (rule, (name, values)) in enumerate(WRONG.items(), start=200):
        with pytest.raises(IntegrityError, match=rule):
            insert_past_references(engine, metadata.tables[name], values, number)


def test_a_store_without_wrong_rows_has_its_rules_valid_and_goes_back(postgres_url):
    make_schema(postgres_url, BEFORE)
    upgrade_store(postgres_url)
    engine = engine_of(postgres_url)
    assert {name: validated(engine)[name] for name in WRONG} == dict.fromkeys(WRONG, True)
    go_back(postgres_url, BEFORE)
    assert set(WRONG) & set(validated(engine)) == set()
    engine.dispose()
