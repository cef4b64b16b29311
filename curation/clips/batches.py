"""Work on many items, over all cores and batch by batch, in bounded memory."""

import gc
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context
from typing import TypeVar

from study.errors import StudyError
from study.tools.parallel import end_with_parent
from study.tools.watchdog import HARD_LIMIT_S, become_watched, ended_after

BATCH_SIZE = 128
AT_ONCE = 0
_CAN_FORK = sys.platform == "linux"
_N_BATCHES_AHEAD = 2  # one is under way while the one before it is kept: no process waits
_N_SENT_TOGETHER = 4
Item = TypeVar("Item")
Found = TypeVar("Found")


def in_batches(
    do: Callable[[Item], Found],
    items: Iterable[Item],
    *,
    if_it_kills: Callable[[Item], Found],
    if_it_hangs: Callable[[Item], Found] | None = None,
    n_processes: int | None = None,
    size: int | None = None,
    limit_s: float = HARD_LIMIT_S,
) -> Iterator[list[Found]]:
    """Do something with every item, over several processes, and yield what came of it.

    A process may die over an item: a decoder can crash, memory can end, and one that takes too long
    is ended. Then the items of its batch are done again one by one, so that one item costs no
    other.

    Parameters
    ----------
    do : callable
        What to do; it goes to the processes by name.
    items : iterable
        With what; taken as they are needed.
    if_it_kills : callable
        From an item that ended the process which it had for itself to what is yielded for it.
    if_it_hangs : callable or None
        The same for an item that took too long; None for `if_it_kills`.
    n_processes : int or None
        How many processes; None for one per core, `AT_ONCE` for one that begins at once, a copy of
        this one, where there are too few items for others.
    size : int or None
        How many items make a batch; None for `BATCH_SIZE`.

    Yields
    ------
    list
        What came of a batch, in its order.

    Raises
    ------
    StudyError
        If processes die without an item: none of the items is to blame.
    """
    batches = batches_of(items, size or BATCH_SIZE)
    if n_processes == AT_ONCE and not _CAN_FORK:
        for batch in batches:
            yield [do(item) for item in batch]
        return
    pool = _new_pool(n_processes)
    try:
        ahead = deque(
            (batch, _send(pool, do, batch, limit_s)) for batch in islice(batches, _N_BATCHES_AHEAD)
        )
        while ahead:
            batch, parts = ahead.popleft()
            try:
                found = [one for part in parts for one in part.result()]
            except BrokenProcessPool:
                pool.shutdown()
                found = _one_by_one(do, batch, if_it_kills, if_it_hangs or if_it_kills, limit_s)
                pool = _new_pool(n_processes)
                ahead = deque((later, _send(pool, do, later, limit_s)) for later, _ in ahead)
            yield found
            ahead.extend((batch, _send(pool, do, batch, limit_s)) for batch in islice(batches, 1))
    finally:
        pool.shutdown(cancel_futures=True)


def batches_of(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield items some at a time.

    Parameters
    ----------
    items : iterable
        The items; taken as they are needed.

    Yields
    ------
    list
        The next items, in their order; the last list may be shorter.
    """
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


def _new_pool(n_processes: int | None) -> ProcessPoolExecutor:
    if n_processes == AT_ONCE:
        return ProcessPoolExecutor(1, get_context("fork"), initializer=_become_copy)
    # A forked process would inherit open databases; a spawned one starts clean.
    return ProcessPoolExecutor(n_processes, get_context("spawn"), initializer=_become_worker)


def _become_copy() -> None:
    gc.freeze()  # what was open in the parent is never closed from here
    _become_worker()


def _become_worker() -> None:
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it and closes the pool
    become_watched()


def _send(
    pool: ProcessPoolExecutor, do: Callable[[Item], Found], batch: Sequence[Item], limit_s: float
) -> list[Future[list[Found]]]:
    parts = []
    for some in batches_of(batch, _N_SENT_TOGETHER):
        try:
            parts.append(pool.submit(_do_some, do, some, limit_s))
        except BrokenProcessPool as error:  # told where the results are asked for
            parts.append(Future())
            parts[-1].set_exception(error)
    return parts


def _do_some(do: Callable[[Item], Found], some: Sequence[Item], limit_s: float) -> list[Found]:
    found = []
    for item in some:
        with ended_after(limit_s):
            found.append(do(item))
    return found


def _one_by_one(
    do: Callable[[Item], Found],
    batch: Sequence[Item],
    if_it_kills: Callable[[Item], Found],
    if_it_hangs: Callable[[Item], Found],
    limit_s: float,
) -> list[Found]:
    found = []
    pool = _new_pool(1)
    try:
        for item in batch:
            pid = _require_life(pool, do)
            try:
                found.append(pool.submit(do, item).result(timeout=limit_s))
                continue
            except BrokenProcessPool:
                found.append(if_it_kills(item))
            except FutureTimeoutError:
                os.kill(pid, signal.SIGKILL)
                found.append(if_it_hangs(item))
            pool.shutdown()
            pool = _new_pool(1)
        return found
    finally:
        pool.shutdown(cancel_futures=True)


def _require_life(pool: ProcessPoolExecutor, do: Callable[[Item], Found]) -> int:
    try:
        return pool.submit(_pid, do).result()
    except BrokenProcessPool as error:
        raise StudyError(
            "the processes that look at clips die before they have one (no memory left?). Run the "
            "command again with --jobs 1; what was finished is kept"
        ) from error


def _pid(_do: Callable[[Item], Found]) -> int:
    return os.getpid()  # with what it is to do imported, which no item is to be charged for
