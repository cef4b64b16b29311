"""One clip of a job: extract it, write its record, note what is known of it."""

from dataclasses import dataclass
from pathlib import Path

from features.extraction.clip_list import ListedClip
from features.extraction.extractor import Extractor
from features.records.manifest import ManifestRow, Recipe
from features.records.records import Record, write_record
from study.errors import ClipError
from study.tools.files import sha256_of


@dataclass(frozen=True, slots=True)
class Job:
    """What a process needs to extract clips."""

    recipe: Recipe
    audio_graph: Path
    visual_graph: Path
    folder: Path


@dataclass(frozen=True, slots=True)
class Reject:
    """A clip without a record, and why."""

    clip: ListedClip
    reason: str
    detail: str


def load(job: Job) -> Extractor:
    """Load the networks of a job, for one thread."""
    return Extractor(job.recipe, job.audio_graph, job.visual_graph)


def extract_clip(extractor: Extractor, clip: ListedClip, folder: Path) -> ManifestRow | Reject:
    """Extract one clip and write its record, or say why there is none."""
    try:
        extraction = extractor.extract(clip.path)
    except ClipError as error:
        return Reject(clip, error.reason, str(error))
    except MemoryError:
        return Reject(clip, "too_large", "it needs more memory than a clip may take")
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
