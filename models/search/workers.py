"""Surrogates on many cores or machines; each process keeps to one core."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from models.search.surrogates import SearchPlan, SurrogateResult, Task
from models.search.train_surrogate import run_surrogate
from study.errors import ConfigError, StudyError
from study.tools.parallel import end_with_parent

if TYPE_CHECKING:
    from distributed import Client

_ONE_THREAD = {
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Let processes that are started in this block take one core each."""
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


def run_here(
    plan: SearchPlan, tasks: Sequence[Task], folder: Path, n_processes: int
) -> Iterator[SurrogateResult]:
    """Run surrogates on this machine, one single-threaded process per core.

    Raises
    ------
    StudyError
        If a process was ended from outside.
    """
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import active_children, get_context

    context = get_context("spawn")
    with one_thread_each(), ProcessPoolExecutor(n_processes, context, initializer=_settle) as pool:
        futures = [pool.submit(run_surrogate, plan, task, folder) for task in tasks]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool as error:
            raise StudyError(
                "a process was ended from outside, perhaps for want of memory. Run the command "
                "again with fewer --processes; finished surrogates are kept"
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            # Else Ctrl-C would wait for every surrogate that has begun.
            for child in active_children():
                child.terminate()
            raise


def _settle() -> None:
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it and ends its children


def run_on_cluster(
    plan: SearchPlan, tasks: Sequence[Task], folder: Path, address: str
) -> Iterator[SurrogateResult]:
    """Run surrogates on a Dask cluster whose workers see the same folders.

    Raises
    ------
    ConfigError
        If there is no scheduler at the address.
    StudyError
        If one surrogate took several workers down.
    """
    from distributed import KilledWorker, as_completed

    with _connect(address) as client:
        futures = [client.submit(run_surrogate, plan, task, folder, pure=False) for task in tasks]
        for future in as_completed(futures):
            try:
                result = future.result()
            except KilledWorker as error:
                raise StudyError(
                    "every worker that took one of the surrogates was lost, perhaps for want of "
                    "memory. Give them more and run the command again; finished surrogates are "
                    "kept"
                ) from error
            yield result


def cluster_size(address: str) -> int:
    """Return how many surrogates a Dask cluster runs at a time.

    Returns
    -------
    int
        Threads of all its workers, as far as they have come up; at least 1.

    Raises
    ------
    ConfigError
        If there is no scheduler at the address.
    """
    with _connect(address) as client:
        return max(1, int(sum(client.nthreads().values())))


def _connect(address: str) -> "Client":
    from distributed import Client

    try:
        return Client(address, timeout="10s")
    except (OSError, ValueError) as error:
        raise ConfigError(f"no Dask scheduler at {address}. Start one: dask scheduler") from error
