"""The gate: what was typed is looked at before anything is written, files before they leave.

The tables pass it by their schemas: only columns that are named there leave, and none holds a
name, a date, a path or a remark. What is looked for here is what could come in beside them.
"""

import getpass
import re
import socket
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from features.records.manifest import MANIFEST_NAME, read_manifest
from lab.release.facts import MEDIA_TYPES
from study.errors import StudyError
from study.reading.archives import seekable_tar
from study.store.people.private import Private

_SHORTEST, _SHORTEST_WITH_DIGIT = 4, 3  # a machine's name; shorter ones are words
_SHORTEST_REMARK = 12
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December")  # fmt: skip
_PATH = re.compile(
    r"(?<![\w:/.])(?:/(?:home|root|Users|tmp|mnt|media|srv|var|opt|work|data|scratch|private)/"
    r"[^\s\"'<>)]+|[A-Za-z]:\\[^\s\"'<>]+|file://\S+|\\\\\w+\\\S+)"
)


@dataclass(frozen=True)
class Gate:
    """What must not be found.

    Parameters
    ----------
    ids : Pattern or None
        Participants and who worked at the desk, looked for in what a person typed.
    days : Pattern or None
        Days on which somebody rated, however a person writes them.
    anywhere : Pattern or None
        Machines, accounts, folders, remarks and days (as ``YYYY-MM-DD``), looked for in every file.
    """

    ids: re.Pattern[str] | None
    days: re.Pattern[str] | None
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
    machines |= {name.partition(".")[0] for name in machines}
    names = {word for word in machines if _names_a_machine(word) and word.lower() not in words}
    names = {each for word in names for each in (word, word.lower(), word.upper(), word.title())}
    remarks = {text for text in private.remarks if len(text) >= _SHORTEST_REMARK}
    remarks = {text for text in remarks if text.lower() not in common.lower()}
    places = {str(folder.resolve()) for folder in folders}
    places = {place for place in places if place.count("/") > 1}
    ids = {word for word in private.ids if _is_telling(word) and word.lower() not in words}
    days = {day for day in private.days if day.isoformat() not in common}  # but the publication's
    anywhere = _any_of(sorted(names | remarks | places | {day.isoformat() for day in days}))
    return Gate(
        _any_of(sorted(ids)),
        _any_of(sorted({text for day in days for text in _as_written(day)})),
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
                f"{where} says {hit!r}, which would tell who, where or when: no id, name of a "
                "machine, account, path or day of a session leaves the lab. Write it without"
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
        if not path.is_file() or found.anywhere is None:
            continue
        name = path.relative_to(folder).as_posix()
        for content in (name.encode(), *_contents(path)):
            hit = found.anywhere.search(content)
            if hit is not None:
                raise StudyError(
                    f"{name} would hold {hit.group().decode(errors='replace')!r}, which the store "
                    "keeps for itself. Nothing was written; rename the clip, the class or the "
                    "weights that are called so"
                )


def _contents(path: Path) -> Iterator[bytes]:
    if MEDIA_TYPES.get(path.suffix, "").startswith("video/"):
        return  # clips are as they were shown
    if path.suffix != ".tar":
        yield path.read_bytes()
        return
    # Embeddings are numbers; what an archive says in words stands in its heads and its manifest.
    with seekable_tar(path) as archive, tempfile.TemporaryDirectory() as temporary:
        for member in archive:
            yield repr(member.get_info()).encode()
            source = archive.extractfile(member) if member.name.endswith(MANIFEST_NAME) else None
            if source is not None:
                (Path(temporary) / MANIFEST_NAME).write_bytes(source.read())
                manifest = read_manifest(Path(temporary))
                yield repr((manifest.recipe, manifest.software)).encode()
                yield manifest.rows.to_csv().encode()


def _names_a_machine(word: str) -> bool:
    has_digit = any(map(str.isdigit, word))
    return len(word) >= (_SHORTEST_WITH_DIGIT if has_digit else _SHORTEST)


def _as_written(day: date) -> Iterator[str]:
    month, short = _MONTHS[day.month - 1], _MONTHS[day.month - 1][:3]
    for name in (month, short):
        yield from (f"{day.day} {name} {day.year}", f"{day.day}. {name} {day.year}")
        yield from (f"{name} {day.day}, {day.year}", f"{name} {day.day} {day.year}")
    for d, m in ((f"{day.day}", f"{day.month}"), (f"{day.day:02}", f"{day.month:02}")):
        for sign in "./-":
            yield from (f"{d}{sign}{m}{sign}{day.year}", f"{m}{sign}{d}{sign}{day.year}")
            yield from (f"{day.year}{sign}{m}{sign}{d}",)
    yield day.isoformat().replace("-", "")


def _is_telling(word: str) -> bool:
    # A single letter or a small number is a word of many sentences.
    return len(word) > (2 if word.isdigit() else 1)


def _hits(found: Gate, text: str) -> Iterator[str]:
    for hit in _PATH.finditer(text):
        yield hit.group()
    if found.ids is not None:
        yield from (hit.group() for hit in found.ids.finditer(text))
    if found.days is not None:
        yield from (hit.group() for hit in found.days.finditer(text))
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
