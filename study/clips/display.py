"""A whole clip, decoded for showing: frames with their times, and the sound."""

import hashlib
import io
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from study.clips.orientation import orientation_of
from study.clips.probe import video_streams
from study.clips.sound_track import SoundTrack
from study.errors import ClipError

MAX_FRAMES_BYTES = 600_000_000
# Nobody rates such a clip; a file that says so has time stamps that are wrong.
MAX_DURATION_S = 120.0
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

    Variable frame rates, rotation, mirroring, pixel aspect, gaps in the sound and different
    beginnings of picture and sound are honoured: the clip begins with whichever stream begins
    first, a picture that begins later stands from the beginning, a sound that begins later is
    preceded by silence.

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
        with closing(av.open(io.BytesIO(content), metadata_errors="replace")) as container:
            picture, sound = _decode(container, path, box_px, sample_rate_hz)
    except (av.error.FFmpegError, ValueError) as error:
        raise ClipError(f"{path} cannot be decoded: {error}. Replace the file") from error
    sound_begin_s = picture.begin_s if sound.begin_s is None else sound.begin_s
    begin_s = min(picture.begin_s, sound_begin_s)
    duration_s = max(picture.end_s, sound.end_s) - begin_s
    times_s = picture.times_s - begin_s
    times_s[0] = 0.0
    return DecodedClip(
        path=path,
        sha256=hashlib.sha256(content).hexdigest(),
        frames=picture.frames,
        times_s=times_s,
        sound=sound.samples(begin_s, duration_s),
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

    @property
    def end_s(self) -> float:
        return float(self.times_s[-1]) + self.last_s


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
) -> tuple[_Picture, SoundTrack]:
    video, audio = _streams(container, path)
    images: list[npt.NDArray[np.uint8]] = []
    times_s: list[float] = []
    scale, last_s, begin_s = 1.0, 0.0, None
    sound = SoundTrack(audio, sample_rate_hz)
    room = MAX_FRAMES_BYTES
    for frame in container.decode(video, audio):
        time_s = _time_s(frame, path)
        begin_s = time_s if begin_s is None else begin_s
        if isinstance(frame, av.VideoFrame):
            image, scale = _upright(frame, _pixel_aspect(video), box_px)
            room -= image.nbytes
            images.append(image)
            times_s.append(time_s)
            last_s = float((frame.duration or 0) * frame.time_base)
        else:
            sound.add(frame, time_s)
        if room < 0 or abs(time_s - begin_s) > MAX_DURATION_S:
            raise ClipError(
                f"{path} is too long to be shown from memory: at most {MAX_DURATION_S:g} s and "
                f"{MAX_FRAMES_BYTES / 1e6:g} MB of frames. Take it out of the candidates",
                "too_large",
            )
    sound.finish()
    if not images:
        raise ClipError(f"{path} holds no frame that can be decoded. Replace the file")
    if sound.begin_s is None:
        raise ClipError(f"{path} holds no sound that can be decoded", "no_audio")
    picture = _Picture(
        np.stack(images),
        # Frames come in the order in which they are shown; not all containers stamp them so.
        np.sort(np.asarray(times_s)),
        last_s or _usual_interval_s(video),
        scale,
    )
    _refuse_broken_off(container, video, picture, sound, path)
    return picture, sound


def _streams(container: Any, path: Path) -> tuple[Any, Any]:  # noqa: ANN401
    video = video_streams(container)
    if not video:
        raise ClipError(f"{path} has no picture. Replace the file", "no_video")
    if not container.streams.audio:
        raise ClipError(f"{path} has no sound. Take it out of the candidates", "no_audio")
    chosen = video[0], container.streams.audio[0]
    for stream in chosen:
        if stream.codec_context is None:
            raise ClipError(f"{path} has {stream.type} that no decoder here knows. Convert it")
    return chosen


def _time_s(frame: av.VideoFrame | av.AudioFrame, path: Path) -> float:
    stamp = frame.dts if frame.pts is None else frame.pts
    if stamp is None or frame.time_base is None:
        raise ClipError(f"{path} has frames without a time stamp. Replace the file")
    return float(stamp * frame.time_base)


def _upright(
    frame: av.VideoFrame, pixel_aspect: Fraction, box_px: tuple[int, int]
) -> tuple[npt.NDArray[np.uint8], float]:
    orientation = orientation_of(frame)
    width, height = frame.width * float(pixel_aspect), float(frame.height)
    upright = (height, width) if orientation.transposed else (width, height)
    scale = min(1.0, box_px[0] / upright[0], box_px[1] / upright[1])
    scaled = frame.reformat(
        width=max(1, round(width * scale)),
        height=max(1, round(height * scale)),
        format="rgb24",
        interpolation="BICUBIC",
    )
    return orientation.apply(scaled.to_ndarray()), scale


def _pixel_aspect(video: Any) -> Fraction:  # noqa: ANN401
    aspect = video.sample_aspect_ratio or video.codec_context.sample_aspect_ratio
    return Fraction(aspect) if aspect else Fraction(1)


def _usual_interval_s(video: Any) -> float:  # noqa: ANN401
    return 1.0 / float(video.average_rate) if video.average_rate else 0.0


def _refuse_broken_off(
    container: Any,  # noqa: ANN401
    video: Any,  # noqa: ANN401
    picture: _Picture,
    sound: SoundTrack,
    path: Path,
) -> None:
    if video.duration:
        promised_s = float(video.duration * video.time_base)
        decoded_s = picture.end_s - picture.begin_s
    elif container.duration:  # Matroska tells how long the longest stream is
        promised_s = container.duration / av.time_base
        decoded_s = max(picture.end_s, sound.end_s)
    else:
        return
    if decoded_s < MIN_DECODED_SHARE * promised_s:
        raise ClipError(
            f"{path} breaks off after {decoded_s:.2f} of {promised_s:.2f} s. Replace the file"
        )
