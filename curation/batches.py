"""Work on many items, over all cores and batch by batch, in bounded memory."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

BATCH_SIZE = 128
Item = TypeVar("Item")
Found = TypeVar("Found")


def in_batches(
    do: Callable[[Item], Found],
    items: Iterable[Item],
    *,
    n_processes: int | None = None,
    size: int | None = None,
) -> Iterator[list[Found]]:
    """Do something with every item, over several processes, and yield what came of it.

    Parameters
    ----------
    do : callable
        What to do; it goes to the processes by name.
    items : iterable
        With what; taken as they are needed.
    n_processes : int or None
        How many processes; None for one per core.
    size : int or None
        How many items make a batch; None for `BATCH_SIZE`.

    Yields
    ------
    list
        What came of a batch, in its order.
    """
    n_processes = n_processes or os.cpu_count() or 1
    if n_processes == 1:
        for batch in batches_of(items, size or BATCH_SIZE):
            yield [do(item) for item in batch]
        return
    # A forked process would inherit open databases; a spawned one starts clean.
    with multiprocessing.get_context("spawn").Pool(n_processes) as pool:
        batches = (
            pool.map_async(do, b, chunksize=4) for b in batches_of(items, size or BATCH_SIZE)
        )
        # A second batch is under way while the first one is kept: no process waits.
        under_way = deque(islice(batches, 2))
        while under_way:
            yield under_way.popleft().get()
            under_way.extend(islice(batches, 1))


def batches_of(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield items some at a time.

    Parameters
    ----------
    items : iterable
        The items; taken as they are needed.
    size : int
        How many at a time.

    Yields
    ------
    list
        The next items, in their order; the last list may be shorter.
    """
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch
