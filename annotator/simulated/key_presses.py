"""Which key a simulated person presses in the window, and when."""

from typing import Protocol

from annotator.task.stage import Page
from study.config.keys import PAPER_KEYS, Keys
from study.vocabulary import Stimulus

READING_S = 1.0


class Person(Protocol):
    """Somebody who presses keys."""

    def on_play(self, stimulus: Stimulus) -> tuple[str, float] | None:
        """Return an early press, as key of the paper and seconds after the onset."""

    def on_prompt(self, stimulus: Stimulus) -> tuple[str, float]:
        """Return the press after playback, as key of the paper and seconds after the offset."""


class SimulatedKeys:
    """The presses that are due.

    Parameters
    ----------
    hurry : bool
        Press at once instead of at the person's own pace.
    """

    def __init__(self, person: Person, *, keys: Keys = PAPER_KEYS, hurry: bool = False) -> None:
        self._person, self._keys, self._hurry = person, keys, hurry
        self._due: tuple[str, float] | None = None

    def on_onset(self, stimulus: Stimulus, onset_s: float) -> None:
        """Plan an early press when a clip begins."""
        self._plan_answer(self._person.on_play(stimulus), onset_s)

    def on_prompt(self, stimulus: Stimulus, offset_s: float) -> None:
        """Plan an answer when a clip has ended."""
        self._plan_answer(self._person.on_prompt(stimulus), offset_s)

    def on_page(self, page: Page, shown_s: float) -> None:
        """Plan the key that ends a page."""
        key = page.simulated_key()
        # A key that comes before the page takes any would be lost.
        self._plan(None if key is None else (key, READING_S), shown_s + page.at_least_s)

    def forget(self) -> None:
        """Press nothing: the screen has changed."""
        self._due = None

    def take_due(self, now_s: float) -> tuple[str, float] | None:
        """Return a press whose time has come, once.

        Parameters
        ----------
        now_s : float
            Seconds on the session clock.
        """
        if self._due is None or self._due[1] > now_s:
            return None
        due, self._due = self._due, None
        return due

    def _plan_answer(self, press: tuple[str, float] | None, from_s: float) -> None:
        self._plan(press and (self._keys.instead_of(press[0]), press[1]), from_s)

    def _plan(self, press: tuple[str, float] | None, from_s: float) -> None:
        if press is None:
            self._due = None
            return
        key, delay_s = press
        self._due = (key, from_s + (0.0 if self._hurry else delay_s))
