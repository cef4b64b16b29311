"""How well raters agree: percent, Fleiss' kappa, Krippendorff's alpha, Gwet's AC1."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import krippendorff
import numpy as np
import numpy.typing as npt
import pandas as pd

from curation.tally import COUNTS, tally_ratings
from study.reading.lists import with_our_names

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# The two questions of Figure 2 and the scale of the task, as groups of the ratings 1, 2, 3.
SCALES: Mapping[str, tuple[tuple[int, ...], ...]] = {
    "present": ((0,), (1, 2)),
    "prominent": ((0, 1), (2,)),
    "1-2-3": ((0,), (1,), (2,)),
}
MEASURES = ("percent", "fleiss_kappa", "alpha_nominal", "alpha_ordinal", "gwet_ac1")
ALL_CLASSES = "all"
DEFINED = "yes"


_ESTIMATE_COLUMNS = {  # what each means
    "scale": "present: 1 against 2 and 3; prominent: 1 and 2 against 3; 1-2-3: all three apart",
    "measure": "percent, Fleiss' kappa, Krippendorff's alpha, Gwet's AC1",
    "value": "the estimate; empty where it is not defined",
    "low": "where 95 % of the resamples of clips begin",
    "high": "where 95 % of the resamples of clips end",
    "n_clips": "clips that it rests on",
    "defined": "yes, or why a value is not defined",
}
COLUMNS = {"avmit_label": "class, or all for all classes together", **_ESTIMATE_COLUMNS}
PAIR_COLUMNS = {
    "one": "pseudonymous id of a rater",
    "other": "that of the other one",
    **_ESTIMATE_COLUMNS,
}


@dataclass(frozen=True, slots=True)
class BootstrapEstimate:
    """A measure with its bootstrap interval.

    Parameters
    ----------
    value, low, high : float
        The estimate, and where 95 % of the resamples lie; NaN where it is not defined.
    defined : str
        ``"yes"``, or why the estimate or its interval is not.
    """

    value: float
    low: float
    high: float
    defined: str = DEFINED

    def __str__(self) -> str:
        """Return the estimate with its interval, or why there is none."""
        if np.isnan(self.value):
            return f"not defined: {self.defined}"
        if self.defined != DEFINED:
            return f"{self.value:7.3f} ({self.defined})"
        return f"{self.value:7.3f} [{self.low:.3f}, {self.high:.3f}]"


def measures(counts: npt.NDArray[Any]) -> dict[str, float]:
    """Return all measures of agreement.

    Parameters
    ----------
    counts : ndarray of int, shape (n_clips, n_values)
        How many raters gave each clip each value.

    Returns
    -------
    dict of str to float
        By the names in `MEASURES`; NaN where a measure is not defined, as where nobody ever gave
        a second value.

    Examples
    --------
    >>> round(measures(np.array([[3, 0], [0, 3]]))["alpha_nominal"], 3)
    1.0
    """
    patterns, weights = np.unique(counts, axis=0, return_counts=True)
    values = {
        name: float(found[0])
        for name, found in _measures_of(patterns, weights[None, :].astype(float)).items()
    }
    return values | _alphas(counts)


def bootstrap(
    counts: npt.NDArray[Any], rng: np.random.Generator, *, n_resamples: int = 1000
) -> dict[str, BootstrapEstimate]:
    """Return all measures with intervals from drawing the clips again.

    Parameters
    ----------
    counts : ndarray of int, shape (n_clips, n_values)
        As `measures` takes them.

    Returns
    -------
    dict of str to BootstrapEstimate
        By the names in `MEASURES`.

    Notes
    -----
    Few tallies differ (ten with three ratings), so a resample is one draw of how often each
    occurs: 1,000 resamples of 57,177 clips cost what one costs.
    """
    patterns, weights = np.unique(counts, axis=0, return_counts=True)
    n_clips = int(weights.sum())
    drawn = rng.multinomial(n_clips, weights / n_clips, size=n_resamples).astype(float)
    resampled = _measures_of(patterns, drawn)
    return {
        name: _estimate(value, resampled[name], counts) for name, value in measures(counts).items()
    }


def measure_agreement(
    ratings: pd.DataFrame, rng: np.random.Generator | None = None, *, n_resamples: int = 1000
) -> pd.DataFrame:
    """Return all measures for all classes together and for each class.

    Parameters
    ----------
    ratings : DataFrame
        One row per rating, as `tally_ratings` takes them, or one row per clip with ``r1, r2, r3,
        avmit_label``; also in the published spellings.
    rng : Generator or None
        Draws the resamples; None for ``numpy.random.default_rng(1)``.
    n_resamples : int
        For each interval.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`; the label ``"all"`` stands for all classes.

    Raises
    ------
    TableError
        If a column is lacking.
    """
    rng = rng or np.random.default_rng(1)
    clips = with_our_names(ratings)
    if not set(COUNTS) <= set(clips.columns):
        clips = tally_ratings(clips, ratings_per_clip=1).clips
    clips = with_our_names(clips, (*COUNTS, "avmit_label"))
    rows = []
    for label, part in _parts(clips):
        tallies = part[list(COUNTS)].to_numpy()
        for scale, groups in SCALES.items():
            found = bootstrap(grouped(tallies, groups), rng, n_resamples=n_resamples)
            rows += [
                (label, scale, name, item.value, item.low, item.high, len(part), item.defined)
                for name, item in found.items()
            ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def pair_table(
    ratings: pd.DataFrame, rng: np.random.Generator, *, n_resamples: int = 1000
) -> pd.DataFrame:
    """Return how every two raters agree on the clips that both rated.

    Parameters
    ----------
    ratings : DataFrame
        One row per rating, with ``candidate_id, participant_id, rating``.

    Returns
    -------
    DataFrame
        Columns `PAIR_COLUMNS`.
    """
    wide = ratings.pivot_table(index="candidate_id", columns="participant_id", values="rating")
    given = wide.to_numpy()
    rows = []
    for i, j in zip(*np.triu_indices(given.shape[1], k=1), strict=True):
        both = given[:, [i, j]]
        both = both[~np.isnan(both).any(axis=1)].astype(int)
        if not len(both):
            continue
        tallies = (both[:, :, None] == np.array([1, 2, 3])).sum(axis=1)
        for scale, groups in SCALES.items():
            found = bootstrap(grouped(tallies, groups), rng, n_resamples=n_resamples)
            rows += [
                (*wide.columns[[i, j]], scale, name, e.value, e.low, e.high, len(both), e.defined)
                for name, e in found.items()
            ]
    return pd.DataFrame(rows, columns=list(PAIR_COLUMNS))


def grouped(tallies: npt.NDArray[Any], groups: tuple[tuple[int, ...], ...]) -> Ints:
    """Add up the tallies of ratings that count as one answer.

    Parameters
    ----------
    tallies : ndarray of int, shape (n_clips, 3)
        r1, r2, r3.
    groups : tuple of tuple of int
        From `SCALES`.

    Returns
    -------
    ndarray of int, shape (n_clips, n_groups)
        The tallies of the answers.
    """
    return np.stack([tallies[:, list(group)].sum(axis=1) for group in groups], axis=1)


def _parts(clips: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    yield ALL_CLASSES, clips
    for label, part in clips.groupby("avmit_label", sort=True):
        yield str(label), part


def _measures_of(patterns: npt.NDArray[Any], weights: Floats) -> dict[str, Floats]:
    # patterns (n_patterns, k): distinct tallies; weights (n_draws, n_patterns): how often each.
    given = patterns.sum(axis=1)
    paired, rated = given >= 2, given >= 1
    n = patterns[paired].astype(float)  # (p, k)
    w = weights[:, paired]  # (b, p)
    m = n.sum(axis=1)  # (p,)
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = w @ ((n * (n - 1)).sum(axis=1) / (m * (m - 1))) / w.sum(axis=1)
        # A clip with one rating says nothing of agreement, but something of how frequent values
        # are (Gwet's convention).
        share = weights[:, rated] @ (patterns[rated] / given[rated][:, None])  # (b, k)
        share = share / weights[:, rated].sum(axis=1, keepdims=True)
        by_chance = (share**2).sum(axis=1)
        ac1_chance = (share * (1 - share)).sum(axis=1) / (n.shape[1] - 1)
        return {
            "percent": observed,
            "fleiss_kappa": (observed - by_chance) / (1 - by_chance),
            "alpha_nominal": _alpha(n, m, w, ordinal=False),
            "alpha_ordinal": _alpha(n, m, w, ordinal=True),
            "gwet_ac1": (observed - ac1_chance) / (1 - ac1_chance),
        }


def _alpha(n: Floats, m: Floats, w: Floats, *, ordinal: bool) -> Floats:
    k = n.shape[1]
    pairs = n[:, :, None] * n[:, None, :] - n[:, :, None] * np.eye(k)  # (p, k, k)
    coincidences = np.einsum("bp,pcd->bcd", w, pairs / (m - 1)[:, None, None])  # (b, k, k)
    marginal = coincidences.sum(axis=2)  # (b, k)
    distance = _ordinal_distance(marginal) if ordinal else np.ones((1, k, k)) - np.eye(k)
    found = (coincidences * distance).sum(axis=(1, 2))
    expected = (marginal[:, :, None] * marginal[:, None, :] * distance).sum(axis=(1, 2))
    alpha: Floats = 1 - (marginal.sum(axis=1) - 1) * found / expected
    return alpha


def _ordinal_distance(marginal: Floats) -> Floats:
    upto = np.cumsum(marginal, axis=1)  # (b, k)
    middle = upto - marginal / 2
    distance: Floats = (middle[:, :, None] - middle[:, None, :]) ** 2
    return distance


def _alphas(counts: npt.NDArray[Any]) -> dict[str, float]:
    rated = counts[counts.sum(axis=1) >= 2]
    if len(rated) == 0 or (rated.sum(axis=0) > 0).sum() < 2:
        return {"alpha_nominal": float("nan"), "alpha_ordinal": float("nan")}
    return {
        f"alpha_{level}": float(krippendorff.alpha(value_counts=rated, level_of_measurement=level))
        for level in ("nominal", "ordinal")
    }


def _estimate(value: float, resampled: Floats, counts: npt.NDArray[Any]) -> BootstrapEstimate:
    low, high = _interval(resampled)
    if np.isnan(value):
        paired = counts[counts.sum(axis=1) >= 2]
        reason = "all ratings are alike" if len(paired) else "no clip has two ratings"
        return BootstrapEstimate(value, low, high, reason)
    defined = "no interval: not defined in most resamples" if np.isnan(low) else DEFINED
    return BootstrapEstimate(value, low, high, defined)


def _interval(values: Floats) -> tuple[float, float]:
    defined = values[np.isfinite(values)]
    if len(defined) < len(values) / 2:
        return float("nan"), float("nan")
    low, high = np.quantile(defined, [0.025, 0.975])
    return float(low), float(high)
