"""A store that somebody changed by hand, or that is another program's file, is one line."""

import hashlib
import re
import sqlite3

import pytest

from sessions.maintenance.store_check import findings
from sessions.monitor.progress import progress
from study.errors import StoreError
from study.store import maintenance, open_store, snapshot, transaction, upgrade_store
from study.store.addresses import sqlite_url
from study.store.migrations import present_revision
from study.store.people import participants
from tests.worlds.studies import add_candidates, enrol, new_study, rate

VERSIONS = "CREATE TABLE alembic_version (version_num)"
FILES = {
    "of another program": (["CREATE TABLE notes (a)"], "is not a store of a study"),
    "of two revisions": (
        [VERSIONS, "INSERT INTO alembic_version VALUES ('0050'), ('0044')"],
        "was changed by hand: Version table",
    ),
    "of no revision": ([VERSIONS], "is not a store of a study"),
    "whose revision is a number": ([VERSIONS, "INSERT INTO alembic_version VALUES (5)"], "newer"),
    "without tables": (
        [VERSIONS, f"INSERT INTO alembic_version VALUES ('{present_revision()}')"],
        "has no table answer",
    ),
}


@pytest.mark.parametrize("what", FILES)
def test_a_file_that_is_not_a_store_is_refused_in_one_line(tmp_path, what):
    path, (statements, said) = tmp_path / "other.sqlite", FILES[what]
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    for use in (open_store, upgrade_store):
        with pytest.raises(StoreError, match=said) as refused:
            use(sqlite_url(path))
        assert "\n" not in str(refused.value)


def test_another_programs_file_is_left_as_it_is(tmp_path):
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE notes (a)")
    connection.close()
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(StoreError):
        open_store(sqlite_url(path))
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert [one.name for one in tmp_path.iterdir()] == ["other.sqlite"]


@pytest.fixture
def rated(tmp_path):
    study, engine = new_study(tmp_path, rehearsal=True)
    with transaction(engine) as db:
        clips = add_candidates(db, 1)
        enrol(db, "P01")
        rate(db, "P01", dict.fromkeys(clips, 3))
    yield study, engine, tmp_path / "store.sqlite"
    engine.dispose()


@pytest.mark.parametrize(
    ("table", "column", "value", "said"),
    [
        ("rating", "rated_at", "yesterday", "'yesterday', not a time with its zone"),
        ("rating", "rt_s", "soon", "'soon', not a number"),
        ("session", "rig", "{", "'{', not a JSON object"),
    ],
)
def test_a_cell_that_stops_a_command_is_named(rated, table, column, value, said):
    study, engine, path = rated
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = 1", (value,))
    connection.close()
    said = f"was changed by hand: in row 1 of table {table}, {column} is {said}. Put a back-up"
    with pytest.raises(StoreError, match=re.escape(said)), snapshot(engine) as db:
        progress(db, study)


def test_a_word_that_a_column_does_not_know_is_told_by_its_rule(rated):
    _, engine, path = rated
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("UPDATE participant SET kind = 'robot'")
    connection.close()
    said = "was changed by hand: CHECK constraint failed in participant"
    with pytest.raises(StoreError, match=said), snapshot(engine) as db:
        participants.listed(db)


def test_an_error_that_no_cell_is_to_blame_for_stays_a_bug(rated):
    _, engine, _ = rated
    with pytest.raises(ValueError, match="a bug"), snapshot(engine):
        raise ValueError("a bug")


BROKEN = {
    "rated_at": "yesterday", "simulated": "perhaps", "rt_s": "soon", "bonus_pence": b"ten",
    "participant_id": b"P01",
}  # fmt: skip


@pytest.mark.parametrize("column", BROKEN)
def test_check_counts_cells_that_no_command_stumbles_over(rated, column):
    study, engine, path = rated
    with snapshot(engine) as db:
        assert list(maintenance.broken_cells(db)) == []
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(f"UPDATE rating SET {column} = ? WHERE rowid < 3", (BROKEN[column],))
    connection.close()
    with snapshot(engine) as db:
        (found,) = maintenance.broken_cells(db)
        assert found.startswith(f"2 cells of column {column} of table rating are not what")
        assert found in list(findings(db, study, clips=False, hashes=False))
