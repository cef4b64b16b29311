"""Hints: what in a clip may be a reason to exclude it. They order the queue, never decide."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from study.clips.sound.envelope import sound_envelope
from study.clips.thumbnails import Pictures, small_frames
from study.errors import ClipError

Floats = npt.NDArray[np.float32]
DUPLICATE = "near_duplicate"
TIME_LAPSE = "time_lapse"
# Which of a curator's reasons each hint speaks for; None where any exclusion counts.
REASON_OF: Mapping[str, str | None] = {
    "cut": "supernatural",
    "overlay": "writing",
    "split_screen": "two_streams",
    TIME_LAPSE: "time_lapse",
    "cartoon": "not_naturalistic",
    DUPLICATE: None,
}
_EDGE = 24.0  # step of brightness (of 255) between neighbours that counts as an edge
_N_SMOOTHED = 5  # frames
_STEADY = 0.05  # spread of a curve, relative to its mean, below which it neither rises nor falls
_MOVING = 6.0  # standard deviation over time above which a place moves


def hints_of(path: Path) -> dict[str, float]:
    """Compute all hints that a clip gives by itself.

    Returns
    -------
    dict of str to float
        Scores from 0 (nothing) to 1, by the names in `REASON_OF` but for `DUPLICATE`, which the
        audit of all clips tells.

    Raises
    ------
    ClipError
        If the clip cannot be decoded.
    """
    frames = small_frames(path)
    scores = {name: measure(frames) for name, measure in _MEASURES.items()}
    scores[TIME_LAPSE] = time_lapse(frames, sound_envelope(path, max(len(frames) - 1, 1)))
    return scores


def hints_or_error(path: Path) -> dict[str, float] | str:
    """Compute all hints of a clip, or say why they cannot be computed.

    Returns
    -------
    dict of str to float, or str
        As `hints_of`; the message of a `ClipError`.
    """
    try:
        return hints_of(path)
    except ClipError as error:
        return str(error)


def error_after_crash(path: Path) -> dict[str, float] | str:
    """Return what is said of a clip over which the decoding process died."""
    return f"the process that decoded {path} died. Leave the clip out, or encode it again"


def cut(frames: Pictures) -> float:
    """Return how far the largest change between frames stands out from the usual ones.

    Parameters
    ----------
    frames : ndarray of uint8, shape (n_frames, height, width, 3)
        All frames, small.

    Returns
    -------
    float
        0 to 1.
    """
    steps = _steps(frames)
    if len(steps) < 3:
        return 0.0
    return _share(float(steps.max() - 3 * np.median(steps)), 25.0)


def overlay(frames: Pictures) -> float:
    """Return how much of the picture has edges that never leave while the rest moves.

    Parameters
    ----------
    frames : ndarray of uint8, shape (n_frames, height, width, 3)
        All frames, small.

    Returns
    -------
    float
        0 to 1.
    """
    grey = _grey(frames)
    edges = np.abs(np.diff(grey, axis=2, append=grey[:, :, -1:]))
    lasting = edges.min(axis=0) > _EDGE
    moving = float((grey.std(axis=0) > _MOVING).mean())
    return _share(float(lasting.mean()), 0.02) * moving


def split_screen(frames: Pictures) -> float:
    """Return how much a straight line through the middle parts the picture for good.

    Parameters
    ----------
    frames : ndarray of uint8, shape (n_frames, height, width, 3)
        All frames, small.

    Returns
    -------
    float
        0 to 1.
    """
    grey = _grey(frames)
    found = 0.0
    for axis in (1, 2):
        edges = np.abs(np.diff(grey, axis=axis)).mean(axis=0)  # averaged over time
        line = (edges > _EDGE / 2).mean(axis=2 - axis)  # share of the line that is an edge
        middle = line[round(len(line) * 0.3) : round(len(line) * 0.7)]
        found = max(found, float(middle.max()) - float(np.median(line)))
    return _share(found, 0.8)


def time_lapse(frames: Pictures, level: Floats) -> float:
    """Return how fast everything changes all the time, unless the sound goes with it.

    What was speeded up keeps no sound of its own; where motion and sound rise and fall together,
    as a drummer's do, the picture runs at the speed of life.

    Parameters
    ----------
    frames : ndarray of uint8, shape (n_frames, height, width, 3)
        All frames, small.
    level : ndarray of float32, shape (n_frames - 1,)
        Level of the sound between the frames, from `study.clips.sound.envelope.sound_envelope`.

    Returns
    -------
    float
        0 to 1.
    """
    steps = _steps(frames)
    if not len(steps):
        return 0.0
    return _share(float(np.quantile(steps, 0.2)), 18.0) * (1 - _going_together(steps, level))


def cartoon(frames: Pictures) -> float:
    """Return how flat and how colourful the picture is.

    Parameters
    ----------
    frames : ndarray of uint8, shape (n_frames, height, width, 3)
        All frames, small.

    Returns
    -------
    float
        0 to 1.
    """
    some = frames[:: max(len(frames) // 5, 1)].astype(np.float32)
    flat = (np.abs(np.diff(some, axis=2)).max(axis=3) < 1.5).mean()
    saturation = (some.max(axis=3) - some.min(axis=3)).mean() / 255
    return _share(float(flat * min(saturation * 3, 1.0)), 0.8)


def _grey(frames: Pictures) -> Floats:
    grey: Floats = frames.mean(axis=3, dtype=np.float32)
    return grey


def _steps(frames: Pictures) -> Floats:
    steps: Floats = np.abs(np.diff(_grey(frames), axis=0)).mean(axis=(1, 2))
    return steps


def _going_together(motion: Floats, level: Floats) -> float:
    # Over a sixth of a second: sound and picture of one event are seldom in the same frame.
    width = np.ones(_N_SMOOTHED, dtype=np.float32) / _N_SMOOTHED
    if len(motion) < 2 * _N_SMOOTHED:
        return 0.0
    seen, heard = (np.convolve(curve, width, mode="valid") for curve in (motion, level))
    if seen.std() < _STEADY * seen.mean() or heard.std() < _STEADY * heard.mean():
        return 0.0
    return max(float(np.corrcoef(seen, heard)[0, 1]), 0.0)


def _share(value: float, full: float) -> float:
    return float(np.clip(value / full, 0.0, 1.0))


_MEASURES: Mapping[str, Callable[[Pictures], float]] = {
    "cut": cut,
    "overlay": overlay,
    "split_screen": split_screen,
    "cartoon": cartoon,
}
