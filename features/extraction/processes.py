"""Extract clips on all cores of one machine: processes of one thread each."""

import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from features.extraction.clip_list import ListedClip
from features.extraction.extractor import Extractor
from features.extraction.job import Job, Reject, extract_clip, load
from features.records.manifest import ManifestRow
from study.errors import StudyError
from study.tools.parallel import end_with_parent
from study.tools.watchdog import HARD_LIMIT_S, become_watched, ended_after

_AHEAD = 4  # clips per process that are handed out and not yet finished

# Libraries that would start a thread per core in each process.
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def on_processes(
    clips: Sequence[ListedClip], job: Job, n_processes: int
) -> Iterator[ManifestRow | Reject]:
    """Yield the results of clips, in any order.

    When a process dies (no memory left, a decoder crashed, or it took too long and was ended), the
    clips that were at work are tried once more, each alone; one that takes its process down again
    is rejected.

    Parameters
    ----------
    n_processes : int
        Processes of one thread each; 1 stays in this process.

    Raises
    ------
    StudyError
        If no process stays alive.
    """
    n_processes = min(n_processes, len(clips))
    if n_processes <= 1:
        if clips:
            extractor = load(job)
            yield from (extract_clip(extractor, clip, job.folder) for clip in clips)
        return
    left, some_done = deque(clips), False
    with _one_thread_each():
        while left:
            lost: list[ListedClip] = []
            for result in _until_a_loss(left, job, n_processes, lost):
                some_done = True
                yield result
            again = [(clip, _alone(clip, job)) for clip in lost]
            some_done = some_done or any(result is not None for _, result in again)
            if lost and not some_done:
                raise StudyError(
                    "the processes that extract clips die (no memory left, or a network cannot run "
                    "on this machine). Run the command again with --processes 1"
                )
            for clip, second in again:
                yield second or Reject(
                    clip, "worker_lost", "the process that took this clip died, twice"
                )


def _until_a_loss(
    left: deque[ListedClip], job: Job, n_processes: int, lost: list[ListedClip]
) -> Iterator[ManifestRow | Reject]:
    clip_of: dict[Future[ManifestRow | Reject], ListedClip] = {}
    with ProcessPoolExecutor(n_processes, get_context("spawn"), _start, (job,)) as pool:
        try:
            while clip_of or (left and not lost):
                while left and not lost and len(clip_of) < n_processes * _AHEAD:
                    clip_of[pool.submit(_extract_here, left[0])] = left[0]
                    left.popleft()
                for future in wait(clip_of, return_when=FIRST_COMPLETED).done:
                    clip = clip_of.pop(future)
                    try:
                        result = future.result()
                    except BrokenProcessPool:
                        lost.append(clip)
                    else:
                        yield result
        except BrokenProcessPool:  # between two clips: those that were handed out have ended too
            lost += clip_of.values()
        finally:
            for future in clip_of:
                future.cancel()


def _alone(clip: ListedClip, job: Job) -> ManifestRow | Reject | None:
    with ProcessPoolExecutor(1, get_context("spawn"), _start, (job,)) as pool:
        try:
            pid = pool.submit(os.getpid).result()
            return pool.submit(_extract_alone, clip).result(timeout=HARD_LIMIT_S)
        except BrokenProcessPool:
            return None
        except FutureTimeoutError:
            os.kill(pid, signal.SIGKILL)
            return Reject(clip, "too_slow", f"extraction did not end within {HARD_LIMIT_S:g} s")


_here: tuple[Extractor, Path] | None = None  # of a worker process


def _start(job: Job) -> None:
    # The keyboard stops the process that hands out the clips, and that one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    global _here
    _here = load(job), job.folder
    become_watched()


def _extract_here(clip: ListedClip) -> ManifestRow | Reject:
    with ended_after(HARD_LIMIT_S):
        return _extract_alone(clip)


def _extract_alone(clip: ListedClip) -> ManifestRow | Reject:
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
