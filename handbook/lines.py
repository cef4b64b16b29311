"""A command line of the documentation, read by the parser of the program that it calls."""

import re
import shlex
from pathlib import Path
from typing import Any

import typer

from handbook.commands import FRONTS, command_of, group_of

ROOT = Path(__file__).resolve().parents[1]
_SHELL = {".", "cat", "cd", "cp", "export", "mkdir"}  # what they do is not ours to check
_PYTHONS = {"python", ".venv/bin/python"}


def fault_of(line: str) -> str:
    """Return what is wrong with a command line; empty where it can be typed as it stands."""
    first, *rest = shlex.split(line)
    if first in _PYTHONS and rest[:1] == ["-m"] and rest[1:2]:
        return _fault_of_call(rest[1], rest[2:])
    if first == "make":
        return _fault_of_target(rest)
    if first.startswith("scripts/"):
        return "" if (ROOT / first).is_file() else f"there is no {first}"
    return "" if first in _SHELL else f"{first} is not a command of ours: mark the block"


def command_in(line: str) -> tuple[str, str] | None:
    """Return the package and the command that a line calls; None where it calls none."""
    first, *rest = shlex.split(line)
    if first not in _PYTHONS or rest[:1] != ["-m"] or rest[1] not in FRONTS:
        return None
    names, group = [], group_of(rest[1])
    for word in rest[2:]:
        if word not in getattr(group, "commands", {}):
            break
        names.append(word)
        group = command_of(group, word)
    return rest[1], " ".join(names)


def _fault_of_call(package: str, words: list[str]) -> str:
    if package in ("benchmarks", "handbook") or package.startswith(("benchmarks.", "handbook.")):
        is_there = (ROOT / f"{package.replace('.', '/')}.py").is_file()
        return "" if is_there else f"there is no module {package}"
    if package not in FRONTS:
        return f"there is no package {package}"
    called: Any = group_of(package)
    while words and words[0] in getattr(called, "commands", {}):
        called, words = command_of(called, words[0]), words[1:]
    if words and not words[0].startswith("-") and hasattr(called, "commands"):
        return f"{package} has no command {words[0]}"
    if not words and hasattr(called, "commands"):
        return ""  # `python -m annotator` asks on the screen who is there
    try:
        called.make_context(package, list(words))
    except typer.Exit:
        return ""
    except Exception as error:
        if not hasattr(error, "exit_code"):
            raise
        return f"{package}: {getattr(error, 'message', '') or type(error).__name__}"
    return ""


def _fault_of_target(words: list[str]) -> str:
    known = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    unknown = [word for word in words if "=" not in word and word not in known]
    return f"make has no {' '.join(unknown)}" if unknown else ""
