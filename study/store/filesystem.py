"""Which file system a path lies on; SQLite's locks hold on local ones only."""

import ctypes
import os
from contextlib import suppress
from pathlib import Path

import psutil

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


def file_system_of(path: Path) -> str:
    """Return the type of the file system that holds a path, such as ``"ext4"``.

    Returns the type, or an empty string where the system does not say.

    `path`: a file or folder; it need not exist yet.
    """
    there = _nearest_that_exists(path.resolve())
    with suppress(OSError):
        os.close(os.open(there, os.O_RDONLY))  # an automounter mounts what somebody opens
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
