"""The pages of error messages, by what people do."""

import importlib

from handbook.markdown import page, plain, table
from handbook.messages import PACKAGES, Message, has_words, messages

_INTRODUCTION = """\
Every message with which the program stops, as the code has it; ‹places› are filled in when it is said.
Search for a few of its words, without names and numbers.
A message is one line, exit code 1, and nothing is lost or half-written; with a usage error (exit code 2) nothing was begun.
Anything that ends in a traceback is a fault of the program: please report it."""
# Parts of a message: what is wrong inside something; what to do is said after them.
_AFTER_A_PART = {
    "study.config": "Correct it in `study.toml`",
    "curation.manipulation.planning": "Correct it in the design",
    "features.records.records": "Delete it and extract the clip again",
    "features.records.wire": "Delete it and extract the clip again",
    "study.processes": "Run the command again with fewer processes",
    "study.store.engine": "Make room, give access, or name another place",
}


def messages_page(package: str) -> str:
    """Return the page of one package's messages."""
    parts = [_INTRODUCTION]
    areas: dict[str, list[Message]] = {}
    for message in messages():
        if message.module.partition(".")[0] == package:
            areas.setdefault(_area(message.module), []).append(message)
    for area, found in sorted(areas.items()):
        rows = [(plain(one.found), plain(remedy_of(one))) for one in found]
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


def remedy_of(message: Message) -> str:
    """Return what to do; empty where nothing says it."""
    parts = (text for part, text in _AFTER_A_PART.items() if message.module.startswith(part))
    return message.remedy if has_words(message.remedy) else next(parts, message.remedy)
