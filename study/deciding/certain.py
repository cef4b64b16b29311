"""Whether a clip is certain enough, and whether a random share of clips bears that out.

Pure: arrays in, arrays out. `study.deciding.belief` brings them from a store.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from study.deciding.intervals import wilson
from study.deciding.posterior import Answers, Fit, expect, fit, says_yes

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Audit:
    """How often the rule's answer was wrong where all ratings were asked for all the same.

    Parameters
    ----------
    n : int
        Clips of the random share that the rule would have ended before their last rating.
    error, low, high : float
        How probable it is that such an answer is wrong, given all ratings, with a 95 % interval.
    n_other : int
        Of how many most ratings say the opposite.
    """

    n: int
    error: float
    low: float
    high: float
    n_other: int


def class_is_certain(yes: Floats, label: Ints, min_prominent: int, certainty: float) -> Flags:
    """Return which clips are of a class that has enough prominent clips, or cannot, for certain.

    Parameters
    ----------
    yes : ndarray of float64, shape (n_clips,)
        Of all clips, rated or not.

    Returns
    -------
    ndarray of bool, shape (n_clips,)
        One per clip; the number of prominent clips is taken to be normal.
    """
    mean = np.bincount(label, yes)
    spread = np.sqrt(np.bincount(label, yes * (1 - yes)))
    distance = (mean - (min_prominent - 0.5)) / np.maximum(spread, 1e-9)
    return np.asarray((np.abs(distance) >= normal_quantile(certainty))[label])


def normal_quantile(share: float) -> float:
    """Return where so much of a normal distribution lies below.

    Examples
    --------
    >>> round(normal_quantile(0.975), 2)
    1.96
    """
    return NormalDist().inv_cdf(share)


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """Where the rule would have ended clips that got all their ratings all the same.

    Parameters
    ----------
    ended_after : ndarray of int64, shape (n_clips,)
        How many ratings it would have asked for; 0 where it would not have ended the clip, or the
        clip is not of the audit.
    is_yes : ndarray of bool, shape (n_clips,)
        The likelier answer then.
    """

    ended_after: Ints
    is_yes: Flags


def replayed(
    answers: Answers, fitted: Fit, is_audited: Flags, limit: float, question: str, n_full: int
) -> Replay:
    """Read the ratings of audited clips once more, one after the other, as the rule would have.

    Parameters
    ----------
    is_audited : ndarray of bool, shape (n_clips,)
        Clips that get all ratings whatever they say.
    limit : float
        How certain a clip has to be.
    n_full : int
        How many ratings are all.
    """
    n_given = answers.counts().sum(axis=1)
    usable = is_audited & (n_given >= n_full) & (answers.expert < 0)
    blind = np.full(answers.n_clips, -1, dtype=np.int64)
    rank = _ranks(answers.clip, answers.n_clips)
    is_yes = np.zeros(answers.n_clips, dtype=np.bool_)
    ended_after = np.zeros(answers.n_clips, dtype=np.int64)
    for n_seen in range(1, n_full):
        part = rank < n_seen
        seen = Answers(
            answers.clip[part], answers.rater[part], answers.given[part], answers.label, blind,
            answers.score, answers.n_raters,
        )  # fmt: skip
        yes = says_yes(
            expect(seen, fitted.confusion, fitted.prior, fitted.hard_share), seen.counts(), question
        )
        ends = usable & (ended_after == 0) & (np.maximum(yes, 1 - yes) >= limit)
        is_yes[ends], ended_after[ends] = yes[ends] > 0.5, n_seen
    return Replay(ended_after, is_yes)


def audit(replay: Replay, yes: Floats, counts: Ints, question: str) -> Audit:
    """Return how often the rule would have been wrong on clips that got all their ratings.

    Parameters
    ----------
    yes : ndarray of float64, shape (n_clips,)
        How probable a yes is, given all ratings.
    counts : ndarray of int64, shape (n_clips, 3)
        All ratings.
    """
    own = np.flatnonzero(replay.ended_after)
    if not len(own):
        return Audit(0, float("nan"), 0.0, 1.0, 0)
    wrong = np.where(replay.is_yes[own], 1 - yes[own], yes[own])
    first = 1 if question == "present" else 2
    most = 2 * counts[own, first:].sum(axis=1) > counts[own].sum(axis=1)
    error = float(wrong.mean())
    # That few clips have small probabilities says little: some may be wrong all the same.
    low, high = wilson(float(wrong.sum()), len(own))
    return Audit(len(own), error, low, high, int((most != replay.is_yes[own]).sum()))


def raised(limit: float, certainty: float, found: Audit) -> float | None:
    """Return the threshold that the rule has to take, where the audit speaks against the present.

    Returns None where the promise is kept, as far as the interval says. Else so much less may be
    uncertain as the audit found too much.

    Parameters
    ----------
    limit : float
        How certain a clip has to be at present.
    certainty : float
        What is promised: that at most the rest of the answers are wrong.

    Examples
    --------
    >>> raised(0.98, 0.98, Audit(900, 0.04, 0.03, 0.05, 30))
    0.99
    """
    if not found.n or not found.low > 1 - certainty:
        return None
    return round(1 - (1 - limit) * (1 - certainty) / found.error, 6)


def intervals(
    answers: Answers, fitted: Fit, question: str, rng: np.random.Generator, *, n_draws: int = 20
) -> tuple[Floats, Floats, Floats]:
    """Return 95 % intervals of answers and of raters, from drawing the clips again.

    Returns
    -------
    yes : ndarray of float64, shape (2, n_clips)
        Lower and upper limits of `says_yes`.
    confusion : ndarray of float64, shape (2, n_raters, 3, 3)
        Of raters' probabilities.
    hard : ndarray of float64, shape (2, n_clips)
        Of how probable it is that people differ.
    """
    counts = answers.counts()
    drawn = [
        fit(answers, start=fitted, max_iterations=3, weights=rng.exponential(size=answers.n_clips))
        for _ in range(n_draws)
    ]
    yes = np.stack([says_yes(one, counts, question) for one in drawn])
    ends = (0.025, 0.975)
    return (
        np.quantile(yes, ends, axis=0),
        np.quantile(np.stack([one.confusion for one in drawn]), ends, axis=0),
        np.quantile(np.stack([one.hard for one in drawn]), ends, axis=0),
    )


def _ranks(clip: Ints, n_clips: int) -> Ints:
    """Return which rating of its clip each rating is, from 0."""
    order = np.argsort(clip, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(clip, minlength=n_clips))])
    ranks = np.empty(len(clip), dtype=np.int64)
    ranks[order] = np.arange(len(clip)) - starts[clip[order]]
    return ranks
