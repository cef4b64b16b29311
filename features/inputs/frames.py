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


def shrink(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return a frame as the visual networks take it.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        A frame, blue first.

    Returns
    -------
    ndarray of uint8, shape (224, 224, 3)
        The same, red first; squeezed to a square, as in the published script.

    Notes
    -----
    Paper: Neural Network Embeddings.
    """
    rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    return np.asarray(cv2.resize(rgb, (SIZE_PX, SIZE_PX)), dtype=np.uint8)
