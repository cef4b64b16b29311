"""The documentation names every command, and its links lead somewhere."""

import importlib
import re

import pytest
import typer

from handbook.blocks import pages
from tests.paths import ROOT

PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


def commands():
    for main in sorted(ROOT.glob("*/__main__.py")):
        package = main.parent.name
        app = typer.main.get_command(importlib.import_module(f"{package}.__main__").app)
        for name, command in getattr(app, "commands", {}).items():
            yield from subcommands(package, name, command)


def subcommands(package, name, command):
    if not hasattr(command, "commands"):
        yield package, name, command.help
        return
    for below, nested in command.commands.items():
        yield from subcommands(package, f"{name} {below}", nested)


COMMANDS = list(commands())


def test_commands_are_found():
    assert ("study", "freeze") in {(package, name) for package, name, _ in COMMANDS}


@pytest.mark.parametrize(
    ("package", "command", "help_text"),
    COMMANDS,
    ids=[f"{package} {command}" for package, command, _ in COMMANDS],
)
def test_every_command_has_a_help_text_and_is_documented(package, command, help_text):
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert help_text
    assert re.search(rf"(python -m {package} |`){command}\b", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    broken = [
        f"{target}#{heading}"
        for target, heading in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", text)
        if "://" not in target and not leads_somewhere(page, target, heading)
    ]
    assert broken == []


def leads_somewhere(page, target, heading):
    there = page.parent / target if target else page
    return there.exists() and (not heading or heading in anchors(there))


def anchors(page):
    """Return what its headings can be linked by."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", text, re.M)
    }


def test_an_anchor_that_no_page_has_is_found():
    assert leads_somewhere(ROOT / "README.md", "CONTRIBUTING.md", "words")
    assert not leads_somewhere(ROOT / "README.md", "CONTRIBUTING.md", "where-to-find-nothing")


def test_a_decision_has_a_number_of_its_own():
    numbers = [path.name[:4] for path in (ROOT / "docs/adr").glob("0*.md")]
    assert sorted(numbers) == sorted(set(numbers))


PROSE = [*pages(), ROOT / "CHANGELOG.md"]
NOT_PROSE = re.compile(r"\s*(#|\||<|!\[|---)")
BEGINS_ANEW = re.compile(r"\s*([-*+]|\d+\.) ")
ENDS = re.compile(r"[.?!:;][)*`\"]*$")
TWO = re.compile(r"[a-z)]\. [A-Z]")


def not_a_sentence_a_line(text):
    """Return the lines that are wrapped inside a sentence or hold two."""
    text = re.sub(r"^( *)```.*?^ *```$", "", text, flags=re.M | re.S)
    prose = ["" if NOT_PROSE.match(line) else line for line in text.splitlines()]
    return [
        line
        for line, below in zip(prose, [*prose[1:], ""], strict=True)
        if TWO.search(re.sub(r"`[^`]*`", "``", line))
        or (line and below and not BEGINS_ANEW.match(below) and not ENDS.search(line))
    ]


@pytest.mark.parametrize("page", PROSE, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_has_one_sentence_a_line(page):
    assert not_a_sentence_a_line(page.read_text(encoding="utf-8")) == []


def test_a_wrapped_line_and_two_sentences_in_one_are_found():
    assert not_a_sentence_a_line("A clip is\nshown.\nIt is rated. It is paid.\n") == [
        "A clip is",
        "It is rated. It is paid.",
    ]
