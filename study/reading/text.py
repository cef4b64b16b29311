"""Read what people and other programs wrote: whole and well formed, or refused in one line.

Everything else that reads a text file goes through here, so that a pipe, a folder, another
encoding, a cell of a megabyte or a number of 5,000 digits is met once. A message names the file
and the line, what is wrong, and what to do.
"""

import codecs
import json
import os
import stat
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

from study.errors import ConfigError, StudyError
from study.processes.machine import READ_ONLY

LARGEST_TEXT = 2**28  # bytes: all 800,000 rows of the lists of Moments in Time have a fifth of it
LARGEST_SETTINGS = 2**24  # bytes of a TOML, JSON or YAML file, which is parsed as a whole
_PIECE = 2**20
_Parsed = TypeVar("_Parsed")
# UTF-32 first: the mark of its little-endian form begins with that of UTF-16.
_OTHER_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_KINDS = {
    stat.S_IFDIR: "a folder. Name a file in it",
    stat.S_IFIFO: "a pipe. Save what it carries and name that file",
    stat.S_IFSOCK: "a socket. Name a file",
    stat.S_IFCHR: "a device. Name a file",
    stat.S_IFBLK: "a device. Name a file",
}


def read_bytes(
    path: Path,
    *,
    error: type[StudyError] = ConfigError,
    missing: str = "Name another file",
    largest: int = LARGEST_TEXT,
) -> bytes:
    """Read a plain file of bounded size.

    Parameters
    ----------
    missing : str
        What to do where there is no such file, as the end of a message.
    largest : int
        How many bytes it may have.

    Raises
    ------
    StudyError
        As `error`: if it is missing, a folder, a pipe or a device, too large, or unreadable.
    """
    try:
        with plain_file(path, lambda kind: error(f"{path} is {kind}")) as file:
            content = _at_most(file, largest + 1)
    except (FileNotFoundError, NotADirectoryError) as reason:
        raise error(f"no file {path}. {missing}") from reason
    except OSError as reason:
        raise error(f"{path} cannot be read: {reason.strerror}. Give access to it") from reason
    except ValueError as reason:  # a NUL or half a character in the name
        raise error(f"{str(path)!r} cannot be the name of a file. {missing}") from reason
    if len(content) > largest:
        raise error(f"{path} has more than {largest:,} bytes. Is it the file that was meant?")
    return content


def _at_most(file: IO[bytes], n_bytes: int) -> bytes:
    # Piece by piece: for all of them at once, memory would be set aside that no file here fills.
    pieces = []
    while n_bytes and (piece := file.read(min(n_bytes, _PIECE))):
        pieces.append(piece)
        n_bytes -= len(piece)
    return b"".join(pieces)


@contextmanager
def plain_file(path: Path | str, refusal: Callable[[str], Exception]) -> Iterator[IO[bytes]]:
    """Open a file that is one: no folder, no device, no pipe on which reading waits for ever.

    Yields at its first byte. Raises OSError if it cannot be opened.

    Parameters
    ----------
    refusal : callable
        Takes what it is instead, with what to do, and returns what to raise.
    """
    handle = os.open(path, READ_ONLY)
    try:
        kind = stat.S_IFMT(os.fstat(handle).st_mode)
        if kind in _KINDS:
            raise refusal(_KINDS[kind])
        with os.fdopen(handle, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(handle)


def read_text(
    path: Path,
    *,
    error: type[StudyError] = ConfigError,
    missing: str = "Name another file",
    largest: int = LARGEST_TEXT,
) -> str:
    r"""Read a text file in UTF-8, with or without a byte order mark.

    Parameters
    ----------
    path, error, missing, largest
        As for `read_bytes`.

    Returns
    -------
    str
        The text; every line ends in ``\n``.

    Raises
    ------
    StudyError
        As `error`: as `read_bytes`, or if it is in another encoding or holds a NUL.
    """
    text = decoded(read_bytes(path, error=error, missing=missing, largest=largest), path, error)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_toml(
    path: Path, *, error: type[StudyError] = ConfigError, missing: str = "Name another file"
) -> dict[str, Any]:
    """Read a TOML file.

    `path`, `error` and `missing`: as for `read_bytes`.

    Raises
    ------
    StudyError
        As `error`: as `read_text`, or if it is not TOML.
    """
    text = read_text(path, error=error, missing=missing, largest=LARGEST_SETTINGS)
    return parsed(text, tomllib.loads, source=str(path), kind="TOML", error=error)


def read_json(
    path: Path, *, error: type[StudyError] = ConfigError, missing: str = "Name another file"
) -> Any:  # noqa: ANN401
    """Read a JSON file.

    `path`, `error` and `missing`: as for `read_bytes`.

    Raises
    ------
    StudyError
        As `error`: as `read_text`, or if it is not JSON that can be written again.
    """
    text = read_text(path, error=error, missing=missing, largest=LARGEST_SETTINGS)
    return parsed(text, json_of, source=str(path), kind="JSON", error=error)


def json_of(text: str | bytes) -> Any:  # noqa: ANN401
    """Parse JSON that can be written again: no NaN, no infinity, no half characters.

    Raises ValueError if it is not. Raises RecursionError if it is nested too deeply.
    """
    content = json.loads(text)
    json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    return content


def parsed(
    text: str,
    parse: Callable[[str], _Parsed],
    *,
    source: str,
    kind: str,
    error: type[StudyError] = ConfigError,
    refusals: tuple[type[Exception], ...] = (),
) -> _Parsed:
    """Parse text that comes from outside.

    Returns what `parse` returned.

    Parameters
    ----------
    kind : str
        What it should be, such as ``"TOML"``.
    refusals : tuple of exception types
        What `parse` raises beside ValueError and RecursionError.

    Raises
    ------
    StudyError
        As `error`, if `parse` refuses it.
    """
    # ValueError: numbers of 5,000 digits, too
    expected: tuple[type[Exception], ...] = (ValueError, *refusals)
    try:
        return parse(text)
    except RecursionError as reason:
        raise error(f"{source} is nested too deeply to be {kind}. Correct it") from reason
    except expected as reason:
        why = " ".join(str(reason).split())[:200] or type(reason).__name__
        raise error(f"{source} is not {kind}: {why}. Correct it") from reason


def decoded(content: bytes, path: Path, error: type[StudyError]) -> str:
    """Return the text of a file's content.

    Returns the text without a byte order mark, its line ends as they are.

    Raises
    ------
    StudyError
        As `error`: if it is in another encoding or holds a NUL.
    """
    for mark, name in _OTHER_MARKS.items():
        if content.startswith(mark):
            raise error(f"{path} is {name} text. Save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as reason:
        line = content.count(b"\n", 0, reason.start) + 1
        found = f"byte {content[reason.start]:#04x}"
        raise error(f"{path}, line {line}: {found} is not UTF-8 text. Save it as UTF-8") from reason
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise error(f"{path}, line {line} holds a NUL, which no text has. Save it as UTF-8 text")
    return text
