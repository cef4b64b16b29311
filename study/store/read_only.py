"""Stores that can only be read: an archived study, a mount without writing, another account's."""

import os
import shutil
import tempfile
import weakref
from pathlib import Path

from sqlalchemy import Engine

from study.errors import StoreError
from study.store.addresses import is_network_file_system, sqlite_path, sqlite_url
from study.store.engine import check_file, engine_at, engine_of, refuse_network_share

_TRIES = 3
_BESIDE = ("-wal", "-shm")


def can_be_written(path: Path) -> bool:
    """Return whether this account may write a SQLite store.

    Parameters
    ----------
    path : Path
        Its file; write-ahead logging makes others beside it.

    Returns
    -------
    bool
        False on a mount that is read-only, for root as well.
    """
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def is_read_only(url: str) -> bool:
    """Return whether a store can be read and nothing can be kept in it, its audit log included.

    Parameters
    ----------
    url : str
        Of the store.

    Returns
    -------
    bool
        False for PostgreSQL, whose server says what is refused.
    """
    path = sqlite_path(url)
    return path is not None and path.is_file() and not can_be_written(path)


def engine_to_read(path: Path) -> Engine:
    """Return the engine of a SQLite store that cannot be written.

    Parameters
    ----------
    path : Path
        Its file.

    Returns
    -------
    Engine
        Nothing is written beside the file. What its log still holds is read as well: by the
        database itself where somebody else has the store open, else from a copy in a folder of
        this account's own.

    Raises
    ------
    StoreError
        If there is none, or others may be writing to it on a network share.
    """
    check_file(path)
    log, shared = (path.with_name(path.name + ending) for ending in _BESIDE)
    has_log = log.exists() and log.stat().st_size > 0
    if is_network_file_system(path) and (log.exists() or shared.exists()):
        refuse_network_share(path)
    if _is_on_read_only_media(path) and not has_log:
        return engine_at(path, "mode=ro&immutable=1")
    if not _is_on_read_only_media(path) and log.exists() and shared.exists():
        return engine_at(path, "mode=ro", in_transactions=True)
    return engine_of_own_copy(path)


def engine_of_own_copy(path: Path) -> Engine:
    """Return the engine of a copy of a SQLite store, which is gone when nobody uses it any more.

    Parameters
    ----------
    path : Path
        The store.

    Returns
    -------
    Engine
        May be written to; the store is not.
    """
    folder = Path(tempfile.mkdtemp(prefix="avmit-store-"))
    copy = folder / "store.sqlite"
    engine = engine_of(sqlite_url(copy))
    weakref.finalize(engine, shutil.rmtree, folder, ignore_errors=True)
    for _ in range(_TRIES):
        before = _state(path)
        for ending in ("", "-wal"):
            source = path.with_name(path.name + ending)
            if source.exists():
                shutil.copyfile(source, copy.with_name(copy.name + ending))
        if _state(path) == before:
            return engine
    raise StoreError(
        f"store {path} is being written by others, and this account may not. Give it write access "
        "(a group that shares the study: python -m study protect), or read a back-up"
    )


def _is_on_read_only_media(path: Path) -> bool:
    statvfs = getattr(os, "statvfs", None)  # not on Windows
    return statvfs is not None and bool(statvfs(path).f_flag & os.ST_RDONLY)


def _state(path: Path) -> list[tuple[int, int] | None]:
    files = (path, path.with_name(f"{path.name}-wal"))
    return [(f.stat().st_mtime_ns, f.stat().st_size) if f.exists() else None for f in files]
