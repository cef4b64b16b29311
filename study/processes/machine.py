"""What systems have in different ways: opening, locking, who the user is, who goes first.

What only some systems have stands here, in `study.processes` and in the annotator's Linux parts;
a lint rule finds it elsewhere.
"""

import os
import signal
import sys
from typing import IO, Any

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

# Opening a pipe must not wait for somebody to write, and Windows must not change line ends.
READ_ONLY = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
ENDING_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows ends a process with any of them


def lock(file: IO[Any]) -> None:
    """Take a file for this process until it is closed.

    Raises BlockingIOError if another has it, and another OSError where the disk has no locks.
    """
    if sys.platform == "win32":
        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(str(error)) from error
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def belongs_to_others(state: os.stat_result) -> bool:
    """Whether a file is neither this account's nor the administrator's, where these are told."""
    return hasattr(os, "geteuid") and state.st_uid not in (os.geteuid(), 0)


def can_change_modes(state: os.stat_result) -> bool:
    """Whether this account may say who reads a file."""
    return not hasattr(os, "geteuid") or os.geteuid() in (0, state.st_uid)


def give_way(niceness: int) -> None:
    """Let other programs go first, where the system knows how."""
    if hasattr(os, "nice"):
        os.nice(niceness)
