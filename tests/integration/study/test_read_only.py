"""An archived study on media that cannot be written: it can be read, exported and backed up."""

import os
import shutil
import subprocess

import pytest
from typer.testing import CliRunner

from curation.__main__ import app as curation_app
from sessions.__main__ import app as sessions_app
from sessions.plan import schedule
from study.errors import StudyError
from study.init import init_study
from study.store import open_store, open_to_read, snapshot, store_snapshot, transaction
from study.store.desk import Desk
from study.store.plan import assignments
from tests.worlds.studies import AT, add_candidates, enrol, go_back, rate


def fill(folder):
    """A study of 24 clips, all rated, that nobody has open."""
    study = init_study(folder, [], AT)
    engine = open_store(study.store_url)
    with transaction(engine) as db:
        add_candidates(db, 4)
        enrol(db, "P01", "P02", "P03")
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
        for person in ("P01", "P02", "P03"):
            clips = [clip.candidate_id for clip in assignments.remaining(db, person)]
            rate(db, person, dict.fromkeys(clips, 3), minutes=3)
    engine.dispose()
    return study


APPS = {"sessions": sessions_app, "curation": curation_app}


def run(program, *arguments, study, expect=0):
    result = CliRunner().invoke(APPS[program], [*arguments, "--study", str(study.folder)])
    if not expect:
        assert result.exit_code == 0, result.exception or result.output
        return result.output
    assert isinstance(result.exception, StudyError), result.exception
    return str(result.exception)


@pytest.fixture
def disc(tmp_path):
    """A folder to fill, and what makes it read-only for everybody, root included."""
    folder = tmp_path / "disc"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")

    def close():
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)

    yield folder, close
    subprocess.run(["umount", "-l", folder], check=True)


def listing(folder):
    return sorted((path.name, path.stat().st_mtime_ns) for path in folder.rglob("*"))


def test_an_archived_study_is_read_exported_and_backed_up(disc, tmp_path, monkeypatch):
    folder, close = disc
    study = fill(folder / "study")
    close()
    monkeypatch.chdir(tmp_path)
    before = listing(folder)
    for arguments, told in (
        (("sessions", "status"), "24 of 24 clips complete, 72 of 72 ratings"),
        (("sessions", "show", "P01"), "24 of 24 clips of the annotation rated"),
        (("sessions", "pay", "P01"), "owed"),
        (("sessions", "list"), "3 participants"),
        (("sessions", "audit-log"), "plan"),
        (("sessions", "check", "--no-clips"), "no findings"),
        (("sessions", "dashboard", "--out", "board.html"), "written"),
        (
            ("sessions", "export-sessions", "--out", "sessions.csv"),
            "3 sessions, 72 ratings, 72 of which count",
        ),
        (("sessions", "backup", "--out", "copy.sqlite"), "72 ratings"),
        (("curation", "export-ratings", "--out", "tables"), "24 clips, 72 ratings"),
        (("curation", "agreement", "--out", "tables", "--resamples", "10"), "24 clips"),
    ):
        assert told in run(*arguments, study=study), arguments
    with store_snapshot(f"sqlite:///{tmp_path}/copy.sqlite") as db:
        assert assignments.counts(db)["P02"].n_done == 24
    refused = run("sessions", "enrol", "P04", study=study, expect=1)
    assert "cannot be written. Give write access" in refused
    assert len(refused.splitlines()) == 1
    assert "backups/" in run("sessions", "backup", study=study, expect=1)
    assert listing(folder) == before


def count_participants(engine):
    with snapshot(engine) as db:
        return db.connection().exec_driver_sql("SELECT count(*) FROM participant").scalar()


def test_what_the_log_still_holds_is_read_too(disc, tmp_path):
    folder, close = disc
    study = fill(tmp_path / "study")
    engine = open_store(study.store_url)
    with transaction(engine) as db:
        enrol(db, "P04")
    # Copied while it was open, as a crash or an unplugged disk leaves it.
    for ending in ("", "-wal"):
        shutil.copy(study.folder / f"store.sqlite{ending}", folder / f"store.sqlite{ending}")
    engine.dispose()
    close()
    engine = open_to_read(f"sqlite:///{folder}/store.sqlite")
    assert count_participants(engine) == 4
    engine.dispose()
    assert {path.name for path in folder.iterdir()} == {"store.sqlite", "store.sqlite-wal"}


def test_an_archive_of_an_older_version_is_read_from_an_upgraded_copy(disc):
    folder, close = disc
    study = fill(folder / "study")
    go_back(study.store_url, "0040")
    close()
    engine = open_to_read(study.store_url)
    assert count_participants(engine) == 3
    engine.dispose()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_study_of_another_account_is_read_while_it_is_in_use(tmp_path):
    study = fill(tmp_path / "study")
    study.folder.chmod(0o555)
    assert count_participants(open_to_read(study.store_url)) == 3
    study.folder.chmod(0o755)


def test_the_copy_is_gone_with_its_engine(tmp_path, monkeypatch):
    from study.store.read_only import engine_of_own_copy

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
    (tmp_path / "temp").mkdir()
    study = fill(tmp_path / "study")
    engine = engine_of_own_copy(study.folder / "store.sqlite")
    assert count_participants(engine) == 3
    assert len(list((tmp_path / "temp").iterdir())) == 1
    engine.dispose()
    del engine
    import gc

    gc.collect()
    assert list((tmp_path / "temp").iterdir()) == []
