"""A simulated stage that takes no time: it jumps from event to event."""

from collections.abc import Sequence

from annotator.recognition.question import Question
from annotator.simulated.key_presses import READING_S, KeyPresser, answers_of
from annotator.task.page import Page
from annotator.task.trial import (
    Event,
    KeyPressed,
    PageEnded,
    PlaybackBegan,
    PlaybackEnded,
    WarningBegan,
    WarningEnded,
)
from study.config.keys import PAPER_KEYS, Keys
from study.vocabulary import Presentation, Stimulus

LEAD_S = 0.05
FLIP_S = 1 / 60


class SimulatedStage:
    """Perform trials without a window; its clock jumps to the next event.

    Parameters
    ----------
    clip_s : float
        How long clips last; no file is opened.
    warning_s : float
        How long a warning stands.
    """

    def __init__(
        self, person: KeyPresser, *, clip_s: float, warning_s: float, keys: Keys = PAPER_KEYS
    ) -> None:
        self._person, self._clip_s, self._warning_s = person, clip_s, warning_s
        self._keys = keys
        self._now_s = 0.0
        self._agenda: list[Event] = []
        self._stimulus: Stimulus | None = None
        self._onset_s: float | None = None
        self._asked_s: float | None = None
        self._presentations: list[Presentation] = []
        self.bonus_pence: int | None = None

    @property
    def now_s(self) -> float:
        """Seconds on the session clock."""
        return self._now_s

    def prepare(self, stimuli: Sequence[Stimulus]) -> None:
        """Do nothing: no clip is decoded."""

    def play(self, stimulus: Stimulus, asked_s: float | None = None) -> None:
        """Put the clip's beginning and end on the agenda, and an early press if there is one."""
        self._stimulus, self._asked_s = stimulus, asked_s
        self._onset_s = self._now_s + LEAD_S
        self._agenda = [
            PlaybackBegan(self._onset_s),
            PlaybackEnded(self._onset_s + self._clip_s),
        ]
        early = self._person.on_play(stimulus)
        if early is not None and early[1] < self._clip_s:
            key = self._keys.instead_of(early[0])
            self._agenda.append(KeyPressed(key, self._onset_s + early[1]))

    def warn(self) -> None:
        """Put the warning's end on the agenda."""
        self._presented(interrupted=True)
        shown_s = self._now_s + FLIP_S
        self._agenda = [WarningBegan(shown_s), WarningEnded(shown_s + self._warning_s)]

    def prompt(self, *, offers_slip: bool = False) -> None:
        """Put the person's answer on the agenda."""
        del offers_slip  # simulated people make no slips
        if self._stimulus is None:
            raise RuntimeError("a prompt without a stimulus")
        self._presented(interrupted=False)
        key, delay_s = self._person.on_prompt(self._stimulus)
        self._agenda = [KeyPressed(self._keys.instead_of(key), self._now_s + delay_s)]

    def fixate(self, stimulus: Stimulus, lasts_s: float) -> None:
        """Put the end of the fixation on the agenda."""
        del stimulus
        self._presented(interrupted=True)
        self._agenda = [PageEnded(self._now_s + lasts_s)]

    def ask(self, question: Question) -> None:
        """Put the keys of the person's answer on the agenda."""
        if self._stimulus is None:
            raise RuntimeError("a question without a stimulus")
        self._presented(interrupted=False)
        presses = answers_of(self._person, self._stimulus, question)
        self._agenda = [KeyPressed(key, self._now_s + delay_s) for key, delay_s in presses]

    def show_typed(self, typed: str) -> None:
        """Do nothing: nobody reads it."""

    def show_page(self, page: Page) -> None:
        """Put the first key that ends the page on the agenda."""
        self._presented(interrupted=True)
        key = page.simulated_key()
        if key is None:
            self._agenda = [PageEnded(self._now_s + (page.lasts_s or 0.0))]
        else:
            self._agenda = [KeyPressed(key, self._now_s + page.at_least_s + READING_S)]

    def change_page(self, text: str) -> None:
        """Do nothing: nobody reads it."""

    def notice(self, name: str) -> None:
        """Do nothing: nobody reads it."""

    def set_gain_db(self, gain_db: float) -> None:
        """Do nothing: no sound is played."""

    def show_bonus(self, total_pence: int | None) -> None:
        """Remember the counter."""
        self.bonus_pence = total_pence

    def poll(self) -> Sequence[Event]:
        """Return the next event on the agenda."""
        if not self._agenda:
            raise RuntimeError("no event is due: the stage would wait for ever")
        event = min(self._agenda, key=lambda e: e.t_s)
        self._agenda.remove(event)
        self._now_s = event.t_s
        return [event]

    def take_presentations(self) -> tuple[Presentation, ...]:
        """Return what was played since the last call."""
        self._presented(interrupted=True)
        taken, self._presentations = tuple(self._presentations), []
        return taken

    def close(self) -> None:
        """Do nothing."""

    def _presented(self, *, interrupted: bool) -> None:
        # A clip that never began was not presented.
        if self._onset_s is not None and self._now_s >= self._onset_s:
            self._presentations.append(
                Presentation(
                    self._onset_s,
                    self._now_s,
                    interrupted=interrupted,
                    asked_s=self._asked_s,
                )
            )
        self._onset_s = None
