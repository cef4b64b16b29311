"""Work on items in several processes; one that kills its process costs no other."""

import gc
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing import active_children, get_context
from typing import Generic, TypeVar

from study.errors import StudyError
from study.processes.machine import KILL
from study.processes.parents import end_with_parent
from study.processes.watchdog import become_watched, ended_after

AT_ONCE = 0
_CAN_FORK = sys.platform == "linux"
_N_AHEAD = 4  # items per process that are handed out and not yet finished
# Libraries that would start a thread per core in each process.
_ONE_THREAD = {
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}
Item = TypeVar("Item")
Found = TypeVar("Found")


def each(
    do: Callable[[Item], Found],
    items: Iterable[Item],
    *,
    n_processes: int | None = None,
    start: Callable[[], object] | None = None,
    limit_s: float | None = None,
    on_crash: Callable[[Item], Found] | None = None,
    on_timeout: Callable[[Item], Found] | None = None,
    in_order: bool = False,
    advice: str = "Run the command again",
) -> Iterator[Found]:
    """Do something with every item, in several processes, and yield what came of it.

    A process may die over an item: a decoder can crash, memory can run out, and one that takes too
    long is ended. Then the items that were handed out are done again, each alone.

    Parameters
    ----------
    do : callable
        What to do; it goes to the processes by name.
    items : iterable
        Taken as they are needed.
    n_processes : int or None
        How many processes of one thread each; None for one per core, `AT_ONCE` for one that starts
        at once, a copy of this one, where there are too few items for others.
    start : callable or None
        What each process does first.
    limit_s : float or None
        Seconds an item may take. With None there is no limit of time or memory, and a run that is
        stopped ends the processes at work instead of waiting for them.
    on_crash : callable or None
        From an item that killed a process of its own to its result; None to end the run.
    on_timeout : callable or None
        The same for an item that took too long; None for `on_crash`.
    in_order : bool
        Whether results come in the order of the items.
    advice : str
        The last sentence of the error.

    Raises
    ------
    StudyError
        If processes die without an item, or over one where `on_crash` is None.
    """
    if n_processes == AT_ONCE and not _CAN_FORK:
        yield from map(do, items)
        return
    n_processes = n_cores() if n_processes is None else n_processes
    items = iter(items)
    first = list(islice(items, n_processes))  # a process without an item would start for nothing
    if n_processes != AT_ONCE:
        if not first:
            return
        n_processes = len(first)
    crew = _Crew(do, start, limit_s, on_crash, on_timeout or on_crash, advice)
    with _one_thread_each():
        yield from crew.work(chain(first, items), n_processes, in_order)


def batches_of(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield items some at a time, in their order; the last list may be shorter."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


def n_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if _CAN_FORK else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class _Crew(Generic[Item, Found]):
    do: Callable[[Item], Found]
    start: Callable[[], object] | None
    limit_s: float | None
    on_crash: Callable[[Item], Found] | None
    on_timeout: Callable[[Item], Found] | None
    advice: str

    def work(self, items: Iterator[Item], n_processes: int, in_order: bool) -> Iterator[Found]:
        pool = self.new_pool(n_processes)
        handed_out: deque[tuple[Item, Future[Found]]] = deque()
        n_ahead = _N_AHEAD * max(1, n_processes)
        try:
            while True:
                for item in islice(items, n_ahead - len(handed_out)):
                    handed_out.append((item, self.send(pool, item)))
                if not handed_out:
                    break
                futures = [future for _, future in handed_out]
                wait(futures[:1] if in_order else futures, return_when=FIRST_COMPLETED)
                if any(map(_is_lost, futures)):
                    pool.shutdown()  # after this every future has ended
                    handed_out = self.made_good(handed_out)
                    pool = self.new_pool(n_processes)
                yield from _taken(handed_out, in_order)
        except BaseException:
            if self.limit_s is None:  # else Ctrl-C would wait for items that take hours
                for child in active_children():
                    child.terminate()
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    def new_pool(self, n_processes: int) -> ProcessPoolExecutor:
        # A forked process would inherit open databases; a spawned one starts clean.
        is_copy = n_processes == AT_ONCE
        return ProcessPoolExecutor(
            max(1, n_processes),
            get_context("fork" if is_copy else "spawn"),
            _become_worker,
            (is_copy, self.limit_s is not None, self.start),
        )

    def send(self, pool: ProcessPoolExecutor, item: Item) -> Future[Found]:
        try:
            return pool.submit(_do_in_time, self.do, item, self.limit_s)
        except BrokenProcessPool as error:  # raised where the results are asked for
            broken: Future[Found] = Future()
            broken.set_exception(error)
            return broken

    def made_good(
        self, handed_out: Iterable[tuple[Item, Future[Found]]]
    ) -> deque[tuple[Item, Future[Found]]]:
        if self.on_crash is None:
            raise StudyError(
                "a process was ended from outside, perhaps because no memory was left. "
                f"{self.advice}"
            )
        lost = [item for item, future in handed_out if _is_lost(future)]
        again = iter(self.alone(lost))
        return deque(
            (item, next(again) if _is_lost(future) else future) for item, future in handed_out
        )

    def alone(self, items: Sequence[Item]) -> list[Future[Found]]:
        found = []
        pool = self.new_pool(1)
        try:
            for item in items:
                future: Future[Found] = Future()
                future.set_result(self.one_alone(pool, item))
                found.append(future)
                if _is_broken(pool):
                    pool.shutdown()
                    pool = self.new_pool(1)
        finally:
            pool.shutdown(cancel_futures=True)
        return found

    def one_alone(self, pool: ProcessPoolExecutor, item: Item) -> Found:
        if self.on_crash is None or self.on_timeout is None:
            raise RuntimeError("nobody says what an item that kills its process comes to")
        pid = self.pid_of(pool)
        try:
            return pool.submit(self.do, item).result(timeout=self.limit_s)
        except BrokenProcessPool:
            return self.on_crash(item)
        except FutureTimeoutError:
            os.kill(pid, KILL)
            return self.on_timeout(item)

    def pid_of(self, pool: ProcessPoolExecutor) -> int:
        try:
            return pool.submit(_pid, self.do).result()
        except BrokenProcessPool as error:
            raise StudyError(
                "the processes die before they have an item (no memory left, or something cannot "
                f"run on this machine). {self.advice}"
            ) from error


def _taken(handed_out: "deque[tuple[Item, Future[Found]]]", in_order: bool) -> Iterator[Found]:
    for _ in range(len(handed_out)):
        if handed_out[0][1].done() and not _is_lost(handed_out[0][1]):
            yield handed_out.popleft()[1].result()
        elif in_order:
            return
        else:
            handed_out.rotate(-1)


def _is_lost(future: "Future[Found]") -> bool:
    return future.done() and isinstance(future.exception(), BrokenProcessPool)


def _is_broken(pool: ProcessPoolExecutor) -> bool:
    try:
        pool.submit(os.getpid).result()
    except BrokenProcessPool:
        return True
    return False


def _become_worker(is_copy: bool, is_limited: bool, start: Callable[[], object] | None) -> None:
    if is_copy:
        gc.freeze()  # what was open in the parent is never closed from here
    # The keyboard stops the process that hands out the items, and that one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    if start is not None:
        start()
    if is_limited:
        become_watched()


def _do_in_time(do: Callable[[Item], Found], item: Item, limit_s: float | None) -> Found:
    if limit_s is None:
        return do(item)
    with ended_after(limit_s):
        return do(item)


def _pid(_do: Callable[[Item], Found]) -> int:
    return os.getpid()  # with what it is to do imported, which no item is to be charged for


@contextmanager
def _one_thread_each() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    flags = f"{os.environ.get('XLA_FLAGS', '')} {_ONE_THREAD['XLA_FLAGS']}".strip()
    os.environ.update(_ONE_THREAD | {"XLA_FLAGS": flags})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
