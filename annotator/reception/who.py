"""Ask on the screen who is there."""

from collections.abc import Collection

from annotator.reception import reception_pages as shown
from annotator.reception.typing import ENTER, Typed
from annotator.task.pages import Pages
from annotator.task.stage import Stage
from annotator.task.trial import KeyPressed, LeaveAsked
from annotator.task.turning import LeftError, leave_if_ordered, perform_page, show_page
from study.tools.suggesting import suggested


def ask_who(stage: Stage, pages: Pages, ids: Collection[str]) -> str:
    """Ask until an id is typed that is known, or an offered one is accepted.

    Raises LeftError if somebody leaves.

    `ids`: of all participants.
    """
    while True:
        typed = _ask(stage, pages)
        if typed in ids:
            return typed
        meant = suggested(typed, ids)
        if meant is None:
            perform_page(stage, shown.unknown(pages, typed), pages)
        elif perform_page(stage, shown.suggested(pages, typed, meant), pages) == ENTER:
            return meant


def _ask(stage: Stage, pages: Pages) -> str:
    typed = Typed()
    stage.show_page(shown.who(pages, typed.text))
    while not typed.is_done:
        events = stage.poll()
        leave_if_ordered(events)
        for event in events:
            if isinstance(event, LeaveAsked):
                if show_page(stage, pages.leave(), pages.keys.pause) == pages.keys.leave:
                    raise LeftError
                stage.show_page(shown.who(pages, typed.text))
            if isinstance(event, KeyPressed) and not typed.is_done:
                before, typed = typed, typed.after(event.key)
                # Another page would forget what is being typed.
                if typed.text != before.text:
                    stage.change_page(shown.who(pages, typed.text).text)
    return typed.text
