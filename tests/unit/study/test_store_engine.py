import os
import sqlite3
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from study.errors import StoreError
from study.store import (
    addresses,
    create_store,
    maintenance,
    open_store,
    snapshot,
    store_snapshot,
    transaction,
    upgrade_store,
)
from study.store.engine import copy_sqlite, engine_of
from study.store.tables import Base


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/store.sqlite"


def enrol(db, participant_id):
    statement = "INSERT INTO participant (id, kind, enrolled_at) VALUES (?, 'human', '2026')"
    db.connection().exec_driver_sql(statement, (participant_id,))


def enrol_and_fail(db):
    enrol(db, "P01")
    raise ZeroDivisionError


def fill_the_disk(db):
    db.connection().exec_driver_sql("PRAGMA max_page_count = 1")
    for number in range(10_000):
        enrol(db, f"P{number}")


def count_participants(engine):
    with transaction(engine) as db:
        return db.connection().exec_driver_sql("SELECT count(*) FROM participant").scalar()


def test_a_new_store_is_durable_and_checks_foreign_keys(url):
    with transaction(create_store(url)) as db:
        connection = db.connection()

        def pragma(name):
            return connection.exec_driver_sql(f"PRAGMA {name}").scalar()

        assert pragma("journal_mode") == "wal"
        assert pragma("synchronous") == 2
        assert pragma("foreign_keys") == 1


def test_a_store_that_is_opened_twice_keeps_its_log_when_another_program_ends(url):
    here = open_store(str(create_store(url).url))
    count_participants(here)
    again = open_store(url)  # as a session does whose participant was asked for on the screen
    count_participants(again)
    look = "import sqlite3, sys\n"
    look += "found = sqlite3.connect(sys.argv[1]).execute('SELECT id FROM participant')\n"
    look += "print(*(name for (name,) in found))"
    command = [sys.executable, "-c", look, url.removeprefix("sqlite:///")]
    assert subprocess.check_output(command, text=True).split() == []
    with transaction(again) as db:
        enrol(db, "P01")
    assert subprocess.check_output(command, text=True).split() == ["P01"]


def test_migrations_and_tables_agree(url):
    with create_store(url).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_a_transaction_that_fails_leaves_nothing(url):
    engine = create_store(url)
    with pytest.raises(ZeroDivisionError), transaction(engine) as db:
        enrol_and_fail(db)
    assert count_participants(engine) == 0


def test_a_missing_store_is_not_made_by_opening_it(tmp_path, url):
    with pytest.raises(StoreError, match="python -m study init"):
        open_store(url)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_store_is_refused_unchanged(tmp_path):
    for content in (b"", b"no database at all" * 100):
        path = tmp_path / "store.sqlite"
        path.write_bytes(content)
        with pytest.raises(StoreError):
            open_store(f"sqlite:///{path}")
        assert path.read_bytes() == content


def test_the_database_of_another_program_is_not_upgraded(tmp_path, url):
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        connection.execute("CREATE TABLE song (title TEXT)")
    connection.close()
    for use in (open_store, upgrade_store):
        with pytest.raises(StoreError, match="is not a store of a study"):
            use(url)
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("song",)]
    connection.close()


def test_a_store_from_a_newer_version_is_refused_unchanged(tmp_path, url):
    create_store(url).dispose()
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for use in (open_store, upgrade_store):
        with pytest.raises(StoreError, match="newer version"):
            use(url)
    assert list(tmp_path.glob("*.backup")) == []
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        assert connection.execute("SELECT * FROM alembic_version").fetchall() == [("9999",)]
    connection.close()


def test_an_unknown_url_says_what_is_expected():
    for url in ("store.sqlite", "mysql://host/name", "sqlite://", "sqlite:///:memory:"):
        with pytest.raises(StoreError, match="Expected sqlite:///path or postgresql"):
            open_store(url)


def test_a_folder_is_no_store(tmp_path):
    with pytest.raises(StoreError, match="is a folder"):
        open_store(f"sqlite:///{tmp_path}")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_store_is_refused(tmp_path, url):
    create_store(url).dispose()
    (tmp_path / "store.sqlite").chmod(0o444)
    with pytest.raises(StoreError, match="cannot be written"):
        open_store(url)


def test_an_upgrade_of_the_present_version_does_nothing(tmp_path, url):
    create_store(url).dispose()
    before = (tmp_path / "store.sqlite").read_bytes()
    done = upgrade_store(url)
    assert done.before == done.after
    assert done.backup is None
    assert [path.name for path in tmp_path.iterdir()] == ["store.sqlite"]
    assert (tmp_path / "store.sqlite").read_bytes() == before


def test_a_copy_holds_what_the_log_still_holds(tmp_path, url):
    engine = create_store(url)
    with transaction(engine) as db:
        enrol(db, "P01")
    copy_sqlite(tmp_path / "store.sqlite", tmp_path / "copy.sqlite")
    with sqlite3.connect(tmp_path / "copy.sqlite") as connection:
        assert connection.execute("SELECT id FROM participant").fetchall() == [("P01",)]
    connection.close()


def test_what_cannot_be_copied_is_told_in_one_line(tmp_path):
    (tmp_path / "store.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match=r"store\.sqlite could not be copied to .*not a database"):
        copy_sqlite(tmp_path / "store.sqlite", tmp_path / "copy.sqlite")


def test_a_report_is_read_while_somebody_writes(url):
    with transaction(create_store(url)) as db:
        enrol(db, "P01")
        with store_snapshot(url) as report:
            query = "SELECT count(*) FROM participant"
            assert report.connection().exec_driver_sql(query).scalar() == 0


def test_a_store_can_be_written_anew_after_a_report(url):
    engine = create_store(url)
    with snapshot(engine) as db:
        db.connection().exec_driver_sql("SELECT count(*) FROM participant")
    maintenance.rewrite(engine)
    engine.dispose()


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "fuse.gvfsd-fuse"])
def test_a_network_share_is_refused(monkeypatch, url, kind):
    monkeypatch.setattr(addresses, "file_system_of", lambda path: kind)
    with pytest.raises(StoreError, match="network share"):
        create_store(url)


def test_a_full_disk_is_one_line(tmp_path, url):
    engine = create_store(url)
    with pytest.raises(StoreError, match="full"), transaction(engine) as db:
        fill_the_disk(db)
    assert count_participants(engine) == 0


def test_a_study_error_is_one_line_and_exit_1(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "study", "check", "--study", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: no study.toml in ")
    assert done.stderr.count("\n") == 1


def test_a_damaged_file_is_one_line(tmp_path, url):
    engine = create_store(url)
    with transaction(engine) as db:
        for number in range(2000):
            enrol(db, f"P{number}")
    engine.dispose()
    path = tmp_path / "store.sqlite"
    content = bytearray(path.read_bytes())
    n_damaged = len(content) // 8
    content[-n_damaged:] = b"\xff" * n_damaged
    path.write_bytes(content)
    engine = open_store(url)
    with pytest.raises(StoreError, match="Put a back-up in its place"), transaction(engine) as db:
        db.connection().exec_driver_sql("SELECT * FROM participant").all()
    engine.dispose()


def test_a_transaction_that_has_only_read_so_far_keeps_the_next_one_out(url):
    create_store(url).dispose()
    first, second = engine_of(url, 0.05), engine_of(url, 0.05)
    question = "SELECT count(*) FROM participant"
    with transaction(first) as db:
        assert db.connection().exec_driver_sql(question).scalar() == 0
        with pytest.raises(StoreError, match="locked"), transaction(second) as other:
            other.connection().exec_driver_sql(question)
        with snapshot(second) as reader:  # reports wait for nobody
            assert reader.connection().exec_driver_sql(question).scalar() == 0
        enrol(db, "P01")
    with transaction(second) as other:
        assert other.connection().exec_driver_sql(question).scalar() == 1
    first.dispose()
    second.dispose()
