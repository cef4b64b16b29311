"""Decode a clip once for the networks: its 16-bit sound, and the frames that were asked for.

Everything that is not needed is left undecoded, and the frames are OpenCV's to the pixel.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from study.clips.containers import Budget, open_clip
from study.clips.probe import require_codecs, video_streams
from study.clips.sound.one_form import Resampler
from study.clips.sound.placing import stretches
from study.errors import ClipError

Image = npt.NDArray[np.uint8]
FrameChoice = Callable[[npt.NDArray[np.float64]], Sequence[int]]
_Av = Any  # PyAV's containers, streams, packets and frames
# FFmpeg's numbers of colour spaces: red-green-blue, not stated, and the two of BT.601.
_TAKEN_FOR_BT601 = (0, 2, 5, 6)


@dataclass(frozen=True, slots=True, eq=False)
class SampledClip:
    """What the networks need of a clip.

    Parameters
    ----------
    samples : ndarray of int16, shape (n_samples, n_channels), or None
        The first audio stream; None where there is none.
    images : list of ndarray of uint8
        The chosen frames, as `keep` returned them.
    image_times_s : tuple of float
        Their times from the start of the video stream.
    picture_begin_s : float
        When the picture begins, from the beginning of the clip: 0, unless the sound is there first.
    sound_begins_s : tuple of tuple of float
        Where the samples are cut, in seconds of samples, and when what follows is due, from the
        beginning of the clip. The samples stand without gaps, as pydub gives them, whatever the
        time stamps say; this is what the stamps say.
    n_damaged_packets : int
        Packets that could not be decoded and were passed over.
    n_video_streams, n_audio_streams : int
        Of which the first ones are used; cover pictures are not counted.
    is_bt601 : bool
        Whether the colours are stored as BT.601 has it, or not marked, which is taken for that.
    """

    samples: npt.NDArray[np.int16] | None
    sample_rate_hz: int | None
    images: list[Image]
    image_times_s: tuple[float, ...]
    picture_begin_s: float = 0.0
    sound_begins_s: tuple[tuple[float, float], ...] = ((0.0, 0.0),)
    n_damaged_packets: int = 0
    n_video_streams: int = 1
    n_audio_streams: int = 1
    is_bt601: bool = True

    def sound_time_s(self, at_s: float) -> float:
        """Return when a sample is due, from the beginning of the clip.

        Returns seconds: later than `at_s` where the sound begins late or has gaps.

        `at_s`: seconds of samples before it.
        """
        cut_s, begin_s = max(begin for begin in self.sound_begins_s if begin[0] <= at_s)
        return begin_s + (at_s - cut_s)


def decode_for_extraction(
    path: Path, *, choose: FrameChoice, keep: Callable[[Image], Image]
) -> SampledClip:
    """Decode the sound and the chosen frames of a clip in one pass through its file.

    Returns sound and frames. Raises ClipError with reason ``"missing"``, ``"empty"``,
    ``"unreadable"``, ``"no_video"``, ``"too_large"`` or ``"too_slow"``.

    Parameters
    ----------
    choose : callable
        Takes the times of all frames in milliseconds, in the order of showing, and returns
        which of them to decode, ascending.
    keep : callable
        Takes a chosen frame, upright, shape (height, width, 3), blue first, and returns what
        to keep of it.
    """
    with open_clip(path) as container:
        videos, audios = video_streams(container), container.streams.audio
        if not videos:
            raise ClipError(f"{path} has no video stream. Leave it out", "no_video")
        video, audio = videos[0], next(iter(audios), None)
        require_codecs(path, [video] if audio is None else [video, audio])
        video.codec_context.thread_type = "NONE"  # one process per core is faster
        decoder = _Decoder(Budget(path))
        packets, sound = _demux(decoder, container, video, audio)
        images, times_ms = _decode_chosen(decoder, video, packets, choose, keep)
        picture_s = _start_s(video)
        begin_s = min([picture_s, *sound.times_s[:1]])
        return SampledClip(
            samples=None if audio is None else sound.samples(),
            sample_rate_hz=None if audio is None else sound.sample_rate_hz,
            images=images,
            image_times_s=tuple(float(time) / 1000 for time in times_ms),
            picture_begin_s=picture_s - begin_s,
            sound_begins_s=sound.begins_s(begin_s),
            n_damaged_packets=decoder.n_damaged,
            n_video_streams=len(videos),
            n_audio_streams=len(audios),
            is_bt601=int(video.codec_context.colorspace) in _TAKEN_FOR_BT601,
        )


class _Decoder:
    """Decodes packets and counts the damaged ones, which it passes over as FFmpeg does."""

    def __init__(self, budget: Budget) -> None:
        self.n_damaged = 0
        self.budget = budget

    def decode(self, packet: _Av) -> list[_Av]:
        self.budget.require_time()
        try:
            frames = list(packet.decode())
        except av.error.InvalidDataError:
            self.n_damaged += 1
            return []
        for frame in frames:
            self.budget.spend(frame)
        return frames


class _Sound:
    """Gathers 16-bit samples in the rate and the channels of the first frame."""

    def __init__(self) -> None:
        self._blocks: list[_Av] = []
        self._resampler = Resampler("s16")
        self._stamps_s: list[float | None] = []
        self._lengths_s: list[float] = []
        self._tick_s = 0.0

    @property
    def times_s(self) -> list[float]:
        """When the sound begins, on the file's clock; nothing where it is not known."""
        return [time_s for time_s in self._stamps_s[:1] if time_s is not None]

    @property
    def sample_rate_hz(self) -> int | None:
        return self._resampler.rate_hz

    def add(self, frame: _Av) -> None:
        self._stamps_s.append(frame.time)
        self._lengths_s.append(frame.samples / frame.sample_rate)
        self._tick_s = float(frame.time_base or 0)
        self._blocks.extend(self._resampler.resample(frame))

    def samples(self) -> npt.NDArray[np.int16]:
        self._blocks.extend(self._resampler.resample(None))
        if not self._blocks:
            return np.zeros((0, 1), np.int16)
        n_channels = len(self._blocks[0].layout.channels)
        return np.concatenate([b.to_ndarray().reshape(-1, n_channels) for b in self._blocks])

    def begins_s(self, clip_begin_s: float) -> tuple[tuple[float, float], ...]:
        found = stretches(self._stamps_s, self._lengths_s, self._tick_s)
        ends_s = np.cumsum([0.0, *self._lengths_s])
        # A clip whose sound has no time stamps begins with it.
        origin_s = clip_begin_s if self.times_s else 0.0
        return tuple(
            (float(ends_s[cut.first]), round(cut.begin_s - origin_s, 6)) for cut in found
        ) or ((0.0, 0.0),)


def _start_s(video: _Av) -> float:
    return float((video.start_time or 0) * video.time_base)


def _demux(decoder: _Decoder, container: _Av, video: _Av, audio: _Av) -> tuple[list[_Av], _Sound]:
    packets: list[_Av] = []
    sound = _Sound()
    streams = [video] if audio is None else [video, audio]
    for packet in decoder.budget.packets(container, streams):
        if packet.stream is video:
            packets.append(packet)
            continue
        for frame in decoder.decode(packet):
            sound.add(frame)
    return packets, sound


def _decode_chosen(
    decoder: _Decoder,
    video: _Av,
    packets: list[_Av],
    choose: FrameChoice,
    keep: Callable[[Image], Image],
) -> tuple[list[Image], list[float]]:
    shown = [packet for packet in packets if packet.pts is not None and not packet.is_discard]
    pts = sorted({packet.pts for packet in shown})
    n_filled = sum(packet.size > 0 for packet in packets)
    if len(pts) == n_filled:
        times_ms = _times_ms(video, pts)
        chosen = [pts[index] for index in choose(times_ms)]
        images = _decode_at(decoder, video, packets, set(chosen), keep)
        if set(images) == set(chosen):
            return [images[at] for at in chosen], _times_ms(video, chosen).tolist()
        video.codec_context.flush_buffers()
    return _decode_all(decoder, video, packets, choose, keep)


def _decode_at(
    decoder: _Decoder,
    video: _Av,
    packets: list[_Av],
    chosen: set[int],
    keep: Callable[[Image], Image],
) -> dict[int, Image]:
    images: dict[int, Image] = {}
    if not chosen:
        return images
    last = max(chosen)
    for packet in packets:
        # Frames on which no other frame rests need not be decoded unless they are chosen.
        wanted = packet.pts is None or packet.pts in chosen
        video.codec_context.skip_frame = "DEFAULT" if wanted else "NONREF"
        for frame in decoder.decode(packet):
            if frame.pts in chosen:
                images[frame.pts] = keep(_upright(frame))
                if frame.pts == last:
                    return images
    return images


def _decode_all(
    decoder: _Decoder,
    video: _Av,
    packets: list[_Av],
    choose: FrameChoice,
    keep: Callable[[Image], Image],
) -> tuple[list[Image], list[float]]:
    # For clips whose packets do not say which frames there will be: twice through, memory bounded.
    video.codec_context.skip_frame = "DEFAULT"
    pts = [frame.pts for frame in _timed_frames(decoder, packets)]
    times_ms = _times_ms(video, pts)
    chosen = set(choose(times_ms))
    video.codec_context.flush_buffers()
    decoder.budget.begin_again()
    images = [
        keep(_upright(frame))
        for index, frame in enumerate(_timed_frames(decoder, packets))
        if index in chosen
    ]
    return images, [float(times_ms[index]) for index in sorted(chosen)]


def _timed_frames(decoder: _Decoder, packets: list[_Av]) -> Iterator[_Av]:
    for packet in packets:
        yield from (frame for frame in decoder.decode(packet) if frame.pts is not None)


def _times_ms(video: _Av, pts: Sequence[int]) -> npt.NDArray[np.float64]:
    # In OpenCV's order of operations: frames that stand exactly on the grid hang on the last bit.
    tick_s = video.time_base.numerator / video.time_base.denominator
    start = video.start_time or 0
    times_ms: npt.NDArray[np.float64] = (np.asarray(pts, np.float64) - start) * tick_s * 1000
    return times_ms


def _upright(frame: _Av) -> Image:
    # One thread: left to itself, each frame starts one per core in every process.
    bgr = frame.reformat(
        format="bgr24", interpolation=av.video.reformatter.Interpolation.BICUBIC, threads=1
    )
    image: Image = bgr.to_ndarray()
    turns = round(frame.rotation / 90) % 4  # counterclockwise, as numpy turns
    return np.ascontiguousarray(np.rot90(image, turns)) if turns else image
