"""Extract clips on all cores of one machine: processes of one thread each."""

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from features.clip_list import ListedClip
from features.extractor import Extractor
from features.job import Job, Reject, extract_clip, load
from features.manifest import ManifestRow
from study.errors import StudyError

_AHEAD = 4  # clips per process that are handed out and not yet finished

# Libraries that would start a thread per core in each process.
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def on_processes(
    clips: Sequence[ListedClip], job: Job, n_processes: int
) -> Iterator[ManifestRow | Reject]:
    """Yield the results of clips, in any order.

    Parameters
    ----------
    clips : sequence of ListedClip
        What to extract.
    job : Job
        How, and where to.
    n_processes : int
        Processes of one thread each; 1 stays in this process.

    Yields
    ------
    ManifestRow or Reject
        One per clip.

    Raises
    ------
    StudyError
        If a process died.
    """
    n_processes = min(n_processes, len(clips))
    if n_processes <= 1:
        if clips:
            extractor = load(job)
            yield from (extract_clip(extractor, clip, job.folder) for clip in clips)
        return
    with (
        _one_thread_each(),
        ProcessPoolExecutor(n_processes, get_context("spawn"), _start, (job,)) as pool,
    ):
        yield from _in_any_order(pool, clips, n_processes * _AHEAD)


def _in_any_order(
    pool: ProcessPoolExecutor, clips: Sequence[ListedClip], n_ahead: int
) -> Iterator[ManifestRow | Reject]:
    waiting: set[Future[ManifestRow | Reject]] = set()
    left = iter(clips)
    try:
        while True:
            while len(waiting) < n_ahead and (clip := next(left, None)) is not None:
                waiting.add(pool.submit(_extract_here, clip))
            if not waiting:
                return
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)
    except BrokenProcessPool as error:
        raise StudyError(
            "a process that extracted clips died (no memory left, or a decoder crashed). What was "
            "finished is kept: run the command again, with fewer --processes if need be"
        ) from error
    finally:
        for future in waiting:
            future.cancel()


_here: tuple[Extractor, Path] | None = None  # of a worker process


def _start(job: Job) -> None:
    # The keyboard stops the process that hands out the clips, and that one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    global _here
    _here = load(job), job.folder


def _extract_here(clip: ListedClip) -> ManifestRow | Reject:
    if _here is None:
        raise RuntimeError("the process was not started with its networks")
    extractor, folder = _here
    return extract_clip(extractor, clip, folder)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
