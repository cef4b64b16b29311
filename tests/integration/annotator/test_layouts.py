"""Letters are those printed on the keys, under the layouts that labs have; real key presses."""

import subprocess
import sys
import time

import pytest

from tests.worlds.machine import PATIENCE_S

# X numbers of keys, by what a US keyboard has there.
CODES = {
    "1": 10, "2": 11, "q": 24, "w": 25, "y": 29, "a": 38, "semicolon": 47, "z": 52, "m": 58,
    "comma": 59, "KP_1": 87, "F10": 76, "space": 65, "Return": 36,
}  # fmt: skip
LISTENER = """
import sys, time
from annotator.window.keys.keyboard import Keyboard
keyboard = Keyboard()
print("listening", flush=True)
for line in sys.stdin:
    give_up_s = time.monotonic() + 60
    while not (found := keyboard.take_presses(0.0)) and time.monotonic() < give_up_s:
        time.sleep(0.005)
    print(*[press.key for press in found], flush=True)
"""
ALL = ("1", "q", "w", "y", "a", "semicolon", "z", "m", "comma", "space")


class Listener:
    """A keyboard as the annotator has it, and fingers on its keys."""

    def __init__(self, station):
        from Xlib import display

        self._station = station
        self._display = display.Display(station["DISPLAY"])
        self._process = subprocess.Popen(
            [sys.executable, "-c", LISTENER], env=station, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stdout.readline() == "listening\n"

    def heard(self, *keys):
        """Press keys by their places; return what they were taken for."""
        from Xlib import X
        from Xlib.ext import xtest

        names = []
        for key in keys:
            for kind in (X.KeyPress, X.KeyRelease):
                xtest.fake_input(self._display, kind, CODES[key])
                self._display.sync()
                time.sleep(0.02)
            self._process.stdin.write("\n")
            self._process.stdin.flush()
            names.append(self._process.stdout.readline().strip())
        return names

    def set_layout(self, *arguments):
        subprocess.run(["setxkbmap", *arguments], env=self._station, check=True)

    def close(self):
        self._display.close()
        self._process.stdin.close()
        self._process.wait(timeout=PATIENCE_S)
        self._process.stdout.close()


@pytest.fixture(scope="module")
def listener(station):
    found = Listener(station)
    yield found
    found.set_layout("us", "-option", "")
    found.close()


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("us", ["1", "q", "w", "y", "a", "semicolon", "z", "m", "comma", "space"]),
        ("de", ["1", "q", "w", "z", "a", "semicolon", "y", "m", "comma", "space"]),
        ("fr", ["1", "a", "z", "y", "q", "m", "w", "comma", "comma", "space"]),
        ("gr", ["1", "q", "w", "y", "a", "semicolon", "z", "m", "comma", "space"]),
        ("ru", ["1", "q", "w", "y", "a", "semicolon", "z", "m", "comma", "space"]),
        ("us(dvorak)", ["1", "apostrophe", "comma", "f", "a", "s", "semicolon", "m", "w", "space"]),
    ],
)  # fmt: skip
def test_letters_are_those_that_are_printed_and_digits_stay(listener, layout, expected):
    name, _, variant = layout.partition("(")
    listener.set_layout(name, "-variant", variant.rstrip(")"))
    assert listener.heard(*ALL) == expected


def test_a_layout_that_is_switched_by_its_key_is_followed(listener):
    listener.set_layout("us,de", "-variant", ",", "-option", "grp:menu_toggle")
    assert listener.heard("y", "z") == ["y", "z"]
    CODES["Menu"] = 135
    listener.heard("Menu")
    assert listener.heard("y", "z", "1") == ["z", "y", "1"]
    listener.heard("Menu")
    assert listener.heard("y", "z", "1") == ["y", "z", "1"]


def test_a_third_and_a_fourth_layout_are_followed_too(listener):
    listener.set_layout("us,gr,de,fr", "-variant", ",,,", "-option", "grp:menu_toggle")
    CODES["Menu"] = 135
    heard = []
    for _ in range(5):
        heard.append(listener.heard("y", "a", "m"))
        listener.heard("Menu")
    us, de, fr = ["y", "a", "m"], ["z", "a", "m"], ["y", "q", "comma"]
    assert heard == [us, us, de, fr, us]


def test_a_letter_with_shift_or_caps_lock_is_the_same_letter(listener):
    listener.set_layout("de", "-variant", "", "-option", "")
    CODES["Caps_Lock"] = 66
    listener.heard("Caps_Lock")
    assert listener.heard("z", "y") == ["y", "z"]
    listener.heard("Caps_Lock")
