"""Open and unpack files from outside within limits: of kind, size and what they unpack to."""

import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from study.reading.text import plain_file

_GZIP = 31  # zlib's number for a gzip head and its checksum at the end
_MEGABYTE = 1_000_000

# What zipfile raises for archives that are broken, encrypted or packed in an unknown way.
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    EOFError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


class LimitError(ValueError):
    """A file holds more than it may, or is none; the message begins with "it"."""


@contextmanager
def open_file(path: Path | str, at_most: int) -> Iterator[IO[bytes]]:
    """Open a file that is one and of bounded size, to read it piece by piece.

    Yields at its first byte. Raises LimitError if it is another kind of thing, or larger. Raises
    OSError if it cannot be opened.

    `at_most`: bytes that it may have.
    """
    with plain_file(path, lambda kind: LimitError(f"it is {kind}")) as file:
        require_size(os.fstat(file.fileno()).st_size, at_most)
        yield file


def require_size(n_bytes: int, at_most: int) -> None:
    """Raise if something has more bytes than it may.

    Raises LimitError if it has more.

    `n_bytes` and `at_most`: what it has, and what it may have.
    """
    if n_bytes > at_most:
        raise LimitError(
            f"it has {n_bytes / _MEGABYTE:,.1f} MB, and at most "
            f"{at_most / _MEGABYTE:,.1f} MB are read"
        )


def gunzip(content: bytes, at_most: int) -> bytes:
    """Unpack a gzip file that holds one member.

    Raises LimitError if it unpacks to more, or something follows its end. Raises EOFError if it is
    cut off. Raises zlib.error if it is broken.

    Parameters
    ----------
    content : bytes
        The packed bytes.
    at_most : int
        Bytes that it may unpack to.
    """
    unpacker = zlib.decompressobj(_GZIP)
    found = unpacker.decompress(content, at_most + 1)
    if len(found) > at_most:
        raise LimitError(f"it unpacks to more than {at_most / _MEGABYTE:,.1f} MB")
    if not unpacker.eof:
        raise EOFError("it is cut off")
    if unpacker.unused_data.strip(b"\0"):
        raise LimitError("something follows its end")
    return found


def copy_member(packed: zipfile.ZipFile, name: str, target: IO[bytes], at_most: int) -> None:
    """Copy a file out of a zip archive.

    Raises LimitError if it unpacks to more. Raises KeyError if there is no such file; `ZIP_ERRORS`
    has what else zipfile raises.

    `at_most`: bytes that it may unpack to.
    """
    about = packed.getinfo(name)
    require_size(about.file_size, at_most)
    n_bytes = 0
    with packed.open(about) as member:
        while piece := member.read(1 << 20):
            n_bytes += len(piece)
            require_size(n_bytes, at_most)
            target.write(piece)
