"""Who may read a file: its owner, a lab's group, or everybody; whatever the umask says.

What says something of a person (the store, back-ups, pay, logs) is its owner's. A folder that was
given to a group (`share`) passes the group on: files in it are the group's as well.
"""

import os
import re
import shutil
import stat
import sys
from contextlib import suppress
from enum import Enum
from pathlib import Path

from study.errors import ConfigError, StudyError
from study.processes.machine import can_change_modes

_OWN_FILE, _GROUP_FILE, _RELEASED_FILE = 0o600, 0o660, 0o644
_OWN_FOLDER, _GROUP_FOLDER = 0o700, 0o2770
_OTHERS = stat.S_IRWXO
_PASSED_ON = stat.S_ISGID | stat.S_IWGRP
_OF_PEOPLE = re.compile(
    r"/(logs|backups)/|/study\.toml$|\.(sqlite|backup|dump)(-wal|-shm|-journal|\.[^/]*)?$"
)
_told: set[str] = set()


class Readers(Enum):
    """Who may read a file that is written."""

    OWNER = "its owner, and the group that its folder was given to"
    UMASK = "whom the account's umask lets"
    EVERYBODY = "everybody"

    def mode(self, folder: Path) -> int:
        """Return the mode of such a file in a folder."""
        match self:
            case Readers.OWNER:
                return _GROUP_FILE if is_shared(folder) else _OWN_FILE
            case Readers.EVERYBODY:
                return _RELEASED_FILE
        return 0o666 & ~_umask()


def is_shared(folder: Path) -> bool:
    """Return whether a folder was given to a group, which its new files then belong to."""
    return folder.stat().st_mode & _PASSED_ON == _PASSED_ON


def set_mode(path: Path, mode: int) -> None:
    """Set the mode of a file or folder, and say so where a file system has none."""
    with suppress(OSError, NotImplementedError):  # what came of it is looked at
        path.chmod(mode)
    if os.name != "posix":
        return
    found = path.stat()
    if not stat.S_IMODE(found.st_mode) & _OTHERS & ~mode:
        return
    if not can_change_modes(found):
        notice(f"{path} belongs to {_owner(path)}, and only that account can take it from others")
    else:
        notice(
            f"{path.parent} lies on a file system without permissions: every account of this "
            "machine, and whoever takes the disk, can read what is written there. Use another "
            "folder, or encrypt the disk"
        )


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except KeyError:
        return f"account {path.stat().st_uid}"


def notice(text: str) -> None:
    """Print something to stderr, once."""
    if text not in _told:
        _told.add(text)
        sys.stderr.write(f"notice: {text}\n")


def make_own_folder(folder: Path) -> None:
    """Make a folder that only its owner can enter, or the group that the folder above has.

    Parameters
    ----------
    folder : Path
        A folder that is there already stays as it is.
    """
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    mode = _GROUP_FOLDER if is_shared(folder.parent) else _OWN_FOLDER
    with suppress(FileExistsError):
        folder.mkdir(mode=mode)
        set_mode(folder, mode)


def make_own_file(path: Path, *, is_new: bool = False) -> None:
    """Make an empty file of its owner's before anything is written to it.

    Parameters
    ----------
    path : Path
        In a folder that exists. SQLite gives the files beside its own the same mode.
    is_new : bool
        Whether a file that is there already is an error; it is emptied otherwise.
    """
    mode = Readers.OWNER.mode(path.parent)
    how = os.O_EXCL if is_new else os.O_TRUNC
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | how, mode))
    set_mode(path, mode)


def protect(folder: Path, group: str | None, leave: Path | None = None) -> int:
    """Take a study's folder from others, and give it to a group.

    Raises ConfigError if there is no such group.

    Parameters
    ----------
    group : str or None
        The group that shares it; None for its owner alone.
    leave : Path or None
        A folder in it that is left as it is.
    """
    n_changed = 0
    for root, folders, names in os.walk(folder):
        here = Path(root)
        folders[:] = [name for name in folders if here / name != leave]
        n_changed += _changed(here, _OWN_FOLDER if group is None else _GROUP_FOLDER, group)
        for path in (here / name for name in names):
            if path.is_file() and not path.is_symlink():
                n_changed += protect_file(path, group)
    return n_changed


def is_of_people(path: Path) -> bool:
    """Return whether a file's name or folder says that it may hold something of people."""
    return bool(_OF_PEOPLE.search(f"/{path.parent.name}/{path.name}"))


def protect_file(path: Path, group: str | None) -> bool:
    """Take a file of people from others, and give any file to a group.

    `group`: the group that shares it; None for its owner alone.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    own = _OWN_FILE if group is None else _GROUP_FILE
    return _changed(path, own if is_of_people(path) else mode | own, group)


def readable_by_others(path: Path, group: str | None) -> str:
    """Return who else can read a file or folder than its owner and the lab's group.

    The words are empty where nobody else can.

    `group`: the group that `study.toml` names.
    """
    found = path.stat()
    if os.name != "posix":
        return ""
    if found.st_mode & (stat.S_IROTH | stat.S_IWOTH | stat.S_IXOTH):
        return "every account of this machine"
    if found.st_mode & stat.S_IRWXG and (group is None or path.group() != group):
        return f"the group {path.group()}"
    return ""


def _changed(path: Path, mode: int, group: str | None) -> bool:
    before = path.stat()
    if group is not None and path.group() != group:
        _give(path, group)
    if stat.S_IMODE(before.st_mode) != mode:
        set_mode(path, mode)
    after = path.stat()
    return (before.st_mode, before.st_gid) != (after.st_mode, after.st_gid)


def _give(path: Path, group: str) -> None:
    try:
        shutil.chown(path, group=group)
    except LookupError as error:
        raise ConfigError(
            f"desk.group {group!r} is not a group of this machine. Correct it, or "
            f"make it: groupadd {group}"
        ) from error
    except PermissionError as error:
        raise StudyError(
            f"{path} cannot be given to the group {group}: {error.strerror}. This account is to "
            f"be its owner and in the group ({group}); or let the owner run this"
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
