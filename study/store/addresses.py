"""Where a store lies: its URL, so that every path means the file of that name, and the disk.

SQLite's locks hold on local file systems only.
"""

import ctypes
import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

import psutil
from sqlalchemy import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from study.errors import ConfigError, StoreError
from study.tools.wording import without_password

EXPECTED = "Expected sqlite:///path or postgresql+psycopg://host/name"
_SQLITE = ("sqlite:///", "sqlite+pysqlite:///")
_DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")
_NETWORK = {
    "nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "9p", "vboxsf", "afs", "ncpfs", "davfs", "ceph",
    "lustre", "gpfs", "beegfs", "coda", "ocfs2", "gfs2", "panfs", "orangefs", "autofs", "fuse",
    "fuse.sshfs", "fuse.davfs", "fuse.gvfsd-fuse", "fuse.rclone", "fuse.glusterfs", "fuse.s3fs",
    "fuse.mount.cifs", "fuse.smbnetfs", "fuse.curlftpfs", "fuse.ceph-fuse", "fuse.cephfs",
}  # fmt: skip
# What statfs(2) says of them: a mount that no list shows, or that hides behind another, says so.
_MAGIC = {
    0x6969: "nfs", 0x517B: "smbfs", 0xFF534D42: "cifs", 0xFE534D42: "smb2", 0x01021997: "9p",
    0x786F4256: "vboxsf", 0x5346414F: "afs", 0x6B414653: "afs", 0x564C: "ncpfs",
    0x00C36400: "ceph", 0x0BD00BD0: "lustre", 0x47504653: "gpfs", 0x19830326: "beegfs",
    0x73757245: "coda", 0x7461636F: "ocfs2", 0x01161970: "gfs2", 0xAAD7AAEA: "panfs",
    0x20030528: "orangefs", 0x0187: "autofs",
}  # fmt: skip
_FUSE = 0x65735546  # local or not: only the list of mounts says which


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite store.

    What stands for something else in a URL is written as ``%`` and two digits. Raises
    ConfigError if the path is not UTF-8.

    Examples
    --------
    >>> sqlite_url(Path("/lab/who?/100%.sqlite"))
    'sqlite:////lab/who%3F/100%25.sqlite'
    """
    try:
        return URL.create("sqlite", database=str(path)).render_as_string()
    except UnicodeEncodeError as error:
        raise ConfigError(
            f"the path {str(path)!r} is not UTF-8, and no store URL can name it. Rename the folder "
            "or file"
        ) from error


def absolute_url(url: str, folder: Path) -> str:
    """Return a store URL as a person wrote it, with the path of a SQLite file made absolute.

    ``?`` and ``#`` belong to the name of a SQLite file. ``%20`` is a space, unless a file or
    folder is there whose name has ``%20`` in it.

    Returns a URL that `parsed` reads; anything but a SQLite URL is left as it is.

    `url`: from `study.toml` or ``--store``.
    """
    prefix = next((prefix for prefix in _SQLITE if url.startswith(prefix)), None)
    written = "" if prefix is None else url.removeprefix(prefix)
    if written in ("", ":memory:"):
        return url
    literal, decoded = (folder.resolve() / name for name in (written, unquote(written)))
    # What is there comes first, letter by letter; then what could be made there.
    is_there = [_exists(path) for path in (literal, decoded, literal.parent, decoded.parent)]
    is_literal = is_there[0] or (not is_there[1] and is_there[2] and not is_there[3])
    return sqlite_url(literal if is_literal else decoded)


def parsed(url: str) -> URL:
    """Return the parts of a store URL.

    Returns the URL of a database that a store can be in. Raises StoreError if it is not the URL of
    a store.

    `url`: ``sqlite:///<path>`` or ``postgresql+psycopg://...``.
    """
    try:
        found = make_url(url)
    except (ArgumentError, ValueError) as error:  # ValueError: a port that is not a number
        raise StoreError(f"{without_password(url)!r} is not a store URL. {EXPECTED}") from error
    shown = without_password(found.render_as_string(hide_password=False))
    if found.drivername not in _DRIVERS or _is_in_memory(found):
        raise StoreError(f"{shown} is not a store URL. {EXPECTED}")
    if "@" in (found.host or ""):
        # Else the server's name, and every message of its driver, would have a part of it.
        raise StoreError(f"{shown} has an @ in its password or user. Write it there as %40")
    if found.get_backend_name() == "sqlite" and ("?" in url or found.host):
        raise StoreError(
            f"{shown} is not the URL of a SQLite store, which has a path and nothing else; a "
            "question mark in the path is written %3F. Correct it"
        )
    return found


def sqlite_path(url: URL | str) -> Path | None:
    """Return the file of a SQLite store.

    Parameters
    ----------
    url : URL or str
        Of a store.

    Returns
    -------
    Path or None
        None for PostgreSQL.
    """
    found = parsed(url) if isinstance(url, str) else url
    return Path(str(found.database)) if found.get_backend_name() == "sqlite" else None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long, or a folder that may not be entered
        return False


def _is_in_memory(url: URL) -> bool:
    # Such a store ends with the command that made it.
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def file_system_of(path: Path) -> str:
    """Return the type of the file system that holds a path, such as ``"ext4"``.

    Returns the type, or an empty string where the system does not say.

    `path`: a file or folder; it need not exist yet.
    """
    there = _nearest_that_exists(path.resolve())
    # An automounter mounts what somebody opens. Never a file: closing a store that is open here
    # drops this process's locks on it, and another process then removes its write-ahead log.
    folder = there if there.is_dir() else there.parent
    with suppress(OSError):
        os.close(os.open(folder, os.O_RDONLY))
    magic = magic_of(there)
    if magic in _MAGIC:
        return _MAGIC[magic]
    listed = _listed_type(there)
    if magic == _FUSE and not listed.startswith("fuse"):
        return "fuse"
    return listed


def is_network_file_system(path: Path) -> bool:
    """Return whether a path lies on a network share.

    `path`: a file or folder; it need not exist yet.
    """
    return file_system_of(path) in _NETWORK


def magic_of(path: Path) -> int:
    """Return the kernel's number for the type of a file system.

    Returns ``f_type`` of statfs(2); 0 where the system has none.
    """
    statfs = getattr(ctypes.CDLL(None), "statfs", None)
    answer = (ctypes.c_long * 64)()  # more than the structure needs; its first word is f_type
    if statfs is None or statfs(os.fsencode(path), answer) != 0:
        return 0
    return int(answer[0]) & 0xFFFFFFFF


def _listed_type(path: Path) -> str:
    holding = [
        partition
        for partition in psutil.disk_partitions(all=True)
        if path.is_relative_to(partition.mountpoint)
    ]
    # Of two mounts on one folder the later one is seen.
    return max(reversed(holding), key=lambda part: len(part.mountpoint)).fstype if holding else ""


def _nearest_that_exists(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())
