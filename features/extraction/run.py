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
from study.reading.rows import csv_table
from study.tools.files import written_atomically
from study.tools.versions import versions

REJECTS_NAME = "rejects.csv"
REJECT_COLUMNS = {  # what each means
    "filename": "the clip, as the list has it",
    "label": "its class",
    "video_location": "training or validation directories of MIT",
    "reason": "why it has no record, in a word",
    "detail": "the same in a sentence",
}

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
    n_records : int
        Records in the folder now, those of other lists among them.
    """

    folder: Path
    n_extracted: int
    n_kept: int
    n_records: int
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
    again = {clip.tfrecord_filename for clip in clips} if overwrite else None
    others = _rejects_of_others(job.folder / REJECTS_NAME, clips)
    with open_journal(job.folder, job.recipe, again=again) as journal:
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
    _write_rejects(job.folder / REJECTS_NAME, rejects, others)
    return Outcome(
        job.folder,
        n_extracted=len(todo) - len(rejects),
        n_kept=len(clips) - len(todo),
        n_records=len(finished),
        rejects=tuple(rejects),
    )


def _finished(clips: Sequence[ListedClip], job: Job) -> dict[str, ManifestRow]:
    finished = read_finished(job.folder, job.recipe)
    require_same_clips(clips, finished, job.folder)
    return finished


def _rejects_of_others(path: Path, clips: Sequence[ListedClip]) -> list[dict[str, str]]:
    # Those of an earlier list have no record either, and stay in the table.
    if not path.exists():
        return []
    heading, lines = csv_table(path, missing="Remove it, and extract all lists again")
    tried = {(clip.filename, clip.video_location) for clip in clips}
    rows = [dict(zip(heading, cells, strict=True)) for _, cells in lines]
    return [row for row in rows if (row.get("filename"), row.get("video_location")) not in tried]


def _write_rejects(path: Path, rejects: Sequence[Reject], others: Sequence[dict[str, str]]) -> None:
    rows = [
        {
            "filename": reject.clip.filename,
            "label": reject.clip.label,
            "video_location": reject.clip.video_location,
            "reason": reject.reason,
            "detail": reject.detail,
        }
        for reject in rejects
    ]
    if not rows and not others:
        path.unlink(missing_ok=True)
        return
    with written_atomically(path) as part:
        pd.DataFrame([*rows, *others], columns=list(REJECT_COLUMNS)).to_csv(part, index=False)


def _software() -> dict[str, str]:
    # Everything whose version may change an embedding.
    libraries = {
        name: ".".join(str(part) for part in parts) for name, parts in av.library_versions.items()
    }
    packages = versions("av", "ncnn", "numpy", "onnxruntime", "opencv-python")
    return {"machine": platform.machine(), **packages, **libraries}
