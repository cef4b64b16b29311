"""Work on clips over all cores, batch by batch, so that a killed run loses one batch at most."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from study.processes.pool import batches_of, each
from study.processes.watchdog import HARD_LIMIT_S

BATCH_SIZE = 128
Item = TypeVar("Item")
Found = TypeVar("Found")


def in_batches(
    do: Callable[[Item], Found],
    items: Iterable[Item],
    *,
    on_crash: Callable[[Item], Found],
    on_timeout: Callable[[Item], Found] | None = None,
    n_processes: int | None = None,
    size: int | None = None,
) -> Iterator[list[Found]]:
    """Yield what came of every item, in order and some at a time; see `study.processes.pool.each`.

    Parameters
    ----------
    size : int or None
        How many items make a batch; None for `BATCH_SIZE`.
    """
    found = each(
        do,
        items,
        n_processes=n_processes,
        limit_s=HARD_LIMIT_S,
        on_crash=on_crash,
        on_timeout=on_timeout,
        in_order=True,
        advice="Run the command again with --jobs 1; what was finished is kept",
    )
    return batches_of(found, size or BATCH_SIZE)
