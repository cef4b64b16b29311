"""Write a stimulus: H.264 and AAC in MP4, or FFV1 and FLAC in Matroska."""

import errno
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from curation.manipulation.making.picture import Pictures, StimulusPictures
from curation.manipulation.making.sound import RATE_HZ, Samples
from study.errors import ClipError
from study.tools.files import written_atomically

_REFUSALS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES)
_PIECE = 1024  # samples: a frame of AAC, so that the last one says where the sound ends
_FULL_SCALE_24 = 2**23
_MOST_24 = _FULL_SCALE_24 - 1
_USUAL_RATE = Fraction(25)
# The encoder takes noise for what nobody misses: of a deviation of 0.05 it would leave 0.044.
_KEEP_NOISE = "aq-mode=0:deadzone-inter=6:deadzone-intra=6:trellis=0:no-dct-decimate=1:no-deblock=1"
# With the macroblock tree, about one encoding in a hundred has other bytes.
_SAME_BYTES = "cpu-independent=1:mbtree=0:weightp=0"
_BITEXACT = {"fflags": "+bitexact"}  # no time of day: the same clip gives the same bytes


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a stimulus is stored (see docs/adr/0070).

    Parameters
    ----------
    container : str
        FFmpeg's name of it.
    ticks_hz : int
        To which time stamps of pictures are rounded.
    sides_are_even : bool
        Whether pictures of odd sizes get one more row or column.
    """

    container: str
    ticks_hz: int
    video: str
    pixel_format: str
    video_options: dict[str, str]
    audio: str
    sample_format: str
    audio_options: dict[str, str]
    bit_rate: int | None
    sides_are_even: bool

    @property
    def is_lossless(self) -> bool:
        """Whether what is decoded is what was encoded."""
        return self.audio == "flac"


ENCODINGS = {
    "h264": Encoding(
        container="mp4",
        ticks_hz=90_000,
        video="libx264",
        pixel_format="yuv420p",
        # Without b-frames the pictures need no edit list, which some readers pass over.
        video_options={
            "preset": "veryfast",
            "crf": "17",
            "bf": "0",
            "threads": "1",
            "x264-params": f"{_KEEP_NOISE}:{_SAME_BYTES}",
        },
        audio="aac",
        sample_format="fltp",
        # Perceptual noise substitution would put the encoder's own noise in place of ours.
        audio_options={"aac_pns": "0", "aac_coder": "fast", "threads": "1"},
        bit_rate=320_000,
        sides_are_even=True,
    ),
    "lossless": Encoding(
        container="matroska",
        ticks_hz=1000,
        video="ffv1",
        pixel_format="bgr0",
        video_options={"level": "3", "slicecrc": "1", "threads": "1"},
        audio="flac",
        sample_format="s32",
        audio_options={"compression_level": "5", "threads": "1"},
        bit_rate=None,
        sides_are_even=False,
    ),
}


def write_stimulus(path: Path, film: StimulusPictures, sound: Samples, encoding: Encoding) -> None:
    """Write a stimulus; it appears when it is complete.

    Raises ClipError if its pictures or its sound cannot be encoded.

    `sound`: at 48 kHz, from the beginning of the file.
    """
    try:
        _write(path, film, sound, encoding)
    except av.error.FFmpegError as error:
        if error.errno in _REFUSALS:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise ClipError(
            f"{path} cannot be encoded: {error.strerror}. Leave the clip out, or use the other "
            "format",
            "not_encoded",
        ) from error


def _write(path: Path, film: StimulusPictures, sound: Samples, encoding: Encoding) -> None:
    options = _BITEXACT | ({"movflags": "+faststart"} if encoding.container == "mp4" else {})
    with (
        written_atomically(path) as part,
        av.open(str(part), "w", format=encoding.container, options=options) as container,
    ):
        pictures = _even(film.pictures) if encoding.sides_are_even else film.pictures
        video = _video_stream(container, pictures, film, encoding)
        audio = container.add_stream(
            encoding.audio, rate=RATE_HZ, layout="stereo", options=encoding.audio_options
        )
        audio.codec_context.format = encoding.sample_format
        if encoding.bit_rate is not None:
            audio.bit_rate = encoding.bit_rate
        _encode_pictures(container, video, pictures, film, encoding)
        _encode_sound(container, audio, sound, encoding)


def ticks_of(times_s: npt.NDArray[np.float64], ticks_hz: int) -> npt.NDArray[np.int64]:
    """Return time stamps, each later than the one before."""
    ticks = np.rint(times_s * ticks_hz).astype(np.int64)
    places = np.arange(len(ticks))
    return np.asarray(np.maximum.accumulate(ticks - places) + places)


def _even(pictures: Pictures) -> Pictures:
    height, width = pictures.shape[1:3]
    if height % 2 == width % 2 == 0:
        return pictures
    return np.pad(pictures, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _video_stream(
    container: Any,  # noqa: ANN401
    pictures: Pictures,
    film: StimulusPictures,
    encoding: Encoding,
) -> Any:  # noqa: ANN401
    steps = np.diff(film.times_s)
    usual_s = float(np.median(steps)) if len(steps) else 0.0
    rate = Fraction(1 / usual_s).limit_denominator(1001) if usual_s > 0 else _USUAL_RATE
    stream = container.add_stream(encoding.video, rate=rate, options=encoding.video_options)
    stream.height, stream.width = pictures.shape[1:3]
    stream.pix_fmt = encoding.pixel_format
    stream.thread_count = 1
    stream.codec_context.time_base = Fraction(1, encoding.ticks_hz)
    return stream


def _encode_pictures(
    container: Any,  # noqa: ANN401
    stream: Any,  # noqa: ANN401
    pictures: Pictures,
    film: StimulusPictures,
    encoding: Encoding,
) -> None:
    stamps = ticks_of(film.times_s, encoding.ticks_hz)
    end = max(int(stamps[-1]) + 1, round(film.end_s * encoding.ticks_hz))
    lengths = dict(zip(stamps.tolist(), np.diff([*stamps, end]).tolist(), strict=True))

    def mux(packets: list[Any]) -> None:
        for packet in packets:
            # The last picture stands until the end, not as long as most do.
            packet.duration = lengths[packet.pts]
            container.mux(packet)

    for picture, stamp in zip(pictures, stamps.tolist(), strict=True):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame = frame.reformat(format=encoding.pixel_format, threads=1)
        frame.pts = stamp
        frame.time_base = Fraction(1, encoding.ticks_hz)
        mux(stream.encode(frame))
    mux(stream.encode(None))


def _encode_sound(container: Any, stream: Any, sound: Samples, encoding: Encoding) -> None:  # noqa: ANN401
    for first in range(0, len(sound), _PIECE):
        piece = sound[first : first + _PIECE]
        frame = av.AudioFrame.from_ndarray(
            _packed(piece, encoding), format=encoding.sample_format, layout="stereo"
        )
        frame.sample_rate = RATE_HZ
        frame.pts = first
        frame.time_base = Fraction(1, RATE_HZ)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _packed(piece: Samples, encoding: Encoding) -> npt.NDArray[Any]:
    if not encoding.is_lossless:
        return np.ascontiguousarray(piece.T)
    whole = np.clip(np.rint(piece.astype(np.float64) * _FULL_SCALE_24), -_FULL_SCALE_24, _MOST_24)
    return (whole.astype(np.int32) << 8).reshape(1, -1)
