"""A whole clip, decoded for showing: frames with their times, and the sound."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from study.clips.containers import frames_of, open_clip, read_clip
from study.clips.probe import require_codecs, video_streams
from study.clips.showing import Showing, scaled
from study.clips.sound.track import SoundTrack
from study.errors import ClipError


@dataclass(frozen=True, slots=True)
class PlayableClip:
    """A clip in memory, ready to be shown.

    Parameters
    ----------
    sha256 : str
        SHA-256 of the bytes that were decoded.
    frames : ndarray of uint8, shape (n_frames, height_px, width_px, 3)
        Upright RGB frames at display size, top row first.
    times_s : ndarray of float64, shape (n_frames,)
        When each frame's time has come, from the beginning of the clip; the first is 0.
    sound : ndarray of float32, shape (n_samples, 2)
        Left and right, from the beginning of the clip to its end.
    duration_s : float
        Until the last frame and the last sample are out.
    scale : float
        Height of the frames divided by the clip's upright height; at most 1.
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

        Returns 0 before the beginning, the last frame after the end.

        `t_s`: seconds from the beginning of the clip.
        """
        return max(0, int(np.searchsorted(self.times_s, t_s, side="right")) - 1)


def decode_for_display(
    path: Path,
    *,
    box_px: tuple[int, int],
    sample_rate_hz: int,
    sha256: str | None = None,
    needs_sound: bool = True,
    scale: float = 1.0,
) -> PlayableClip:
    """Decode a clip into memory.

    Variable frame rates, rotation, mirroring, pixel aspect, gaps in the sound and different
    beginnings of picture and sound are honoured: the clip begins with whichever stream begins
    first, a picture that begins later stands from the beginning, a sound that begins later is
    preceded by silence, and so is every sound behind a gap.

    Raises ClipError if it is another file than the admitted one, is missing, empty, cannot be
    decoded to its end, has no picture or no sound, or is too large for the memory.

    Parameters
    ----------
    box_px : tuple of int
        Width and height that a larger clip is scaled down to fit.
    sha256 : str or None
        Digest of the file that was admitted; None for any file.
    needs_sound : bool
        Whether a clip without sound is refused; else it is silent.
    scale : float
        Pixels of the screen for each of the clip's; above 1 the graphics card scales it up.
    """
    content = read_clip(path)
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise ClipError(
            f"{path} is another file than the one that was admitted. Put the original back",
            "other_clip",
        )
    with open_clip(path, content) as container:
        streams = _streams(container, path, needs_sound=needs_sound)
        showing = Showing(path, streams[0], box_px=box_px, rate_hz=sample_rate_hz, scale=scale)
        images: list[npt.NDArray[np.uint8]] = []
        sound = SoundTrack(sample_rate_hz)
        for frame in frames_of(container, path, streams):
            if isinstance(frame, av.VideoFrame):
                width, height, orientation = showing.picture(frame)
                images.append(orientation.apply(scaled(frame, width, height)))
            else:
                sound.add(frame, showing.sound(frame))
        showing.finish(container, needs_sound=needs_sound)
        sound.finish()
    return _assembled(path, content, showing, np.stack(images), sound, sample_rate_hz)


def _assembled(
    path: Path,
    content: bytes,
    showing: Showing,
    frames: npt.NDArray[np.uint8],
    sound: SoundTrack,
    sample_rate_hz: int,
) -> PlayableClip:
    # Frames come in the order in which they are shown; not all containers stamp them so.
    times_s = np.sort(np.asarray(showing.picture_times_s))
    picture_begin_s = float(times_s[0])
    sound_begin_s = picture_begin_s if sound.begin_s is None else sound.begin_s
    begin_s = min(picture_begin_s, sound_begin_s)
    duration_s = max(showing.picture_end_s, sound.end_s) - begin_s
    times_s -= begin_s
    times_s[0] = 0.0
    return PlayableClip(
        path=path,
        sha256=hashlib.sha256(content).hexdigest(),
        frames=frames,
        times_s=times_s,
        sound=sound.samples(begin_s, duration_s),
        sample_rate_hz=sample_rate_hz,
        duration_s=duration_s,
        scale=showing.scale,
    )


def _streams(container: Any, path: Path, *, needs_sound: bool) -> list[Any]:  # noqa: ANN401
    video = video_streams(container)
    if not video:
        raise ClipError(f"{path} has no picture. Replace the file", "no_video")
    if needs_sound and not container.streams.audio:
        raise ClipError(f"{path} has no sound. Take it out of the candidates", "no_audio")
    chosen = [video[0], *container.streams.audio[:1]]
    require_codecs(path, chosen)
    return chosen
