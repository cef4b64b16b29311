"""The keyboard: every press once, with the driver's time."""

from collections import deque
from typing import Any

from annotator.task.trial import KeyPressed
from annotator.window.keys.keymap import Keymap
from annotator.window.sound.paths import threads_starting
from study.config.keys import SAME_AS

_REMEMBERED = 200


class Keyboard:
    """PsychoPy's keyboard, read without losing short presses.

    PsychoPy drops a press that is released before it is looked for, so both kinds are asked for
    and each press is told once. Held keys are not told again. Letters are those that are printed
    on the keys, whatever the layout.
    """

    def __init__(self) -> None:
        # Cannot be imported without a screen.
        from psychopy import logging
        from psychopy.hardware import keyboard

        with threads_starting():
            self._device: Any = keyboard.Keyboard(backend="ptb").device
            self._device.start()  # a second one in a process is the first one, which was stopped
        self._keymap = Keymap()
        # PsychoPy counts from the start of its log; the rig clock does not.
        self._origin_s = float(logging.defaultClock.getLastResetTime())
        self._told: deque[tuple[str, float]] = deque(maxlen=_REMEMBERED)

    def take_presses(self, clock_start_s: float) -> list[KeyPressed]:
        """Return the presses since the last call.

        Returns them in the order of time, in seconds on the session clock.

        Parameters
        ----------
        clock_start_s : float
            Where the session clock stands at 0, on the rig clock.
        """
        found = [
            *self._device.getKeys(waitRelease=False),
            *self._device.getKeys(waitRelease=True),
        ]
        presses = []
        for press in sorted(found, key=lambda p: float(p.tDown)):
            mark = (str(press.name), float(press.tDown))
            if mark in self._told:
                continue
            self._told.append(mark)
            name = self._name(press)
            key = SAME_AS.get(name, name)
            presses.append(KeyPressed(key, mark[1] + self._origin_s - clock_start_s))
        return presses

    def press(self, key: str, t_s: float, clock_start_s: float) -> None:
        """Press a key as PsychoPy's own simulated response.

        Parameters
        ----------
        t_s : float
            When, in seconds on the session clock.
        clock_start_s : float
            Where the session clock stands at 0, on the rig clock.
        """
        self._device.makeResponse(code=key, tDown=t_s + clock_start_s - self._origin_s)

    def device_names(self) -> list[str]:
        """Return the keyboards that are listened to."""
        from psychtoolbox import hid  # of the extra [annotator]

        _, names, _ = hid.get_keyboard_indices()
        return [str(name) for name in names]

    def forget(self) -> None:
        """Forget what was pressed up to now."""
        self._device.clearEvents()

    def close(self) -> None:
        """Stop listening."""
        self._device.stop()
        self._keymap.close()

    def _name(self, press: Any) -> str:  # noqa: ANN401
        # Simulated presses have a name for a code.
        if isinstance(press.code, str):
            return str(press.name)
        return self._keymap.name_of(str(press.name), int(press.code))
