"""Surrogates on many cores or machines; each process keeps to one core."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from models.search.surrogates import SearchPlan, SurrogateResult, Task
from models.search.train_surrogate import run_surrogate
from study.errors import ConfigError, StudyError
from study.processes.pool import each

if TYPE_CHECKING:
    from distributed import Client


def run_here(
    plan: SearchPlan, tasks: Sequence[Task], folder: Path, n_processes: int
) -> Iterator[SurrogateResult]:
    """Run surrogates on this machine, one single-threaded process per core.

    Raises
    ------
    StudyError
        If a process was ended from outside.
    """
    return each(
        partial(run_surrogate, plan, folder=folder),
        tasks,
        n_processes=n_processes,
        advice="Run the command again with fewer --processes; finished surrogates are kept",
    )


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
    from distributed import KilledWorker, as_completed  # of the extra [cluster]

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
    from distributed import Client  # of the extra [cluster]

    try:
        return Client(address, timeout="10s")
    except (OSError, ValueError) as error:
        raise ConfigError(f"no Dask scheduler at {address}. Start one: dask scheduler") from error
