"""What a stage is: screen, headphones and keyboard, with nothing decided there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from annotator.trial import Event
from study.vocabulary import Presentation, Stimulus


@dataclass(frozen=True, slots=True)
class Page:
    """A screen of text that waits for a key.

    Parameters
    ----------
    name : str
        What it is, such as ``"break"``; screenshots bear it.
    text : str
        What it says, as Markdown with one heading.
    keys : tuple of str or None
        The keys that end it; None for any key.
    at_least_s : float
        How long it stands before a key counts.
    """

    name: str
    text: str
    keys: tuple[str, ...] | None = None
    at_least_s: float = 0.0


class Stage(Protocol):
    """Screen, headphones and keyboard of one session."""

    @property
    def now_s(self) -> float:
        """Seconds on the session clock."""

    def prepare(self, stimuli: Sequence[Stimulus]) -> None:
        """Decode the next clips in the background; earlier ones may be forgotten."""

    def play(self, stimulus: Stimulus) -> None:
        """Show the label and play the clip from its beginning."""

    def warn(self) -> None:
        """Stop the clip and fill the screen with the warning."""

    def prompt(self) -> None:
        """Remind of the keys and wait."""

    def show_page(self, page: Page) -> None:
        """Stop the clip and show a page."""

    def show_bonus(self, total_pence: int | None) -> None:
        """Set the bonus counter; None for no counter."""

    def poll(self) -> Sequence[Event]:
        """Draw one frame, and return what has happened since, in the order of time."""

    def take_presentations(self) -> tuple[Presentation, ...]:
        """Return the evidence of what was played since the last call."""

    def close(self) -> None:
        """Give screen, headphones and keyboard back."""
