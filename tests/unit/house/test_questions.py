"""The answers to a reader's questions are as near as the page of questions says."""

import os
import re

import pytest

from tests.paths import ROOT
from tests.unit.house.test_documentation import leads_somewhere

DOCS = ROOT / "docs"
FIRST, TABLE = DOCS / "index.md", DOCS / "questions.md"
ROWS = re.findall(
    r"^\| ([^|]+\?[^|]*) \| \[[^\]]+\]\(([^)#]+)#?([^)]*)\) \| (\d+) \|$",
    TABLE.read_text(encoding="utf-8"),
    re.M,
)


def linked_from(page):
    """Return the pages that a page links to, but for the table of questions."""
    targets = re.findall(r"\]\(([^)#\s]+\.md)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    there = {page.parent / target for target in targets if "://" not in target}
    return {path.resolve() for path in there} - {TABLE}


def clicks_to():
    """Return how many links lead from the first page to each page."""
    clicks, edge = {FIRST: 0}, {FIRST}
    while edge:
        n_clicks = clicks[next(iter(edge))] + 1
        edge = {path for page in edge for path in linked_from(page)} - clicks.keys()
        edge = {path for path in edge if path.is_file()}
        clicks |= dict.fromkeys(edge, n_clicks)
    return clicks


CLICKS = clicks_to()


def test_there_are_enough_questions_and_each_is_asked_once():
    n_lines = sum(line.startswith("| ") for line in TABLE.read_text().splitlines())
    assert len(ROWS) == n_lines - 1
    assert len({question for question, *_ in ROWS}) == len(ROWS) >= 20


@pytest.mark.parametrize(("question", "target", "heading", "said"), ROWS, ids=lambda each: each)
def test_an_answer_is_as_many_clicks_away_as_the_page_says(question, target, heading, said):
    assert leads_somewhere(TABLE, target, heading), question
    assert CLICKS[(DOCS / target).resolve()] == int(said) <= 2


def test_every_page_can_be_reached_from_the_first_one():
    pages = {path for path in DOCS.rglob("*.md") if path.parent.name != "adr"} - {TABLE}
    assert {os.path.relpath(path, DOCS) for path in pages - CLICKS.keys()} == set()
