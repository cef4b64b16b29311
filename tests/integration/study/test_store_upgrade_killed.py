"""An upgrade that is killed leaves a store that opens: as it was, or as it is to be."""

import shutil
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pytest
from alembic import command

from study.errors import StoreError
from study.store import open_store, transaction, upgrade_store
from study.store.engine import copy_sqlite, engine_of
from study.store.migrations import alembic_config, present_revision
from study.store.people import participants
from study.vocabulary import ParticipantKind
from tests.worlds.studies import AT

OLD = "0001"
N_PEOPLE = 2000
# Every statement is announced and takes its time, so that a kill can hit any of them.
SLOW_UPGRADE = """
import sys, time
from sqlalchemy import Engine, event
from study.store import upgrade_store

@event.listens_for(Engine, "before_cursor_execute")
def _slowly(connection, cursor, statement, *rest):
    print(statement.split()[0], flush=True)
    time.sleep(0.005)

print("ready", flush=True)
print("back-up", upgrade_store(sys.argv[1]).backup, flush=True)
"""


@pytest.fixture(scope="module")
def old_store(tmp_path_factory):
    """A store of the first version with people in it, and how many statements its upgrade has."""
    path = tmp_path_factory.mktemp("old") / "store.sqlite"
    engine = engine_of(f"sqlite:///{path}")
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, OLD)
    with transaction(engine) as db:
        for number in range(N_PEOPLE):
            participants.add(db, participant_id=f"P{number}", kind=ParticipantKind.HUMAN, at=AT)
    engine.dispose()
    whole = path.with_name("whole.sqlite")
    copy_sqlite(path, whole)
    done = subprocess.run(
        [sys.executable, "-c", SLOW_UPGRADE, f"sqlite:///{whole}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return path, len(done.stdout.splitlines())


def kill_upgrade(path, *, at_line=None, after_s=None):
    """Start an upgrade, and kill it at a statement or after some time."""
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_UPGRADE, f"sqlite:///{path}"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        for number, _ in enumerate(process.stdout):
            if after_s is not None:
                time.sleep(after_s)
            if after_s is not None or number == at_line:
                break
        process.kill()


def ask(path, question):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()


def require_it_opens(path):
    """The store is old or new, whole in both cases, and the next upgrade completes it."""
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]
    assert ask(path, "SELECT count(*) FROM participant") == [(N_PEOPLE,)]
    assert ask(path, "SELECT name FROM sqlite_master WHERE name LIKE '_alembic_tmp%'") == []
    url = f"sqlite:///{path}"
    ((revision,),) = ask(path, "SELECT version_num FROM alembic_version")
    assert revision in (OLD, present_revision())
    if revision == OLD:
        with pytest.raises(StoreError, match="python -m study upgrade"):
            open_store(url)
    for backup in path.parent.glob(f"{path.name}.*.backup"):
        assert ask(backup, "SELECT count(*) FROM participant") == [(N_PEOPLE,)]
    upgrade_store(url)
    engine = open_store(url)
    with transaction(engine) as db:
        assert len(participants.listed(db)) == N_PEOPLE
    engine.dispose()


def test_an_upgrade_killed_at_any_statement_leaves_a_store_that_opens(old_store, tmp_path):
    original, n_lines = old_store
    rng = np.random.default_rng(7)
    # The first and the last statements, where a journal is begun and ended, and some between.
    for at_line in (1, n_lines - 2, n_lines - 1, *rng.integers(2, n_lines - 2, 5).tolist()):
        path = tmp_path / f"{at_line}.sqlite"
        shutil.copy(original, path)
        kill_upgrade(path, at_line=at_line)
        require_it_opens(path)


def test_an_upgrade_killed_while_it_backs_up_leaves_no_half_back_up(old_store, tmp_path):
    original, _ = old_store
    rng = np.random.default_rng(8)
    for number, after_s in enumerate(rng.uniform(0, 0.05, 3)):
        path = tmp_path / f"{number}.sqlite"
        shutil.copy(original, path)
        kill_upgrade(path, after_s=after_s)
        require_it_opens(path)


def test_a_back_up_opens_as_the_store_that_it_was(old_store, tmp_path):
    original, _ = old_store
    path = tmp_path / "store.sqlite"
    shutil.copy(original, path)
    kill_upgrade(path, at_line=40)
    (backup,) = tmp_path.glob("*.backup")
    assert backup.name == f"store.sqlite.{OLD}.backup"
    shutil.copy(backup, path)
    for log in tmp_path.glob("store.sqlite-*"):
        log.unlink()
    require_it_opens(path)
