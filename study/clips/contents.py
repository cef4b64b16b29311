"""What a clip turns out to be when all of it is decoded, in one pass over the file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from study.clips.containers import frames_of, open_clip
from study.clips.probe import largest_sample, missing_stream, require_codecs, video_streams
from study.clips.showing import Showing
from study.clips.sound.one_form import Resampler
from study.clips.wholeness import ends_early
from study.errors import ClipError

# Five frames, spread over the clip, each as the signs of 64 horizontal steps of brightness.
N_HASHED_FRAMES = 5
_HASH_WIDTH, _HASH_HEIGHT = 9, 8
_FLAT_STEP = 1.5  # mean step of brightness (of 255) below which a frame shows nothing to compare
# The sound as 17 slices of time and 9 bands of frequency: 128 signs of how the step from band to
# band changes from slice to slice, which steady noise of the same colour does not share.
_N_SLICES, _N_BANDS = 17, 9
_BAND_EDGES_HZ = np.geomspace(150, 6000, _N_BANDS + 1)
_FAINTEST = 1e-5  # share of the strongest band below which power is taken for rounding
_MAX_HEARD_S = 60  # of longer files the first minute is measured, so that memory stays bounded
_LOUDNESS_KEY = "lavfi.r128.I"
QUIETEST_LUFS = -70.0  # the absolute gate of EBU R128: what is quieter has no loudness

Pcm = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What decoding found.

    Parameters
    ----------
    n_frames : int
        Decoded frames of the first video stream.
    n_samples : int
        Decoded samples per channel of the first audio stream; 0 without one.
    peak : float
        Largest absolute 16-bit sample, 0 to 1.
    loudness_lufs : float or None
        Integrated loudness (EBU R128) of the first minute; None below -70 LUFS, or where it was
        not asked for.
    frame_hash : str
        80 hexadecimal digits that stay nearly the same when the clip is scaled or encoded again;
        empty where the picture is flat, or where it was not asked for.
    sound_hash : str
        32 hexadecimal digits, likewise for the sound; empty for silence.
    """

    n_frames: int
    n_samples: int
    peak: float
    loudness_lufs: float | None = None
    frame_hash: str = ""
    sound_hash: str = ""


@dataclass(frozen=True, slots=True)
class Display:
    """What a clip is to be shown on.

    Parameters
    ----------
    box_px : tuple of int
        Width and height that a larger clip is scaled down to fit.
    rate_hz : int
        Rate to bring its sound to.
    """

    box_px: tuple[int, int] = (640, 480)
    rate_hz: int = 48000


def inspect(
    path: Path, *, hashed_frames: Sequence[int] = (), display: Display | None = None
) -> Inspection:
    """Decode a clip to its last frame and its last sample.

    Raises ClipError with reason ``"missing"``, ``"empty"``, ``"unreadable"``, ``"no_video"``,
    ``"too_large"`` or ``"too_slow"``; for a display also as `study.clips.showing.Showing`.

    Parameters
    ----------
    hashed_frames : sequence of int
        Which frames go into `frame_hash`, from `spread`; none for decoding and peak alone.
    display : Display or None
        What the clip is to be shown on, so that one which cannot be shown is refused; None to leave
        that open.
    """
    with open_clip(path) as container:
        video = video_streams(container)
        if not video:
            raise missing_stream(path, "video")
        audio = container.streams.audio[:1]
        require_codecs(path, [video[0], *audio])
        seen = _Seen(hashed_frames)
        resampler = Resampler("s16")
        showing = (
            None
            if display is None
            else Showing(path, video[0], box_px=display.box_px, rate_hz=display.rate_hz)
        )
        for frame in frames_of(container, path, [video[0], *audio]):
            if frame.is_corrupt:  # decoders fill what they could not read with what was there
                raise ClipError(f"{path} is damaged: a frame of it is made up. Copy it again")
            if isinstance(frame, av.VideoFrame):
                if showing is not None:
                    showing.picture(frame)
                seen.add_picture(frame)
            else:
                if showing is not None:
                    showing.sound(frame)
                seen.add_sound(resampler.resample(frame))
        if audio:
            seen.add_sound(resampler.resample(None))
        if container.format.name.startswith("matroska") and ends_early(path):
            # Without an index a decoder takes what is there for all there is.
            raise ClipError(f"{path} ends before its container does. Copy it again")
        if seen.n_frames == 0:
            raise ClipError(f"{path} has no frame that can be decoded. Copy it again")
        if audio and seen.n_samples == 0:
            raise ClipError(f"no sound of {path} can be decoded. Copy it again")
        if showing is not None:
            showing.finish(container, needs_sound=bool(audio))
        return seen.inspection(resampler.rate_hz or 0)


def spread(n_frames: int) -> tuple[int, ...]:
    """Return which frames of a clip are hashed.

    Returns five places, from 10 % to 90 % of the clip; a frame of a very short clip stands for
    several.
    """
    return tuple((2 * i + 1) * n_frames // (2 * N_HASHED_FRAMES) for i in range(N_HASHED_FRAMES))


def frame_hash(grey: npt.NDArray[np.uint8]) -> tuple[int, bool]:
    """Return the hash of one frame, and whether it shows anything to compare.

    Parameters
    ----------
    grey : ndarray of uint8, shape (8, 9)
        The frame, scaled down.

    Returns
    -------
    value : int
        64 bits: whether brightness rises from each place to the next.
    is_telling : bool
        False for a flat frame.
    """
    steps = np.diff(grey.astype(np.int16), axis=1)
    return _packed(steps > 0), bool(np.abs(steps).mean() >= _FLAT_STEP)


def sound_hash(samples: Pcm, sample_rate_hz: int) -> str:
    """Return the hash of a sound.

    Returns 32 hexadecimal digits; empty for silence and for sounds too short to tell.

    Parameters
    ----------
    samples : ndarray of int16, shape (n_samples,)
        One channel.
    """
    if len(samples) < _N_SLICES * 512 or not samples.any():
        return ""
    slices = samples[: len(samples) // _N_SLICES * _N_SLICES].reshape(_N_SLICES, -1)
    windowed = slices.astype(np.float32) * np.hanning(slices.shape[1]).astype(np.float32)
    power = np.abs(np.fft.rfft(windowed, axis=1)) ** 2
    edges = (_BAND_EDGES_HZ / sample_rate_hz * slices.shape[1]).astype(int)
    edges = np.minimum(edges, power.shape[1] - 1)
    bands = np.add.reduceat(power, edges, axis=1)[:, :_N_BANDS]
    level = np.log(bands + bands.max() * _FAINTEST)
    return f"{_packed(np.diff(np.diff(level, axis=1), axis=0) > 0):032x}"


def _packed(bits: npt.NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(bits.ravel()).tobytes())


class _Seen:
    # What has been decoded so far.
    def __init__(self, hashed_frames: Sequence[int]) -> None:
        self.n_frames = 0
        self.n_samples = 0
        self._peak = 0.0
        self._wanted = hashed_frames
        self._hashes: dict[int, tuple[int, bool]] = {}
        self._heard: list[Pcm] = []
        self._layout = ""

    def add_picture(self, frame: Any) -> None:  # noqa: ANN401
        if self.n_frames in self._wanted:
            small = frame.reformat(_HASH_WIDTH, _HASH_HEIGHT, "gray", interpolation="AREA")
            self._hashes[self.n_frames] = frame_hash(small.to_ndarray())
        self.n_frames += 1

    def add_sound(self, frames: Sequence[Any]) -> None:
        for frame in frames:
            samples = frame.to_ndarray().reshape(frame.samples, -1)
            self.n_samples += frame.samples
            self._peak = max(self._peak, largest_sample(samples))
            if self._wanted and self.n_samples <= _MAX_HEARD_S * frame.sample_rate:
                self._heard.append(samples)
                self._layout = frame.layout.name

    def inspection(self, sample_rate_hz: int) -> Inspection:
        heard = np.concatenate(self._heard) if self._heard else np.zeros((0, 1), dtype=np.int16)
        mono = heard.mean(axis=1, dtype=np.float32).astype(np.int16)
        return Inspection(
            n_frames=self.n_frames,
            n_samples=self.n_samples,
            peak=self._peak,
            loudness_lufs=_loudness(heard, self._layout, sample_rate_hz) if len(heard) else None,
            frame_hash=self._frame_hash(),
            sound_hash=sound_hash(mono, sample_rate_hz),
        )

    def _frame_hash(self) -> str:
        if not self._hashes:
            return ""
        last = max(self._hashes)
        # A clip may have fewer frames than its packets promised.
        found = [self._hashes.get(place, self._hashes[last]) for place in self._wanted]
        if sum(is_telling for _, is_telling in found) < N_HASHED_FRAMES / 2:
            return ""
        return "".join(f"{value:016x}" for value, _ in found)


def _loudness(samples: Pcm, layout: str, sample_rate_hz: int) -> float | None:
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout=layout)
    frame.sample_rate = sample_rate_hz
    graph = av.filter.Graph()
    source = graph.add_abuffer(format="s16", sample_rate=sample_rate_hz, layout=layout)
    meter = graph.add("ebur128", "metadata=1:framelog=quiet")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    graph.push(frame)
    graph.push(None)
    loudness = None
    while True:
        try:
            told = graph.pull().metadata.get(_LOUDNESS_KEY)
        except (av.error.BlockingIOError, av.error.EOFError):
            return loudness if loudness is not None and loudness > QUIETEST_LUFS else None
        loudness = loudness if told is None else float(told)
