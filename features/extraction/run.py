"""Extract the embeddings of many clips: resumable, rejects listed, nothing twice."""

import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import pandas as pd

from features.extraction.clip_list import ListedClip
from features.extraction.extractor import Job, Reject
from features.extraction.record_journal import (
    open_journal,
    read_finished,
    require_same_clips,
    sweep,
)
from features.records.manifest import ManifestRow, write_manifest
from study.tools.files import written_atomically
from study.tools.versions import versions

REJECTS_NAME = "rejects.csv"

Perform = Callable[[Sequence[ListedClip], Job], Iterator[ManifestRow | Reject]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended.

    Parameters
    ----------
    folder : Path
        The folder of the records.
    n_extracted, n_kept : int
        Records made now, and found finished.
    """

    folder: Path
    n_extracted: int
    n_kept: int
    rejects: tuple[Reject, ...]


def extract_all(
    clips: Sequence[ListedClip],
    job: Job,
    *,
    perform: Perform,
    overwrite: bool = False,
    advance: Callable[[], None] = lambda: None,
) -> Outcome:
    """Extract all clips that have no finished record yet.

    Parameters
    ----------
    perform : callable
        Takes clips and job, and yields their results in any order: `features.extraction.processes`
        or `features.extraction.cluster`.

    Raises
    ------
    RecordError
        If the folder's records were made in another way or of other clips, and must not be
        replaced, or another extraction is writing there.
    StudyError
        If the processes or the cluster gave up.
    """
    rejects: list[Reject] = []
    with open_journal(job.folder, job.recipe, begin_again=overwrite) as journal:
        finished = _finished(clips, job)
        todo = [clip for clip in clips if clip.tfrecord_filename not in finished]
        for _ in range(len(clips) - len(todo)):
            advance()
        sweep(job.folder)
        for result in perform(todo, job):
            if isinstance(result, Reject):
                rejects.append(result)
            else:
                journal.add(result)
                finished[result.tfrecord_filename] = result
            advance()
        write_manifest(job.folder, job.recipe, _software(), finished.values())
        journal.remove()
    rejects.sort(key=lambda reject: reject.clip.filename)
    _write_rejects(job.folder / REJECTS_NAME, rejects)
    return Outcome(job.folder, len(todo) - len(rejects), len(clips) - len(todo), tuple(rejects))


def _finished(clips: Sequence[ListedClip], job: Job) -> dict[str, ManifestRow]:
    finished = read_finished(job.folder, job.recipe)
    require_same_clips(clips, finished, job.folder)
    return finished


def _write_rejects(path: Path, rejects: Sequence[Reject]) -> None:
    if not rejects:
        path.unlink(missing_ok=True)
        return
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


def _software() -> dict[str, str]:
    # Everything whose version may change an embedding.
    libraries = {
        name: ".".join(str(part) for part in parts) for name, parts in av.library_versions.items()
    }
    packages = versions("av", "ncnn", "numpy", "onnxruntime", "opencv-python")
    return {"machine": platform.machine(), **packages, **libraries}
