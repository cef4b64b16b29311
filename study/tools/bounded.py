"""Read files from outside within limits: of kind, size, what they unpack to, and depth."""

import errno
import json
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

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
    """Open a file that is one: no folder, no device, no pipe on which reading waits for ever.

    Parameters
    ----------
    path : Path or str
        The file.
    at_most : int
        Bytes that it may have.

    Yields
    ------
    IO of bytes
        At its first byte.

    Raises
    ------
    LimitError
        If it is another kind of thing, or larger.
    OSError
        If it cannot be opened.
    """
    # A pipe is opened at once with this flag; for files the flag means nothing.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        state = os.fstat(handle)
        if stat.S_ISDIR(state.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(state.st_mode):
            raise LimitError("it is not a file")
        require_size(state.st_size, at_most)
        with os.fdopen(handle, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(handle)


def require_size(n_bytes: int, at_most: int) -> None:
    """Raise if something has more bytes than it may.

    Parameters
    ----------
    n_bytes, at_most : int
        What it has, and what it may have.

    Raises
    ------
    LimitError
        If it has more.
    """
    if n_bytes > at_most:
        raise LimitError(
            f"it has {n_bytes / _MEGABYTE:,.1f} MB, and at most "
            f"{at_most / _MEGABYTE:,.1f} MB are read"
        )


def read_bytes(path: Path | str, at_most: int) -> bytes:
    """Read a file whole.

    Parameters
    ----------
    path : Path or str
        The file.
    at_most : int
        Bytes that it may have.

    Returns
    -------
    bytes
        Its content.

    Raises
    ------
    LimitError
        If it is larger, or no file.
    OSError
        If it cannot be read.
    """
    with open_file(path, at_most) as file:
        content = file.read(at_most + 1)
    require_size(len(content), at_most)  # it may have grown meanwhile
    return content


def parse_json(text: str | bytes) -> Any:  # noqa: ANN401
    """Parse JSON from outside.

    Parameters
    ----------
    text : str or bytes
        The text; its size has been checked.

    Returns
    -------
    object
        What it says.

    Raises
    ------
    ValueError
        If it is not JSON, is nested too deeply, or holds a number of thousands of digits.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise LimitError("it is nested too deeply") from error


def gunzip(content: bytes, at_most: int) -> bytes:
    """Unpack a gzip file that holds one member.

    Parameters
    ----------
    content : bytes
        The packed bytes.
    at_most : int
        Bytes that it may unpack to.

    Returns
    -------
    bytes
        What it holds.

    Raises
    ------
    LimitError
        If it unpacks to more, or something follows its end.
    EOFError
        If it is cut off.
    zlib.error
        If it is broken.
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

    Parameters
    ----------
    packed : ZipFile
        The archive.
    name : str
        Of the file in it.
    target : IO of bytes
        Where to write.
    at_most : int
        Bytes that it may unpack to.

    Raises
    ------
    LimitError
        If it unpacks to more.
    KeyError
        If there is no such file; `ZIP_ERRORS` has what else zipfile raises.
    """
    about = packed.getinfo(name)
    require_size(about.file_size, at_most)
    n_bytes = 0
    with packed.open(about) as member:
        while piece := member.read(1 << 20):
            n_bytes += len(piece)
            require_size(n_bytes, at_most)
            target.write(piece)
