"""Pages in a row, with what may come between: a pause, the question whether to leave."""

from collections.abc import Sequence
from enum import Enum, auto

from annotator.task.pages import Pages
from annotator.task.stage import Page, Stage
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
    """How a page ended, if not by a key of its own."""

    TIME = auto()
    PAUSE = auto()
    LEAVE = auto()


class LeftError(Exception):
    """Somebody left; unwinds to where the session ends."""


def perform_page(stage: Stage, page: Page, pages: Pages, *, may_ask: bool = True) -> str | None:
    """Show a page until a key or its time ends it; whatever comes between returns to it.

    Parameters
    ----------
    pages : Pages
        What to show in a pause, before leaving, and where the sound device is gone.
    may_ask : bool
        Whether somebody is there to solve a problem.

    Returns
    -------
    str or None
        The key; None where its time was over.

    Raises
    ------
    LeftError
        If somebody leaves.
    StageError
        If the sound device is gone and nobody is there.
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
                if not may_ask:
                    raise StageError(problem)
                perform_page(stage, pages.call_experimenter(problem), pages)


def show_page(stage: Stage, page: Page, pause_key: str) -> str | PageEnd | SoundLost:
    """Show a page until something ends it.

    Parameters
    ----------
    page : Page
        What to show; a key counts after `at_least_s`.

    Raises
    ------
    LeftError
        If the program is ended from outside.
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

    Raises
    ------
    LeftError
        If one of them orders it.
    """
    if any(isinstance(event, LeaveOrdered) for event in events):
        raise LeftError
