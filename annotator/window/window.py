"""A PsychoPy window that knows when its next flip is due."""

import itertools
import math
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL.PngImagePlugin import PngInfo

from annotator.task.layout import Rectangle
from annotator.window.moment import Moment
from annotator.window.sound.paths import rig_clock
from annotator.window.texture import Texture
from annotator.window.virtual import Verdict, ask_server, judged
from study.config.screen import Screen
from study.errors import StageError
from study.tools.access import make_own_file, make_own_folder

N_TIMED_FLIPS = 30
N_BUFFERS = 3  # of a window, at most
PATIENCE_S = 1.0
# No screen refreshes faster than this; flips that return sooner wait for no screen.
FASTEST_REFRESH_S = 0.0015
NO_REFRESH = "flips wait for no refresh"
ASSUMED_REFRESH_HZ = 60.0
_BEFORE_FLIP_S, _GLANCE_S = 0.004, 0.001
_SPIN_S = 0.002  # sleeping is not exact: the last bit is waited for awake
_NO_DISPLAY = (
    "no display: {found}. The task needs a screen. Log in at the machine itself (an X11 session), "
    "or over ssh set DISPLAY; without any screen, install xvfb and run: xvfb-run -s '-screen 0 "
    "1280x800x24' python -m annotator ..."
)


class TaskWindow:
    """The participant's screen.

    Parameters
    ----------
    screen : Screen
        Size, colours and refresh rate.
    paced : bool
        Whether flips keep to a refresh rate where the screen gives none.
    moment : Moment or None
        The words that stand on the screen by now; they go on standing in this window.

    Raises
    ------
    StageError
        If there is no display.
    """

    def __init__(self, screen: Screen, *, paced: bool = True, moment: Moment | None = None) -> None:
        visual = _import_visual()
        from psychopy import logging  # cannot be imported without a screen

        logging.console.setLevel(logging.ERROR)
        self.note: Callable[[str], None] = logging.exp  # into the session's log, if there is one
        full_screen = screen.width_px is None or screen.height_px is None
        self._now = rig_clock()
        self._full_screen = full_screen
        self.win: Any = visual.Window(
            # A full screen takes the size of the screen, but PsychoPy wants one all the same.
            size=(screen.width_px or 800, screen.height_px or 600),
            fullscr=full_screen,
            units="pix",
            color=screen.background,
            allowGUI=False,
            checkTiming=False,
            autoLog=False,
        )
        self.win.mouseVisible = False
        self.close_asked = False
        self.win.winHandle.on_close = self._on_close
        self._last_flip_s: float = self._now()
        self.measured_period_s = self._measure_period_s(self._taken_over(moment))
        self.verdict = judged(_renderer(), ask_server())
        # A screen without a refresh is virtual; but one that draws slowly looks as if it had one.
        if self.measured_period_s < FASTEST_REFRESH_S:
            self.verdict = Verdict(self.verdict.reason or NO_REFRESH, has_refresh=False)
        self.period_s = (
            self.measured_period_s
            if self.verdict.has_refresh
            else 1.0 / (screen.refresh_hz or ASSUMED_REFRESH_HZ)
        )
        self._paced = paced and not self.verdict.has_refresh
        self._shots: Path | None = None
        self._whose = ""
        self._taken: set[str] = set()

    @property
    def is_virtual(self) -> bool:
        """Whether nobody can see the screen."""
        return self.verdict.is_virtual

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        width, height = self.win.size
        return int(width), int(height)

    @property
    def monitor_width_px(self) -> int:
        """Width of the whole screen, which the window may not fill."""
        if self._full_screen:
            return self.size_px[0]
        return int(self.win.winHandle.screen.width)

    def next_flip_s(self) -> float:
        """Return when the next flip is due, on the rig clock."""
        waiting_s = self._now() - self._last_flip_s
        n_periods = max(1, math.ceil(waiting_s / self.period_s))
        return self._last_flip_s + n_periods * self.period_s

    def flip(self) -> float:
        """Show what was drawn.

        Returns when it was shown, on the rig clock.
        """
        if not self._paced:
            self.win.flip()
            self._last_flip_s = self._now()
            return self._last_flip_s
        due_s = self.next_flip_s()
        time.sleep(max(0.0, due_s - self._now() - _SPIN_S))
        while self._now() < due_s:
            pass
        self.win.flip()
        shown_s = self._now()
        # The grid stays where it is: a late flip does not shift all later ones.
        self._last_flip_s = due_s
        return shown_s

    def idle(self, seen: Callable[[], bool]) -> bool:
        """Wait until the next flip is near, or something has happened.

        Returns whether something was seen; then it is not yet time to flip.
        """
        until_s = self.next_flip_s() - _BEFORE_FLIP_S
        while self._now() < until_s:
            if seen():
                return True
            time.sleep(min(_GLANCE_S, max(0.0, until_s - self._now())))
        return False

    def finish(self) -> None:
        """Wait until the graphics card has finished."""
        import pyglet.gl as gl  # cannot be imported without a screen

        gl.glFinish()

    def discard(self) -> None:
        """Discard what was drawn and not yet flipped."""
        self.win.clearBuffer()

    def take_screenshots(self, folder: Path, whose: str) -> None:
        """Save a picture of every screen when it is first shown.

        Parameters
        ----------
        whose : str
            Whose screen it is; stands in each picture, so that it is found when they are erased.
        """
        make_own_folder(folder)
        self._shots, self._whose = folder, whose

    def screenshot(self, name: str) -> None:
        """Save what has been drawn and not yet flipped, once per name."""
        if self._shots is None or name in self._taken:
            return
        self._taken.add(name)
        # The front buffer is black on software renderers.
        image = self.win.getMovieFrame(buffer="back")
        self.win.movieFrames = []
        about = PngInfo()
        about.add_text("participant", self._whose)
        path = self._shots / f"{name}.png"
        make_own_file(path)
        image.save(path, pnginfo=about)

    def facts(self) -> dict[str, Any]:
        """Return size, refresh and renderer, ready for JSON."""
        width, height = self.size_px
        return {
            "width_px": width,
            "height_px": height,
            "full_screen": self._full_screen,
            "period_s": self.period_s,
            "measured_period_s": self.measured_period_s,
            "is_virtual": self.is_virtual,
            "virtual_because": self.verdict.reason,
            "renderer": _renderer(),
            "display": os.environ.get("DISPLAY"),
        }

    def close(self) -> None:
        """Close it."""
        self.win.close()

    def _on_close(self) -> None:
        self.close_asked = True

    def _taken_over(self, moment: Moment | None) -> Callable[[], None]:
        """Show the words in this window, take the other one away, return how they are drawn."""
        if moment is None or moment.is_gone():
            return lambda: None
        picture = np.asarray(moment.look.picture(self.size_px))
        height, width = picture.shape[:2]
        place = Rectangle(*moment.look.corner(self.size_px, (width, height)), width, height)
        texture = Texture(self.win)
        texture.upload(picture)
        self._keep_what_is_uncovered()
        for _ in range(N_BUFFERS):
            texture.draw(place)
            self.win.flip()
        moment.leave()
        give_up_s = time.monotonic() + PATIENCE_S
        while not moment.is_gone() and time.monotonic() < give_up_s:
            texture.draw(place)
            self.win.flip()
        return lambda: texture.draw(place)

    def _keep_what_is_uncovered(self) -> None:
        from Xlib import X, display  # of the extra [annotator]

        connection = display.Display()
        for handle in (self.win.winHandle._window, self.win.winHandle._view):
            window = connection.create_resource_object("window", int(handle))
            window.change_attributes(background_pixmap=X.NONE)
        connection.close()

    def _measure_period_s(self, draw: Callable[[], None]) -> float:
        times: list[float] = []
        for _ in range(N_TIMED_FLIPS):
            draw()
            self.win.flip()
            times.append(self._now())
        return statistics.median(b - a for a, b in itertools.pairwise(times))


def _renderer() -> str:
    import pyglet.gl.gl_info as gl_info  # cannot be imported without a screen

    return f"{gl_info.get_vendor()} {gl_info.get_renderer()}"


def _require_home() -> None:
    # PsychoPy makes this folder while it is imported, and ends in a traceback where it cannot.
    if sys.platform == "win32":
        return
    home = os.environ.get("HOME")
    if not home:
        raise StageError("HOME is not set, where PsychoPy keeps its settings. Set it to a folder")
    try:
        Path(home, ".psychopy3", "cache").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StageError(
            f"PsychoPy cannot keep its settings in HOME, which is {home}: {error.strerror}. Set "
            "HOME to a folder that this account may write to"
        ) from error


def _import_visual() -> Any:  # noqa: ANN401
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        raise StageError(_NO_DISPLAY.format(found="DISPLAY is not set"))
    _require_home()
    try:
        from psychopy import visual  # of the extra [annotator], and needs a screen
    except ModuleNotFoundError as error:
        raise StageError(
            f"{error.name} is not installed on this machine. Install the task: "
            "pip install 'avmit-lab[annotator]'"
        ) from error
    except Exception as error:
        # pyglet's exception can only be named after importing pyglet, which raises it.
        if type(error).__name__ != "NoSuchDisplayException":
            raise
        found = f"DISPLAY is {os.environ.get('DISPLAY')!r}, and nothing can be opened there"
        raise StageError(_NO_DISPLAY.format(found=found)) from error
    return visual
