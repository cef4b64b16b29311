import ctypes
import os

import pytest

from study.config.study import Study, StudyConfig
from study.errors import ConfigError, StoreError
from study.init import init_study
from study.store import addresses, create_store, open_store, store_transaction, transaction
from study.store.addresses import absolute_url, parsed, sqlite_path, sqlite_url
from study.store.people import participants
from tests.worlds.studies import AT, enrol

ODD = ("who?", "who", "a%20b", "a b", "100%", "#1", "Übung", "back\\slash", "a&b=c", "x:y@z", "%3F")


@pytest.mark.parametrize("name", ODD)
def test_a_url_means_the_file_of_that_name(tmp_path, name):
    path = tmp_path / name / "store.sqlite"
    assert sqlite_path(sqlite_url(path)) == path
    create_store(sqlite_url(path)).dispose()
    assert sorted(p.name for p in tmp_path.iterdir()) == [name]
    open_store(sqlite_url(path)).dispose()


def test_studies_in_oddly_named_folders_have_a_store_each(tmp_path):
    for number, name in enumerate(ODD):
        study = init_study(tmp_path / name, [], AT)
        with store_transaction(study.store_url) as db:
            enrol(db, f"P{number:02d}")
    for number, name in enumerate(ODD):
        with store_transaction(Study(tmp_path / name, StudyConfig()).store_url) as db:
            assert [person.id for person in participants.listed(db)] == [f"P{number:02d}"]
    assert all((tmp_path / name / "store.sqlite").is_file() for name in ODD)


def test_what_a_person_writes_is_the_file_that_is_there(tmp_path):
    (tmp_path / "a b").mkdir()

    def meant(url):
        return sqlite_path(absolute_url(url, tmp_path))

    assert meant("sqlite:///a%20b/new.sqlite") == tmp_path / "a b/new.sqlite"
    assert meant("sqlite:///new?.sqlite") == tmp_path / "new?.sqlite"
    (tmp_path / "a%20b").mkdir()
    (tmp_path / "a%20b/old.sqlite").touch()
    assert meant("sqlite:///a%20b/old.sqlite") == tmp_path / "a%20b/old.sqlite"
    (tmp_path / "a b").rmdir()
    assert meant("sqlite:///a%20b/new.sqlite") == tmp_path / "a%20b/new.sqlite"
    assert meant(sqlite_url(tmp_path / "who?.sqlite")) == tmp_path / "who?.sqlite"


def test_other_urls_are_left_as_they_are(tmp_path):
    for url in ("postgresql+psycopg://lab:p%40w@host/s?sslmode=require", "sqlite://", "nonsense"):
        assert absolute_url(url, tmp_path) == url


@pytest.mark.parametrize(
    "url",
    ["sqlite:////a/b?c.sqlite", "sqlite://host/b.sqlite", "postgresql://host:port/x", "sqlite:x"],
)
def test_what_is_not_the_url_of_a_store_is_refused(url):
    with pytest.raises(StoreError, match="is not "):
        parsed(url)


def test_a_path_that_is_not_utf_8_is_one_line(tmp_path):
    with pytest.raises(ConfigError, match="is not UTF-8"):
        sqlite_url(tmp_path / os.fsdecode(b"\xff"))


MOUNTS = [("/", "ext4"), ("/home", "autofs"), ("/home", "nfs4"), ("/home/AB", "fuse.sshfs")]


class Partition:
    def __init__(self, mountpoint, fstype):
        self.mountpoint, self.fstype = mountpoint, fstype


@pytest.fixture
def mounted(monkeypatch, tmp_path):
    """Say which mounts the system lists, and what the kernel says of every path."""

    def say(mounts, magic):
        listed = [Partition(str(tmp_path / point.strip("/")), kind) for point, kind in mounts]
        monkeypatch.setattr(addresses.psutil, "disk_partitions", lambda **_: listed)
        monkeypatch.setattr(addresses, "magic_of", lambda path: magic)
        (tmp_path / "home/AB").mkdir(parents=True, exist_ok=True)
        return tmp_path / "home"

    return say


@pytest.mark.parametrize(
    ("magic", "kind"),
    [(0xEF53, "nfs4"), (0x6969, "nfs"), (0xFF534D42, "cifs"), (0x0187, "autofs"), (0, "nfs4")],
)
def test_a_share_behind_an_automounter_is_seen(mounted, magic, kind):
    home = mounted(MOUNTS, magic)
    assert addresses.file_system_of(home / "study/store.sqlite") == kind
    assert addresses.is_network_file_system(home / "study/store.sqlite")


def test_a_share_that_no_list_shows_or_that_a_link_leads_to_is_seen(mounted, tmp_path):
    home = mounted([("/", "overlay")], 0xFE534D42)
    assert addresses.is_network_file_system(home / "store.sqlite")
    home = mounted(MOUNTS, 0x65735546)
    (tmp_path / "link").symlink_to(home / "AB")
    assert addresses.file_system_of(tmp_path / "link/store.sqlite") == "fuse.sshfs"
    home = mounted([("/", "ext4")], 0x65735546)
    assert addresses.is_network_file_system(home / "store.sqlite")


def test_local_disks_are_no_shares(mounted, tmp_path):
    home = mounted([("/", "ext4"), ("/home", "fuseblk")], 0x65735546)
    assert not addresses.is_network_file_system(home / "store.sqlite")
    home = mounted([("/", "btrfs")], 0x9123683E)
    assert not addresses.is_network_file_system(home / "store.sqlite")


def test_the_kernel_is_asked():
    assert addresses.magic_of("/proc") == 0x9FA0
    assert addresses.file_system_of(addresses.Path("/proc/self/stat")) == "proc"
    assert ctypes.sizeof(ctypes.c_long) == 8


def test_a_transaction_works_under_such_a_name(tmp_path):
    engine = create_store(sqlite_url(tmp_path / "a?b#c.sqlite"))
    with transaction(engine) as db:
        enrol(db, "P01")
    engine.dispose()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a?b#c.sqlite"]
