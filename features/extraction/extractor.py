"""One clip in, its embeddings out, and its record written: what a process of a job does."""

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from features.embedding_set import (
    MAX_TIMESTEPS,
    Device,
    EmbeddingSet,
    Grid,
    Run,
    find_embedding_set,
)
from features.extraction.clip_list import ListedClip
from features.inputs import waveform
from features.inputs.frames import choose_frames, choose_windows, shrink
from features.inputs.published_decoder import decode_with_pydub
from features.networks.layers import Floats
from features.records.manifest import ManifestRow, Recipe
from features.records.records import Record, write_record
from study.clips.sampling import SampledClip, decode_for_extraction
from study.errors import ClipError, ConfigError
from study.tools.files import sha256_of

SILENCE_S = 3  # the published script's stand-in for a missing audio stream


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
    audio, visual : tuple of Path
        Weights of the networks, as `Job` has them.
    """

    def __init__(
        self,
        recipe: Recipe,
        audio: tuple[Path, ...],
        visual: tuple[Path, ...],
        run: Run = Run(),  # noqa: B008 - it is frozen
    ) -> None:
        cv2.setNumThreads(run.n_threads)
        self.recipe = recipe
        self.embedding_set = find_embedding_set(recipe.embedding_set)
        self.grid = FrameGrid(self.embedding_set, recipe.grid)
        run = replace(run, normalisation=recipe.normalisation)
        self._embed_audio = self.embedding_set.audio.load(audio, run)
        self._embed_frames = self.embedding_set.visual.load(visual, run)

    def extract(self, path: Path) -> Extraction:
        """Compute the embeddings of a clip."""
        frame_px = self.embedding_set.visual.frame_px
        clip = decode_for_extraction(
            path, choose=self.grid.choose, keep=lambda image: shrink(image, frame_px)
        )
        if not clip.images:
            raise ClipError(f"{path} has no frame that can be decoded. Leave it out", "no_frames")
        sound, warnings = self._sound(clip, path)
        frames, times_s = self.grid.arranged(clip)
        audio, visual = self._embedded(sound, frames)
        warnings += _warnings(clip, max(len(audio), len(visual)))
        return Extraction(
            filename=path.name,
            audio=audio,
            visual=visual,
            audio_times_s=_audio_times_s(len(audio), self.embedding_set, clip),
            visual_times_s=tuple(clip.picture_begin_s + at_s for at_s in times_s[: len(visual)]),
            sample_rate_hz=clip.sample_rate_hz,
            n_channels=None if clip.samples is None else clip.samples.shape[1],
            warnings=tuple(warnings),
            recipe=self.recipe,
        )

    def _embedded(self, sound: Floats, frames: npt.NDArray[np.uint8]) -> tuple[Floats, Floats]:
        audio = checked_rows(self._embed_audio(sound), self.embedding_set, "audio")
        visual = checked_rows(self._embed_frames(frames), self.embedding_set, "visual")
        stream = self.embedding_set.audio
        most = int(len(sound) / stream.sample_rate_hz / stream.stride_s) + 1
        if len(audio) > most or len(visual) != len(frames):
            raise ConfigError(
                f"the embedding set {self.embedding_set.name} gave {len(audio)} audio and "
                f"{len(visual)} visual timesteps, expected at most {most} and {len(frames)}. Mend "
                "the package that brings it"
            )
        if self.embedding_set.equal_lengths:
            shorter = min(len(audio), len(visual))
            return audio[:shorter], visual[:shorter]
        return audio, visual

    def _sound(self, clip: SampledClip, path: Path) -> tuple[Floats, list[str]]:
        stream = self.embedding_set.audio
        if clip.samples is None or clip.sample_rate_hz is None or not len(clip.samples):
            if not self.recipe.silence_for_missing_audio:
                raise ClipError(
                    f"{path} has no sound. Leave it out, or pass --silence-for-missing-audio",
                    "no_audio",
                )
            silence = np.zeros(SILENCE_S * stream.sample_rate_hz, np.float32)
            return silence, ["no sound: silence stands in"]
        samples, rate_hz = clip.samples, clip.sample_rate_hz
        if self.recipe.audio_decoder == "pydub":
            samples, rate_hz = decode_with_pydub(path)
        mono = waveform.pcm16_to_waveform(samples)
        sound = waveform.resample(mono, rate_hz, stream.sample_rate_hz)
        lacking = round(stream.window_s * stream.sample_rate_hz) - len(sound)
        if lacking <= 0:
            return sound, []
        return np.pad(sound, (0, lacking)), ["sound shorter than one window: padded with zeros"]


class FrameGrid:
    """Which frames the visual network of a set sees, one at a time or in windows."""

    def __init__(self, embedding_set: EmbeddingSet, grid: Grid) -> None:
        self._stream = embedding_set.visual
        self._step_ms = embedding_set.visual_step_ms(grid)
        self._wanted_s: list[list[float]] = []

    def choose(self, times_ms: npt.NDArray[np.float64]) -> list[int]:
        """Return which frames to decode, ascending; remembers what belongs together."""
        stream = self._stream
        if stream.n_frames == 1:
            return choose_frames(times_ms, self._step_ms)
        windows = choose_windows(times_ms, self._step_ms, stream.window_s * 1000, stream.n_frames)
        self._wanted_s = [[times_ms[place] / 1000 for place in window] for window in windows]
        return sorted({place for window in windows for place in window})

    def arranged(self, clip: SampledClip) -> tuple[npt.NDArray[np.uint8], list[float]]:
        """Return the frames of each timestep and when it begins, from the start of the stream."""
        images = np.stack(clip.images)
        if self._stream.n_frames == 1:
            return images, list(clip.image_times_s)
        # Of damaged frames the one before stands in.
        places = np.searchsorted(clip.image_times_s, self._wanted_s, side="right") - 1
        return images[np.maximum(places, 0)], [window[0] for window in self._wanted_s]


def checked_rows(rows: Floats, embedding_set: EmbeddingSet, stream: str) -> Floats:
    """Return embeddings as float32; raises ConfigError if they are not what the set states."""
    size = embedding_set.audio_size if stream == "audio" else embedding_set.visual_size
    found = np.asarray(rows, dtype=np.float32)
    if found.ndim != 2 or found.shape[1] != size or not len(found):
        raise ConfigError(
            f"the embedding set {embedding_set.name} gave {stream} embeddings of shape "
            f"{found.shape}, expected (timesteps, {size}). Mend the package that brings it"
        )
    return found


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


def _audio_times_s(
    timesteps: int, embedding_set: EmbeddingSet, clip: SampledClip
) -> tuple[float, ...]:
    starts_s = (step * embedding_set.audio_step_ms / 1000 for step in range(timesteps))
    return tuple(clip.sound_time_s(start_s) for start_s in starts_s)


@dataclass(frozen=True, slots=True)
class Job:
    """What a process needs to extract clips.

    Parameters
    ----------
    audio, visual : tuple of Path
        Weights of the networks: graphs of `features.weights.find.prepare_graph`, or the files that
        a set brings.
    """

    recipe: Recipe
    audio: tuple[Path, ...]
    visual: tuple[Path, ...]
    folder: Path
    device: Device = "auto"


@dataclass(frozen=True, slots=True)
class Reject:
    """A clip without a record, and why."""

    clip: ListedClip
    reason: str
    detail: str


def load(job: Job) -> Extractor:
    """Load the networks of a job, for one thread."""
    return Extractor(job.recipe, job.audio, job.visual, Run(device=job.device))


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
