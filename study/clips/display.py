"""A whole clip, decoded for showing: frames with their times, and the sound."""

import hashlib
import io
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from study.errors import ClipError

N_CHANNELS = 2
MAX_FRAMES_BYTES = 600_000_000
# A file that breaks off before this share of what it promises is broken, not short.
MIN_DECODED_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class DecodedClip:
    """A clip in memory, ready to be shown.

    Parameters
    ----------
    path : Path
        The file.
    sha256 : str
        SHA-256 of the bytes that were decoded.
    frames : ndarray of uint8, shape (n_frames, height_px, width_px, 3)
        Upright RGB frames at display size, top row first.
    times_s : ndarray of float64, shape (n_frames,)
        When each frame's time has come, from the beginning of the clip; the first is 0.
    sound : ndarray of float32, shape (n_samples, 2)
        Left and right, from the beginning of the clip to its end.
    sample_rate_hz : int
        Rate of the sound.
    duration_s : float
        Until the last frame and the last sample are out.
    scale : float
        Display height divided by the clip's upright height.
    """

    path: Path
    sha256: str
    frames: npt.NDArray[np.uint8]
    times_s: npt.NDArray[np.float64]
    sound: npt.NDArray[np.float32]
    sample_rate_hz: int
    duration_s: float
    scale: float

    @property
    def n_frames(self) -> int:
        """How many frames the clip has."""
        return len(self.frames)

    @property
    def width_px(self) -> int:
        """Width on the screen."""
        return int(self.frames.shape[2])

    @property
    def height_px(self) -> int:
        """Height on the screen."""
        return int(self.frames.shape[1])

    def frame_at(self, t_s: float) -> int:
        """Return the index of the frame whose time has come.

        Parameters
        ----------
        t_s : float
            Seconds from the beginning of the clip.

        Returns
        -------
        int
            0 before the beginning, the last frame after the end.
        """
        return max(0, int(np.searchsorted(self.times_s, t_s, side="right")) - 1)


def decode_for_display(path: Path, *, box_px: tuple[int, int], sample_rate_hz: int) -> DecodedClip:
    """Decode a clip into memory.

    Variable frame rates, rotation, pixel aspect and different beginnings of picture and sound
    are honoured: the clip begins with whichever stream begins first, a picture that begins later
    stands from the beginning, a sound that begins later is preceded by silence.

    Parameters
    ----------
    path : Path
        The file.
    box_px : tuple of int
        Width and height that a larger clip is scaled down to fit.
    sample_rate_hz : int
        Rate to bring the sound to.

    Returns
    -------
    DecodedClip
        The clip.

    Raises
    ------
    ClipError
        If it is missing, empty, cannot be decoded to its end, has no picture or no sound, or is
        too large for the memory.
    """
    content = _read(path)
    try:
        with closing(av.open(io.BytesIO(content))) as container:
            picture, sound = _decode(container, path, box_px, sample_rate_hz)
    except (av.error.FFmpegError, ValueError) as error:
        raise ClipError(f"{path} cannot be decoded: {error}. Replace the file") from error
    begin_s = min(picture.begin_s, sound.begin_s)
    picture_end_s = picture.times_s[-1] + picture.last_s - begin_s
    sound_end_s = sound.begin_s - begin_s + len(sound.samples) / sample_rate_hz
    duration_s = float(max(picture_end_s, sound_end_s))
    times_s = picture.times_s - begin_s
    times_s[0] = 0.0
    return DecodedClip(
        path=path,
        sha256=hashlib.sha256(content).hexdigest(),
        frames=picture.frames,
        times_s=times_s,
        sound=_padded(sound, begin_s, duration_s, sample_rate_hz),
        sample_rate_hz=sample_rate_hz,
        duration_s=duration_s,
        scale=picture.scale,
    )


@dataclass(frozen=True, slots=True)
class _Picture:
    frames: npt.NDArray[np.uint8]
    times_s: npt.NDArray[np.float64]
    last_s: float  # how long the last frame stands
    scale: float

    @property
    def begin_s(self) -> float:
        return float(self.times_s[0])


@dataclass(frozen=True, slots=True)
class _Sound:
    samples: npt.NDArray[np.float32]
    begin_s: float


def _read(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ClipError(
            f"{path} cannot be read: {error.strerror}. Restore the file", "missing"
        ) from error
    if not content:
        raise ClipError(f"{path} is empty. Restore the file", "empty")
    return content


def _decode(
    container: Any,  # noqa: ANN401
    path: Path,
    box_px: tuple[int, int],
    sample_rate_hz: int,
) -> tuple[_Picture, _Sound]:
    if not container.streams.video:
        raise ClipError(f"{path} has no picture. Replace the file", "no_video")
    if not container.streams.audio:
        raise ClipError(f"{path} has no sound. Take it out of the candidates", "no_audio")
    video, audio = container.streams.video[0], container.streams.audio[0]
    frames: list[npt.NDArray[np.uint8]] = []
    samples: list[npt.NDArray[np.float32]] = []
    times_s: list[float] = []
    scale, last_s, sound_begin_s = 1.0, 0.0, None
    resampler = _Resampler(audio, sample_rate_hz)
    room = MAX_FRAMES_BYTES
    for frame in container.decode(video, audio):
        if isinstance(frame, av.VideoFrame):
            image, scale = _upright(frame, _pixel_aspect(video, frame), box_px)
            room -= image.nbytes
            if room < 0:
                raise ClipError(f"{path} is too long to be shown from memory", "too_large")
            frames.append(image)
            times_s.append(float(frame.pts * frame.time_base))
            last_s = float((frame.duration or 0) * frame.time_base)
        else:
            if sound_begin_s is None:
                sound_begin_s = float(frame.pts * frame.time_base)
            samples.extend(resampler.resample(frame))
    samples.extend(resampler.resample(None))
    if not frames:
        raise ClipError(f"{path} holds no frame that can be decoded. Replace the file")
    if sound_begin_s is None:
        raise ClipError(f"{path} holds no sound that can be decoded", "no_audio")
    order = np.argsort(times_s, kind="stable")
    picture = _Picture(
        np.stack([frames[i] for i in order]),
        np.asarray(times_s)[order],
        last_s or _usual_interval_s(video),
        scale,
    )
    _refuse_broken_off(video, picture, path)
    return picture, _Sound(np.concatenate(samples), sound_begin_s)


def _upright(
    frame: av.VideoFrame, pixel_aspect: Fraction, box_px: tuple[int, int]
) -> tuple[npt.NDArray[np.uint8], float]:
    quarter_turns = round(frame.rotation / 90) % 4
    width, height = frame.width * float(pixel_aspect), float(frame.height)
    upright = (height, width) if quarter_turns % 2 else (width, height)
    scale = min(1.0, box_px[0] / upright[0], box_px[1] / upright[1])
    scaled = frame.reformat(
        width=max(1, round(width * scale)),
        height=max(1, round(height * scale)),
        format="rgb24",
        interpolation="BICUBIC",
    )
    image = scaled.to_ndarray()
    return np.ascontiguousarray(np.rot90(image, quarter_turns)), scale


def _pixel_aspect(video: Any, frame: av.VideoFrame) -> Fraction:  # noqa: ANN401
    aspect = video.sample_aspect_ratio or video.codec_context.sample_aspect_ratio
    return Fraction(aspect) if aspect else Fraction(1)


def _usual_interval_s(video: Any) -> float:  # noqa: ANN401
    return 1.0 / float(video.average_rate) if video.average_rate else 0.0


def _refuse_broken_off(video: Any, picture: _Picture, path: Path) -> None:  # noqa: ANN401
    if not video.duration:
        return
    promised_s = float(video.duration * video.time_base)
    decoded_s = picture.times_s[-1] + picture.last_s - picture.begin_s
    if decoded_s < MIN_DECODED_SHARE * promised_s:
        raise ClipError(
            f"{path} breaks off after {decoded_s:.2f} of {promised_s:.2f} s. Replace the file"
        )


class _Resampler:
    """Bring sound to one rate and two channels; one channel is heard on both ears alike."""

    def __init__(self, audio: Any, sample_rate_hz: int) -> None:  # noqa: ANN401
        self._is_mono = audio.codec_context.channels == 1
        layout = "mono" if self._is_mono else "stereo"
        self._resampler = av.AudioResampler(format="flt", layout=layout, rate=sample_rate_hz)

    def resample(self, frame: av.AudioFrame | None) -> Iterator[npt.NDArray[np.float32]]:
        for resampled in self._resampler.resample(frame):
            # Packed samples come as one row: left, right, left, ...
            samples = resampled.to_ndarray().reshape(-1, 1 if self._is_mono else N_CHANNELS)
            yield np.broadcast_to(samples, (len(samples), N_CHANNELS))


def _padded(
    sound: _Sound, begin_s: float, duration_s: float, sample_rate_hz: int
) -> npt.NDArray[np.float32]:
    n_before = round((sound.begin_s - begin_s) * sample_rate_hz)
    n_total = max(round(duration_s * sample_rate_hz), n_before + len(sound.samples))
    padded = np.zeros((n_total, N_CHANNELS), dtype=np.float32)
    padded[n_before : n_before + len(sound.samples)] = sound.samples
    return padded
