"""Whether the clips that are hard for people are hard for a network."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from lab.compare.measures.confusions import Taker
from lab.compare.resampling import Resamples, interval
from lab.compare.responses import Numbers, Responses
from study.tools.seeding import generator

_N_HALVES = 200
_N_RESAMPLES = 500  # of clips; rank correlations are slower than sums


@dataclass(frozen=True, slots=True)
class Difficulty:
    """Rank correlation over clips of how often people, and how surely a network, are right.

    Parameters
    ----------
    value, low, high : float
        Spearman's correlation, with an interval over clips.
    reliability : float
        Of the people's shares: the correlation of random halves of people, stepped up by
        Spearman and Brown; what a network could reach is its square root. NaN with one person.
    corrected : float
        The value over that square root.
    n_clips : int
    """

    value: float
    low: float
    high: float
    reliability: float
    corrected: float
    n_clips: int


def difficulty(
    responses: Responses, people: Taker, network: Taker, draws: Resamples, seed: int
) -> Difficulty | None:
    """Compare the difficulty of clips for people and for a network, in all given conditions.

    Returns None where they share fewer than three clips.
    """
    easy_for_people = _right_by_stimulus(responses, people.rows, responses.is_correct)
    easy_for_network = _right_by_stimulus(responses, network.rows, _sureness(responses))
    shared = easy_for_people.index.intersection(easy_for_network.index)
    if len(shared) < 3:
        return None
    first, second = easy_for_people[shared].to_numpy(), easy_for_network[shared].to_numpy()
    value = _spearman(first, second)
    rng = generator(seed, "difficulty")
    n_resamples = min(_N_RESAMPLES, draws.n_resamples)
    drawn = rng.integers(len(shared), size=(n_resamples, len(shared)))
    low, high = interval(np.array([_spearman(first[one], second[one]) for one in drawn]))
    reliability = split_half_reliability(responses, people, rng)
    with np.errstate(invalid="ignore"):
        corrected = value / np.sqrt(reliability) if reliability > 0 else float("nan")
    return Difficulty(value, low, high, reliability, float(corrected), len(shared))


def split_half_reliability(responses: Responses, people: Taker, rng: np.random.Generator) -> float:
    """Return how well one half of the people predicts the other, stepped up to all of them."""
    rows = responses.rows.iloc[people.rows]
    answered = pd.DataFrame(
        {
            "stimulus": pd.MultiIndex.from_frame(rows[["condition", "clip"]]).factorize()[0],
            "person": pd.factorize(rows["observer"])[0],
            "right": responses.is_correct[people.rows],
        }
    )
    n_people, n_stimuli = answered["person"].max() + 1, answered["stimulus"].max() + 1
    if n_people < 2:
        return float("nan")
    found = []
    for _ in range(_N_HALVES):
        in_first = rng.permutation(n_people) < n_people // 2
        first, second = (
            _shares(answered[in_first[answered["person"]] == half], n_stimuli)
            for half in (True, False)
        )
        known = np.isfinite(first) & np.isfinite(second)
        if known.sum() >= 3:
            found.append(_spearman(first[known], second[known]))
    halves = np.nanmean(found) if len(found) and np.isfinite(found).any() else float("nan")
    return float(2 * halves / (1 + halves))


def _shares(answered: pd.DataFrame, n_stimuli: int) -> Numbers:
    stimulus = answered["stimulus"].to_numpy()
    n = np.bincount(stimulus, minlength=n_stimuli)
    with np.errstate(invalid="ignore"):
        return np.bincount(stimulus, answered["right"], minlength=n_stimuli) / n


def _sureness(responses: Responses) -> Numbers:
    """Return the probability of the right class, or whether the answer was right."""
    given = responses.probabilities[np.arange(len(responses.rows)), responses.codes("label")]
    return np.where(np.isfinite(given), given, responses.is_correct)


def _right_by_stimulus(
    responses: Responses, rows: npt.NDArray[np.intp], right: Numbers
) -> pd.Series:
    table = responses.rows.iloc[rows]
    return (
        pd.Series(right[rows])
        .groupby([table["condition"].to_numpy(), table["clip"].to_numpy()])
        .mean()
    )


def _spearman(first: Numbers, second: Numbers) -> float:
    ranks = [stats.rankdata(one) for one in (first, second)]
    if any(np.ptp(one) == 0 for one in ranks):
        return float("nan")
    return float(np.corrcoef(*ranks)[0, 1])
