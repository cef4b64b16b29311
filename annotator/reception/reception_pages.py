"""The pages of the reception."""

from annotator.reception.typing import DELETE, ENTER
from annotator.task.page import Page
from annotator.task.pages import Pages
from annotator.task.problems import Code
from sessions.running.next_step import NextStep, Step

CURSOR = "_"
# What the expert may do, by key: ground truths, and what participants see before they rate.
CHOICES = {"1": Step.GROUND_TRUTH, "2": Step.TRAINING, "3": Step.SCREENING}


def who(pages: Pages, typed: str) -> Page:
    """Return the page on which a participant types an id."""
    return Page("who", pages.text("who", typed=typed + CURSOR), keys=(ENTER, DELETE))


def suggested(pages: Pages, typed: str, participant_id: str) -> Page:
    """Return the page that asks whether another id was meant; only enter says yes."""
    text = pages.text("who_suggested", typed=typed, participant=participant_id)
    return Page("who_suggested", text)


def unknown(pages: Pages, typed: str) -> Page:
    """Return the page that says that nobody is enrolled under an id."""
    return Page("who_unknown", pages.text("who_unknown", typed=typed))


def choose(pages: Pages, found: NextStep) -> Page:
    """Return the page on which the expert chooses what comes next."""
    text = pages.text(
        "choose", found.n_done, n_total=found.n_total, participant=found.participant_id
    )
    return Page("choose", text, keys=tuple(CHOICES))


def refused(pages: Pages, problem: str, code: Code) -> Page:
    """Return the page that says that nothing can begin, with the reason in small print."""
    problem = " ".join(problem.split())
    text = pages.text("refused", problem=problem, code=code)
    return Page("refused", text, keys=(pages.keys.go_on,), small_print=problem)
