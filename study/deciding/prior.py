"""What a classifier says of clips before people do: read, and never shown to anybody."""

import math
from pathlib import Path

import pandas as pd

from study.errors import TableError
from study.reading.clip_keys import key_of, keys_of
from study.reading.rows import csv_rows

COLUMNS = ("filename", "video_location", "probability", "fold")


def read_prior(path: Path) -> "pd.Series[float]":
    """Read `prior.csv`, as `python -m models prior` writes it.

    Returns
    -------
    Series of float
        The probability that a clip is prominent, by location and filename.

    Raises
    ------
    TableError
        If it is missing, a probability is not one, or a clip stands there twice.
    """
    found: dict[tuple[str, str], float] = {}
    for line, row in csv_rows(path, COLUMNS, missing="Write it first: python -m models prior"):
        key = key_of(row["video_location"], row["filename"])
        probability = _number(row["probability"])
        if not 0 <= probability <= 1:
            raise TableError(
                f"{path}, line {line}: {row['probability'][:40]!r} is not a probability from 0 "
                "to 1. Write the table again: python -m models prior"
            )
        if key in found:
            raise TableError(f"{path}, line {line}: {key[1][:80]} stands there twice. Correct it")
        found[key] = probability
    return pd.Series(found, dtype="float64")


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
