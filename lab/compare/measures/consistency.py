"""Error consistency: whether two observers are wrong about the same clips.

Source: Geirhos, Meding and Wichmann (2020), Beyond accuracy: quantifying trial-by-trial behaviour
of CNNs and humans by measuring error consistency.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from lab.compare.responses import PEOPLE, Numbers, Responses

Z_95 = 1.959964
# Added to each cell before an interval is made, as Agresti and Caffo do for proportions: tried
# with benchmarks/comparison.py, which shows how often intervals hold the planted value.
_ADDED = 0.75
FEWEST_FOR_INTERVAL = 320  # clips from which intervals hold what they promise


def kappa(both: Numbers, first: Numbers, second: Numbers, n: Numbers) -> Numbers:
    """Return error consistency out of counts of right answers.

    Parameters
    ----------
    both, first, second, n : ndarray of float64
        Of the clips that two observers share: those that both, the first, the second got right,
        and all of them.

    Returns
    -------
    ndarray of float64
        ``(c_obs - c_exp) / (1 - c_exp)``; NaN where chance alone would make them agree always.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        p_1, p_2 = first / n, second / n
        observed = (n - first - second + 2 * both) / n
        expected = p_1 * p_2 + (1 - p_1) * (1 - p_2)
        # Whoever is always right, and always wrong, makes exactly 1.
        return np.where(expected < 1, (observed - expected) / (1 - expected), np.nan)


def kappa_range(p_1: Numbers, p_2: Numbers) -> tuple[Numbers, Numbers]:
    """Return the least and greatest error consistency that two accuracies allow."""
    expected = p_1 * p_2 + (1 - p_1) * (1 - p_2)
    least, most = np.abs(p_1 + p_2 - 1), 1 - np.abs(p_1 - p_2)
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = ((edge - expected) / (1 - expected) for edge in (least, most))
    return np.where(expected < 1, low, np.nan), np.where(expected < 1, high, np.nan)


def kappa_interval(
    both: Numbers, first: Numbers, second: Numbers, n: Numbers, z: float = Z_95
) -> tuple[Numbers, Numbers]:
    """Return an interval of error consistency for two given observers, over clips.

    The delta method on the four cells of right and wrong answers, with 3/4 added to each cell.

    Returns
    -------
    low, high : ndarray of float64
        Within [-1, 1].
    """
    total = n + 4 * _ADDED
    cells = (
        np.stack([both, first - both, second - both, n - first - second + both]) + _ADDED
    ) / total
    p_1, p_2 = cells[0] + cells[1], cells[0] + cells[2]
    observed = cells[0] + cells[3]
    expected = p_1 * p_2 + (1 - p_1) * (1 - p_2)
    value = (observed - expected) / (1 - expected)
    # How each cell moves what is observed and what is expected.
    d_observed = np.array([1.0, 0.0, 0.0, 1.0])[(...,) + (None,) * both.ndim]
    in_1 = np.array([1.0, 1.0, 0.0, 0.0])[(...,) + (None,) * both.ndim]
    in_2 = np.array([1.0, 0.0, 1.0, 0.0])[(...,) + (None,) * both.ndim]
    d_expected = in_1 * (2 * p_2 - 1) + in_2 * (2 * p_1 - 1)
    slope = (d_observed * (1 - expected) - d_expected * (1 - observed)) / (1 - expected) ** 2
    variance = (cells * slope**2).sum(0) - (cells * slope).sum(0) ** 2
    half = z * np.sqrt(np.maximum(variance, 0) / total)
    return np.maximum(value - half, -1.0), np.minimum(value + half, 1.0)


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of observers that share clips in a condition, and what they share.

    Parameters
    ----------
    table : DataFrame
        A row per pair: ``first``, ``second`` (numbers of observers), ``kind``.
    shared, both, first_right, second_right : csr_array of shape (n_pairs, n_clips)
        1.0 for each clip that both answered, both, the first, the second got right.
    """

    table: pd.DataFrame
    shared: sparse.csr_array
    both: sparse.csr_array
    first_right: sparse.csr_array
    second_right: sparse.csr_array

    def counts(self, weights: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Return both, first, second and n by pair; `weights` says how often a clip counts.

        Parameters
        ----------
        weights : ndarray of float64, shape (n_clips,) or (n_clips, n_resamples)
        """
        return (
            self.both @ weights,
            self.first_right @ weights,
            self.second_right @ weights,
            self.shared @ weights,
        )


def pairs_of(
    observers: npt.NDArray[np.intp],
    clips: npt.NDArray[np.intp],
    correct: Numbers,
    is_person: npt.NDArray[np.bool_],
    n_clips: int,
) -> Pairs:
    """Return all pairs of observers that answered a clip in common.

    Parameters
    ----------
    observers, clips : ndarray of int, shape (n_rows,)
        Who answered which clip, by number.
    correct : ndarray of float64, shape (n_rows,)
    is_person : ndarray of bool, shape (n_observers,)
    """
    rows = pd.DataFrame({"clip": clips, "observer": observers, "correct": correct})
    joined = rows.merge(rows, on="clip", suffixes=("", "_2"))
    joined = joined[joined["observer"] < joined["observer_2"]]
    n_observers = len(is_person)
    key = joined["observer"].to_numpy(np.int64) * n_observers + joined["observer_2"].to_numpy()
    found, pair = np.unique(key, return_inverse=True)
    keys = np.column_stack(np.divmod(found, n_observers))
    of_people = is_person[keys].sum(axis=1)
    table = pd.DataFrame(
        {
            "first": keys[:, 0],
            "second": keys[:, 1],
            "kind": np.array(["networks", "people-networks", "people"], object)[of_people],
        }
    )
    right_1, right_2 = joined["correct"].to_numpy(), joined["correct_2"].to_numpy()
    place = (pair, joined["clip"].to_numpy())
    shape = (len(keys), n_clips)
    made = [
        sparse.csr_array((values, place), shape=shape)
        for values in (np.ones(len(joined)), right_1 * right_2, right_1, right_2)
    ]
    return Pairs(table, *made)


def pair_table(responses: Responses) -> pd.DataFrame:
    """Return error consistency of each pair of observers in each condition.

    Returns
    -------
    DataFrame
        ``condition``, ``first``, ``second``, ``kind`` ("people", "networks", "people-networks"),
        ``n_clips``, ``accuracy_first``, ``accuracy_second``, ``observed``, ``expected``, ``value``
        with ``low`` and ``high`` (over clips), and ``least`` and ``greatest``, which the
        accuracies allow.
    """
    tables = []
    right = responses.answerable()
    for condition in right.conditions:
        part = right.where((right.rows["condition"] == condition).to_numpy())
        tables.append(_of_a_condition(part).assign(condition=condition))
    columns = ["condition", "first", "second", "kind", "n_clips", "accuracy_first"]
    columns += ["accuracy_second", "observed", "expected", "value", "low", "high"]
    columns += ["least", "greatest"]
    return (
        pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)
    )


def _of_a_condition(part: Responses) -> pd.DataFrame:
    observers, names, is_person = observers_of(part)
    clips, clip_names = pd.factorize(part.rows["clip"], sort=True)
    pairs = pairs_of(observers, clips, part.is_correct, is_person, len(clip_names))
    both, first, second, n = pairs.counts(np.ones(len(clip_names)))
    p_1, p_2 = first / n, second / n
    low, high = kappa_interval(both, first, second, n)
    value = kappa(both, first, second, n)
    least, greatest = kappa_range(p_1, p_2)
    return pairs.table.assign(
        first=names[pairs.table["first"]],
        second=names[pairs.table["second"]],
        n_clips=n.astype(int),
        accuracy_first=p_1,
        accuracy_second=p_2,
        observed=(n - first - second + 2 * both) / n,
        expected=p_1 * p_2 + (1 - p_1) * (1 - p_2),
        value=value,
        # What was added to the cells may put a value of 1 outside.
        low=np.where(np.isnan(value), np.nan, np.minimum(low, value)),
        high=np.where(np.isnan(value), np.nan, np.maximum(high, value)),
        least=least,
        greatest=greatest,
    )


def observers_of(
    part: Responses,
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.object_], npt.NDArray[np.bool_]]:
    """Return the number of each row's observer, the observers' names, and who is a person.

    A person and a network of the same name are two observers.
    """
    keys = pd.MultiIndex.from_frame(part.rows[["group", "observer"]])
    numbers, found = pd.factorize(keys, sort=True)
    names = np.array([name for _, name in found], object)
    return numbers, names, np.array([group == PEOPLE for group, _ in found], bool)
