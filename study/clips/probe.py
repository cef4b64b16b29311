"""What a clip is, told without showing it: streams, sizes, rates, offsets, peak."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np

from study.clips.containers import Budget, frames_of, open_clip
from study.clips.sound.one_form import Resampler
from study.clips.wholeness import ends_early
from study.errors import ClipError

PCM16_FULL_SCALE = 32768.0  # 2 ** 15, one bit of 16 being the sign
# A frame that stands this much longer or shorter than the median makes the rate variable;
# rounding to a container's clock (1 ms in Matroska) stays below it.
_VFR_TOLERANCE = 0.25
# A step from frame to frame is odd if it is this much longer or shorter than the median, and by
# more than one and a half units of the container's clock.
_ODD_STEP = 0.1
_ODD_TICKS = 1.5


@dataclass(frozen=True, slots=True)
class ClipProbe:
    """What the container and the packets of a clip say.

    Parameters
    ----------
    duration_s : float
        From where the first of picture and sound begins to where the last one ends.
    frame_rate_hz : float
        Average frame rate of the first video stream; 0 where it is not known.
    nominal_frame_rate_hz : float
        The rate that the stream declares for itself.
    is_vfr : bool
        Whether any frame stands a quarter longer or shorter than most.
    width_px, height_px : int
        Size of the upright picture, as stored (pixels may not be square).
    rotation_deg : {0, 90, 180, 270}
        Clockwise turn that brings the stored picture upright.
    pixel_aspect : float
        Width of a pixel divided by its height.
    n_video_streams, n_audio_streams : int
        Streams of either kind; cover pictures are not counted.
    sample_rate_hz, n_channels : int or None
        Of the first audio stream; None without one.
    av_start_offset_s : float
        Start of the sound minus start of the picture; 0 without sound.
    n_frames : int or None
        Packets of the first video stream; None where there are none.
    usual_frame_rate_hz : float
        The rate that most frames have, of all steps that are not odd; 0 where it is not known.
    n_odd_steps : int
        Steps from one frame to the next that are more than a tenth longer or shorter than most.
    picture_s, sound_s : float
        From the beginning to the end of the first stream of each; 0 where there is none.
    container : str
        FFmpeg's name of the container.
    video_codec, audio_codec : str
        FFmpeg's names; empty where there is none.
    pixel_format : str
        FFmpeg's name of how a pixel is stored.
    """

    duration_s: float
    frame_rate_hz: float
    nominal_frame_rate_hz: float
    is_vfr: bool
    width_px: int
    height_px: int
    rotation_deg: int
    pixel_aspect: float
    n_video_streams: int
    n_audio_streams: int
    sample_rate_hz: int | None
    n_channels: int | None
    av_start_offset_s: float
    n_frames: int | None
    usual_frame_rate_hz: float = 0.0
    n_odd_steps: int = 0
    picture_s: float = 0.0
    sound_s: float = 0.0
    container: str = ""
    video_codec: str = ""
    audio_codec: str = ""
    pixel_format: str = ""


def probe(path: Path) -> ClipProbe:
    """Read what a clip is from its container, its packets and its first frame.

    Raises ClipError with reason ``"missing"``, ``"empty"``, ``"unreadable"`` or ``"no_video"``.
    """
    with open_clip(path) as container:
        video = video_streams(container)
        if not video:
            raise missing_stream(path, "video")
        audio = container.streams.audio[0] if container.streams.audio else None
        streams = [video[0]] if audio is None else [video[0], audio]
        require_codecs(path, streams)
        scan = _scan(container, path, streams)
        times_s = sorted(scan.times_s["video"])
        usual_hz, n_odd = usual_rate(times_s, float(video[0].time_base or 0))
        upright = scan.rotation_deg % 180 == 0
        size = (video[0].width, video[0].height)
        return ClipProbe(
            duration_s=scan.duration_s,
            frame_rate_hz=float(video[0].average_rate or 0),
            nominal_frame_rate_hz=float(video[0].base_rate or 0),
            is_vfr=_is_variable(times_s),
            width_px=size[0] if upright else size[1],
            height_px=size[1] if upright else size[0],
            rotation_deg=scan.rotation_deg,
            pixel_aspect=float(video[0].sample_aspect_ratio or 1),
            n_video_streams=len(video),
            n_audio_streams=len(container.streams.audio),
            sample_rate_hz=None if audio is None else audio.codec_context.sample_rate,
            n_channels=None if audio is None else audio.codec_context.channels,
            av_start_offset_s=scan.av_start_offset_s,
            n_frames=len(times_s) or None,
            usual_frame_rate_hz=usual_hz,
            n_odd_steps=n_odd,
            picture_s=scan.length_s("video"),
            sound_s=scan.length_s("audio"),
            container=container.format.name,
            video_codec=video[0].codec_context.name,
            audio_codec="" if audio is None else audio.codec_context.name,
            pixel_format=video[0].codec_context.pix_fmt or "",
        )


def usual_rate(times_s: Sequence[float], tick_s: float) -> tuple[float, int]:
    """Return the frame rate that most frames have, and how many steps differ from it.

    Parameters
    ----------
    times_s : sequence of float
        When each frame is due, ascending.
    tick_s : float
        One unit of the container's clock, to which the times are rounded.

    Returns
    -------
    rate_hz : float
        Of all steps which are not odd; 0 for less than two frames.
    n_odd_steps : int
        The other steps.

    Examples
    --------
    >>> usual_rate([0.0, 0.04, 0.08, 0.12, 0.3], 0.001)
    (25.0, 1)
    """
    steps = np.diff(times_s)
    median = float(np.median(steps)) if len(steps) else 0.0
    if median <= 0:
        return 0.0, 0
    usual = np.abs(steps - median) <= max(_ODD_STEP * median, _ODD_TICKS * tick_s)
    return round(float(usual.sum() / steps[usual].sum()), 9), int((~usual).sum())


def require_codecs(path: Path, streams: Sequence[Any]) -> None:
    """Raise unless there is a decoder for every one of some streams.

    Raises ClipError if there is none.
    """
    for stream in streams:
        if stream.codec_context is None:
            raise ClipError(
                f"{path} has its first {stream.type} stream in a format that no decoder here "
                "knows. Convert it or leave it out"
            )


def is_silent(path: Path) -> bool:
    """Return whether every 16-bit sample of a clip is 0; stops at the first one that is not.

    Returns True for digital silence: a peak of exactly 0 over all channels of the first audio
    stream.

    Paper: Selection of MIT Videos ("whose amplitude did not exceed 0"); measured on 16-bit samples,
    as pydub does.

    Raises
    ------
    ClipError
        As `probe`, and with reason ``"no_audio"`` where there is no sound. What is damaged behind
        the first sample that is not 0 is not seen.
    """
    with open_clip(path) as container:
        n_samples = 0
        for block in pcm16_blocks(container, path):
            if block.any():
                return False
            n_samples += len(block)
    if n_samples == 0:
        raise ClipError(f"no sound of {path} can be decoded. Copy it again")
    return True


def video_streams(container: Any) -> list[Any]:  # noqa: ANN401
    """Return the video streams of a container, cover pictures left out.

    `container`: from `study.clips.containers.open_clip`.
    """
    cover = av.stream.Disposition.attached_pic
    return [stream for stream in container.streams.video if not stream.disposition & cover]


def pcm16_blocks(container: Any, path: Path) -> Iterator["np.ndarray[Any, np.dtype[np.int16]]"]:  # noqa: ANN401
    """Yield the samples of the first audio stream as 16-bit blocks.

    Raises ClipError with reason ``"no_audio"`` where there is no audio stream.

    `container`: from `study.clips.containers.open_clip`.

    Yields
    ------
    ndarray of int16, shape (n_samples, n_channels)
        Consecutive samples.
    """
    if not container.streams.audio:
        raise missing_stream(path, "audio")
    stream = container.streams.audio[0]
    require_codecs(path, [stream])
    resampler = Resampler("s16")
    for frame in frames_of(container, path, [stream]):
        yield from (_interleaved(block) for block in resampler.resample(frame))
    yield from (_interleaved(block) for block in resampler.resample(None))


def missing_stream(path: Path, kind: Literal["audio", "video"]) -> ClipError:
    """Return what is wrong with a clip in which a stream was not found.

    Returns an error with reason ``"no_audio"`` or ``"no_video"``; with ``"unreadable"`` where the
    file ends too early: of a header that was cut, a decoder shows the streams before the cut.

    `kind`: what it lacks.
    """
    if ends_early(path):
        return ClipError(f"{path} ends before its container does. Copy it again")
    return ClipError(f"{path} has no {kind} stream. Leave it out", f"no_{kind}")


def largest_sample(block: "np.ndarray[Any, np.dtype[np.int16]]") -> float:
    """Return the largest absolute sample of a block in units of full scale.

    Returns 0 to 1.

    `block`: samples.
    """
    if block.size == 0:
        return 0.0
    # The smallest int16 has no positive twin: widen before taking the sign away.
    return max(int(block.max()), -int(block.min())) / PCM16_FULL_SCALE


def _interleaved(block: Any) -> "np.ndarray[Any, np.dtype[np.int16]]":  # noqa: ANN401
    samples: np.ndarray[Any, np.dtype[np.int16]] = block.to_ndarray()
    return samples.reshape(-1, len(block.layout.channels))


@dataclass
class _Scan:
    # What one pass over the packets finds; only the first frame of each stream is decoded.
    times_s: dict[str, list[float]] = field(default_factory=lambda: {"video": [], "audio": []})
    ends_s: dict[str, float] = field(default_factory=dict)
    first_s: dict[str, float] = field(default_factory=dict)
    rotation_deg: int = 0

    @property
    def duration_s(self) -> float:
        # Some containers count from another time than 0.
        end_s = max([0.0, *self.ends_s.values()])
        return max(end_s - min(self.first_s.values(), default=0.0), 0.0)

    def length_s(self, kind: str) -> float:
        if kind not in self.first_s or kind not in self.ends_s:
            return 0.0
        return max(self.ends_s[kind] - self.first_s[kind], 0.0)

    @property
    def av_start_offset_s(self) -> float:
        if len(self.first_s) < 2:
            return 0.0
        return self.first_s["audio"] - self.first_s["video"]


def _scan(container: Any, path: Path, streams: Sequence[Any]) -> _Scan:  # noqa: ANN401
    scan = _Scan()
    for packet in Budget(path).packets(container, streams):
        kind = packet.stream.type
        if packet.pts is not None and not packet.is_discard:
            start_s = float(packet.pts * packet.time_base)
            scan.times_s[kind].append(start_s)
            end_s = start_s + float((packet.duration or 0) * packet.time_base)
            scan.ends_s[kind] = max(scan.ends_s.get(kind, end_s), end_s)
        if kind not in scan.first_s:
            _note_first_frame(scan, kind, packet)
    return scan


def _note_first_frame(scan: _Scan, kind: str, packet: Any) -> None:  # noqa: ANN401
    # The time of a frame, not that of its packet: an encoder's priming samples are cut off here.
    frame = next(iter(packet.decode()), None)
    if frame is None or frame.time is None:
        return
    scan.first_s[kind] = frame.time
    if kind == "video":
        scan.rotation_deg = round(-frame.rotation) % 360  # PyAV counts counterclockwise


def _is_variable(times_s: list[float]) -> bool:
    if len(times_s) < 3:
        return False
    steps = np.diff(times_s)
    median = float(np.median(steps))
    return bool(np.any(np.abs(steps - median) > _VFR_TOLERANCE * median))
