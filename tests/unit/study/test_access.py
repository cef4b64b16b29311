"""Files of people are their owner's, whatever the umask; what is published is everybody's."""

import grp
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sessions.maintenance.backups import back_up_study
from sessions.maintenance.rights import access_findings
from study.config.study import storable
from study.errors import ConfigError, StoreError
from study.init import init_study, protect
from study.store import open_store, snapshot, transaction, upgrade_store
from study.store.addresses import parsed
from study.tools import access
from study.tools.access import Readers
from study.tools.files import written_atomically
from study.tools.wording import without_password
from tests.paths import ROOT
from tests.worlds.studies import AT, enrol, go_back

SECRET = "s3cr:t/p@ss"


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request):
    """An account's umask."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_study_is_its_owners_whatever_the_umask(tmp_path, umask):
    study = init_study(tmp_path / "study", [], AT)
    engine = open_store(study.store_url)
    with transaction(engine) as db:
        enrol(db, "P01")
        beside = {path.name for path in study.folder.glob("store.sqlite-*")}
        assert beside == {"store.sqlite-wal", "store.sqlite-shm"}
        for path in study.folder.iterdir():
            assert mode(path) == 0o600, path
    engine.dispose()
    assert mode(study.folder) == 0o700
    backup, _ = back_up_study(study, None, overwrite=False, at=AT)
    elsewhere, _ = back_up_study(study, tmp_path / "stick" / "b.sqlite", overwrite=False, at=AT)
    assert [mode(path) for path in (backup.parent, backup, elsewhere.parent, elsewhere)] == [
        0o700,
        0o600,
    ] * 2


def test_published_files_can_be_read_by_everybody(tmp_path, umask):
    for readers, wanted in (
        (Readers.EVERYBODY, 0o644),
        (Readers.OWNER, 0o600),
        (Readers.UMASK, 0o666 & ~umask),
    ):
        with written_atomically(tmp_path / readers.name, readers=readers) as part:
            assert mode(part) == 0o600
        assert mode(tmp_path / readers.name) == wanted


@pytest.fixture
def group():
    """A group that this account can give files to, and is not its first one."""
    others = [g for g in os.getgroups() if g != os.getegid()]
    if os.geteuid() == 0:
        others.append(grp.getgrnam("users").gr_gid)
    if not others:
        pytest.skip("this account is in one group only")
    return grp.getgrgid(others[0]).gr_name


def test_a_lab_that_shares_a_study_names_a_group(tmp_path, umask, group):
    study = init_study(tmp_path / "study", [f'desk.group="{group}"'], AT)
    assert mode(study.folder) == 0o2770
    engine = open_store(study.store_url)
    with transaction(engine) as db:
        enrol(db, "P01")
        for path in (study.folder, *study.folder.iterdir()):
            assert path.group() == group, path
            assert path.is_dir() or mode(path) == 0o660, path
    with snapshot(engine) as db:
        assert list(access_findings(db, study)) == []
    engine.dispose()
    backup, _ = back_up_study(study, None, overwrite=False, at=AT)
    assert (mode(backup.parent), mode(backup), backup.group()) == (0o2770, 0o660, group)


def test_a_group_that_is_none_is_named_and_nothing_is_made(tmp_path):
    with pytest.raises(ConfigError, match="'no-such-lab' is not a group of this machine"):
        init_study(tmp_path / "new" / "study", ['desk.group="no-such-lab"'], AT)
    assert not any(tmp_path.iterdir())


def test_an_older_study_is_found_open_and_protected_without_its_clips(tmp_path):
    study = init_study(tmp_path / "study", [], AT)
    clip = study.mit_root / "training" / "a.mp4"
    clip.parent.mkdir(parents=True)
    clip.touch(mode=0o644)
    (study.folder / "logs").mkdir()
    (study.folder / "logs" / "a.log").touch()
    for path in (study.folder, study.folder / "logs"):
        path.chmod(0o755)
    for path in (study.folder / "store.sqlite", study.folder / "logs" / "a.log", clip):
        path.chmod(0o644)
    engine = open_store(study.store_url)
    with snapshot(engine) as db:
        found = list(access_findings(db, study))
        assert [line.split(" can be")[0].rpartition("/")[2] for line in found] == [
            "a.log",
            "store.sqlite",
            "store.sqlite-shm",
            "store.sqlite-wal",
        ]
        assert protect(study) == 6
        assert list(access_findings(db, study)) == []
    engine.dispose()
    assert mode(clip) == 0o644


def test_where_a_file_system_has_no_modes_it_is_said_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(type(tmp_path), "chmod", lambda *_: None)  # as on vfat
    monkeypatch.setattr(access, "_told", set())
    path = tmp_path / "file"
    path.touch()
    os.chmod(path, 0o755)  # noqa: PTH101
    for _ in range(2):
        access.set_mode(path, 0o600)
    told = capsys.readouterr().err
    assert told.count("notice: ") == 1
    assert "file system without permissions" in told


@given(some.text(some.characters(min_codepoint=32, max_codepoint=126), min_size=1))
def test_no_password_is_left_in_a_url(password):
    password = password.replace("?", "x").replace("&", "x").replace(";", "x")
    shown = without_password(f"postgresql+psycopg://ada:{password}@host/study")
    assert shown == "postgresql+psycopg://ada:***@host/study"
    assert without_password(shown) == shown


def test_paths_and_urls_without_a_password_stay_as_they_are():
    for url in (
        "sqlite:////lab/a:b@c/store.sqlite",
        "postgresql+psycopg://lab@host:5432/study",
        "postgresql:///study?host=/run",
        "no store at /lab/x.sqlite: make one",
    ):
        assert without_password(url) == url


def refusal(url):
    with pytest.raises(StoreError) as error:
        parsed(url)
    for part in (SECRET, "s3cr", "p@", "@ss"):
        assert part not in str(error.value)
    return str(error.value)


def test_a_password_is_in_no_message_and_in_no_kept_configuration(tmp_path):
    url = f"postgresql+psycopg://ada:{SECRET}@host/study?sslpassword={SECRET}"
    study = init_study(tmp_path / "study", [], AT)
    config = study.config.model_copy(update={"store": url})
    assert SECRET not in str(storable(config))
    assert "write it there as %40" in refusal(url).lower()
    for wrong in (url.replace("://", ":/"), url.replace("psycopg", "mysql"), f"ada:{SECRET}@host"):
        assert SECRET not in refusal(wrong)


def test_an_upgrade_masks_the_passwords_that_an_older_version_kept(tmp_path):
    study = init_study(tmp_path / "study", [], AT)
    path = study.folder / "store.sqlite"
    go_back(study.store_url, "0040")
    kept_before = f'{{"config": {{"store": "postgresql://ada:{SECRET}@host/study"}}, "n": 1}}'
    with closing(sqlite3.connect(path)) as older, older:
        older.execute("INSERT INTO participant VALUES ('P01', 'human', '2026-01-05', NULL, NULL)")
        older.execute(
            "INSERT INTO protocol_version VALUES (1, 'x', ?, '2026-01-05', 1)", (kept_before,)
        )
        columns = "id, participant_id, phase, attempt, stage, started_at, heartbeat_at, ended_at, "
        older.execute(
            f"INSERT INTO session ({columns} host, pid, protocol_version_id, rig) VALUES ('s', "
            "'P01', 'training', 1, 'window', '2026', '2026', '2026', 'h', 1, 1, ?)",
            (kept_before,),
        )
    done = upgrade_store(study.store_url)
    assert mode(done.backup) == 0o600
    with closing(sqlite3.connect(path)) as now:
        for query in ("SELECT rig FROM session", "SELECT config FROM protocol_version"):
            (row,) = now.execute(query)
            assert row == (kept_before.replace(SECRET, "***"),)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_password_on_the_command_line_is_not_listed(tmp_path):
    url = f"postgresql+psycopg://ada:{SECRET}@host/study"
    code = (
        "from study.processes.title import hide_passwords; hide_passwords(); "
        "print(open('/proc/self/cmdline').read())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--store", url, "--by", "AB"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert SECRET not in done.stdout
    assert "postgresql+psycopg://ada:***@host/study" in done.stdout
    assert "--by\0AB" in done.stdout
    assert "seen by every account" in done.stderr
