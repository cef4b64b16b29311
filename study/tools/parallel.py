"""Child processes that do not outlive the one that started them, and whether others still run."""

import ctypes
import multiprocessing
import os
import signal
import sys

import psutil

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends, even if that is killed.

    Call it in a child; it does nothing where the kernel is not Linux.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        parent = multiprocessing.parent_process()
        if parent is not None and parent.pid != os.getppid():
            os.kill(os.getpid(), signal.SIGTERM)  # it ended while this process was starting


def is_annotator(pid: int) -> bool:
    """Return whether a process of this machine is an annotator that runs.

    Parameters
    ----------
    pid : int
        The process.

    Returns
    -------
    bool
        False too where the number has gone to another program since.
    """
    try:
        command = " ".join(psutil.Process(pid).cmdline())
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
    return "annotator" in command
