"""No group under three leaves the lab: what fewer people share is left empty."""

import pandas as pd

SMALLEST_GROUP = 3


def blanked(
    trials: pd.DataFrame, columns: tuple[str, ...], person: str = "participant"
) -> pd.DataFrame:
    """Leave a cell empty where its value would single out fewer than three people or rows.

    Parameters
    ----------
    trials : DataFrame
        One row per trial, of one phase.
    columns : tuple of str
        What could be compared with a diary: days, sessions, rigs.
    person : str
        The column that says who.

    Returns
    -------
    DataFrame
        The same rows. Every value that is left in one of the columns is shared by three people
        or more, each of whom has three rows or more of it.
    """
    found = trials.copy()
    for name in columns:
        kept = found[[person, name]].dropna()
        while True:
            n_rows = kept.groupby([person, name], observed=True)[name].transform("size")
            n_people = kept.groupby(name, observed=True)[person].transform("nunique")
            enough = (n_rows >= SMALLEST_GROUP) & (n_people >= SMALLEST_GROUP)
            if enough.all():
                break
            kept = kept[enough]
        found[name] = found[name].where(found.index.isin(kept.index))
    return found


def n_people(trials: pd.DataFrame, person: str = "participant_id") -> int:
    """Return how many people gave some ratings."""
    return int(trials[person].nunique())
