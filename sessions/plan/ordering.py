"""In which order people rate their clips. Pure."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def shuffled_order(
    is_ground_truth: Flags,
    rng: np.random.Generator,
    likely: Floats | None = None,
    exploration: float = 0.0,
) -> Ints:
    """Return a random order of a participant's clips with the ground truths spread evenly.

    Parameters
    ----------
    is_ground_truth : ndarray of bool, shape (n_clips,)
        Which of the clips have a ground truth.
    likely : ndarray of float64, shape (n_clips,), or None
        How probable it is that each clip is prominent, NaN where nobody knows; the likelier ones
        come first. None for chance alone.
    exploration : float
        Share of the clips that keep a place by chance all the same.

    Returns
    -------
    ndarray of int64, shape (n_clips,)
        Indices of the clips. Cut into as many blocks of equal length as there are ground truths,
        each block has one, at a random place: predictable in number, not in time.
    """
    truths = rng.permutation(np.flatnonzero(is_ground_truth))
    others = rng.permutation(np.flatnonzero(~is_ground_truth))
    if likely is not None:
        others = others[likely_first(likely[others], exploration, rng)]
    n_clips, n_truths = len(is_ground_truth), len(truths)
    edges = np.arange(n_truths + 1) * n_clips // max(n_truths, 1)
    places = rng.integers(edges[:-1], edges[1:])
    order = np.empty(n_clips, dtype=np.int64)
    at_place = np.zeros(n_clips, dtype=bool)
    at_place[places] = True
    order[at_place], order[~at_place] = truths, others
    return order


def likely_first(likely: Floats, exploration: float, rng: np.random.Generator) -> Ints:
    """Return an order with the likelier clips first, and a share at places by chance.

    Parameters
    ----------
    likely : ndarray of float64, shape (n_clips,)
        Probabilities; a clip without one gets its place by chance.
    exploration : float
        Share of the others that do so as well.

    Returns
    -------
    ndarray of int64, shape (n_clips,)
        Indices of the clips.
    """
    n_clips = len(likely)
    by_chance = np.isnan(likely) | (rng.random(n_clips) < exploration)
    sorted_ones = np.flatnonzero(~by_chance)
    sorted_ones = sorted_ones[np.argsort(-likely[sorted_ones], kind="stable")]
    at_chance = np.zeros(n_clips, dtype=bool)
    at_chance[rng.choice(n_clips, int(by_chance.sum()), replace=False)] = True
    order = np.empty(n_clips, dtype=np.int64)
    order[at_chance] = rng.permutation(np.flatnonzero(by_chance))
    order[~at_chance] = sorted_ones
    return order


def in_order(
    rows: pd.DataFrame,
    last_positions: dict[str, int],
    rng: np.random.Generator,
    exploration: float = 0.0,
) -> pd.DataFrame:
    """Put each participant's new slots into an order, after those that they have.

    Returns the rows with ``position``, ground truths spread evenly.

    Parameters
    ----------
    rows : DataFrame
        With ``participant_id`` and ``is_ground_truth``; where they have ``likely``, the likelier
        clips come first.
    exploration : float
        Share of the clips that come at places by chance all the same.
    """
    ordered = []
    for participant_id, own in rows.groupby("participant_id", sort=True):
        likely = own["likely"].to_numpy(np.float64) if "likely" in own else None
        order = shuffled_order(flags(own["is_ground_truth"]), rng, likely, exploration)
        first = last_positions.get(str(participant_id), -1) + 1
        ordered.append(own.iloc[order].assign(position=np.arange(first, first + len(own))))
    return pd.concat(ordered)


def codes(column: "pd.Series[Any]") -> Ints:
    """Return a number for each of the different values of a column.

    Returns
    -------
    ndarray of int64
        From 0, in the order of the values.
    """
    return np.asarray(column.astype("category").cat.codes, dtype=np.int64)


def flags(column: "pd.Series[Any]") -> Flags:
    """Return a column of truth values as an array.

    Returns
    -------
    ndarray of bool
        The same.
    """
    return np.asarray(column, dtype=np.bool_)
