"""What a list of clips must not hold."""

import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from study.naming import tfrecord_filename
from study.reading.clip_keys import Key, in_one_line, keys_of
from study.vocabulary import VIDEO_LOCATIONS

COUNTS = ("r1", "r2", "r3")

_LABELS = ("avmit_label", "mit_label")

_COUNT = re.compile(r"[0-9]{1,6}")

_RATINGS = frozenset("123")

_LONGEST_NAME = 255  # bytes; file systems take no longer one

_LONG = f"this cannot be a clip's or a record's name, with over {_LONGEST_NAME} bytes"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with rows of a list.

    Parameters
    ----------
    code : str
        The kind, such as ``"duplicate_clip"``.
    says : str
        What is wrong, in words, such as ``"there is no filename"``.
    rows : tuple of int
        Which rows, from 0.
    """

    code: str
    says: str
    rows: tuple[int, ...]
    column: str


@dataclass(frozen=True)
class ClipList:
    """A list of clips, or of ratings of clips, in the order of the file.

    Parameters
    ----------
    columns : dict of str to list of str
        By the program's names, with the cells of each row; locations are ``training`` and
        ``validation`` where they mean one of the two.
    several_rows : bool
        Whether a row is a rating, of which a clip has several.
    """

    path: Path
    columns: Mapping[str, list[str]]
    lines: list[int]
    several_rows: bool = False

    def __len__(self) -> int:
        return len(self.lines)

    @cached_property
    def keys(self) -> list[Key]:
        """What tells the clips apart."""
        names = self.columns["filename"]
        return keys_of(self.columns.get("video_location", [""] * len(names)), names)

    @cached_property
    def records(self) -> list[str]:
        """The record of every clip, by the rule where the list does not say."""
        named = self.columns.get("tfrecord_filename")
        if named is not None:
            return named
        clips = zip(self.columns["filename"], self.columns["avmit_label"], strict=True)
        return [tfrecord_filename(filename, label) for filename, label in clips]


def is_count(text: str) -> bool:
    """Return whether a cell is a whole number of ratings.

    Returns True for ``"0"`` to ``"999999"``.
    """
    return _COUNT.fullmatch(text) is not None


def n_ratings(clips: ClipList) -> list[int]:
    """Return how often each clip of a list with tallies was rated.

    `clips`: with ``r1, r2, r3``, all of them counts.
    """
    return [sum(map(int, row)) for row in zip(*(clips.columns[c] for c in COUNTS), strict=True)]


def faults(clips: ClipList) -> list[Fault]:
    """Return everything that is wrong with the rows of a list.

    Returns kinds that occur, the simplest first; empty for a list that may be used.

    `clips`: from `open_list`.
    """
    if not len(clips):
        return [Fault("no_rows", "there is no row", (), "filename")]
    found = [*_cell_faults(clips), *_name_faults(clips), *_repeated(clips)]
    if "tfrecord_filename" in clips.columns:
        found += record_faults(clips)
    return [fault for fault in found if fault.rows]


def record_faults(clips: ClipList) -> list[Fault]:
    """Return what is wrong with the records of a list, named in it or by the rule.

    `clips`: with ``avmit_label``.
    """
    records = clips.records
    first: dict[str, Key] = {}
    meets = [
        first.setdefault(record, key) != key
        for record, key in zip(records, clips.keys, strict=True)
    ]
    column = "tfrecord_filename"
    found = (
        _where("unsafe_record", "the record is not <label>/<name>.tfrecord",
               [not _is_record(record) for record in records], column),
        _where("long_name", _LONG, list(map(_is_too_long, records)), column),
        _where("records_meet", "another clip of the list has the same record", meets, column),
    )  # fmt: skip
    return [fault for fault in found if fault.rows]


def _cell_faults(clips: ClipList) -> Iterator[Fault]:
    for name, cells in clips.columns.items():
        bare = [cell.strip() for cell in cells]
        yield _where("empty_cell", f"there is no {name}", [not cell for cell in bare], "filename")
        spaced = [0 < len(b) < len(cell) for b, cell in zip(bare, cells, strict=True)]
        yield _where("stray_space", f"there is space around {name}", spaced, name)
    for name in COUNTS:
        wrong = [bool(c.strip()) and not is_count(c) for c in clips.columns.get(name, ())]
        says = f"{name} is not a count"
        yield _where("no_count", says, wrong, name)
    ratings = [text not in _RATINGS for text in clips.columns.get("rating", ())]
    yield _where("unknown_rating", "rating is not 1, 2 or 3", ratings, "rating")
    places = [place not in VIDEO_LOCATIONS for place in clips.columns.get("video_location", ())]
    says = "video_location is neither training nor validation"
    yield _where("unknown_location", says, places, "video_location")
    for name in _LABELS:
        yield _two_spellings(name, clips.columns.get(name, ()))


def _two_spellings(column: str, labels: Sequence[str]) -> Fault:
    # "Barking" beside "barking" would train a network of one class too many. The rarer is wrong.
    usual: dict[str, str] = {}
    odd: dict[str, str] = {}
    for label, _ in Counter(labels).most_common():
        folded = unicodedata.normalize("NFC", label.strip()).casefold()
        if usual.setdefault(folded, label) != label:
            odd[label] = usual[folded]
    first = f", such as {in_one_line(next(iter(odd.values())))}" if odd else ""
    says = f"{column} is spelt otherwise than in other rows{first}"
    return _where("two_spellings", says, [label in odd for label in labels], column)


def _name_faults(clips: ClipList) -> Iterator[Fault]:
    names = clips.columns["filename"]
    says = "filename is not <MIT class>/<clip>"
    yield _where("unsafe_filename", says, [not _is_within_folder(name) for name in names])
    yield _where("long_name", _LONG, list(map(_is_too_long, names)))
    if "new_filename" in clips.columns:
        news = clips.columns["new_filename"]
        says = "new_filename is not <label>/<clip>"
        yield _where(
            "unsafe_new_filename", says, [not _is_within_folder(n) for n in news], "new_filename"
        )


def _repeated(clips: ClipList) -> Iterator[Fault]:
    if clips.several_rows:
        yield from _rated_otherwise(clips)
        return
    says = "the clip stands in the list already"
    yield _where("duplicate_clip", says, _seen_before(clips.keys))
    if "new_filename" in clips.columns:
        says = "new_filename was given before"
        news = _seen_before(clips.columns["new_filename"])
        yield _where("new_filename_twice", says, news, "new_filename")


def _rated_otherwise(clips: ClipList) -> Iterator[Fault]:
    labels = list(zip(*(clips.columns[c] for c in _LABELS if c in clips.columns), strict=True))
    first: dict[Key, tuple[str, ...]] = {}
    differ = [
        first.setdefault(key, label) != label for key, label in zip(clips.keys, labels, strict=True)
    ]
    says = "the labels are not those that rows before give the clip"
    yield _where("labels_differ", says, differ)
    people = clips.columns.get("participant_id")
    if people is not None:
        says = "the same person had rated the clip before"
        again = _seen_before(list(zip(clips.keys, people, strict=True)))
        yield _where("rated_twice", says, again)


def _seen_before(values: Iterable[Hashable]) -> list[bool]:
    seen: set[Hashable] = set()
    again = []
    for value in values:
        again.append(value in seen)
        seen.add(value)
    return again


def _where(code: str, says: str, wrong: Sequence[bool], column: str = "filename") -> Fault:
    return Fault(code, says, tuple(row for row, is_wrong in enumerate(wrong) if is_wrong), column)


def _is_within_folder(name: str) -> bool:
    folder, slash, clip = name.partition("/")
    return bool(slash) and "/" not in clip and not {folder, clip} & {"", ".", ".."}


def _is_record(record: str) -> bool:
    name = record.partition("/")[2]
    hidden = name.startswith(".")
    return _is_within_folder(record) and name.endswith(".tfrecord") and not hidden


def _is_too_long(name: str) -> bool:
    if len(name) * 4 <= _LONGEST_NAME:  # no character takes more than four bytes
        return False
    return max(len(part.encode()) for part in name.split("/")) > _LONGEST_NAME
