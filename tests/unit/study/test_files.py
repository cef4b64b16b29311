import os
from pathlib import Path

import pytest

from study.errors import StudyError
from study.tools.files import named_errors, sha256_of, written_atomically


def test_a_file_whose_writing_fails_is_as_it_was(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), written_atomically(path) as part:
        part.write_text(str(1 / 0))
    assert [file.read_text() for file in tmp_path.iterdir()] == ["old"]


def test_an_existing_file_is_replaced_only_when_told_to(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(StudyError, match="--overwrite"), written_atomically(path, overwrite=False):
        pass
    with written_atomically(path) as part:
        part.write_text("new")
    assert path.read_text() == "new"


@pytest.fixture
def calls(monkeypatch):
    """What is asked of the operating system, in order, with what the target holds meanwhile."""
    made, target = [], {}
    fsync, replace = os.fsync, os.replace

    def noted(name, place):
        text = target["path"].read_text() if target["path"].is_file() else None
        made.append((name, "target" if place == target["path"] else place.suffix, text))

    def fsync_noted(handle):
        noted("fsync", Path(f"/proc/self/fd/{handle}").readlink())
        fsync(handle)

    def replace_noted(source, to):
        assert Path(source).parent == target["path"].parent  # on one disk
        noted("replace", Path(to))
        replace(source, to)

    monkeypatch.setattr(os, "fsync", fsync_noted)
    monkeypatch.setattr(os, "replace", replace_noted)
    return made, target


@pytest.mark.parametrize("old", ["old", None])
def test_a_file_is_on_the_disk_before_it_has_its_name_and_its_folder_after(tmp_path, calls, old):
    made, target = calls
    path = target["path"] = tmp_path.resolve() / "table.csv"
    if old is not None:
        path.write_text(old)
    with written_atomically(path) as part:
        part.write_text("new")
        assert made == []
    assert made == [("fsync", ".csv", old), ("replace", "target", old), ("fsync", "", "new")]


def test_a_folder_is_made_and_a_file_is_not_taken_for_one(tmp_path):
    path = tmp_path / "a" / "b" / "table.csv"
    with written_atomically(path) as part:
        part.write_text("new")
        assert (part.parent, part.suffix) == (path.parent, ".csv")
    assert [file.name for file in path.parent.iterdir()] == ["table.csv"]
    with pytest.raises(StudyError, match="is a file, not a folder"), written_atomically(path / "x"):
        pass
    with (
        pytest.raises(StudyError, match=r"is a folder\. Name a file in it"),
        written_atomically(tmp_path),
    ):
        pass


def test_a_place_that_cannot_be_written_is_said_before_the_work(tmp_path, monkeypatch):
    def full(**_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    path = tmp_path / "table.csv"
    with pytest.raises(StudyError) as caught, written_atomically(path):
        pass
    assert str(caught.value) == (
        f"{path} cannot be written: No space left on device. Make room, give access or name "
        "another place"
    )


def test_an_error_of_the_disk_names_the_file_and_keeps_a_name_that_it_has(tmp_path):
    path = tmp_path / "table.csv"
    with pytest.raises(OSError, match="full") as caught, named_errors(path):
        raise OSError(28, "full")
    assert caught.value.filename == str(path)
    with pytest.raises(OSError, match="full") as caught, named_errors(path):
        raise OSError(28, "full", "other")
    assert caught.value.filename == "other"
    with pytest.raises(OSError, match="odd") as caught, named_errors(path):
        raise OSError("odd")
    assert caught.value.filename is None


def test_a_digest_is_that_of_the_content(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of(tmp_path / "a") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
