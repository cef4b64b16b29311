"""Lists of exercise clips: drafts for the expert, and what the expert filled in."""

import re
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sessions.exercises.choosing import EXERCISES
from study.errors import ConfigError
from study.reading.clip_keys import Key, key_of, keys_of, location_of, require_apart, with_slashes
from study.reading.rows import csv_rows
from study.store.plan.exercises import ExerciseClip
from study.tools.files import written_atomically
from study.vocabulary import Phase, Rating

COLUMNS = {  # what each means
    "phase": "training or screening",
    "exercise_set": "which set: each attempt at an exercise has another one",
    "avmit_label": "class as participants read it",
    "video_location": "training or validation directories of MIT",
    "filename": "MIT class subdirectory/ video name",
    "rating": "the expert's rating: 1, 2 or 3; empty in a draft",
    "reasoning": "what is told to participants after their answer; empty in a draft",
}
_MISSING = "Write a draft: python -m sessions set-exercise --sample"
_SET = re.compile(r"[1-9][0-9]{0,3}")


def write_draft(picked: pd.DataFrame, path: Path, *, overwrite: bool) -> None:
    """Write chosen clips for the expert to fill in ratings and reasons.

    Raises TableError if a clip would stand in the draft twice.

    `picked`: from `choosing.sample`.
    """
    draft = picked.assign(rating="", reasoning="")[list(COLUMNS)]
    require_apart({path.name: keys_of(draft["video_location"], draft["filename"])})
    with written_atomically(path, overwrite=overwrite) as part:
        draft.to_csv(part, index=False)


@dataclass(frozen=True, slots=True)
class ExerciseList:
    """What a list of exercise clips says.

    Parameters
    ----------
    clips : tuple of ExerciseClip
        Of the lines that are right.
    faults : tuple of str
        What is wrong, line by line; a list with faults is not to be used.
    """

    clips: tuple[ExerciseClip, ...]
    faults: tuple[str, ...]


def read_list(path: Path, known: pd.DataFrame, labels: Collection[str]) -> ExerciseList:
    """Read exercise clips that the expert has rated and explained.

    Returns the clips, and what is wrong with all lines. Raises ConfigError if the file cannot be
    read.

    Paper: Quality Control ("1 video per class").

    Parameters
    ----------
    path : Path
        A CSV file with `COLUMNS`, as a spreadsheet saves it: with commas or semicolons.
    known : DataFrame
        From `choosing.standing`.
    labels : collection of str
        The classes; every set has one clip of each.
    """
    rows_of = {
        key_of(row["video_location"], row["filename"]): row for row in known.to_dict("records")
    }
    named: dict[Key, int] = {}
    shown: dict[tuple[str, str], list[str]] = {}
    clips, faults = [], []
    for number, row in _rows(path):
        key = key_of(row["video_location"], row["filename"])
        clip = rows_of.get(key)
        fault = _fault(row, clip, named.get(key))
        named.setdefault(key, number)
        if fault is not None or clip is None:
            faults.append(f"line {number}: {fault}")
            continue
        classes = shown.setdefault((row["phase"], row["exercise_set"]), [])
        clips.append(_clip(row, int(clip["candidate_id"]), position=len(classes)))
        classes.append(str(clip["avmit_label"]))
    if not faults:
        # A line that is wrong would leave a hole in its set as well.
        faults = [*_holes(shown, labels)]
    return ExerciseList(tuple(clips), tuple(faults))


def sets_in(path: Path) -> set[tuple[Phase, int]]:
    """Return the sets that a list names; lines that name none are passed over.

    Raises ConfigError if the file cannot be read.
    """
    return {
        (Phase(row["phase"]), int(row["exercise_set"])) for _, row in _rows(path) if _names_set(row)
    }


def _names_set(row: Mapping[str, str]) -> bool:
    return row["phase"] in EXERCISES and bool(_SET.fullmatch(row["exercise_set"]))


def _clip(row: Mapping[str, str], candidate_id: int, *, position: int) -> ExerciseClip:
    return ExerciseClip(
        candidate_id=candidate_id,
        phase=Phase(row["phase"]),
        exercise_set=int(row["exercise_set"]),
        position=position,
        rating=Rating(int(row["rating"])),
        reasoning=row["reasoning"],
    )


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    # Spreadsheets of many countries save with semicolons.
    rows = csv_rows(path, COLUMNS, error=ConfigError, missing=_MISSING, delimiters=",;")
    n_rows = 0
    for line, cells in rows:
        row = {name: cells[name].strip() for name in COLUMNS}
        row["video_location"] = location_of(row["video_location"])
        row["filename"] = with_slashes(row["filename"])
        n_rows += 1
        yield line, row
    if not n_rows:
        raise ConfigError(f"{path} has no rows. A row per clip is expected")


def _fault(
    row: Mapping[str, str], clip: Mapping[Hashable, Any] | None, named_on: int | None
) -> str | None:
    name = f"{row['video_location']}/{row['filename']}"
    if clip is None:
        return f"{name} is not a candidate of this study. Check the name of folder and file"
    if named_on is not None:
        return f"{name} is on line {named_on} already. Choose another clip"
    if clip["taken"]:
        return (
            f"{name} {clip['taken']}. Choose another clip of class "
            f"{clip['avmit_label'] or row['avmit_label']}"
        )
    if row["avmit_label"] != clip["avmit_label"]:
        return (
            f"{row['filename']} is of class {clip['avmit_label']} and the row says "
            f"{row['avmit_label']!r}. Correct one of the two"
        )
    if not _names_set(row):
        return (
            f"phase {row['phase']!r}, set {row['exercise_set']!r}; expected training or screening "
            "and a number from 1"
        )
    if row["rating"] not in {"1", "2", "3"} or not row["reasoning"]:
        return (
            f"rating {row['rating']!r}, reasoning {row['reasoning']!r}; the expert gives a rating "
            "from 1 to 3 and says why"
        )
    return None


def _holes(
    shown: Mapping[tuple[str, str], Sequence[str]], labels: Collection[str]
) -> Iterator[str]:
    for (phase, number), classes in shown.items():
        found = Counter(classes)
        wrong = {label: found[label] for label in sorted(labels) if found[label] != 1}
        if wrong:
            counts = ", ".join(f"{label} {n}" for label, n in wrong.items())
            yield (
                f"{phase} set {number} has not one clip of each class ({counts}). Give one of each"
            )
