"""The pages of text around the trials, from `instructions/`, and how each is shown."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

import instructions
from annotator.task.actor import PERSON, Actor
from annotator.task.stage import Page, Sound, Stage
from annotator.task.trial import (
    Event,
    KeyPressed,
    LeaveAsked,
    LeaveOrdered,
    PageEnded,
    SoundLost,
)
from instructions import screens
from sessions.running.session_plan import PlannedTrial, SessionPlan
from study.config.keys import Keys, printed
from study.config.study import Study
from study.errors import StageError
from study.vocabulary import Rating


@dataclass(frozen=True, slots=True)
class Pages:
    """What a session's participant reads.

    Parameters
    ----------
    study : Study
        Gives language, words and break length.
    plan : SessionPlan
        Gives the phase and how much is done.
    rest_s : float
        How long a break lasts at least.
    names : tuple of str
        The texts that will be shown; none for those of the plan's phase.

    Raises
    ------
    ConfigError
        If one of them cannot be read, or names a word that has no value. All are read here, so
        that no text that is changed or removed later ends a session before its participant.
    """

    study: Study
    plan: SessionPlan
    n_classes: int
    rest_s: float = 0.0
    names: tuple[str, ...] = ()
    _templates: Mapping[str, str] = field(init=False, repr=False)
    _placeholders: Mapping[str, object] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Read the texts."""
        config = self.study.config
        placeholders = instructions.placeholders_of(self.study, self.n_classes)
        templates = {
            name: instructions.template(
                name,
                config.language,
                placeholders.keys() | screens.words_of(name),
                own=self.study.texts_path,
            )
            for name in self.names or screens.of_session(config, self.plan.phase)
        }
        object.__setattr__(self, "_templates", templates)
        object.__setattr__(self, "_placeholders", placeholders)

    @property
    def keys(self) -> Keys:
        """Which key does what."""
        return self.study.config.keys

    def welcome(self) -> Page:
        """Return the first page."""
        name = screens.welcome(self.plan.phase)
        return Page("welcome", self._text(name, self.plan.n_done))

    def rest(self, n_done: int) -> Page:
        """Return the page between two blocks, `n_done` clips being rated."""
        return Page("break", self._text("break", n_done), at_least_s=self.rest_s)

    def level(self, gain_db: float, noise: Sound) -> Page:
        """Return the page on which the level is set; `noise` is heard at `gain_db`."""
        headphones, keys = self.study.config.headphones, self.keys
        n_steps = math.ceil(
            (headphones.max_gain_db - headphones.min_gain_db) / headphones.gain_step_db
        )
        n_lit = round((gain_db - headphones.min_gain_db) / headphones.gain_step_db)
        return Page(
            "level",
            self._text("level", scale="■" * n_lit + "□" * (n_steps - n_lit)),
            keys=(keys.go_on, keys.louder, keys.softer),
            sound=noise,
            lasts_s=len(noise) / self.study.config.screen.sample_rate_hz,
            answer=keys.go_on,
        )

    def headphones(self, stimulus: str) -> Page:
        """Return the page that explains a headphone check with these sounds."""
        return Page("headphones", self._text(f"headphones_{stimulus}"), keys=(self.keys.go_on,))

    def listen(self, number: int, n_sounds: int, sound: Sound, *, gap_s: float) -> Page:
        """Return the page that is shown while `sound` is heard, the `number` of `n_sounds`."""
        text = self._text("headphones_listen", number=number, n_sounds=n_sounds)
        lasts_s = len(sound) / self.study.config.screen.sample_rate_hz + gap_s
        return Page("headphones_listen", text, keys=(), sound=sound, lasts_s=lasts_s)

    def which(self, stimulus: str, trial: int, n_trials: int, target: int) -> Page:
        """Return the page that asks which sound it was; simulated people know the `target`."""
        text = self._text(f"headphones_which_{stimulus}", trial=trial, n_trials=n_trials)
        return Page("headphones_which", text, keys=("1", "2", "3"), answer=str(target))

    def headphones_result(self, *, passed: bool) -> Page:
        """Return the last page of a headphone check."""
        name = "headphones_passed" if passed else "headphones_failed"
        return Page(name, self._text(name), keys=(self.keys.go_on,))

    def pause(self) -> Page:
        """Return the page that is shown until the experimenter goes on."""
        return Page("pause", self._text("pause"), keys=(self.keys.pause,))

    def leave(self, *, is_saved: bool = True) -> Page:
        """Return the page that asks whether to leave, and says whether all `is_saved`."""
        return Page("leave", self._text("leave" if is_saved else "leave_unsaved"))

    def technical_failure(self) -> Page:
        """Return the page after a clip that could not be shown."""
        return Page("technical_failure", self._text("technical_failure"))

    def call_experimenter(self, problem: str) -> Page:
        """Return the page that is shown until a `problem` of the machine is solved."""
        # Database servers describe a problem in several lines.
        text = self._text("call_experimenter", problem=" ".join(problem.split()))
        return Page("call_experimenter", text, keys=(self.keys.go_on,))

    def feedback(self, planned: PlannedTrial, rating: Rating) -> Page:
        """Return what the expert thought of a training clip, beside the participant's `rating`."""
        truth = planned.expert_rating
        expert = "" if truth is None else printed(self.keys.key_of(truth))
        text = self._text(
            "feedback",
            expert_rating=expert,
            rating=printed(self.keys.key_of(rating)),
            reasoning=planned.reasoning,
        )
        return Page("feedback", text, keys=(self.keys.go_on, self.keys.replay))

    def finished(self, n_done: int) -> Page:
        """Return the last page, `n_done` clips being rated."""
        return Page("finished", self._text("finished", n_done))

    def warning(self) -> str:
        """Return the text that fills the screen after an early press."""
        return self._text("warning")

    def reminder(self) -> str:
        """Return the key choices that are shown after playback."""
        return self._text("reminder")

    def _text(self, name: str, n_done: int = 0, **words: object) -> str:
        counts = {"n_done": n_done, "n_total": self.plan.n_done + len(self.plan.trials)}
        return instructions.filled(self._templates[name], {**self._placeholders, **counts, **words})


class PageEnd(Enum):
    """How a page ended, if not by one of its keys."""

    TIME = auto()
    PAUSE = auto()
    LEAVE = auto()


class LeftError(Exception):
    """The participant left; ends the session."""


def perform_page(stage: Stage, page: Page, pages: Pages, actor: Actor = PERSON) -> str | None:
    """Show a page until a key or its time ends it; pauses and questions return to it.

    Returns the key; None where its time was over. Raises LeftError if somebody leaves. Raises
    StageError if the sound device is gone and a simulated person cannot help.

    Parameters
    ----------
    pages : Pages
        What to show in a pause, before leaving, and where the sound device is gone.
    """
    while True:
        match show_page(stage, page, pages.keys.pause):
            case str(key):
                return key
            case PageEnd.TIME:
                return None
            case PageEnd.PAUSE:
                perform_page(stage, pages.pause(), pages)
            case PageEnd.LEAVE:
                if show_page(stage, pages.leave(), pages.keys.pause) == pages.keys.leave:
                    raise LeftError
            case SoundLost(problem=problem):
                if actor.is_simulated:
                    raise StageError(problem)
                perform_page(stage, pages.call_experimenter(problem), pages)


def show_page(stage: Stage, page: Page, pause_key: str) -> str | PageEnd | SoundLost:
    """Show a page until something ends it.

    Raises LeftError if the program is ended from outside.

    Parameters
    ----------
    page : Page
        What to show; a key counts after `at_least_s`.
    """
    shown_s = stage.now_s
    stage.show_page(page)
    while True:
        events = stage.poll()
        leave_if_ordered(events)
        for event in events:
            match event:
                case LeaveAsked():
                    return PageEnd.LEAVE
                case SoundLost():
                    return event
                case PageEnded():
                    return PageEnd.TIME
                case KeyPressed(key=key, t_s=t_s) if t_s >= shown_s:
                    if key == pause_key and key not in (page.keys or ()):
                        return PageEnd.PAUSE
                    is_early = t_s < shown_s + page.at_least_s
                    if not is_early and (page.keys is None or key in page.keys):
                        return key


def leave_if_ordered(events: Sequence[Event]) -> None:
    """Raise if the program is ended from outside.

    Raises LeftError if one of them orders it.
    """
    if any(isinstance(event, LeaveOrdered) for event in events):
        raise LeftError
