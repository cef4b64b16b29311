"""A picture on the graphics card: frames go up one by one, at their own size."""

import ctypes
from typing import Any

import numpy as np
import numpy.typing as npt

from annotator.task.layout import Rectangle


class Texture:
    """One texture, as large as the present picture.

    Frames are copied straight into it: PsychoPy's image stimulus converts every frame to floats
    first, which takes three times as long.

    Parameters
    ----------
    smooth : bool
        Whether it may be drawn larger than it is, and is smoothed then.
    """

    def __init__(self, window: Any, *, smooth: bool = False) -> None:  # noqa: ANN401
        import pyglet.gl as gl  # cannot be imported without a screen

        self._gl, self._window = gl, window
        # Clips are scaled down while they are decoded: else one texel is one pixel.
        self._filter = gl.GL_LINEAR if smooth else gl.GL_NEAREST
        self._id = gl.GLuint()
        self._size: tuple[int, int] | None = None
        gl.glGenTextures(1, ctypes.byref(self._id))

    def upload(self, frame: npt.NDArray[np.uint8]) -> None:
        """Copy a frame to the graphics card.

        Parameters
        ----------
        frame : ndarray of uint8, shape (height_px, width_px, 3)
            Top row first, contiguous.
        """
        gl = self._gl
        height, width = frame.shape[:2]
        gl.glBindTexture(gl.GL_TEXTURE_2D, self._id)
        gl.glPixelStorei(gl.GL_UNPACK_ALIGNMENT, 1)  # rows of odd widths are not padded
        pointer = frame.ctypes.data_as(ctypes.c_void_p)
        kind = (gl.GL_RGB, gl.GL_UNSIGNED_BYTE, pointer)
        if self._size == (width, height):
            gl.glTexSubImage2D(gl.GL_TEXTURE_2D, 0, 0, 0, width, height, *kind)
        else:
            gl.glTexImage2D(gl.GL_TEXTURE_2D, 0, gl.GL_RGB8, width, height, 0, *kind)
            for name in (gl.GL_TEXTURE_MAG_FILTER, gl.GL_TEXTURE_MIN_FILTER):
                gl.glTexParameteri(gl.GL_TEXTURE_2D, name, self._filter)
            # Else the smoothed edge of a clip takes its colour from the opposite one.
            for name in (gl.GL_TEXTURE_WRAP_S, gl.GL_TEXTURE_WRAP_T):
                gl.glTexParameteri(gl.GL_TEXTURE_2D, name, gl.GL_CLAMP_TO_EDGE)
            self._size = (width, height)
        gl.glBindTexture(gl.GL_TEXTURE_2D, 0)

    def draw(self, place: Rectangle) -> None:
        """Draw the last uploaded frame.

        Parameters
        ----------
        place : Rectangle
            Where, in pixels from the bottom left of the window.
        """
        gl = self._gl
        screen_width, screen_height = (int(n) for n in self._window.size)
        left, right = (2 * x / screen_width - 1 for x in (place.left, place.right))
        bottom, top = (2 * y / screen_height - 1 for y in (place.bottom, place.top))
        gl.glUseProgram(0)
        gl.glActiveTexture(gl.GL_TEXTURE0)
        gl.glPushAttrib(gl.GL_ENABLE_BIT | gl.GL_CURRENT_BIT)
        gl.glEnable(gl.GL_TEXTURE_2D)
        gl.glBindTexture(gl.GL_TEXTURE_2D, self._id)
        gl.glColor4f(1, 1, 1, 1)
        for matrix in (gl.GL_PROJECTION, gl.GL_MODELVIEW):
            gl.glMatrixMode(matrix)
            gl.glPushMatrix()
            gl.glLoadIdentity()
        gl.glBegin(gl.GL_QUADS)
        # The top row lies first in memory, so texture coordinates run downwards.
        for u, v, x, y in (
            (0, 1, left, bottom),
            (1, 1, right, bottom),
            (1, 0, right, top),
            (0, 0, left, top),
        ):
            gl.glTexCoord2f(u, v)
            gl.glVertex2f(x, y)
        gl.glEnd()
        for matrix in (gl.GL_PROJECTION, gl.GL_MODELVIEW):
            gl.glMatrixMode(matrix)
            gl.glPopMatrix()
        gl.glBindTexture(gl.GL_TEXTURE_2D, 0)
        gl.glPopAttrib()
