"""Every error message that a person can meet, found where the code raises it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from handbook.templates import sentences, templates_of

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = (
    "annotator",
    "curation",
    "features",
    "instructions",
    "lab",
    "models",
    "sessions",
    "study",
)
_BY_HAND = {"BadParameter", "fail", "_refusal"}  # typer's, the last line, and of a clip


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """A message: where it is said, what was found, and what to do about it."""

    module: str
    found: str
    remedy: str
    line: int


@cache
def trees() -> dict[str, ast.Module]:
    """Return every file of the packages, parsed, by its module; migrations are left out."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "versions" not in path.parts:
                parts = path.relative_to(ROOT).with_suffix("").parts
                module = ".".join(parts).removesuffix(".__init__")
                found[module] = ast.parse(path.read_text(encoding="utf-8"))
    return found


@cache
def error_names() -> frozenset[str]:
    """Return `StudyError` and the classes below it, by their names."""
    classes = [node for tree in trees().values() for node in ast.walk(tree)
               if isinstance(node, ast.ClassDef)]  # fmt: skip
    found, before = {"StudyError"}, 0
    while len(found) > before:
        before = len(found)
        found |= {node.name for node in classes
                  if any(isinstance(base, ast.Name) and base.id in found for base in node.bases)}  # fmt: skip
    return frozenset(found)


@cache
def messages() -> tuple[Message, ...]:
    """Return every message once, in the order of modules."""
    found = {}
    for module, tree in trees().items():
        for node in _raised(module, tree):
            for text in filter(has_words, templates_of(node.args[0], tree, trees())):
                first, rest = sentences(text)
                found.setdefault((module, text), Message(module, first, rest, node.lineno))
    return tuple(found.values())


def has_words(text: str) -> bool:
    """Return whether a message is more than places to be filled in.

    Examples
    --------
    >>> has_words("‹path› ‹what›"), has_words("‹path› breaks off")
    (False, True)
    """
    return bool(re.sub(r"‹[^›]*›|\s", "", text))


def without_words() -> list[str]:
    """Return where an error is raised whose words are not found by reading the code."""
    return [
        f"{module}:{node.lineno}"
        for module, tree in trees().items()
        for node in _raised(module, tree)
        if not any(templates_of(node.args[0], tree, trees()))
    ]


def _raised(module: str, tree: ast.Module) -> Iterator[ast.Call]:
    # Keys of study.toml are refused by validators, whose ValueError becomes part of a ConfigError.
    names = error_names() | _BY_HAND
    if module.startswith("study.config") or module.endswith("planning.design"):
        names |= {"ValueError"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and _name(node.func) in names:
            yield node


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
