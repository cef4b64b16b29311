"""What is printed on a key: the X server's keymap, for letters."""

import ctypes
import os
import sys
from collections.abc import Callable
from typing import Any

_A, _Z = ord("a"), ord("z")
_CODES = range(8, 256)  # of an X server's keys
_CORE_KEYBOARD = 0x100
_MAP_EVENTS = 0b11  # a new keyboard, another map
_STATE_BYTES = 32  # at least what libX11 writes
# Keys beside the letters of a US keyboard that bear a letter elsewhere.
_MAY_BEAR_LETTERS = frozenset(
    {
        "apostrophe", "backslash", "bracketleft", "bracketright", "comma", "equal", "less", "minus",
        "period", "quoteleft", "semicolon", "slash", "unknown",
    }
)  # fmt: skip
_PUNCTUATION = {
    ord("'"): "apostrophe", ord("\\"): "backslash", ord("["): "bracketleft",
    ord("]"): "bracketright", ord(","): "comma", ord("="): "equal", ord("-"): "minus",
    ord("."): "period", ord(";"): "semicolon", ord("/"): "slash",
}  # fmt: skip
Symbols = Callable[[int], int]  # the symbol of a key without shift, 0 for none


def printed_name(position: str, code: int, symbol_of: Symbols) -> str:
    """Return the name of a key by what is printed on it.

    Returns the letter, if it bears a Latin one. Else its position's name; but a position whose
    letter is printed on another key is never called by that letter.

    Parameters
    ----------
    symbol_of : callable
        Takes a key's number; returns the X symbol it has in the active layout, without shift.
    """
    if len(position) > 1 and position not in _MAY_BEAR_LETTERS:
        return position
    if position.isdigit():
        return position  # on French keyboards the digits need shift, and stand where they always do
    symbol = symbol_of(code)
    letter = _letter(symbol)
    if letter or len(position) > 1:
        return letter or position
    if all(_letter(symbol_of(other)) != position for other in _CODES):
        return position  # a layout without it, such as a Greek one
    return _PUNCTUATION.get(symbol, "unknown")


def _letter(symbol: int) -> str:
    letter = chr(symbol).lower() if symbol < 128 else ""
    return letter if letter and _A <= ord(letter) <= _Z else ""


class Keymap:
    """The keymap of the X server as it is at each press; positions where there is no server."""

    def __init__(self) -> None:
        self._x: Any = _libx11()
        self._display: Any = None
        self._open()

    def name_of(self, position: str, ptb_code: int) -> str:
        """Return the name of a key.

        Returns keys by what is printed on them in the layout that is active now.

        Parameters
        ----------
        position : str
            PsychoPy's name, by its place on a US keyboard.
        ptb_code : int
            Psychtoolbox's number, which is one more than the X server's.
        """
        if not self._display:
            return position
        return printed_name(position, ptb_code - 1, self._symbols())

    def close(self) -> None:
        """Close the connection to the server."""
        if self._display:
            self._x.XCloseDisplay(self._display)
            self._display = None

    def _open(self) -> None:
        if self._x is None:
            return
        self._display = self._x.XOpenDisplay(None)
        if self._display:
            self._x.XkbSelectEvents(self._display, _CORE_KEYBOARD, _MAP_EVENTS, _MAP_EVENTS)

    def _symbols(self) -> Symbols:
        group = self._active_group()
        if self._x.XPending(self._display):  # another layout was set
            self.close()
            self._open()
            if not self._display:
                return lambda _code: 0

        def symbol_of(code: int) -> int:
            found = self._x.XkbKeycodeToKeysym(self._display, code, group, 0)
            # Keys that are alike in all layouts of a list have a symbol in the first one only.
            return int(found or self._x.XkbKeycodeToKeysym(self._display, code, 0, 0))

        return symbol_of

    def _active_group(self) -> int:
        state = ctypes.create_string_buffer(_STATE_BYTES)
        self._x.XkbGetState(self._display, _CORE_KEYBOARD, state)
        return state.raw[0]


def _libx11() -> Any:  # noqa: ANN401
    if not sys.platform.startswith("linux") or not os.environ.get("DISPLAY"):
        return None
    try:
        x = ctypes.CDLL("libX11.so.6")
    except OSError:
        return None
    x.XOpenDisplay.restype = ctypes.c_void_p
    x.XOpenDisplay.argtypes = [ctypes.c_char_p]
    x.XCloseDisplay.argtypes = [ctypes.c_void_p]
    x.XPending.argtypes = [ctypes.c_void_p]
    x.XkbSelectEvents.argtypes = [ctypes.c_void_p, *3 * [ctypes.c_uint]]
    x.XkbGetState.argtypes = [ctypes.c_void_p, ctypes.c_uint, ctypes.c_char_p]
    x.XkbKeycodeToKeysym.restype = ctypes.c_ulong
    x.XkbKeycodeToKeysym.argtypes = [ctypes.c_void_p, ctypes.c_ubyte, ctypes.c_int, ctypes.c_int]
    return x
