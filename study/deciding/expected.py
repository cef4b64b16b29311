"""How many ratings a rule will ask for: expected from what clips that got all of them were rated.

The full tallies of clips are patterns (ten with three ratings). How frequent each is has a
Dirichlet distribution: a prior, and the clips that were seen to have it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import comb, lgamma

import numpy as np
import numpy.typing as npt

from study.config.protocol import Protocol
from study.deciding.questions import Ints, every_tally, is_unanswered
from study.errors import StudyError

Floats = npt.NDArray[np.float64]
Tally = tuple[int, int, int]
PRIOR_CLIPS = 50  # so many clips the prior weighs


@dataclass(frozen=True, slots=True)
class Prior:
    """What is expected of ratings before there are any.

    Parameters
    ----------
    shares : tuple of float
        Of the ratings 1, 2 and 3.
    agreement : float
        How often two raters of a clip give the same rating.
    """

    shares: tuple[float, float, float] = (0.45, 0.20, 0.35)
    agreement: float = 0.75

    def patterns(self, n_ratings: int) -> Floats:
        """Return how frequent each tally of so many ratings is.

        Returns
        -------
        ndarray of float64, shape (n_tallies,)
            In the order of `study.deciding.questions.every_tally`; a Dirichlet-multinomial.
        """
        by_chance = sum(share**2 for share in self.shares)
        if min(self.shares) <= 0 or not by_chance < self.agreement < 1:
            raise StudyError(
                f"the shares of 1, 2 and 3, {', '.join(f'{s:g}' for s in self.shares)}, are "
                f"expected to be more than 0, and the agreement {self.agreement:g} to lie between "
                f"what they give by chance ({by_chance:.2f}) and 1. Give others"
            )
        spread = (1 - self.agreement) / (self.agreement - by_chance)  # sum of the parameters
        logs = [_log_chance(tally, self.shares, spread) for tally in every_tally(n_ratings)]
        chances = np.exp(logs)
        return np.asarray(chances / chances.sum(), dtype=np.float64)


def drawn_patterns(
    full: Ints, prior: Prior, n_ratings: int, n_draws: int, rng: np.random.Generator
) -> Floats:
    """Draw how frequent each full tally is.

    Parameters
    ----------
    full : ndarray of int64, shape (n_clips, 3)
        Tallies of clips that got all their ratings whatever they said.

    Returns
    -------
    ndarray of float64, shape (n_draws, n_tallies)
        From the posterior.
    """
    every = every_tally(n_ratings)
    seen = (full[:, None, :] == every[None, :, :]).all(axis=2).sum(axis=0)
    return rng.dirichlet(PRIOR_CLIPS * prior.patterns(n_ratings) + seen, size=n_draws)


def expected_further(
    tallies: Ints, protocol: Protocol, patterns: Floats, *, may_be_tested: bool
) -> Floats:
    """Return how many further ratings each clip will need.

    Parameters
    ----------
    tallies : ndarray of int64, shape (n_clips, 3)
        What the clips were rated so far; all 0 where nobody has.
    protocol : Protocol
        Its rule.
    patterns : ndarray of float64, shape (n_draws, n_tallies)
        From `drawn_patterns`.
    may_be_tested : bool
        Whether the test set can use these clips.

    Returns
    -------
    ndarray of float64, shape (n_draws, n_clips)
        Expected numbers, first ratings included.
    """
    every = [_as_tally(tally) for tally in every_tally(protocol.ratings_per_clip)]
    distinct, places = np.unique(tallies, axis=0, return_inverse=True)
    columns = []
    for row in distinct:
        tally = _as_tally(row)
        ways = np.array([_ways(tally, pattern) for pattern in every], dtype=np.float64)
        cost = np.array([_cost(tally, p, protocol, may_be_tested) for p in every])
        weights = patterns * ways
        total = weights.sum(axis=1)
        columns.append(np.where(total > 0, weights @ cost / np.maximum(total, 1e-300), 0.0))
    return np.stack(columns, axis=1)[:, places.ravel()]


@cache
def _cost(tally: Tally, pattern: Tally, protocol: Protocol, may_be_tested: bool) -> float:
    """Return how many more ratings are asked for if all of a clip's make this pattern."""
    left = [pattern[k] - tally[k] for k in range(3)]
    if min(left) < 0 or not sum(left) or not is_unanswered([tally], protocol, may_be_tested)[0]:
        return 0.0
    after = (
        left[k] / sum(left) * _cost(_with_one(tally, k), pattern, protocol, may_be_tested)
        for k in range(3)
        if left[k]
    )
    return 1.0 + sum(after)


def _ways(tally: Tally, pattern: Tally) -> int:
    """Return in how many ways the first of a pattern's ratings can make a tally."""
    found = 1
    for given, all_given in zip(tally, pattern, strict=True):
        found *= comb(all_given, given)
    return found


def _with_one(tally: Tally, k: int) -> Tally:
    one, two, three = (n + (place == k) for place, n in enumerate(tally))
    return one, two, three


def _as_tally(row: Ints) -> Tally:
    one, two, three = map(int, row)
    return one, two, three


def _log_chance(tally: Ints, shares: Sequence[float], spread: float) -> float:
    n = int(tally.sum())
    found = lgamma(n + 1) + lgamma(spread) - lgamma(n + spread)
    for k, share in zip(tally.tolist(), shares, strict=True):
        found += lgamma(k + share * spread) - lgamma(share * spread) - lgamma(k + 1)
    return found
