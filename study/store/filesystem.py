"""Which file system a path lies on; SQLite's locks hold on local ones only."""

from pathlib import Path

import psutil

_NETWORK = {
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "vboxsf", "afs", "ncpfs", "davfs", "ceph",
    "lustre", "gpfs", "beegfs", "fuse.sshfs", "fuse.davfs", "fuse.gvfsd-fuse", "fuse.rclone",
    "fuse.glusterfs",
}  # fmt: skip


def file_system_of(path: Path) -> str:
    """Return the type of the file system that holds a path, such as ``"ext4"``.

    Parameters
    ----------
    path : Path
        A file or folder; it need not exist yet.

    Returns
    -------
    str
        The type, or an empty string where the system does not tell.
    """
    resolved = path.resolve()
    holding = [
        partition
        for partition in psutil.disk_partitions(all=True)
        if resolved.is_relative_to(partition.mountpoint)
    ]
    return max(holding, key=lambda part: len(part.mountpoint)).fstype if holding else ""


def is_network_file_system(path: Path) -> bool:
    """Return whether a path lies on a network share.

    Parameters
    ----------
    path : Path
        A file or folder; it need not exist yet.

    Returns
    -------
    bool
        True for NFS, SMB and their like.
    """
    return file_system_of(path) in _NETWORK
