"""How a stored picture has to be turned and mirrored to stand upright."""

from dataclasses import dataclass
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.sidedata.sidedata import SideDataContainer

_N_NUMBERS = 9


@dataclass(frozen=True, slots=True)
class Orientation:
    """A transposition, then mirrorings: every way to put a picture on its sides.

    Parameters
    ----------
    mirrored : bool
        Whether left and right change places, after that.
    upside_down : bool
        Whether top and bottom change places, after that.
    """

    transposed: bool = False
    mirrored: bool = False
    upside_down: bool = False

    def apply(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Return a picture upright.

        Parameters
        ----------
        image : ndarray of uint8, shape (height_px, width_px, 3)
            As it is stored, top row first.

        Returns
        -------
        ndarray of uint8
            Contiguous; height and width have changed places where `transposed`.
        """
        upright = image.swapaxes(0, 1) if self.transposed else image
        rows = slice(None, None, -1 if self.upside_down else 1)
        columns = slice(None, None, -1 if self.mirrored else 1)
        return np.ascontiguousarray(upright[rows, columns])


def orientation_of(frame: av.VideoFrame) -> Orientation:
    """Return how a frame is to be shown by the display matrix of its file.

    The angle alone would not do: a mirrored picture has one of half a turn.

    Returns the nearest one where the file asks for an oblique angle.

    `frame`: a decoded frame.
    """
    # Not `frame.side_data`, which the frame keeps: the two would hold one another, and the decoder
    # with all its threads, until Python looks for such circles.
    side_data: Any = SideDataContainer(frame)  # type: ignore[call-arg]
    found = side_data.get("DISPLAYMATRIX")
    if found is None:
        return Orientation()
    numbers = np.frombuffer(bytes(found), dtype=np.int32, count=_N_NUMBERS).astype(np.int64)
    # x' = a x + c y, y' = b x + d y
    a, b, _, c, d = numbers[:5]
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Orientation(mirrored=bool(a < 0), upside_down=bool(d < 0))
    return Orientation(transposed=True, mirrored=bool(c < 0), upside_down=bool(b < 0))
