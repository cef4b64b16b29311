"""Extract clips on all cores of one machine: processes of one thread each."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from features.extraction.clip_list import ListedClip
from features.extraction.extractor import Extractor, Job, Reject, extract_clip, load
from features.records.manifest import ManifestRow
from study.errors import StudyError
from study.processes.pool import each
from study.processes.watchdog import HARD_LIMIT_S

_LOST = "worker_lost"
_MOST_LOST_AT_FIRST = 8  # clips; where all of these kill their processes, it is not the clips
_ADVICE = "Run the command again with --processes 1"


def on_processes(
    clips: Sequence[ListedClip], job: Job, n_processes: int
) -> Iterator[ManifestRow | Reject]:
    """Yield the results of clips, in any order.

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
    yield from _unless_all_are_lost(
        each(
            _extract_here,
            clips,
            n_processes=n_processes,
            start=partial(_start, job),
            limit_s=HARD_LIMIT_S,
            on_crash=_lost,
            on_timeout=_too_slow,
            advice=_ADVICE,
        )
    )


def _unless_all_are_lost(
    results: Iterable[ManifestRow | Reject],
) -> Iterator[ManifestRow | Reject]:
    held_back: list[ManifestRow | Reject] = []
    is_sound = False
    for result in results:
        is_sound = is_sound or not (isinstance(result, Reject) and result.reason == _LOST)
        held_back.append(result)
        if is_sound:
            yield from held_back
            held_back.clear()
        elif len(held_back) == _MOST_LOST_AT_FIRST:
            break
    if held_back:
        raise StudyError(
            "the processes that extract clips die (no memory left, or a network cannot run on this "
            f"machine). {_ADVICE}"
        )


def _lost(clip: ListedClip) -> Reject:
    return Reject(clip, _LOST, "the process that took this clip died, twice")


def _too_slow(clip: ListedClip) -> Reject:
    return Reject(clip, "too_slow", f"extraction did not end within {HARD_LIMIT_S:g} s")


_here: tuple[Extractor, Path] | None = None  # of a worker process


def _start(job: Job) -> None:
    global _here
    _here = load(job), job.folder


def _extract_here(clip: ListedClip) -> ManifestRow | Reject:
    if _here is None:
        raise RuntimeError("the process was not started with its networks")
    extractor, folder = _here
    return extract_clip(extractor, clip, folder)
