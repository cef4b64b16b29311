"""Agreement of each rating with ground truths and with earlier raters."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

GROUND_TRUTH, PEER = "ground_truth", "peer"
COLUMNS = ("participant_id", "n_trial", "at", "source", "agrees")


def agreement(ratings: pd.DataFrame, truths: dict[int, int]) -> pd.DataFrame:
    """Compare each rating with the ground truth and with the ratings that the clip had by then.

    A rating is compared with earlier ones only, so that what is said of a trial was known when it
    was given, and a careless rater does not spoil the record of those who rated before.

    Returns columns `COLUMNS`, one row per comparison in the order of time: ``n_trial`` counts the
    participant's trials from 1, ``at`` is the row of `ratings`, ``source`` is ``"ground_truth"`` or
    ``"peer"``.

    `ratings`: columns ``participant_id, candidate_id, rating``, in the order in which they were
    given; those that are ``is_further``, if there is such a column, are compared with nothing.
    """
    table = ratings[["participant_id", "candidate_id", "rating"]].reset_index(drop=True)
    is_further = ratings.get("is_further", pd.Series(data=False, index=ratings.index))
    table = table.assign(n_trial=table.groupby("participant_id").cumcount() + 1)
    rank = table.groupby("candidate_id").cumcount()
    truth = table["candidate_id"].map(truths)
    # They are asked where people disagree: a rater of many would seem to be careless.
    is_usual = ~is_further.to_numpy(dtype=np.bool_)
    parts = [_compared(table, truth.where(is_usual), GROUND_TRUTH)]
    for back in range(1, int(rank.max()) + 1 if len(rank) else 1):
        earlier = table.groupby("candidate_id")["rating"].shift(back)
        parts.append(_compared(table, earlier.where(is_usual), PEER))
    found = pd.concat(parts).sort_values(["at", "source"], kind="stable")
    return found.reset_index(drop=True)[list(COLUMNS)]


def baseline(
    evidence: pd.DataFrame, source: str, prior: float, weight: float
) -> npt.NDArray[np.float64]:
    """Return how often raters had agreed with a source before each comparison.

    Parameters
    ----------
    evidence : DataFrame
        From `agreement`.
    source : {"ground_truth", "peer"}
        Which comparisons.
    prior : float
        What is expected before anything has been seen.

    Returns
    -------
    ndarray of float64, shape (n_comparisons_of_the_source,)
        Over all raters together, so that one who gets careless stands out.
    """
    agrees = evidence.loc[evidence["source"] == source, "agrees"].to_numpy(np.float64)
    seen = np.arange(len(agrees))
    before = np.cumsum(agrees) - agrees
    return np.asarray((before + prior * weight) / (seen + weight), dtype=np.float64)


def _compared(table: pd.DataFrame, other: "pd.Series[Any]", source: str) -> pd.DataFrame:
    known = other.notna()
    own = table[known]
    return pd.DataFrame(
        {
            "participant_id": own["participant_id"],
            "n_trial": own["n_trial"],
            "at": own.index,
            "source": source,
            "agrees": own["rating"] == other[known],
        }
    )
