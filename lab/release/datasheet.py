"""The datasheet: what the store knows is filled in, what it cannot know stays a question.

Answers are kept in the study's `datasheet.toml` and used again next time.
Questions after "Datasheets for Datasets" (Gebru et al., 2021).
"""

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from lab.release.facts import Facts
from lab.release.texts import filled
from study.errors import ConfigError
from study.reading.text import LARGEST_SETTINGS, parsed, read_text
from study.tools.access import Readers
from study.tools.files import written_atomically

ANSWERS_NAME = "datasheet.toml"
BLANK = "**[blank: to be answered by the lab]**"
_HEAD = """\
# What the store cannot know about this dataset. Write the answers between the quotes;
# a question that is left empty stands in the datasheet as a blank. Used by every release.
"""


@dataclass(frozen=True, slots=True)
class DatasheetQuestion:
    """A question of the datasheet; ``known`` is a template, empty where the lab has to answer."""

    section: str
    id: str
    asks: str
    known: str = ""


@cache
def questions() -> tuple[DatasheetQuestion, ...]:
    """Return all questions, in their order."""
    text = (resources.files("lab.release") / "questions.toml").read_text(encoding="utf-8")
    return tuple(
        DatasheetQuestion(section["title"], **question)
        for section in tomllib.loads(text)["section"]
        for question in section["question"]
    )


def read_answers(folder: Path) -> dict[str, str]:
    """Read a study's answers.

    Returns
    -------
    dict of str to str
        By question; only those that were answered, and an empty mapping without the file.

    Raises
    ------
    ConfigError
        If the file cannot be read, or answers a question that there is not.
    """
    path = folder / ANSWERS_NAME
    if not path.is_file():
        return {}
    text = read_text(path, largest=LARGEST_SETTINGS)
    content = parsed(text, tomllib.loads, source=str(path), kind="TOML")
    known = {question.id for question in questions()}
    for name, answer in content.items():
        if name not in known:
            raise ConfigError(f"{path}: there is no question {name!r}. Remove the line")
        if not isinstance(answer, str):
            raise ConfigError(f"{path}: the answer to {name} is not text. Put it in quotes")
    return {name: answer.strip() for name, answer in content.items() if answer.strip()}


def keep_questions(folder: Path) -> bool:
    """Write the file for answers where there is none; return whether it was written."""
    path = folder / ANSWERS_NAME
    if path.exists() or not os.access(folder, os.W_OK):
        return False
    lines = [_HEAD]
    for question in questions():
        if not question.known:
            lines.append(
                f"# {question.section}: {question.asks}\n{question.id} = {json.dumps('')}\n"
            )
    with written_atomically(path, readers=Readers.OWNER) as part:
        part.write_text("\n".join(lines), encoding="utf-8")
    return True


def n_blanks(answers: Mapping[str, str]) -> int:
    """Return how many questions nobody has answered."""
    return sum(not question.known and question.id not in answers for question in questions())


def datasheet(facts: Facts, answers: Mapping[str, str]) -> str:
    """Return the datasheet as Markdown."""
    lines = [f"# Datasheet: {facts.title}", ""]
    lines += [f"Version {facts.version}. Questions after *Datasheets for Datasets* (Gebru et al., "
              f"2021). {_said(facts.n_blanks)}", ""]  # fmt: skip
    lines += [f"> {each}" for each in facts.cautions] + [""] * bool(facts.cautions)
    section = ""
    for question in questions():
        if question.section != section:
            section = question.section
            lines += [f"## {section}", ""]
        known = filled(question.known, facts=facts) if question.known else ""
        said = " ".join(filter(None, (known, answers.get(question.id, ""))))
        lines += [f"**{question.asks}**", "", said or BLANK, ""]
    return "\n".join(lines)


def _said(n: int) -> str:
    if n == 0:
        return "Every question has an answer."
    return f"{n} question{'s' * (n > 1)} {'is' if n == 1 else 'are'} left blank."
