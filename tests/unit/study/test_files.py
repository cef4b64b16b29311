import io
import tarfile

import pytest

from study.errors import StudyError
from study.tools.files import unpack_tar, written_atomically


def archive_of(*members):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, kind, link in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, link
            member.size = 2 if kind == tarfile.REGTYPE else 0
            archive.addfile(member, io.BytesIO(b"ab"))
    packed.seek(0)
    return tarfile.open(fileobj=packed)


def test_plain_files_and_folders_come_out(tmp_path):
    members = [("top", tarfile.DIRTYPE, ""), ("top/file", tarfile.REGTYPE, "")]
    with archive_of(*members) as archive:
        unpack_tar(archive, tmp_path)
    assert (tmp_path / "top" / "file").read_bytes() == b"ab"


@pytest.mark.parametrize(
    "member",
    [
        ("../out", tarfile.REGTYPE, ""),
        ("/tmp/out", tarfile.REGTYPE, ""),
        ("link", tarfile.SYMTYPE, "/etc/passwd"),
        ("link", tarfile.LNKTYPE, "../out"),
        ("pipe", tarfile.FIFOTYPE, ""),
    ],
)
def test_what_is_no_plain_file_within_the_folder_is_refused(tmp_path, member):
    inner = tmp_path / "inner"
    inner.mkdir()
    with archive_of(member) as archive, pytest.raises(tarfile.TarError, match="no plain file"):
        unpack_tar(archive, inner)
    assert list(inner.iterdir()) == []


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
