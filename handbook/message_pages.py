"""The pages of error messages, by what people do."""

import importlib

from handbook.markdown import page, plain, table
from handbook.messages import PACKAGES, Message, messages

_INTRODUCTION = """\
Every message with which the program stops, as the code has it; ‹places› are filled in when it is said.
Search for a few of its words, without names and numbers.
A message is one line, exit code 1, and nothing is lost or half-written; with a usage error (exit code 2) nothing was begun.
Anything that ends in a traceback is a fault of the program: please report it."""
_IN_STUDY_TOML = "Correct it in `study.toml`."


def messages_page(package: str) -> str:
    """Return the page of one package's messages."""
    parts = [_INTRODUCTION]
    areas: dict[str, list[Message]] = {}
    for message in messages():
        if message.module.partition(".")[0] == package:
            areas.setdefault(_area(message.module), []).append(message)
    for area, found in sorted(areas.items()):
        rows = [(plain(one.found), plain(_remedy(one))) for one in found]
        parts.append(f"## {_title(area)}\n\n{table(['message', 'what to do'], rows)}")
    return page(f"Messages of {package}", *parts)


def packages_with_messages() -> list[str]:
    """Return the packages that have any."""
    found = {message.module.partition(".")[0] for message in messages()}
    return [package for package in PACKAGES if package in found]


def _area(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[: 2 if len(parts) > 2 else 1])


def _title(area: str) -> str:
    if area.endswith(".commands"):
        return "Commands"
    said = importlib.import_module(area).__doc__ or area
    return plain(said.partition("\n")[0].rstrip(".").partition(":")[0])


def _remedy(message: Message) -> str:
    if not message.remedy and message.module.startswith("study.config"):
        return _IN_STUDY_TOML
    return message.remedy
