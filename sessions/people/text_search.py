"""Files that still know an id: by their name, their text or what they have packed."""

import os
import stat
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from mmap import ACCESS_READ, mmap
from pathlib import Path

from sessions.people import unpacking
from study.store import maintenance
from study.tools.wording import counted

# What holds pictures, sound or numbers and no words; its name is looked at.
_WITHOUT_WORDS = {
    ".mp4", ".mov", ".mkv", ".webm", ".avi", ".wav", ".flac", ".mp3", ".tfrecord", ".onnx", ".h5",
    ".keras", ".bin", ".param", ".npy", ".npz", ".pyc", ".ttf",
}  # fmt: skip
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")
_DUMP = b"PGDMP"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is looked through before a search gives up and says so."""

    n_files: int = 50_000
    seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Trace:
    """A file that knows an id.

    Parameters
    ----------
    where : str
        What in it knows the id.
    n_ratings : int or None
        Where it is a copy of a store: how many ratings of the person it holds.
    is_certain : bool
        False where it could not be looked into.
    """

    path: Path
    where: str
    n_ratings: int | None = None
    is_certain: bool = True


@dataclass(slots=True)
class Search:
    """What a search found, and how far it came.

    Parameters
    ----------
    traces : list of Trace
        In the order of paths.
    stopped : str
        Why it did not come to the end; empty where it did.
    """

    traces: list[Trace] = field(default_factory=list)
    n_files: int = 0
    stopped: str = ""


def search(
    folder: Path,
    word: str,
    *,
    leave: Collection[Path] = (),
    bounds: Bounds = Bounds(),
    clock: Callable[[], float] = time.monotonic,
) -> Search:
    """Look through a folder for files that know a word.

    Parameters
    ----------
    word : str
        A participant's id; a longer word that it is a part of does not count.
    leave : collection of Path
        Files and folders that are not looked at.
    clock : callable
        Seconds.
    """
    found, begun = Search(), clock()
    for path in _files(folder, {path.resolve() for path in leave}):
        if found.n_files >= bounds.n_files:
            found.stopped = counted(bounds.n_files, "file")
        elif clock() - begun > bounds.seconds:
            found.stopped = f"{bounds.seconds:g} s and {counted(found.n_files, 'file')}"
        if found.stopped:
            break
        found.n_files += 1
        found.traces += _traces(path, word)
    return found


def _files(folder: Path, leave: set[Path]) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        here = Path(root)
        folders[:] = sorted(name for name in folders if (here / name).resolve() not in leave)
        for path in (here / name for name in sorted(names)):
            if path.resolve() not in leave:
                yield path


def _traces(path: Path, word: str) -> list[Trace]:
    if knows(path.name.upper().encode(), word.upper()):
        return [Trace(path, "its name")]
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode) or not state.st_size:
            return []
        with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
            return _in_content(path, content, word)
    except OSError as error:
        if not path.is_symlink():
            return [Trace(path, error.strerror or "it cannot be read", is_certain=False)]
        return []


def _in_content(path: Path, content: mmap, word: str) -> list[Trace]:
    if content[: len(unpacking.SQLITE)] == unpacking.SQLITE:
        held = maintenance.n_ratings_in(path, word)
        if held is not None and held >= 0:
            return [Trace(path, "its rows", n_ratings=held)]
    if content[: len(_DUMP)] == _DUMP:
        return [Trace(path, "a back-up of PostgreSQL", is_certain=False)]
    if path.suffix.lower() in _WITHOUT_WORDS:
        return []
    if knows(content, word):
        return [Trace(path, "its text")]
    parts = unpacking.parts(content)
    try:
        if any(knows(part, word) for part in parts):
            return [Trace(path, "its text")]
    except unpacking.UNREADABLE as error:
        return [Trace(path, f"it cannot be unpacked: {error}", is_certain=False)]
    return []


def knows(content: bytes | mmap, word: str) -> bool:
    """Return whether a word stands in bytes, in any encoding that texts and tables have.

    Returns False where it is only a part of a longer word.

    `content`: a text, or anything with texts in it.

    Examples
    --------
    >>> knows(b"2026_P03_training", "P03"), knows(b"P031", "P03")
    (True, False)
    """
    return any(_stands_in(content, word.encode(encoding)) for encoding in _ENCODINGS)


def _stands_in(content: bytes | mmap, encoded: bytes) -> bool:
    width = 1 if b"\0" not in encoded else 2
    at = content.find(encoded)
    while at >= 0:
        before = content[max(0, at - width) : at].replace(b"\0", b"")
        after = content[at + len(encoded) : at + len(encoded) + width].replace(b"\0", b"")
        if not before.isalnum() and not after.isalnum():
            return True
        at = content.find(encoded, at + 1)
    return False
