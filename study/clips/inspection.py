"""What a clip turns out to be when all of it is decoded, in one pass over the file."""

from dataclasses import dataclass
from pathlib import Path

import av

from study.clips.probe import largest_sample, opened, video_streams
from study.errors import ClipError


@dataclass(frozen=True, slots=True)
class Inspection:
    """What decoding found.

    Parameters
    ----------
    n_frames : int
        Decoded frames of the first video stream.
    n_samples : int
        Decoded samples per channel of the first audio stream.
    peak : float
        Largest absolute 16-bit sample, 0 to 1.
    """

    n_frames: int
    n_samples: int
    peak: float


def inspect(path: Path) -> Inspection:
    """Decode a clip to its last frame and its last sample.

    Parameters
    ----------
    path : Path
        The clip.

    Returns
    -------
    Inspection
        What was found.

    Raises
    ------
    ClipError
        With reason ``"missing"``, ``"empty"``, ``"unreadable"``, ``"no_video"`` or
        ``"no_audio"``.
    """
    with opened(path) as container:
        video = video_streams(container)
        if not video:
            raise ClipError(f"{path} has no video stream. Leave it out", "no_video")
        if not container.streams.audio:
            raise ClipError(f"{path} has no audio stream. Leave it out", "no_audio")
        resampler = av.AudioResampler(format="s16")
        n_frames, n_samples, largest = 0, 0, 0.0
        for frame in container.decode(video[0], container.streams.audio[0]):
            if isinstance(frame, av.VideoFrame):
                n_frames += 1
                continue
            n_samples += frame.samples
            for block in resampler.resample(frame):
                largest = max(largest, largest_sample(block.to_ndarray()))
        if n_frames == 0:
            raise ClipError(f"{path} has no frame that can be decoded. Copy it again")
        return Inspection(n_frames, n_samples, largest)
