"""What a classifier says of clips before people do: read, and never shown to anybody."""

import math
import re
from pathlib import Path

import pandas as pd

from study.errors import TableError
from study.naming import source_of
from study.reading.clip_keys import Key, key_of, keys_of, location_of
from study.reading.rows import csv_rows
from study.tools.wording import counted
from study.vocabulary import VIDEO_LOCATIONS

COLUMNS = ("filename", "video_location", "probability", "fold")
_FOLD = re.compile("[0-9]{1,6}")


def read_prior(path: Path) -> "pd.Series[float]":
    """Read `prior.csv`, as `python -m models prior` writes it.

    Returns
    -------
    Series of float
        The probability that a clip is prominent, by location and filename.

    Raises
    ------
    TableError
        If it is missing, a probability is not one, a clip stands there twice, or clips of one
        source video are in two folds: one of them was told by a classifier that has seen it.
    """
    found: dict[Key, float] = {}
    folds: dict[str, str] = {}
    for line, row in csv_rows(path, COLUMNS, missing="Write it first: python -m models prior"):
        key = key_of(location_of(row["video_location"]), row["filename"])
        probability = _number(row["probability"])
        if not 0 <= probability <= 1:
            raise TableError(
                f"{path}, line {line}: {row['probability'][:40]!r} is not a probability from 0 "
                "to 1. Write the table again: python -m models prior"
            )
        if key in found:
            raise TableError(f"{path}, line {line}: {key[1][:80]} stands there twice. Correct it")
        _require_place(key[0], row["fold"], f"{path}, line {line}")
        source, fold = source_of(key[1]), row["fold"].strip()
        if folds.setdefault(source, fold) != fold:
            raise TableError(
                f"{path}, line {line}: source video {source[:80]!r} is in fold {fold} and in fold "
                f"{folds[source]}, and has to be in one, so that no clip is told by a classifier "
                "that has seen its source. Write the table again: python -m models prior"
            )
        found[key] = probability
    return pd.Series(found, dtype="float64")


def _require_place(location: str, fold: str, where: str) -> None:
    if location not in VIDEO_LOCATIONS:
        raise TableError(
            f"{where}: {location[:40]!r} is not a location; training or validation is expected. "
            "Correct it"
        )
    if not _FOLD.fullmatch(fold.strip()):
        raise TableError(
            f"{where}: {fold[:40]!r} is not a fold; a whole number from 0 is expected. "
            "Write the table again: python -m models prior"
        )


def require_known(likely: "pd.Series[float]", path: Path) -> None:
    """Raise TableError if a table has none of the study's clips: it is another study's."""
    if len(likely) and likely.isna().all():
        raise TableError(
            f"{path} has none of the study's {counted(len(likely), 'clip')}, so it is of other "
            "clips. Name the study's own table, or write it: python -m models prior"
        )


def of_clips(prior: "pd.Series[float]", clips: pd.DataFrame) -> "pd.Series[float]":
    """Return the probabilities of clips; NaN where the table does not have them.

    Parameters
    ----------
    clips : DataFrame
        With ``video_location, filename``.
    """
    keys = keys_of(clips["video_location"], clips["filename"])
    known = prior.to_dict()
    return pd.Series([known.get(key, math.nan) for key in keys], index=clips.index, dtype="float64")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
