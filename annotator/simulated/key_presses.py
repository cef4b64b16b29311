"""Which key a simulated person presses in the window, and when."""

from typing import Protocol, runtime_checkable

from annotator.recognition.question import Question
from annotator.task.page import Page
from study.config.keys import PAPER_KEYS, Keys
from study.vocabulary import Stimulus

READING_S = 1.0


class KeyPresser(Protocol):
    """Somebody who presses keys."""

    def on_play(self, stimulus: Stimulus) -> tuple[str, float] | None:
        """Return an early press, as key of the paper and seconds after the onset."""

    def on_prompt(self, stimulus: Stimulus) -> tuple[str, float]:
        """Return the press after playback, as key of the paper and seconds after the offset."""


@runtime_checkable
class Recogniser(Protocol):
    """Somebody who recognises clips."""

    def on_question(self, stimulus: Stimulus, question: Question) -> list[tuple[str, float]]:
        """Return the presses that answer, as keys and seconds after the question is shown."""


def answers_of(
    person: KeyPresser, stimulus: Stimulus, question: Question
) -> list[tuple[str, float]]:
    """Return the presses with which somebody answers a question about a clip."""
    if not isinstance(person, Recogniser):
        raise TypeError(f"{type(person).__name__} rates clips and recognises none")
    return person.on_question(stimulus, question)


class SimulatedKeys:
    """The presses that are due.

    Parameters
    ----------
    hurry : bool
        Press at once instead of at the person's own pace.
    """

    def __init__(self, person: KeyPresser, *, keys: Keys = PAPER_KEYS, hurry: bool = False) -> None:
        self._person, self._keys, self._hurry = person, keys, hurry
        self._due: list[tuple[str, float]] = []

    def on_onset(self, stimulus: Stimulus, onset_s: float) -> None:
        """Plan an early press when a clip begins."""
        self._plan_answer(self._person.on_play(stimulus), onset_s)

    def on_prompt(self, stimulus: Stimulus, offset_s: float) -> None:
        """Plan an answer when a clip has ended."""
        self._plan_answer(self._person.on_prompt(stimulus), offset_s)

    def on_question(self, stimulus: Stimulus, question: Question, shown_s: float) -> None:
        """Plan the keys that answer a question about a clip."""
        presses = answers_of(self._person, stimulus, question)
        self._due = [(key, shown_s + (0.0 if self._hurry else delay_s)) for key, delay_s in presses]

    def on_page(self, page: Page, shown_s: float) -> None:
        """Plan the key that ends a page."""
        key = page.simulated_key()
        # A key that comes before the page takes any would be lost.
        self._plan(None if key is None else (key, READING_S), shown_s + page.at_least_s)

    def forget(self) -> None:
        """Press nothing: the screen has changed."""
        self._due = []

    def take_due(self, now_s: float) -> tuple[str, float] | None:
        """Return a press whose time has come, once.

        Parameters
        ----------
        now_s : float
            Seconds on the session clock.
        """
        if not self._due or self._due[0][1] > now_s:
            return None
        return self._due.pop(0)

    def _plan_answer(self, press: tuple[str, float] | None, from_s: float) -> None:
        self._plan(press and (self._keys.instead_of(press[0]), press[1]), from_s)

    def _plan(self, press: tuple[str, float] | None, from_s: float) -> None:
        if press is None:
            self._due = []
            return
        key, delay_s = press
        self._due = [(key, from_s + (0.0 if self._hurry else delay_s))]
