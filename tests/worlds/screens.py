"""See the screen and press keys from outside, as a person at the machine does."""

import subprocess
from collections.abc import Callable
from contextlib import suppress

import numpy as np

from annotator.task.layout import Layout, Rectangle, task_layout
from study.config.screen import Screen
from tests.worlds.machine import PATIENCE_S, wait_until

WIDTH_PX, HEIGHT_PX = 1280, 800
DARK_RED = (139, 0, 0)
HOLD_S = 0.08
KEY_S = 20.0  # how long a key is waited for before it is pressed again


class OutsideView:
    """The root window of a virtual screen and a keyboard on it."""

    def __init__(self, station: dict[str, str]) -> None:
        from Xlib import display

        self._station = station
        self._display = display.Display(station["DISPLAY"])
        self._root = self._display.screen().root
        self.layout: Layout = task_layout(Screen(), WIDTH_PX, HEIGHT_PX)

    def __enter__(self) -> "OutsideView":
        return self

    def __exit__(self, *_: object) -> None:
        self._display.close()

    def pixels(self, place: Rectangle) -> np.ndarray:
        """Return what is on the screen there, top row first."""
        from Xlib import X

        top = HEIGHT_PX - place.top
        image = self._root.get_image(
            place.left, top, place.width, place.height, X.ZPixmap, 0xFFFFFFFF
        )
        bgra = np.frombuffer(image.data, dtype=np.uint8).reshape(place.height, place.width, 4)
        return bgra[:, :, 2::-1]

    def is_lit(self, place: Rectangle) -> bool:
        """Return whether something bright is there."""
        return bool((self.pixels(place).max(axis=2) > 200).any())

    def is_warning(self) -> bool:
        """Return whether the warning fills the screen."""
        corners = self.pixels(Rectangle(0, 0, WIDTH_PX, 2))
        return bool((corners == DARK_RED).all())

    def is_clip(self) -> bool:
        """Return whether a clip is on the screen."""
        layout = self.layout
        corner = Rectangle(layout.clip_box.left, layout.clip_box.bottom, 100, 100)
        return bool((self.pixels(corner).max(axis=2) > 30).all())

    def is_prompt(self) -> bool:
        """Return whether the key choices stand on the screen, label above, no clip."""
        reminder = self.layout.reminder
        # The label's descenders reach into the reminder's uppermost rows.
        middle = Rectangle(reminder.left, reminder.bottom + 24, reminder.width, 48)
        return self.is_lit(self.layout.label) and self.is_lit(middle)

    def is_page(self) -> bool:
        """Return whether a page of text is on the screen."""
        middle = Rectangle(340, 400, 600, 180)
        return self.is_lit(middle) and not self.is_lit(self.layout.label)

    def wait_for(self, seen: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        """Wait until something is seen."""
        wait_until(seen, f"{seen.__name__} is seen", patience_s)

    def turn_page(self, key: str) -> None:
        """Press a key, and wait until another page is there to take the next one."""
        whole = Rectangle(0, 0, WIDTH_PX, HEIGHT_PX)
        before = self.pixels(whole)

        def has_changed() -> bool:
            return not np.array_equal(self.pixels(whole), before)

        # A key that comes while a window is put in front of it, or is drawn late, goes nowhere.
        for patience_s in (KEY_S, KEY_S, PATIENCE_S):
            self.press(key)
            with suppress(AssertionError):
                return self.wait_for(has_changed, patience_s)
        raise AssertionError(f"{key} changed nothing on the screen")

    def press_until(self, key: str, seen: Callable[[], bool]) -> None:
        """Press a key again and again, until something is seen."""
        for _ in range(10):
            self.press(key)
            with suppress(AssertionError):
                return self.wait_for(seen, patience_s=6.0)
        raise AssertionError(f"{seen.__name__} was never seen")

    def is_question(self) -> bool:
        """Return whether a page of two paragraphs is on the screen."""
        return self.is_page() and self.is_lit(Rectangle(340, 346, 600, 16))

    def press(self, key: str, hold_s: float = HOLD_S) -> None:
        """Press a key and let go of it."""
        subprocess.run(
            ["xdotool", "keydown", key, "sleep", str(hold_s), "keyup", key],
            env=self._station,
            check=True,
        )
