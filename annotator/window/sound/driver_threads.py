"""Let the drivers start their threads while these may not speak for themselves."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO

# How long a new thread may take on a busy machine until it has asked for its priority.
_FIRST_WORDS_US = 100_000
_LONGER_THAN_THAT_S = 0.2


@contextmanager
def threads_starting() -> Iterator[None]:
    """Run a block that starts threads of Psychtoolbox, and wait until they have spoken.

    They ask for realtime priority, which only root and accounts with `rtprio` get, and print it
    when they do not. They print through Python without holding its lock: where nobody else holds
    it at that moment, the process ends with a segmentation fault. So this thread holds it
    meanwhile, and what they print goes nowhere.

    Yields
    ------
    None
        Keep the block short: no other thread of Python runs.
    """
    if sys.platform != "linux":
        yield
        return
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(_LONGER_THAN_THAT_S)
    try:
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            yield
            # A PyDLL keeps the lock while it is in the function.
            ctypes.PyDLL(None).usleep(_FIRST_WORDS_US)
    finally:
        sys.setswitchinterval(interval_s)
