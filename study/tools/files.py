"""Files: written at once or not at all, their digests, and the user's cache for some of them."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from study.errors import StudyError
from study.processes.machine import belongs_to_others
from study.tools.access import Readers, make_own_folder, set_mode

CACHE_VARIABLE = "AVMIT_CACHE"
_OTHERS_MAY_WRITE = 0o002


@contextmanager
def written_atomically(
    path: Path, *, overwrite: bool = True, readers: Readers = Readers.UMASK
) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` when the block ends without an error.

    The file is flushed to the disk before it takes its name, so that a reader finds the old
    file, the new file or none, never a part of one.

    Parameters
    ----------
    path : Path
        The file to write; its folder is made if need be.
    overwrite : bool
        Whether an existing file may be replaced.
    readers : Readers
        Who may read it; until it takes its name, only its owner can.

    Yields
    ------
    Path
        Where to write.

    Raises
    ------
    StudyError
        If the file exists and must not be replaced, or nothing can be written there.
    """
    refuse_existing(path, overwrite=overwrite)
    part = _new_part(path, readers)
    try:
        with named_errors(path):
            yield part
            _flush_to_disk(part)
            set_mode(part, readers.mode(path.parent))
            part.replace(path)
            _flush_to_disk(path.parent)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Let an error of the operating system say on which file it was.

    A disk that is full says so without a name.

    `path`: the file that is written in this block.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            error.filename = str(path)
        raise


def refuse_existing(path: Path, *, overwrite: bool) -> None:
    """Raise if a file is there that must not be replaced.

    Raises StudyError if it exists and may not, or is a folder.
    """
    if path.is_dir():
        raise StudyError(f"{path} is a folder. Name a file in it")
    if path.exists() and not overwrite:
        raise StudyError(f"{path} exists already. To replace it, pass --overwrite")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _new_part(path: Path, readers: Readers) -> Path:
    if path.parent.is_file():
        raise StudyError(f"{path.parent} is a file, not a folder. Choose another folder")
    try:
        if readers is Readers.OWNER:
            make_own_folder(path.parent)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", suffix=f".part{path.suffix}", dir=path.parent)
    except OSError as error:
        raise StudyError(
            f"{path} cannot be written: {error.strerror}. Make room, give access or name another "
            "place"
        ) from error
    os.close(handle)
    return Path(name)


def _flush_to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def cache_folder() -> Path:
    """Return the folder of downloads and of what is made from them.

    Returns ``$AVMIT_CACHE``, else `avmit-lab` in the user's cache.
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "avmit-lab"


def own_folder(name: str) -> Path:
    """Return a folder of the cache in which nobody else can put a file.

    Raises StudyError if it is another's, if everybody may write into it, or if it cannot be made.

    `name`: its name; it is made if need be.
    """
    folder = cache_folder() / name
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        state = folder.stat()
    except OSError as error:
        raise StudyError(
            f"{folder} cannot be used: {error.strerror}. Name a folder of your own in "
            f"{CACHE_VARIABLE}"
        ) from error
    # Windows' modes say nothing of others.
    is_open = os.name == "posix" and state.st_mode & _OTHERS_MAY_WRITE
    if belongs_to_others(state) or is_open:
        raise StudyError(
            f"others can write into {folder}, so that what lies there cannot be believed. Name a "
            f"folder of your own in {CACHE_VARIABLE}, or take the right away: chmod o-w {folder}"
        )
    return folder
