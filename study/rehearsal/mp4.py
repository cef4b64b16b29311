"""Pictures and sound into one mp4 file, the same bytes every time."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import Interpolation

from study.tools.files import written_atomically

Picture = npt.NDArray[np.uint8]
Sound = npt.NDArray[np.float32]

LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
_TICKS_HZ = 90_000  # divides every common frame rate
_SAMPLES_PER_FRAME = 1024  # of AAC
# One thread and no statistics of other frames ahead: the same bytes on every run of a machine.
_H264 = {
    "preset": "veryfast",
    "crf": "24",
    "threads": "1",
    "sc_threshold": "0",
    "x264-params": "cpu-independent=1:mbtree=0:weightp=0",
}
_EXACT = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
_AAC = {"aac_coder": "fast", "threads": "1"}  # the thorough coder takes half the time of a clip
_BITEXACT = {"fflags": "+bitexact", "movflags": "+faststart"}


@dataclass(frozen=True, slots=True)
class Film:
    """The picture stream of a clip.

    Parameters
    ----------
    pictures : iterable of ndarray of uint8, shape (height, width, 3)
        RGB.
    size_px : (int, int)
        Width and height of every picture.
    times_s : sequence of float
        When each picture is shown.
    frame_rate_hz : Fraction
        The rate that the stream announces.
    pixel_format : str
        How pixels are stored; ``"yuv420p"`` needs even sizes.
    pixel_aspect : Fraction
        Width of a pixel divided by its height.
    """

    pictures: Iterable[Picture]
    size_px: tuple[int, int]
    times_s: tuple[float, ...]
    frame_rate_hz: Fraction
    pixel_format: str = "yuv420p"
    pixel_aspect: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class SceneSound:
    """A sound stream of a clip.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples, n_channels)
        One, two or six channels in [-1, 1].
    sample_rate_hz : int
        Samples a second.
    start_s : float
        When the first sample is heard.
    """

    samples: Sound
    sample_rate_hz: int
    start_s: float = 0.0


def steady_times(n_frames: int, frame_rate_hz: Fraction) -> tuple[float, ...]:
    """Return when the frames of a film with a constant rate are shown.

    Returns seconds from the start.

    Parameters
    ----------
    frame_rate_hz : Fraction
        Frames a second.
    """
    return tuple(float(i / frame_rate_hz) for i in range(n_frames))


def write_clip(path: Path, film: Film | None, tracks: Iterable[SceneSound] = ()) -> None:
    """Write an mp4 file with h264 pictures and AAC sound.

    The encoders run in one thread and the container holds no time of day, so that the same
    pictures and samples give the same bytes on the same machine.

    Parameters
    ----------
    path : Path
        The file to write; it appears when it is complete.
    film : Film or None
        The pictures; None for a file with sound only.
    """
    with (
        written_atomically(path) as part,
        av.open(str(part), "w", format="mp4", options=_BITEXACT) as container,
    ):
        video = None if film is None else _add_film(container, film)
        sounds = [(_add_sound(container, track), track) for track in tracks]
        if film is not None:
            _encode_film(container, video, film)
        for stream, track in sounds:
            _encode_sound(container, stream, track)


def _add_film(container: av.container.OutputContainer, film: Film) -> av.VideoStream:
    stream = container.add_stream("libx264", rate=film.frame_rate_hz, options=_H264)
    stream.width, stream.height = film.size_px
    stream.pix_fmt = film.pixel_format
    stream.thread_count = 1
    stream.codec_context.time_base = Fraction(1, _TICKS_HZ)
    stream.codec_context.sample_aspect_ratio = film.pixel_aspect
    return stream


def _add_sound(container: av.container.OutputContainer, track: SceneSound) -> av.AudioStream:
    layout = LAYOUTS[track.samples.shape[1]]
    stream = container.add_stream("aac", rate=track.sample_rate_hz, layout=layout, options=_AAC)
    stream.bit_rate = 64_000 * track.samples.shape[1]
    return stream


def _encode_film(
    container: av.container.OutputContainer, stream: av.VideoStream, film: Film
) -> None:
    for picture, time_s in zip(film.pictures, film.times_s, strict=True):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame = frame.reformat(format=film.pixel_format, interpolation=_EXACT, threads=1)
        frame.pts = round(time_s * _TICKS_HZ)
        frame.time_base = Fraction(1, _TICKS_HZ)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _encode_sound(
    container: av.container.OutputContainer, stream: av.AudioStream, track: SceneSound
) -> None:
    layout = LAYOUTS[track.samples.shape[1]]
    first = round(track.start_s * track.sample_rate_hz)
    planes = np.ascontiguousarray(track.samples.T, dtype=np.float32)
    for start in range(0, planes.shape[1], _SAMPLES_PER_FRAME):
        piece = np.ascontiguousarray(planes[:, start : start + _SAMPLES_PER_FRAME])
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout=layout)
        frame.sample_rate = track.sample_rate_hz
        frame.pts = first + start
        frame.time_base = Fraction(1, track.sample_rate_hz)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
