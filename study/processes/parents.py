"""Child processes that do not outlive the one that started them, and whether others still run."""

import ctypes
import multiprocessing
import os
import signal
import sys
from pathlib import Path

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


def process_mark(pid: int) -> str:
    """Return what tells a process from every other one that ever had its number.

    Returns this run of the machine, and when in it the process started; no clock is asked. Empty
    where there is no such process, or the system does not say.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return f"{boot}/{stat.rpartition(')')[2].split()[19]}"


def is_annotator(pid: int) -> bool:
    """Return whether a process of this machine is an annotator that runs.

    Returns False too where the number has gone to another program since.
    """
    try:
        command = " ".join(psutil.Process(pid).cmdline())
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
    return "annotator" in command
