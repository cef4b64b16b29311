"""The expert rates a part of the ground truths again, blind, to know how reliable they are."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sessions.streams import Stream
from study.config.study import Study
from study.counting import SHOWN_WRONG
from study.store import Db
from study.store.plan import ground_truths
from study.store.ratings import trials
from study.store.ratings.counted import judged
from study.tools.seeding import generator
from study.tools.wording import counted
from study.vocabulary import Phase, Rating

ATTEMPT = 2
_KEYS = ["candidate_id", "participant_id"]


@dataclass(frozen=True, slots=True)
class Reratings:
    """The clips that an expert rates again.

    Parameters
    ----------
    n_done : int
        How many have been rated again.
    """

    to_come: tuple[int, ...]
    n_done: int


@dataclass(frozen=True, slots=True)
class Reliability:
    """The agreement of second ratings with first ones.

    Parameters
    ----------
    n_same : int
        Those that got the same rating.
    weighted_kappa : float or None
        From `weighted_kappa`.
    n_to_come : int
        Clips that are still to be rated again.
    """

    n: int
    n_same: int
    weighted_kappa: float | None
    n_to_come: int


def drawn(study: Study, candidate_ids: list[int]) -> list[int]:
    """Draw the ground truths that are rated again.

    Every candidate has a random number of its own, which the seed gives it, and the smallest are
    drawn: a sample that grows keeps most of what was drawn before.
    """
    n_drawn = round(study.config.protocol.rerating_share * len(candidate_ids))
    chance = [
        generator(study.config.seed, Stream.RERATING, number).random() for number in candidate_ids
    ]
    return sorted(candidate_ids[i] for i in np.argsort(chance)[:n_drawn])


def of_expert(db: Db, study: Study, participant_id: str) -> Reratings:
    """Return what an expert rates again, once every sampled candidate has its first rating.

    Returns what is to come and what is done.

    `participant_id`: the expert; each rates again what they rated first.
    """
    given = trials.rated(db, Phase.GROUND_TRUTH)
    own = given[given["participant_id"] == participant_id]
    first = set(own.loc[own["attempt"] < ATTEMPT, "candidate_id"])
    second = set(own.loc[own["attempt"] == ATTEMPT, "candidate_id"])
    chosen = drawn(study, ground_truths.sampled(db))
    return Reratings(tuple(i for i in chosen if i in first - second), len(second))


def reliability(db: Db, study: Study) -> Reliability:
    """Return how reliably the expert rates.

    The result is over all experts, each compared with themselves; a correction changes nothing of
    it, and ratings of another clip than the one that was admitted say nothing.
    """
    every = judged(db, study, Phase.GROUND_TRUTH)
    given = every[~every["reason"].isin(SHOWN_WRONG)]
    again = given["attempt"] == ATTEMPT
    both = given[~again].merge(given[again], on=_KEYS, suffixes=("_first", "_second"))
    first, second = both["rating_first"].to_numpy(), both["rating_second"].to_numpy()
    rated_again = set(every.loc[every["attempt"] == ATTEMPT, "candidate_id"])
    chosen = drawn(study, ground_truths.sampled(db))
    return Reliability(
        n=len(both),
        n_same=int((first == second).sum()),
        weighted_kappa=weighted_kappa(first, second),
        n_to_come=len(set(chosen) - rated_again),
    )


def in_words(found: Reliability) -> str:
    """Return the reliability as a sentence.

    Returns percent agreement, weighted kappa, and the number of clips they rest on.

    `found`: from `reliability`.
    """
    to_come = f"{counted(found.n_to_come, 'clip')} to be rated again by the expert"
    if not found.n:
        return f"intra-rater reliability: nothing rated twice yet, {to_come}"
    kappa = (
        "not defined (all ratings are alike)"
        if found.weighted_kappa is None
        else f"{found.weighted_kappa:.2f}"
    )
    return (
        f"intra-rater reliability: {100 * found.n_same / found.n:.0f} % of "
        f"{counted(found.n, 'clip')} rated "
        f"alike, weighted kappa {kappa}, {to_come}"
    )


def weighted_kappa(first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> float | None:
    r"""Return Cohen's kappa with quadratic weights: two steps apart counts four times one step.

    Returns 1 for perfect agreement, 0 for agreement by chance; None where chance alone agrees
    fully, because all ratings are the same, or there are none.

    Parameters
    ----------
    first, second : ndarray of int64, shape (n_clips,)
        Ratings of the same clips.

    Notes
    -----
    :math:`1 - \sum w_{ij} o_{ij} / \sum w_{ij} e_{ij}` with :math:`w_{ij} = (i - j)^2`.

    Examples
    --------
    >>> weighted_kappa(np.array([1, 2, 3, 3]), np.array([1, 2, 3, 2]))
    0.8
    """
    levels = list(Rating)
    observed = pd.crosstab(
        pd.Categorical(first, levels), pd.Categorical(second, levels), dropna=False
    ).to_numpy(dtype=float)
    weights = np.subtract.outer(levels, levels).astype(float) ** 2
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0))
    by_chance = (weights * expected).sum()
    if by_chance == 0:
        return None
    return float(1 - len(first) * (weights * observed).sum() / by_chance)
