"""What a busy machine may do to a test: how long it is waited for, and when nothing keeps time."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

# Only a test that fails waits as long as this, so it costs nothing to be patient.
PATIENCE_S = 120.0
PAUSE_S = 0.005
# Half a frame of a 60-Hz screen: who wakes up later than that misses flips, whatever plays.
LATEST_S = 0.008
FEWEST = 100  # pauses, about a second of them


def wait_until(seen: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait until something is so."""
    give_up_s = time.monotonic() + patience_s
    while not seen():
        if time.monotonic() > give_up_s:
            raise AssertionError(f"after {patience_s:g} s still not: {what}")
        time.sleep(0.01)


@contextmanager
def fair_timing(latest_s: float = LATEST_S) -> Iterator[None]:
    """Skip a test whose timing was wrong while an empty loop of short pauses was late as well.

    The loop runs beside the test in a thread of its own. A test that holds stays a test that
    holds, however busy the machine was.
    """
    over, late_s = threading.Event(), []
    thread = threading.Thread(target=_measure, args=(over, late_s), daemon=True)
    thread.start()
    try:
        yield
    except (AssertionError, pytest.fail.Exception) as wrong:
        wait_until(lambda: len(late_s) >= FEWEST, "the machine has been looked at")
        late = float(np.quantile(late_s, 0.95))
        if late > latest_s:
            pytest.skip(
                f"pauses of {1000 * PAUSE_S:g} ms ended {1000 * late:.1f} ms late (95 %; at most "
                f"{1000 * latest_s:g} expected), so that nothing keeps time here: "
                f"{str(wrong).splitlines()[0]}"
            )
        raise
    finally:
        over.set()
        thread.join()


def _measure(over: threading.Event, late_s: list[float]) -> None:
    while not over.is_set():
        began_s = time.perf_counter()
        time.sleep(PAUSE_S)
        late_s.append(time.perf_counter() - began_s - PAUSE_S)
