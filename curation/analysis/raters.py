"""How each rater rates: against ground truths, against the others, and over time."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from study.deciding.intervals import wilson

Ints = npt.NDArray[np.int64]
N_PARTS = 10  # a rater's trials in tenths, to see drift
NOT_DEFINED = (
    "no catch trial to be right or wrong on (accuracy, bias), or nobody else rated the same clips "
    "(agreement_with_others, drift)"
)


COLUMNS = {  # of `rater_table`, and what each means
    "participant_id": "pseudonymous id of the rater",
    "n_ratings": "ratings given",
    "share_1": "share of them that are 1",
    "share_2": "share that are 2",
    "share_3": "share that are 3",
    "mean_rating": "mean of the ratings",
    "n_catch": "ratings of clips that the expert rated",
    "accuracy": "share of these that are the expert's; empty without any",
    "accuracy_low": "lower limit of its 95 % interval (Wilson)",
    "accuracy_high": "upper limit",
    "bias": "mean rating minus mean ground truth",
    "agreement_with_others": "share of the others' ratings of the same clips that are the same",
    "drift": "that agreement in the last fifth of the rater's trials minus that in the first",
}


def rater_table(ratings: pd.DataFrame, ground_truths: pd.DataFrame) -> pd.DataFrame:
    """Return one row per rater.

    Returns columns `COLUMNS`.

    Parameters
    ----------
    ratings : DataFrame
        One row per rating, with ``candidate_id, participant_id, rating``, in the order given.
    ground_truths : DataFrame
        With ``candidate_id, rating``; unrated ones are left out.
    """
    compared = with_references(ratings, ground_truths)
    rows = [_row(str(person), part) for person, part in compared.groupby("participant_id")]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def with_references(ratings: pd.DataFrame, ground_truths: pd.DataFrame) -> pd.DataFrame:
    """Return ratings with what they can be held against.

    Returns the ratings with ``truth`` (NaN where there is none) and ``agreement``: the share of the
    other raters of the clip who said the same (NaN where there were none). Both are NaN of further
    ratings (``is_further``, if there is such a column), asked because others had disagreed.

    `ratings` and `ground_truths`: as `rater_table` takes them.
    """
    truth = ground_truths.dropna(subset=["rating"]).set_index("candidate_id")["rating"]
    usual = ratings
    if "is_further" in ratings:
        usual = ratings[~ratings["is_further"].astype(bool)]
    same = usual.groupby(["candidate_id", "rating"])["rating"].transform("size") - 1
    others = usual.groupby("candidate_id")["rating"].transform("size") - 1
    return ratings.assign(
        truth=usual["candidate_id"].map(truth.astype(float)),
        agreement=(same / others.where(others > 0)).astype(float),
    )


def over_time(compared: pd.DataFrame, *, n_parts: int = N_PARTS) -> pd.DataFrame:
    """Return how a rater's agreement and speed went over the trials.

    Returns columns ``part, n_ratings, agreement, accuracy, median_rt_s``.

    Parameters
    ----------
    compared : DataFrame
        One rater's rows of `with_references`, in the order given, with ``rt_s``.
    n_parts : int
        Into how many equal parts the trials are cut.
    """
    parts = np.array_split(np.arange(len(compared)), min(n_parts, max(len(compared), 1)))
    rows = []
    for number, places in enumerate(parts, start=1):
        rows_here = compared.iloc[places]
        catch = rows_here.dropna(subset=["truth"])
        rows.append(
            {
                "part": number,
                "n_ratings": len(rows_here),
                "agreement": rows_here["agreement"].mean(),
                "accuracy": (catch["rating"] == catch["truth"]).mean(),
                "median_rt_s": rows_here["rt_s"].median(),
            }
        )
    return pd.DataFrame(rows)


def confusion_with_truth(compared: pd.DataFrame) -> Ints:
    """Count a rater's ratings by ground truth.

    `compared`: one rater's rows of `with_references`.

    Returns
    -------
    ndarray of int64, shape (3, 3)
        Rows are ground truths 1, 2, 3; columns the ratings given.
    """
    catch = compared.dropna(subset=["truth"])
    counts = np.zeros((3, 3), dtype=np.int64)
    np.add.at(counts, (catch["truth"].to_numpy(int) - 1, catch["rating"].to_numpy(int) - 1), 1)
    return counts


def _row(person: str, part: pd.DataFrame) -> dict[str, object]:
    catch = part.dropna(subset=["truth"])
    n_right = int((catch["rating"] == catch["truth"]).sum())
    low, high = wilson(n_right, len(catch))
    usual = part[~part["is_further"].astype(bool)] if "is_further" in part else part
    fifth = max(len(usual) // 5, 1)
    shares = {f"share_{value}": float((part["rating"] == value).mean()) for value in (1, 2, 3)}
    return {
        "participant_id": person,
        "n_ratings": len(part),
        **shares,
        "mean_rating": float(part["rating"].mean()),
        "n_catch": len(catch),
        "accuracy": n_right / len(catch) if len(catch) else float("nan"),
        "accuracy_low": low,
        "accuracy_high": high,
        "bias": float((catch["rating"] - catch["truth"]).mean()),
        "agreement_with_others": float(part["agreement"].mean()),
        "drift": _mean_of(usual["agreement"].iloc[-fifth:])
        - _mean_of(usual["agreement"].iloc[:fifth]),
    }


def _mean_of(values: Sequence[float] | pd.Series) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
