"""The words on the screen while the task is loading.

PsychoPy and the store take seconds to import, in which the screen would be black. So a process of
its own, which needs neither, shows a window at once; the task's window shows the same picture at
the same place when it is there, and the other one goes. Run as a script, this file is that process.
"""

import json
import os
import select
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from PIL import Image, ImageColor, ImageDraw, ImageFont

_FONT = "DejaVuSans.ttf"  # the font of all texts
_SMALL_TEXT_SHARE = 0.6  # as in the task's layout, whose modules take long to import
_MARGIN_PX = 2
_PATIENCE_S = 2.0
_MAX_RAISED = 20  # another window may want to be above all others too


@dataclass(frozen=True, slots=True)
class Look:
    """What the words are and how they look.

    Parameters
    ----------
    line : (float, float, float)
        Height of the task's label as a share of the window's height, as a share of its width, and
        in pixels, whose sum counts: the window's size is not known before it is open.
    foreground, background : str
        Colours, by name or as ``#rrggbb``.
    width_px, height_px : int or None
        Size of the window; None fills the screen.
    font : str
        File of the font.
    """

    text: str
    line: tuple[float, float, float]
    foreground: str
    background: str
    width_px: int | None
    height_px: int | None
    font: str = _FONT

    def line_px(self, size_px: tuple[int, int]) -> int:
        """Return the height of the task's label in a window of this width and height."""
        of_height, of_width, fixed_px = self.line
        return max(1, round(of_height * size_px[1] + of_width * size_px[0] + fixed_px))

    def picture(self, size_px: tuple[int, int]) -> Any:  # noqa: ANN401
        """Return the words as an image of PIL, no larger than they need.

        `size_px`: width and height of the window.
        """
        height_px = max(1, round(_SMALL_TEXT_SHARE * self.line_px(size_px)))
        font = ImageFont.truetype(self.font, height_px)
        left, top, right, bottom = map(int, font.getbbox(self.text))
        size = (right - left + 2 * _MARGIN_PX, bottom - top + 2 * _MARGIN_PX)
        image = Image.new("RGB", size, self.background)
        place = (_MARGIN_PX - left, _MARGIN_PX - top)
        ImageDraw.Draw(image).text(place, self.text, fill=self.foreground, font=font)
        return image

    def corner(self, size_px: tuple[int, int], picture_px: tuple[int, int]) -> tuple[int, int]:
        """Return where the picture's lower left corner is, counted from the window's.

        In pixels to the right and upwards. The middle is where that of a page's text is.

        Parameters
        ----------
        size_px, picture_px : (int, int)
            Width and height of the window and of the picture.
        """
        return (
            (size_px[0] - picture_px[0]) // 2,
            (size_px[1] - self.line_px(size_px) - picture_px[1]) // 2,
        )


class Moment:
    """The process that shows the words."""

    def __init__(self, look: Look) -> None:
        self.look = look
        # -P: the modules beside this file have names of other packages.
        command = [sys.executable, "-P", __file__, json.dumps(asdict(look))]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # a screen without these words is told of by the task
        )

    def leave(self) -> None:
        """Ask for the words to be removed."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    def is_gone(self) -> bool:
        """Return whether the words are gone."""
        return self._process.poll() is not None

    def close(self) -> None:
        """Remove the words, and wait until they are gone."""
        self.leave()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE_S)


def main() -> None:
    """Show the words until standard input is closed."""
    show(Look(**json.loads(sys.argv[1])))


def show(look: Look) -> None:
    """Open the window above all others, and stay there."""
    from Xlib import X, display  # of the extra [annotator], which simulated people may lack

    connection = display.Display()
    screen = connection.screen()
    left, top, width, height = _place(look, screen, connection)
    red, green, blue = ImageColor.getrgb(look.background)[:3]
    window = screen.root.create_window(
        left, top, width, height, 0, screen.root_depth,
        background_pixel=red << 16 | green << 8 | blue,
        override_redirect=True,
        event_mask=X.ExposureMask | X.VisibilityChangeMask,
        cursor=_no_cursor(screen.root),
    )  # fmt: skip
    picture = look.picture((width, height))
    x, y = look.corner((width, height), picture.size)
    pen = window.create_gc()
    window.map()
    n_raised = 0
    while True:
        connection.sync()  # a flush may send nothing
        if not connection.pending_events():
            ready, _, _ = select.select([connection, sys.stdin], [], [])
            if sys.stdin in ready:
                os._exit(0)  # at once: the task's window has the same picture
            continue
        event = connection.next_event()
        if event.type not in (X.Expose, X.VisibilityNotify):
            continue
        if event.type == X.Expose:
            window.put_pil_image(pen, x, height - y - picture.height, picture)
        elif event.state != X.VisibilityUnobscured and n_raised < _MAX_RAISED:
            n_raised += 1
            window.configure(stack_mode=X.Above)


def _place(look: Look, screen: Any, connection: Any) -> tuple[int, int, int, int]:  # noqa: ANN401
    if look.width_px is not None and look.height_px is not None:
        # As PsychoPy places a window.
        left = (screen.width_in_pixels - look.width_px) // 2
        top = (screen.height_in_pixels - look.height_px) // 2
        return left, top, look.width_px, look.height_px
    if connection.has_extension("XINERAMA"):
        monitors = connection.xinerama_query_screens().screens
        if monitors:
            first = monitors[0]
            return first.x, first.y, first.width, first.height
    return 0, 0, screen.width_in_pixels, screen.height_in_pixels


def _no_cursor(root: Any) -> Any:  # noqa: ANN401
    dot = root.create_pixmap(1, 1, 1)
    pen = dot.create_gc(foreground=0, background=0)
    dot.fill_rectangle(pen, 0, 0, 1, 1)
    return dot.create_cursor(dot, (0, 0, 0), (0, 0, 0), 0, 0)


if __name__ == "__main__":
    main()
