"""What a stage is: screen, headphones and keyboard, with nothing decided there."""

from collections.abc import Sequence
from typing import Protocol

from annotator.recognition.question import Question
from annotator.task.page import Page
from annotator.task.trial import Event
from study.vocabulary import Presentation, Stimulus


class Stage(Protocol):
    """Screen, headphones and keyboard of one session."""

    @property
    def now_s(self) -> float:
        """Seconds on the session clock."""

    def prepare(self, stimuli: Sequence[Stimulus]) -> None:
        """Decode the next clips in the background; earlier ones may be forgotten."""

    def play(self, stimulus: Stimulus, asked_s: float | None = None) -> None:
        """Show the label and play the clip from its beginning.

        Parameters
        ----------
        asked_s : float or None
            When the key went down that asked for it, for the evidence; None where no key did.
        """

    def warn(self) -> None:
        """Stop the clip and fill the screen with the warning."""

    def prompt(self, *, offers_slip: bool = False) -> None:
        """Show the keys and wait.

        Parameters
        ----------
        offers_slip : bool
            Whether the key that flags the rating before is among them.
        """

    def show_page(self, page: Page) -> None:
        """Stop the clip and show a page."""

    def change_page(self, text: str) -> None:
        """Change what the page says that is shown."""

    def notice(self, name: str) -> None:
        """Acknowledge a key until the clip is played again or the next one comes.

        Parameters
        ----------
        name : str
            Of the text, such as ``"slip_noted"``.
        """

    def fixate(self, stimulus: Stimulus, lasts_s: float) -> None:
        """Show a cross where the clip will stand; a `PageEnded` says that its time is over."""

    def ask(self, question: Question) -> None:
        """Stop the clip, show a question with its tiles and wait; a click is the tile's key."""

    def show_typed(self, typed: str) -> None:
        """Show which digits of an answer are typed so far."""

    def set_gain_db(self, gain_db: float) -> None:
        """Set how loud all that follows is, 0 being as loud as it is in its file."""

    def show_bonus(self, total_pence: int | None) -> None:
        """Set the bonus counter; None for no counter."""

    def poll(self) -> Sequence[Event]:
        """Draw one frame, and return what has happened since, in the order of time."""

    def take_presentations(self) -> tuple[Presentation, ...]:
        """Return the evidence of what was played since the last call."""

    def close(self) -> None:
        """Release screen, headphones and keyboard."""
