"""Cells of tables of answers, checked before they are believed."""

from pathlib import Path

import numpy as np
import pandas as pd

from lab.compare.responses import MODALITIES
from study.errors import TableError

PROBABILITY = "p_"  # begins the columns of a network's probabilities
_MISSED = {"", "na", "nan", "none"}
_SUMS_TO_ONE = 1e-3


def require_cells(path: Path, table: pd.DataFrame) -> None:
    """Refuse cells that are empty or none of their words; numbers become numbers, in place."""
    for name in ("observer", "condition", "clip"):
        empty = np.flatnonzero(table[name] == "")
        if len(empty):
            raise TableError(f"{path}: {name} is empty in row {empty[0] + 1}. Fill it in")
    table["response"] = table["response"].mask(table["response"].str.lower().isin(_MISSED), "")
    odd = ~table["modality"].isin([*MODALITIES, ""])
    if odd.any():
        raise TableError(
            f"{path}: there is no modality {table.loc[odd, 'modality'].iloc[0]!r}. "
            f"Choose {', '.join(MODALITIES)}"
        )
    table["asynchrony_ms"] = floats(path, "asynchrony_ms", table["asynchrony_ms"])


def floats(path: Path, name: str, column: "pd.Series[str]") -> "pd.Series[float]":
    """Return a column as numbers, NaN where it is empty; refuse what is not one."""
    numbers = pd.to_numeric(column.mask(column == "", "nan"), errors="coerce")
    wrong = numbers.isna() & (column != "")
    if wrong.any() or np.isinf(numbers).any():
        odd = column[wrong | np.isinf(numbers)].iloc[0]
        raise TableError(f"{path}: {name} is {odd!r} in a row, expected a number. Correct it")
    return numbers.astype(float)


def probabilities_of(path: Path, given: pd.DataFrame) -> pd.DataFrame:
    """Return columns as probabilities; refuse rows whose probabilities do not sum to 1."""
    numbers = pd.DataFrame(
        {name: floats(path, f"{PROBABILITY}{name}", given[name]) for name in given}
    )
    known = numbers.dropna(how="all")
    if len(known) and (
        known.isna().any(axis=None)
        or (known < 0).any(axis=None)
        or (known.sum(axis=1) - 1).abs().max() > _SUMS_TO_ONE
    ):
        raise TableError(
            f"{path}: the columns {PROBABILITY}... of a row are not probabilities that sum to 1. "
            "Export them again"
        )
    return numbers
