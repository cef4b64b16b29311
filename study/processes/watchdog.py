"""Limits of time and memory for a worker process, which code in C cannot escape."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HARD_LIMIT_S = 90.0  # decoders are asked to stop before that; see `study.clips.containers`
MEMORY_BYTES = 4 * 2**30  # what a worker may take beyond what it has when it begins
_UNLIMITED = -1


def become_watched() -> None:
    """Let this worker process be ended by `ended_after`, and refuse it more memory than is fair."""
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # a copy has what its parent had
    limit_memory()


@contextmanager
def ended_after(limit_s: float) -> Iterator[None]:
    """End this process if the block takes longer; a decoder that hangs hears nothing softer.

    Call `become_watched` first.

    Where the system has no such timer, nothing is limited.

    `limit_s`: seconds on the clock.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def limit_memory(more_bytes: int = MEMORY_BYTES) -> None:
    """Refuse this process more memory than it has and so much; on Linux."""
    if sys.platform != "linux":
        return
    import resource  # Windows has none

    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    has_bytes = int(status.split("VmData:")[1].split()[0]) * 1024
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = has_bytes + more_bytes
    if hard not in (resource.RLIM_INFINITY, _UNLIMITED):
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
