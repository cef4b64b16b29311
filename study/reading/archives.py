"""Unpack archives from outside: plain files only, inside one folder, within limits."""

import io
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from study.reading.bounded import LimitError, open_file

# What tarfile raises for archives that are broken or made to break it.
TAR_ERRORS = (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, RecursionError)

_LARGEST = 1 << 40
_LARGEST_PIECE = 1 << 27
_LONGEST_HEAD = 1 << 20  # of what stands between two files, such as their long names
_PIECE = 1 << 16


class Readable(Protocol):
    """What gives its bytes from the first to the last."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, fewer at the end."""


def unpack_tar(file: Readable, folder: Path, *, n_files: int, n_bytes: int) -> None:
    """Unpack an archive that is not packed any more.

    Python 3.11.2, which Debian 12 has, knows no extraction filters yet.

    Raises LimitError if it holds more, a link, a device, a file with holes, a file twice, or one
    outside the folder; `TAR_ERRORS` has what else is raised.

    Parameters
    ----------
    file : Readable
        The archive: a file, or a stream that unpacks one.
    folder : Path
        Where to unpack; it exists.
    """
    root, seen = folder.resolve(), set[Path]()
    with tarfile.open(fileobj=_Forward(file, n_bytes), mode="r:") as archive:
        for number, member in enumerate(archive):
            if number >= n_files:
                raise LimitError(f"it holds more than {n_files} files")
            target = (root / member.name).resolve()
            if target in seen and member.isfile():
                raise LimitError(f"it holds {member.name[:200]!r} twice")
            seen.add(target)
            _unpack(archive, member, target, root)


@contextmanager
def seekable_tar(path: Path) -> Iterator[tarfile.TarFile]:
    """Open an archive that is not packed, to look at its heads without reading its files.

    Raises LimitError if it is not a plain file, or while it is read where a head is longer than any
    name; `TAR_ERRORS` has what else is raised.
    """
    with (
        open_file(path, _LARGEST) as file,
        tarfile.open(fileobj=_ShortHeads(file), mode="r:") as archive,
    ):
        yield archive


class _ShortHeads(io.RawIOBase):
    """A file of which nobody reads more at once than a head has, or a record."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, place: int, whence: int = 0) -> int:
        return self._file.seek(place, whence)

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _LARGEST_PIECE:
            raise LimitError(f"it has a head of {size} bytes")
        return self._file.read(size)


def _unpack(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path, root: Path) -> None:
    is_plain = member.isdir() or (member.isreg() and not member.issparse())
    if not is_plain or not target.is_relative_to(root) or member.size < 0:
        raise LimitError(f"{member.name[:200]!r} is not a plain file inside the archive's folder")
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    source = archive.extractfile(member)
    if source is None:
        raise LimitError(f"{member.name[:200]!r} is not a plain file")
    left = member.size
    with source, target.open("xb") as file:
        while left and (piece := source.read(min(_PIECE, left))):
            file.write(piece)
            left -= len(piece)
    if left:
        raise EOFError("it ends within a file")


class _Forward(io.RawIOBase):
    """A stream that is read from its beginning to its end, in pieces, and no further.

    tarfile reads heads whole, however long they say they are, and jumps where they tell it to.
    """

    def __init__(self, file: Readable, n_bytes: int) -> None:
        self._file, self._left, self._at = file, n_bytes, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _LONGEST_HEAD:
            raise LimitError(f"it has a head of {size} bytes")
        found = self._file.read(size)
        self._at += len(found)
        self._left -= len(found)
        if self._left < 0:
            raise LimitError("it unpacks to more than is read of such an archive")
        return found

    def seek(self, place: int, whence: int = 0) -> int:
        if whence != 0 or place < self._at:
            raise LimitError("it is not in order")
        while self._at < place and self.read(min(_PIECE, place - self._at)):
            pass
        return self._at
