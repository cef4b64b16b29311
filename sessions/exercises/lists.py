"""Lists of exercise clips: drafts for the expert, and what the expert filled in."""

import re
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sessions.exercises.choosing import EXERCISES
from study.errors import ConfigError
from study.reading.clip_keys import key_of, keys_of, location_of, with_slashes
from study.reading.lists import require_apart
from study.reading.rows import csv_rows
from study.store.plan.exercises import ExerciseClip
from study.tools.files import written_atomically
from study.vocabulary import Phase, Rating

COLUMNS = ("phase", "exercise_set", "avmit_label", "video_location", "filename", "rating",
           "reasoning")  # fmt: skip
_MISSING = "Write a draft: python -m sessions set-exercise --sample"
_SET = re.compile(r"[1-9][0-9]{0,3}")


def write_draft(picked: pd.DataFrame, path: Path, *, overwrite: bool) -> None:
    """Write chosen clips for the expert to fill in ratings and reasons.

    Raises TableError if a clip would stand in the draft twice.

    `picked`: from `exercises.sample`.
    """
    draft = picked.assign(rating="", reasoning="")[list(COLUMNS)]
    require_apart({path.name: keys_of(draft["video_location"], draft["filename"])})
    with written_atomically(path, overwrite=overwrite) as part:
        draft.to_csv(part, index=False)


def read_list(path: Path, free: pd.DataFrame, labels: Collection[str]) -> list[ExerciseClip]:
    """Read exercise clips that the expert has rated and explained.

    Raises ConfigError if the file cannot be read, a clip is unknown, taken, named twice, of another
    class or not rated, or a set does not have one clip of each class.

    Paper: Quality Control ("1 video per class").

    Parameters
    ----------
    path : Path
        A CSV file with `COLUMNS`, as a spreadsheet saves it: with commas or semicolons.
    free : DataFrame
        From `exercises.free_candidates`.
    labels : collection of str
        The classes; every set has one clip of each.
    """
    candidates = {
        key_of(row["video_location"], row["filename"]): row for row in free.to_dict("records")
    }
    shown: dict[tuple[str, str], list[str]] = {}
    clips = []
    for number, row in _rows(path):
        candidate = candidates.pop(key_of(row["video_location"], row["filename"]), None)
        fault = _fault(row, candidate)
        if fault or candidate is None:
            raise ConfigError(f"{path}, line {number}: {fault}")
        classes = shown.setdefault((row["phase"], row["exercise_set"]), [])
        clips.append(
            ExerciseClip(
                candidate_id=candidate["candidate_id"],
                phase=Phase(row["phase"]),
                exercise_set=int(row["exercise_set"]),
                position=len(classes),
                rating=Rating(int(row["rating"])),
                reasoning=row["reasoning"],
            )
        )
        classes.append(candidate["avmit_label"])
    for (phase, number_of_set), classes in shown.items():
        _require_one_of_each(classes, labels, f"{path}: {phase} set {number_of_set}")
    return clips


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


def _fault(row: Mapping[str, str], candidate: Mapping[Hashable, Any] | None) -> str | None:
    if candidate is None:
        return (
            f"{row['video_location']}/{row['filename']} is not a free candidate (unknown, named "
            "twice, sampled for ground truths, or in use already). Choose another clip of class "
            f"{row['avmit_label']}"
        )
    if row["avmit_label"] != candidate["avmit_label"]:
        return (
            f"{row['filename']} is of class {candidate['avmit_label']} and the row says "
            f"{row['avmit_label']!r}. Correct one of the two"
        )
    if row["phase"] not in EXERCISES or not _SET.fullmatch(row["exercise_set"]):
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


def _require_one_of_each(classes: Sequence[str], labels: Collection[str], where: str) -> None:
    found = Counter(classes)
    wrong = {label: found[label] for label in sorted(labels) if found[label] != 1}
    if wrong:
        counts = ", ".join(f"{label} {n}" for label, n in wrong.items())
        raise ConfigError(f"{where} has not one clip of each class ({counts}). Give one of each")
