"""How long a key press takes from the X server to the annotator."""

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

from Xlib import XK, X, display, error

from annotator.window.keys.keyboard import Keyboard
from annotator.window.sound.paths import rig_clock

N_PRESSES = 20
PATIENCE_S = 0.5  # a press that takes longer is lost
GAP_S = 0.03
_KEY = "Shift_L"  # does nothing in any program


def keyboard_path_s(keyboard: Keyboard) -> float | None:
    """Press a key through the X server and wait until it is read, twenty times.

    What the keyboard itself and its cable need is not in it.

    Returns median seconds from the press to its reading; None where no key can be pressed from a
    program, such as under Wayland.
    """
    if not os.environ.get("DISPLAY"):
        return None
    try:
        connection = display.Display()
    except error.DisplayError:
        return None
    try:
        if not connection.has_extension("XTEST"):
            return None
        keyboard.take_presses(0.0)  # what was pressed before does not count
        now = rig_clock()
        delays_s = [_delay_s(connection, keyboard, now) for _ in range(N_PRESSES)]
    finally:
        connection.close()
    seen_s = [delay_s for delay_s in delays_s if delay_s is not None]
    return statistics.median(seen_s) if len(seen_s) > N_PRESSES // 2 else None


def _delay_s(connection: Any, keyboard: Keyboard, now: Callable[[], float]) -> float | None:  # noqa: ANN401
    code = connection.keysym_to_keycode(XK.string_to_keysym(_KEY))
    pressed_s = now()
    connection.xtest_fake_input(X.KeyPress, code)
    connection.sync()
    read_s = None
    while read_s is None and now() < pressed_s + PATIENCE_S:
        if keyboard.take_presses(0.0):
            read_s = now()
    connection.xtest_fake_input(X.KeyRelease, code)
    connection.sync()
    time.sleep(GAP_S)
    keyboard.take_presses(0.0)
    return None if read_s is None else read_s - pressed_s
