"""The gate: what was typed is looked at before anything is written, files before they leave.

The tables pass it by their schemas: only columns that are named there leave, and none holds a
name, a date, a path or a remark. What is looked for here is what could come in beside them.
"""

import getpass
import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from study.errors import StudyError
from study.store.people.private import Private

_SHORTEST = 4  # a machine's name; shorter ones are words of every language
_SHORTEST_REMARK = 12
_PATH = re.compile(
    r"(?<![\w:/.])(?:/(?:home|root|Users|tmp|mnt|media|srv|var|opt|work|data|scratch|private)/"
    r"[^\s\"'<>)]+|[A-Za-z]:\\[^\s\"'<>]+|file://\S+|\\\\\w+\\\S+)"
)
# These hold pictures, records or arrays, whose text was looked at as text when they were made.
_PACKED = {".tar", ".mp4"}


@dataclass(frozen=True)
class Gate:
    """What must not be found.

    Parameters
    ----------
    ids : Pattern or None
        Participants and who worked at the desk, looked for in what a person typed.
    anywhere : Pattern or None
        Machines, accounts, folders and remarks, looked for in every file.
    """

    ids: re.Pattern[str] | None
    anywhere: re.Pattern[bytes] | None


def gate(private: Private, folders: Iterable[Path], common: str) -> Gate:
    """Return the gate of a store.

    Parameters
    ----------
    folders : iterable of Path
        Where study, store and clips lie on this machine.
    common : str
        Text that every release has: a machine that is called like one of its words is not found.
    """
    words = set(re.findall(r"[\w.-]+", common.lower()))
    machines = {*private.machines, socket.gethostname(), *_account()}
    names = {word for word in machines if len(word) >= _SHORTEST and word.lower() not in words}
    remarks = {text for text in private.remarks if len(text) >= _SHORTEST_REMARK}
    remarks = {text for text in remarks if text.lower() not in common.lower()}
    places = {str(folder.resolve()) for folder in folders}
    places = {place for place in places if place.count("/") > 1}
    ids = {word for word in private.ids if _is_telling(word) and word.lower() not in words}
    anywhere = _any_of(sorted(names | remarks | places))
    return Gate(
        _any_of(sorted(ids)),
        None if anywhere is None else re.compile(anywhere.pattern.encode()),
    )


def refuse_typed(found: Gate, texts: Mapping[str, str]) -> None:
    """Raise if something that a person typed for the release would tell who or where.

    Parameters
    ----------
    texts : mapping of str to str
        By where it stands.

    Raises
    ------
    StudyError
        With the place and the words.
    """
    for where, text in texts.items():
        hit = next(_hits(found, text), None)
        if hit is not None:
            raise StudyError(
                f"{where} says {hit!r}, which would tell who or where: no id, name of a machine, "
                "account or path leaves the lab. Write it without"
            )


def refuse_files(found: Gate, folder: Path) -> None:
    """Raise if a file of a release would tell a machine, an account, a folder or a remark.

    Parameters
    ----------
    folder : Path
        The release before it leaves.

    Raises
    ------
    StudyError
        With the file and the words.
    """
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.suffix in _PACKED or found.anywhere is None:
            continue
        hit = found.anywhere.search(path.read_bytes())
        if hit is not None:
            raise StudyError(
                f"{path.relative_to(folder)} would hold {hit.group().decode(errors='replace')!r}, "
                "which the store keeps for itself. Nothing was written; rename the clip or the "
                "class that is called so"
            )


def _is_telling(word: str) -> bool:
    # A single letter or a small number is a word of many sentences.
    return len(word) > (2 if word.isdigit() else 1)


def _hits(found: Gate, text: str) -> Iterator[str]:
    for hit in _PATH.finditer(text):
        yield hit.group()
    if found.ids is not None:
        yield from (hit.group() for hit in found.ids.finditer(text))
    if found.anywhere is not None:
        hits = found.anywhere.finditer(text.encode())
        yield from (hit.group().decode(errors="replace") for hit in hits)


def _account() -> Iterator[str]:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        return
    if user != "root":
        yield user


def _any_of(words: list[str]) -> re.Pattern[str] | None:
    if not words:
        return None
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile(
        rf"(?<![A-Za-z0-9_])(?:{'|'.join(map(re.escape, longest_first))})(?![A-Za-z0-9_])"
    )
