"""One clip in, its embeddings out, and its record written: what a process of a job does."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from features.embedding_set import MAX_TIMESTEPS, EmbeddingSet, find_embedding_set
from features.engines.graph import Engine
from features.engines.running import open_engine
from features.extraction.clip_list import ListedClip
from features.inputs import waveform
from features.inputs.frames import choose_frames, shrink
from features.inputs.mel import PATCH_SAMPLES, patches
from features.networks.efficientnetb0 import normalised
from features.networks.layers import Floats
from features.networks.vgg16 import zero_centred
from features.records.manifest import ManifestRow, Recipe
from features.records.records import Record, write_record
from study.clips.sampling import SampledClip, decode_for_extraction
from study.errors import ClipError
from study.tools.files import sha256_of

SILENCE_S = 3  # the published script's stand-in for a missing audio stream

# EfficientNetB0 runs faster frame by frame, in the cache. The others take a clip of 3 s at a time;
# longer clips are cut, so that memory does not grow with them.
_BATCH = {"efficientnetb0": 1, "vgg16": 8, "yamnet": 24, "vggish": 24}


@dataclass(frozen=True, slots=True, eq=False)
class Extraction:
    """The embeddings of a clip and what is to be known about them.

    Parameters
    ----------
    filename : str
        The clip.
    audio : ndarray of float32, shape (audio_timesteps, audio_size)
        Audio embeddings.
    visual : ndarray of float32, shape (visual_timesteps, visual_size)
        Visual embeddings.
    audio_times_s, visual_times_s : tuple of float
        Start of each timestep, from the beginning of the clip; where the sound begins late or has
        gaps, the time at which it is heard.
    sample_rate_hz, n_channels : int or None
        Of the clip's sound; None without any.
    warnings : tuple of str
        What a modeller should know, in short words.
    recipe : Recipe
        What made them.
    """

    filename: str
    audio: Floats
    visual: Floats
    audio_times_s: tuple[float, ...]
    visual_times_s: tuple[float, ...]
    sample_rate_hz: int | None
    n_channels: int | None
    warnings: tuple[str, ...]
    recipe: Recipe


class Extractor:
    """The two networks of a set, loaded once.

    Parameters
    ----------
    audio_graph, visual_graph : Path
        From `features.weights.find.prepare_graph`.
    n_threads : int
        Cores that it may use.
    """

    def __init__(
        self, recipe: Recipe, audio_graph: Path, visual_graph: Path, n_threads: int = 1
    ) -> None:
        cv2.setNumThreads(n_threads)
        self.recipe = recipe
        self.embedding_set = find_embedding_set(recipe.embedding_set)
        self.step_ms = self.embedding_set.visual_step_ms(recipe.grid)
        self.audio_engine = open_engine(audio_graph, n_threads)
        self.visual_engine = open_engine(visual_graph, n_threads)

    def extract(self, path: Path) -> Extraction:
        """Compute the embeddings of a clip."""
        clip = decode_for_extraction(
            path, choose=lambda times_ms: choose_frames(times_ms, self.step_ms), keep=shrink
        )
        if not clip.images:
            raise ClipError(f"{path} has no frame that can be decoded. Leave it out", "no_frames")
        sound, warnings = self._sound(clip, path)
        seen = patches(sound, self.embedding_set)[..., None]
        audio = _run(self.audio_engine, seen, self.embedding_set.audio_network)
        frames = self._prepared(np.stack(clip.images))
        visual = _run(self.visual_engine, frames, self.embedding_set.visual_network)
        warnings += _warnings(clip, max(len(audio), len(visual)))
        return Extraction(
            filename=path.name,
            audio=audio,
            visual=visual,
            audio_times_s=_audio_times_s(len(audio), self.embedding_set, clip),
            visual_times_s=_visual_times_s(clip),
            sample_rate_hz=clip.sample_rate_hz,
            n_channels=None if clip.samples is None else clip.samples.shape[1],
            warnings=tuple(warnings),
            recipe=self.recipe,
        )

    def _sound(self, clip: SampledClip, path: Path) -> tuple[Floats, list[str]]:
        if clip.samples is None or clip.sample_rate_hz is None or not len(clip.samples):
            if not self.recipe.silence_for_missing_audio:
                raise ClipError(
                    f"{path} has no sound. Leave it out, or pass --silence-for-missing-audio",
                    "no_audio",
                )
            silence = np.zeros(SILENCE_S * waveform.SAMPLE_RATE_HZ, np.float32)
            return silence, ["no sound: silence stands in"]
        mono = waveform.pcm16_to_waveform(clip.samples)
        sound = waveform.resample(mono, clip.sample_rate_hz)
        short = len(sound) < PATCH_SAMPLES
        return sound, ["sound shorter than one window: padded with zeros"] if short else []

    def _prepared(self, frames: npt.NDArray[np.uint8]) -> Floats:
        match self.recipe.normalisation:
            case "keras3" | "tf2.3" as normalisation:
                return normalised(frames, normalisation)
            case _:
                return zero_centred(frames)


def _warnings(clip: SampledClip, timesteps: int) -> list[str]:
    found = {
        "damaged: what could be decoded was used": clip.n_damaged_packets > 0,
        "several streams of a kind: the first was used": clip.n_video_streams > 1
        or clip.n_audio_streams > 1,
        "gaps in the sound: the networks hear it without them": len(clip.sound_begins_s) > 1,
        "colours marked other than BT.601: OpenCV before 5 takes no notice": not clip.is_bt601,
        "more than 7 timesteps: networks see the first 7": timesteps > MAX_TIMESTEPS,
    }
    return [warning for warning, applies in found.items() if applies]


def _run(engine: Engine, inputs: Floats, network: str) -> Floats:
    size = _BATCH[network]
    batches = [inputs[at : at + size] for at in range(0, len(inputs), size)]
    return np.concatenate([engine.run(batch) for batch in batches])


def _audio_times_s(
    timesteps: int, embedding_set: EmbeddingSet, clip: SampledClip
) -> tuple[float, ...]:
    starts_s = (step * embedding_set.audio_step_ms / 1000 for step in range(timesteps))
    return tuple(clip.sound_time_s(start_s) for start_s in starts_s)


def _visual_times_s(clip: SampledClip) -> tuple[float, ...]:
    return tuple(clip.picture_begin_s + time_s for time_s in clip.image_times_s)


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
