"""How probable each answer is, given all ratings: Dawid and Skene's model with hard clips.

A clip is easy and has a true rating that raters meet with errors of their own, or it is hard and
people differ about it: then each rating is drawn from an opinion of the clip's own. Ground truths
count as what the expert said. Pure: arrays in, arrays out.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from study.deciding.betas import above_half

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
N = 3  # ratings
EASY = 0.80  # so many clips are easy until ratings say otherwise
RATER_WEIGHT, CLASS_WEIGHT, BIN_WEIGHT = 30.0, 20.0, 40.0  # ratings or clips that a guess weighs
N_BINS = 10  # of what a classifier says, within a class
OPINION = 3.0  # ratings that what is known of a clip weighs where people differ
HARD_WEIGHT = 500.0  # clips that the share of easy ones weighs
_FLOOR = 1e-9
# What raters do until theirs say otherwise: true rating in rows.
CONFUSION = np.array([[0.87, 0.08, 0.05], [0.10, 0.80, 0.10], [0.05, 0.08, 0.87]])
_UNKNOWN = -1
FIRST_SHARES: Floats = np.array([0.4, 0.2, 0.4])  # of true ratings, before the first one


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Ratings as arrays of numbers.

    Parameters
    ----------
    clip, rater, given : ndarray of int64, shape (n_ratings,)
        Which clip, by whom, and 0 to 2 for the ratings 1 to 3; in the order of time.
    label : ndarray of int64, shape (n_clips,)
        The class of each clip.
    expert : ndarray of int64, shape (n_clips,)
        What the expert said, 0 to 2; -1 where nothing.
    score : ndarray of float64, shape (n_clips,)
        Probability of a 3 by a classifier; NaN where there is none.
    """

    clip: Ints
    rater: Ints
    given: Ints
    label: Ints
    expert: Ints
    score: Floats
    n_raters: int

    @property
    def n_clips(self) -> int:
        """How many clips there are, rated or not."""
        return len(self.label)

    def counts(self) -> Ints:
        """Return how often each clip was rated 1, 2 and 3."""
        cells = np.bincount(self.clip * N + self.given, minlength=self.n_clips * N)
        return cells.reshape(-1, N).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """What the ratings say of clips and raters.

    Parameters
    ----------
    easy : ndarray of float64, shape (n_clips, 3)
        Probability that a clip is easy and its true rating 1, 2 or 3.
    hard : ndarray of float64, shape (n_clips,)
        Probability that people differ about it.
    confusion : ndarray of float64, shape (n_raters, 3, 3)
        Of each rater, the probability of each rating (last) given the true one.
    prior : ndarray of float64, shape (n_clips, 3)
        Of the true rating of an easy clip, before it was rated.
    hard_share : float
        Share of hard clips.
    """

    easy: Floats
    hard: Floats
    confusion: Floats
    prior: Floats
    hard_share: float
    n_iterations: int


def fit(
    answers: Answers,
    *,
    start: Fit | None = None,
    max_iterations: int = 60,
    tolerance: float = 3e-5,
    weights: Floats | None = None,
) -> Fit:
    """Estimate clips and raters by expectation maximisation.

    Parameters
    ----------
    start : Fit or None
        Where to begin, such as an earlier estimate of the same clips.
    tolerance : float
        Largest mean change of a probability at which to stop.
    weights : ndarray of float64, shape (n_clips,), or None
        How much each clip counts for raters and priors; None for all alike.
    """
    bins = score_bins(answers.score, answers.label)
    if start is None or len(start.easy) != answers.n_clips:
        confusion = np.broadcast_to(CONFUSION, (answers.n_raters, N, N))
        prior = first_guess(answers)
        now = expect(answers, confusion, prior, 1 - EASY)
    else:
        now = expect(answers, _grown(start.confusion, answers), start.prior, start.hard_share)
    for iteration in range(1, max_iterations + 1):
        updated = expect(answers, *_maximise(answers, now, bins, weights))
        change = float(np.abs(updated.easy - now.easy).mean())
        now = replace(updated, n_iterations=iteration)
        if change < tolerance:
            break
    return now


def of_one(fitted: Fit, clip: int, raters: Ints, given: Ints, question: str) -> float:
    """Return how probable a yes is for one clip after its latest rating, raters being known.

    This is what one rating changes; raters and priors change with the next `fit`.
    """
    one = Answers(
        np.zeros(len(given), dtype=np.int64), raters, given, np.zeros(1, dtype=np.int64),
        np.array([_UNKNOWN]), np.array([np.nan]), len(fitted.confusion),
    )  # fmt: skip
    found = expect(one, fitted.confusion, fitted.prior[clip : clip + 1], fitted.hard_share)
    return float(says_yes(found, one.counts(), question)[0])


def says_yes(fitted: Fit, counts: Ints, question: str) -> Floats:
    """Return how probable it is that most people would say yes.

    Parameters
    ----------
    counts : ndarray of int64, shape (n_clips, 3)
        Ratings of each clip, which say what people think of a hard one.
    question : {"prominent", "present"}
        Whether they would say 3, or 2 or 3.

    Returns
    -------
    ndarray of float64, shape (n_clips,)
        Probabilities.
    """
    first = 1 if question == "present" else 2
    hard = fitted.hard * _most_say_yes(counts, OPINION * fitted.prior, first)
    return np.asarray(fitted.easy[:, first:].sum(axis=1) + hard)


def score_bins(score: Floats, label: Ints) -> Ints:
    """Return tenths of what a classifier says, against the other clips of the class.

    Returns
    -------
    ndarray of int64, shape (n_clips,)
        0 to 9; -1 where the classifier says nothing. The class has a prior of its own.
    """
    bins = np.full(len(score), _UNKNOWN, dtype=np.int64)
    known = np.flatnonzero(~np.isnan(score))
    if not len(known):
        return bins
    rest = _within_class(score, label)[known]
    edges = np.quantile(rest, np.linspace(0, 1, N_BINS + 1)[1:-1])
    bins[known] = np.searchsorted(edges, rest, side="right")
    return bins


def _within_class(score: Floats, label: Ints) -> Floats:
    """Return a classifier's word against that on the other clips of the class; 0 without one."""
    known = np.flatnonzero(~np.isnan(score))
    found = np.zeros(len(score))
    logit = _logit(score[known])
    n = np.maximum(np.bincount(label[known]), 1)
    found[known] = logit - (np.bincount(label[known], logit) / n)[label[known]]
    return found


def first_guess(answers: Answers, shares: Floats = FIRST_SHARES) -> Floats:
    """Return priors before the first rating: what the classifier says is believed at first.

    Parameters
    ----------
    shares : ndarray of float64, shape (3,) or (n_clips, 3)
        Of the true ratings, without the classifier.
    """
    shift = _within_class(answers.score, answers.label)
    each = np.broadcast_to(shares, (answers.n_clips, N))
    p3 = 1 / (1 + np.exp(-(_logit(each[:, 2]) + shift)))
    others = each[:, :2] / each[:, :2].sum(axis=1, keepdims=True)
    return np.column_stack([others * (1 - p3)[:, None], p3])


def expect(answers: Answers, confusion: Floats, prior: Floats, hard_share: float) -> Fit:
    """Return what ratings say of clips where raters and priors are known."""
    logs = np.log(np.maximum(confusion, _FLOOR))[answers.rater, :, answers.given]
    scores = np.stack(
        [np.bincount(answers.clip, logs[:, t], minlength=answers.n_clips) for t in range(N)], axis=1
    ).astype(np.float64)
    counts = answers.counts()
    has_expert = answers.expert != _UNKNOWN
    told = np.flatnonzero(has_expert)
    scores += np.where(has_expert[:, None], np.log(_FLOOR), 0.0)
    scores[told, answers.expert[told]] -= np.log(_FLOOR)
    counts[told, answers.expert[told]] += 1
    easy = np.log(np.maximum(prior * (1 - hard_share), _FLOOR)) + scores
    hard = np.log(max(hard_share, _FLOOR)) + _log_of_opinions(counts, OPINION * prior)
    top = np.maximum(easy.max(axis=1), hard)
    easy, hard = np.exp(easy - top[:, None]), np.exp(hard - top)
    total = easy.sum(axis=1) + hard
    return Fit(easy / total[:, None], hard / total, confusion, prior, hard_share, 0)


def _maximise(
    answers: Answers, now: Fit, bins: Ints, weights: Floats | None
) -> tuple[Floats, Floats, float]:
    weight = np.ones(answers.n_clips) if weights is None else weights
    belief = now.easy * weight[:, None]
    cell = answers.rater * N + answers.given
    seen = np.stack(
        [
            np.bincount(cell, belief[answers.clip, t], minlength=answers.n_raters * N)
            for t in range(N)
        ]
    ).reshape(N, answers.n_raters, N)
    seen = seen.transpose(1, 0, 2)
    pooled = seen.sum(axis=0) + RATER_WEIGHT * CONFUSION
    pooled /= pooled.sum(axis=1, keepdims=True)
    confusion = seen + RATER_WEIGHT * pooled
    confusion /= confusion.sum(axis=2, keepdims=True)
    rated = np.bincount(answers.clip, minlength=answers.n_clips) > 0
    # What hard clips are leaning to says as much of their class as the truth of easy ones.
    leaning = (belief + (now.hard * weight)[:, None] * now.prior) * rated[:, None]
    prior = _priors(answers, leaning, bins)
    hard = float((now.hard * weight)[rated].sum() + HARD_WEIGHT * (1 - EASY))
    return confusion, prior, hard / (float(weight[rated].sum()) + HARD_WEIGHT)


def _priors(answers: Answers, belief: Floats, bins: Ints) -> Floats:
    n_classes = int(answers.label.max(initial=0)) + 1
    everywhere = belief.sum(axis=0) + np.array([0.8, 0.4, 0.8])
    everywhere /= everywhere.sum()
    own = np.stack([np.bincount(answers.label, belief[:, t], n_classes) for t in range(N)], axis=1)
    own += CLASS_WEIGHT * everywhere
    prior = (own / own.sum(axis=1, keepdims=True))[answers.label]
    known = bins != _UNKNOWN
    if not known.any():
        return np.asarray(prior, dtype=np.float64)
    # Within a class: how much more often clips of a tenth are a 3 than its clips would be.
    is_3 = np.bincount(bins[known], belief[known, 2], N_BINS)
    weight = belief.sum(axis=1)
    meant = np.bincount(bins[known], (prior[:, 2] * weight)[known], N_BINS)
    n = np.bincount(bins[known], weight[known], N_BINS)
    base = float(meant.sum() / max(n.sum(), _FLOOR)) if n.sum() else float(everywhere[2])
    share = (is_3 + BIN_WEIGHT * base) / (n + BIN_WEIGHT)
    meant_share = (meant + BIN_WEIGHT * base) / (n + BIN_WEIGHT)
    shift = np.where(known, (_logit(share) - _logit(meant_share))[bins], 0.0)
    p3 = 1 / (1 + np.exp(-(_logit(prior[:, 2]) + shift)))
    others = prior[:, :2] / prior[:, :2].sum(axis=1, keepdims=True)
    return np.asarray(np.column_stack([others * (1 - p3)[:, None], p3]))


def _log_of_opinions(counts: Ints, leaning: Floats) -> Floats:
    """Return the logarithm of how probable ratings of hard clips are, opinions being unknown."""
    n = counts.sum(axis=1)
    found = np.zeros(len(counts))
    for k in range(int(n.max(initial=0))):
        found += np.where(counts > k, np.log(leaning + k), 0.0).sum(axis=1)
        found -= np.where(n > k, np.log(OPINION + k), 0.0)
    return found


def _most_say_yes(counts: Ints, leaning: Floats, first: int) -> Floats:
    """Return how probable it is that more than half of all people would say yes to a hard clip."""
    found = leaning + counts
    return above_half(found[:, first:].sum(axis=1), found[:, :first].sum(axis=1))


def _logit(share: Floats) -> Floats:
    safe = np.clip(share, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(safe / (1 - safe)))


def _grown(confusion: Floats, answers: Answers) -> Floats:
    if len(confusion) >= answers.n_raters:
        return confusion
    more = np.broadcast_to(CONFUSION, (answers.n_raters - len(confusion), N, N))
    return np.concatenate([confusion, more])
