"""Files from outside are read within limits, and refused in one line beyond them."""

import gzip
import io
import os
import resource
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from study.errors import StudyError
from study.reading.archives import TAR_ERRORS, unpack_tar
from study.reading.arrays import map_array, read_array, write_head
from study.reading.bounded import LimitError, copy_member, gunzip, open_file
from study.tools.files import own_folder


def archive_of(*members, sizes=2):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, kind, link in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, link
            member.size = sizes if kind == tarfile.REGTYPE else 0
            archive.addfile(member, io.BytesIO(b"ab" * sizes))
    packed.seek(0)
    return packed


def unpack(packed, folder, *, n_files=10, n_bytes=1_000_000):
    folder.mkdir(exist_ok=True)
    unpack_tar(packed, folder, n_files=n_files, n_bytes=n_bytes)


def test_plain_files_and_folders_come_out(tmp_path):
    members = [("top", tarfile.DIRTYPE, ""), ("top/file", tarfile.REGTYPE, "")]
    unpack(archive_of(*members), tmp_path)
    assert (tmp_path / "top" / "file").read_bytes() == b"ab"


@pytest.mark.parametrize("size", [0, 511, 512, 513, 100_000])
def test_files_of_any_size_come_out_whole(tmp_path, size):
    members = [(f"top/{n}", tarfile.REGTYPE, "") for n in range(3)]
    unpack(archive_of(*members, sizes=size), tmp_path)
    for n in range(3):
        assert (tmp_path / "top" / str(n)).read_bytes() == (b"ab" * size)[:size]


@pytest.mark.parametrize(
    "member",
    [
        ("../out", tarfile.REGTYPE, ""),
        ("/tmp/out", tarfile.REGTYPE, ""),
        ("link", tarfile.SYMTYPE, "/etc/passwd"),
        ("link", tarfile.LNKTYPE, "../out"),
        ("pipe", tarfile.FIFOTYPE, ""),
        ("device", tarfile.CHRTYPE, ""),
    ],
)
def test_what_is_no_plain_file_within_the_folder_is_refused(tmp_path, member):
    with pytest.raises(LimitError, match="not a plain file"):
        unpack(archive_of(member), tmp_path / "inner")
    assert list((tmp_path / "inner").iterdir()) == []


def test_an_archive_may_not_hold_more_than_is_allowed(tmp_path):
    many = [(f"top/{n}", tarfile.REGTYPE, "") for n in range(5)]
    with pytest.raises(LimitError, match="more than 4 files"):
        unpack(archive_of(*many), tmp_path / "a", n_files=4)
    with pytest.raises(LimitError, match="unpacks to more"):
        unpack(archive_of(*many, sizes=9000), tmp_path / "b", n_bytes=20_000)
    with pytest.raises(LimitError, match="twice"):
        unpack(archive_of(many[0], many[0]), tmp_path / "c")


def header(kind, size, name=b"x", **changes):
    info = tarfile.TarInfo(name.decode())
    info.type = kind
    block = bytearray(info.tobuf(tarfile.USTAR_FORMAT))
    block[124:136] = size if isinstance(size, bytes) else b"%011o\0" % size
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


MALICE = {
    "a head of gigabytes": header(tarfile.XHDTYPE, 2 << 30) + bytes(4096),
    "a name of gigabytes": header(tarfile.GNUTYPE_LONGNAME, 2 << 30) + bytes(4096),
    "heads without end": header(tarfile.XHDTYPE, 0) * 3000,
    "a negative size": header(tarfile.REGTYPE, b"\xff" * 12) + bytes(1024),
    "a number of thousands of digits": header(tarfile.XHDTYPE, 9 * 512)
    + (b"9" * 4500 + b" path=x\n").ljust(9 * 512, b"\0")
    + header(tarfile.REGTYPE, 0),
    "a file with holes": header(tarfile.GNUTYPE_SPARSE, 512) + bytes(2048),
    "a file that is not there": header(tarfile.REGTYPE, 1 << 20) + b"x" * 512,
    "no archive": b"no archive",
}


@pytest.mark.parametrize("name", MALICE)
def test_an_archive_made_to_break_its_reader_is_refused(name, tmp_path):
    with pytest.raises(TAR_ERRORS):
        unpack(io.BytesIO(MALICE[name]), tmp_path)


def test_a_packed_file_that_is_small_and_unpacks_to_gigabytes_is_refused(tmp_path):
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < 60_000
    with pytest.raises(LimitError, match=r"unpacks to more than 1\.0 MB"):
        gunzip(bomb, 1_000_000)
    assert gunzip(bomb, 50_000_000) == bytes(50_000_000)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("x", bytes(5_000_000))
    with (
        zipfile.ZipFile(tmp_path / "bomb.zip") as packed,
        pytest.raises(LimitError, match=r"5\.0 MB"),
    ):
        copy_member(packed, "x", io.BytesIO(), 1_000_000)


def test_gzip_files_are_one_whole_member():
    whole = gzip.compress(b"content")
    assert gunzip(whole, 100) == b"content"
    for broken, error in ((whole[:-1], EOFError), (b"", EOFError), (b"none", zlib.error)):
        with pytest.raises(error):
            gunzip(broken, 100)
    with pytest.raises(zlib.error):
        gunzip(whole[:-5] + b"x" + whole[-4:], 100)
    with pytest.raises(LimitError, match="follows its end"):
        gunzip(whole * 2, 100)


def test_only_files_are_read_and_only_of_the_size_that_they_may_have(tmp_path):
    (tmp_path / "file").write_bytes(b"12345")
    with open_file(tmp_path / "file", 5) as file:
        assert file.read() == b"12345"
    os.mkfifo(tmp_path / "pipe")
    others = {tmp_path / "file": "has 0.0 MB", tmp_path / "pipe": "is a pipe"}
    others |= {Path("/dev/zero"): "is a device", tmp_path: "is a folder"}
    for other, said in others.items():
        with pytest.raises(LimitError, match=f"it {said}"), open_file(other, 4):
            pass


def npy(array):
    packed = io.BytesIO()
    np.save(packed, array)
    return packed.getvalue()


def test_arrays_are_mapped_and_read_as_numpy_writes_them(tmp_path):
    array = np.arange(6, dtype="<f4").reshape(2, 3)
    path = tmp_path / "a.npy"
    path.write_bytes(npy(array))
    np.testing.assert_array_equal(map_array(path, "<f4", (2, 3)), array)
    np.testing.assert_array_equal(read_array(io.BytesIO(npy(array)), "<f4", (2, 3), 24), array)
    assert read_array(io.BytesIO(npy(np.array("text"))), "U", (), 100)[()] == "text"
    with path.open("wb") as file:
        write_head(file, "<f4", (2, 3))
        file.write(array.tobytes())
    assert path.read_bytes() == npy(array)


@pytest.mark.parametrize(
    "content",
    [
        npy(np.array([len], dtype=object)),
        npy(np.zeros((2, 3), "<f8")),
        npy(np.zeros((3, 2), "<f4")),
        npy(np.asfortranarray(np.zeros((2, 3), "<f4"))),
        npy(np.zeros(6, [("a", "<f4")])),
        npy(np.zeros((2, 3), "<f4"))[:-1],
        npy(np.zeros((2, 3), "<f4")) + b"x",
        npy(np.zeros((2, 3), "<f4")).replace(b"(2, 3)", b"(9999999999999, 3)"),
        b"\x93NUMPY\x01\x00\xff\x7f" + b"-" * 40_000,
        b"",
    ],
)
def test_an_array_of_another_kind_is_refused_before_it_is_read(content, tmp_path):
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(LimitError):
        map_array(tmp_path / "a.npy", "<f4", (2, 3))
    with pytest.raises(LimitError):
        read_array(io.BytesIO(content), "<f4", (2, 3), 24)


def test_the_cache_is_the_users_own(tmp_path, monkeypatch):
    monkeypatch.setenv("AVMIT_CACHE", str(tmp_path / "cache"))
    folder = own_folder("packed")
    assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
    folder.chmod(0o777)
    with pytest.raises(StudyError, match=r"others can write into .*packed"):
        own_folder("packed")
    folder.rmdir()
    folder.write_text("a file")
    with pytest.raises(StudyError, match=r"packed cannot be used: File exists"):
        own_folder("packed")


def test_reading_leaves_the_memory_as_it_was():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(LimitError):
        read_array(io.BytesIO(npy(np.zeros(3))[:80].ljust(128)), "<f8", (10**11,), 100)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
