"""Show a page until a key or its time ends it."""

import math
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum, auto

from annotator.task.actor import PERSON, Actor
from annotator.task.page import Page
from annotator.task.pages import Pages
from annotator.task.problems import Code
from annotator.task.stage import Stage
from annotator.task.trial import (
    Event,
    KeyPressed,
    LeaveAsked,
    LeaveOrdered,
    PageEnded,
    SoundLost,
)
from study.errors import StageError


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
                perform_page(stage, pages.call_experimenter(problem, Code.SOUND), pages)


def show_page(stage: Stage, page: Page, pause_key: str) -> str | PageEnd | SoundLost:
    """Show a page until something ends it.

    Raises LeftError if the program is ended from outside.

    Parameters
    ----------
    page : Page
        What to show; a key counts after `at_least_s`.
    """
    shown_s = stage.now_s
    countdown = _Countdown(page, shown_s)
    stage.show_page(replace(page, text=countdown.text_at(shown_s)))
    while True:
        events = stage.poll()
        countdown.update(stage)
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
                    is_early = t_s < shown_s + page.at_least_s and key not in page.at_once
                    if not is_early and (page.keys is None or key in page.keys):
                        return key


class _Countdown:
    """What a page says while no key counts, changed once a second."""

    def __init__(self, page: Page, shown_s: float) -> None:
        self._page, self._until_s = page, shown_s + page.at_least_s
        self._said = self.text_at(shown_s)

    def text_at(self, now_s: float) -> str:
        n_seconds = math.ceil(self._until_s - now_s)
        if n_seconds <= 0 or self._page.while_waiting is None:
            return self._page.text
        return self._page.while_waiting(n_seconds)

    def update(self, stage: Stage) -> None:
        text = self.text_at(stage.now_s)
        if text != self._said:
            self._said = text
            stage.change_page(text)


def leave_if_ordered(events: Sequence[Event]) -> None:
    """Raise if the program is ended from outside.

    Raises LeftError if one of them orders it.
    """
    if any(isinstance(event, LeaveOrdered) for event in events):
        raise LeftError
