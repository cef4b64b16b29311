"""Frames for the visual networks: which of them, and how large."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

SIZE_PX = 224  # both visual networks look at squares of this size


def choose_frames(times_ms: Sequence[float] | npt.NDArray[np.float64], step_ms: float) -> list[int]:
    """Return the indices of the frames that the published extraction loop picks, ascending.

    The loop asks for the time of the frame that it has read last (0 before the first), reads on
    until that is at least one step after the last such time, and takes the frame that follows.
    So the first frame is taken, and each later one stands right behind a frame on the grid.

    Parameters
    ----------
    times_ms : sequence of float
        Times of all frames from the start of the stream, ascending.

    Notes
    -----
    Paper: Neural Network Embeddings.

    Examples
    --------
    >>> choose_frames([1000 * i / 30 for i in range(90)], step_ms=480)
    [0, 16, 31, 46, 61, 76]
    """
    chosen = []
    last_read, last_ms = -1, -np.inf
    while last_read + 1 < len(times_ms):
        now_ms = times_ms[last_read] if last_read >= 0 else 0.0
        if now_ms < last_ms + step_ms:
            last_read += 1
            continue
        chosen.append(last_read + 1)
        last_ms = now_ms
        last_read += 1
    return chosen


def choose_windows(
    times_ms: npt.NDArray[np.float64], stride_ms: float, window_ms: float, n_frames: int
) -> list[list[int]]:
    """Return the frames of each window: evenly spread, each the one that is shown at its time.

    Windows begin every stride and end before the clip does; a clip that is shorter than one
    window has one, whose last frames are the clip's last.

    Parameters
    ----------
    times_ms : ndarray of float64
        Times of all frames, ascending.

    Examples
    --------
    >>> choose_windows(np.arange(10) * 100.0, stride_ms=400, window_ms=400, n_frames=2)
    [[0, 2], [4, 6]]
    """
    if not len(times_ms):
        return []
    step_ms = float(np.median(np.diff(times_ms))) if len(times_ms) > 1 else 0.0
    seen_ms = times_ms[-1] + step_ms - times_ms[0]
    n_windows = max(int((seen_ms - window_ms) / stride_ms + 1e-9) + 1, 1)
    starts_ms = times_ms[0] + np.arange(n_windows)[:, None] * stride_ms
    wanted_ms = starts_ms + np.arange(n_frames)[None, :] * (window_ms / n_frames)
    found = np.searchsorted(times_ms, wanted_ms + 1e-6, side="right") - 1
    return [[int(place) for place in row] for row in found]


def shrink(
    image: npt.NDArray[np.uint8], size_px: tuple[int, int] = (SIZE_PX, SIZE_PX)
) -> npt.NDArray[np.uint8]:
    """Return a frame as the visual networks take it.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        A frame, blue first.
    size_px : tuple of int
        Height and width that the network takes.

    Returns
    -------
    ndarray of uint8, shape (224, 224, 3)
        The same, red first; squeezed to a square, as in the published script.

    Notes
    -----
    Paper: Neural Network Embeddings.
    """
    rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    return np.asarray(cv2.resize(rgb, size_px[::-1]), dtype=np.uint8)
