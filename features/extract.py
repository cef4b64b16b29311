"""Extract the embeddings of many clips: one process per core, resumable, nothing twice."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from features.clip_list import ListedClip
from features.extractor import Extractor
from features.journal import open_journal, read_finished, sweep
from features.manifest import ManifestRow, Recipe, write_manifest
from features.records import Record, write_record
from features.software import versions
from study.errors import ClipError, StudyError
from study.files import sha256_of, written_atomically

REJECTS_NAME = "rejects.csv"
_AHEAD = 4  # clips per process that are handed out and not yet finished

# Libraries that would start a thread per core in each process.
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Reject:
    """A clip without a record, and why."""

    clip: ListedClip
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended.

    Parameters
    ----------
    folder : Path
        The folder of the records.
    n_extracted, n_kept : int
        Records made now, and found finished.
    rejects : tuple of Reject
        Clips without a record.
    """

    folder: Path
    n_extracted: int
    n_kept: int
    rejects: tuple[Reject, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """What a process needs to extract clips.

    Parameters
    ----------
    recipe : Recipe
        What decides the embeddings.
    audio_graph, visual_graph : Path
        The networks.
    folder : Path
        The folder of the embedding set, for the records.
    """

    recipe: Recipe
    audio_graph: Path
    visual_graph: Path
    folder: Path


def extract_all(
    clips: Sequence[ListedClip],
    job: Job,
    *,
    n_processes: int,
    overwrite: bool = False,
    advance: Callable[[], None] = lambda: None,
) -> Outcome:
    """Extract all clips that have no finished record yet.

    Parameters
    ----------
    clips : sequence of ListedClip
        What to extract.
    job : Job
        How, and where to.
    n_processes : int
        Processes of one thread each; 1 stays in this process.
    overwrite : bool
        Whether to make finished records again.
    advance : callable
        Called after every clip.

    Returns
    -------
    Outcome
        Counts and rejects.

    Raises
    ------
    RecordError
        If the folder's records were made in another way and must not be replaced.
    StudyError
        If a process died.
    """
    finished = {} if overwrite else read_finished(job.folder, job.recipe)
    todo = [clip for clip in clips if clip.tfrecord_filename not in finished]
    for _ in range(len(clips) - len(todo)):
        advance()
    rejects: list[Reject] = []
    with open_journal(job.folder, job.recipe, begin_again=overwrite) as journal:
        sweep(job.folder)
        for result in _results(todo, job, n_processes):
            if isinstance(result, Reject):
                rejects.append(result)
            else:
                journal.add(result)
                finished[result.tfrecord_filename] = result
            advance()
        write_manifest(job.folder, job.recipe, versions(), finished.values())
        journal.remove()
    rejects.sort(key=lambda reject: reject.clip.filename)
    _write_rejects(job.folder / REJECTS_NAME, rejects)
    return Outcome(job.folder, len(todo) - len(rejects), len(clips) - len(todo), tuple(rejects))


def extract_clip(extractor: Extractor, clip: ListedClip, folder: Path) -> ManifestRow | Reject:
    """Extract one clip and write its record.

    Parameters
    ----------
    extractor : Extractor
        The networks.
    clip : ListedClip
        The clip.
    folder : Path
        The folder of the embedding set.

    Returns
    -------
    ManifestRow or Reject
        What is known of the record, or why there is none.
    """
    try:
        extraction = extractor.extract(clip.path)
    except ClipError as error:
        return Reject(clip, error.reason, str(error))
    path = folder / clip.tfrecord_filename
    write_record(path, Record(clip.filename, clip.label, extraction.audio, extraction.visual))
    return ManifestRow(
        filename=clip.filename,
        label=clip.label,
        video_location=clip.video_location,
        tfrecord_filename=clip.tfrecord_filename,
        clip_sha256=sha256_of(clip.path),
        record_sha256=sha256_of(path),
        audio_timesteps=len(extraction.audio),
        visual_timesteps=len(extraction.visual),
        audio_times_s=extraction.audio_times_s,
        visual_times_s=extraction.visual_times_s,
        sample_rate_hz=extraction.sample_rate_hz,
        n_channels=extraction.n_channels,
        warnings=extraction.warnings,
    )


def _results(
    clips: Sequence[ListedClip], job: Job, n_processes: int
) -> Iterator[ManifestRow | Reject]:
    n_processes = min(n_processes, len(clips))
    if n_processes <= 1:
        if clips:
            extractor = _load(job)
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
    global _here
    _here = _load(job), job.folder


def _extract_here(clip: ListedClip) -> ManifestRow | Reject:
    if _here is None:
        raise RuntimeError("the process was not started with its networks")
    extractor, folder = _here
    return extract_clip(extractor, clip, folder)


def _load(job: Job) -> Extractor:
    return Extractor(job.recipe, job.audio_graph, job.visual_graph)


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


def _write_rejects(path: Path, rejects: Sequence[Reject]) -> None:
    if not rejects:
        path.unlink(missing_ok=True)
        return
    import pandas as pd

    table = pd.DataFrame(
        [
            {
                "filename": reject.clip.filename,
                "label": reject.clip.label,
                "video_location": reject.clip.video_location,
                "reason": reject.reason,
                "detail": reject.detail,
            }
            for reject in rejects
        ]
    )
    with written_atomically(path) as part:
        table.to_csv(part, index=False)
