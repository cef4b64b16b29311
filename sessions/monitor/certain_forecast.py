"""What the certain rule will still ask for: the rest of the study, played out many times.

Each play draws what raters and clips could be like, lets these raters answer, learns from their
answers as the study would, and asks until nothing is open. Pure: arrays in, arrays out.
"""

from dataclasses import dataclass, replace

import numpy as np

from study.deciding.certain import class_is_certain
from study.deciding.expected import PRIOR_CLIPS, Prior, drawn_patterns
from study.deciding.posterior import (
    CONFUSION,
    EASY,
    OPINION,
    Answers,
    Fit,
    Floats,
    Ints,
    expect,
    first_guess,
    fit,
    says_yes,
)
from study.deciding.questions import Flags, every_tally

N_PLAYS = 60
MOST_CLIPS = 6000  # of a study that are played; the others are taken to be like them
CLASS_SPREAD = 6.0  # clips that what all classes share weighs in the guess of one
_N_STEPS = 8  # of learning after each round
_N_STEPS_AGAIN = 20  # of learning from clips that were drawn again


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """Where the rest of a study begins.

    Parameters
    ----------
    answers : Answers
        Ratings so far; `n_raters` counts everybody who can be asked.
    least : ndarray of int64, shape (n_clips,)
        Ratings that each clip gets in any case.
    most, limit, question
        Ratings of a clip at most, how certain it has to be, and of what.
    min_prominent : int or None
        With how many prominent clips a class is ended; None where none is.
    """

    answers: Answers
    least: Ints
    is_truth: Flags
    most: int
    limit: float
    question: str
    min_prominent: int | None = None
    certainty: float = 0.98


@dataclass(frozen=True, slots=True, eq=False)
class _Chances:
    """What raters and clips are like in one play."""

    confusion: Floats
    prior: Floats
    hard_share: float


def play_on(
    start: Start, prior: Prior, rng: np.random.Generator, *, n_plays: int = N_PLAYS
) -> Floats:
    """Return how many ratings are still to come.

    Parameters
    ----------
    prior : Prior
        What counts while little has been rated: as much as fifty clips with all their ratings.

    Returns
    -------
    ndarray of float64, shape (n_plays, 2)
        Ratings to come, and those of ground truths among them.
    """
    patterns = drawn_patterns(np.zeros((0, 3), dtype=np.int64), prior, 2, n_plays, rng)
    is_rated = bool(len(start.answers.clip))
    fitted = fit(start.answers) if is_rated else None
    found = np.empty((n_plays, 2))
    for n, frequencies in enumerate(patterns):
        chances = _guessed(start.answers, frequencies, rng)
        if fitted is not None:
            chances = _with_what_was_rated(start.answers, fitted, chances, rng)
        part, scale = _part_of(start.answers.n_clips, rng)
        to_come = _play(*_only(start, fitted, chances, part, scale), rng)
        found[n] = to_come.sum() / scale, to_come[start.is_truth[part]].sum() / scale
    return found


def _play(start: Start, fitted: Fit | None, chances: _Chances, rng: np.random.Generator) -> Ints:
    """Return how many ratings each clip still gets."""
    answers = start.answers
    chance_of = _chances_of_ratings(answers, chances, rng)
    raters = _order_of_raters(answers, rng)
    n_before = answers.counts().sum(axis=1)
    n_given = n_before.copy()
    most = min(start.most, answers.n_raters)
    asked = np.maximum(np.minimum(start.least, most) - n_given, 0)
    while asked.any():
        for _ in range(int(asked.max())):
            clips = np.flatnonzero(asked > 0)
            answers = _with_one_more(answers, clips, raters[clips, n_given[clips]], chance_of, rng)
            n_given[clips] += 1
            asked[clips] -= 1
        fitted = fit(answers, start=fitted, max_iterations=_N_STEPS)
        yes = says_yes(fitted, answers.counts(), start.question)
        is_open = (np.maximum(yes, 1 - yes) < start.limit) & (n_given < most)
        if start.min_prominent is not None:
            is_open &= ~class_is_certain(yes, answers.label, start.min_prominent, start.certainty)
        asked = is_open.astype(np.int64)
    return np.asarray(n_given - n_before, dtype=np.int64)


def _guessed(answers: Answers, frequencies: Floats, rng: np.random.Generator) -> _Chances:
    """Return chances that give pairs of ratings these frequencies."""
    pairs = every_tally(2)
    shares = frequencies @ pairs / 2
    agreement = float(frequencies[(pairs == 2).any(axis=1)].sum())
    hard_share = min(1 - EASY, 1.5 * (1 - agreement))
    accuracy = _accuracy(shares, agreement, hard_share)
    confusion = _confusion(accuracy)
    mixed = (1 - hard_share) * confusion + hard_share * np.eye(3)
    truths = np.clip(shares @ np.linalg.inv(mixed), 0.01, None)
    n_classes = int(answers.label.max(initial=0)) + 1
    by_class = rng.dirichlet(CLASS_SPREAD * truths / truths.sum(), n_classes)
    prior = first_guess(answers, np.clip(by_class, 0.005, None)[answers.label])
    each = np.broadcast_to(confusion, (answers.n_raters, 3, 3))
    return _Chances(np.asarray(each), prior, hard_share)


def _accuracy(shares: Floats, agreement: float, hard_share: float) -> float:
    """Return how often raters are right about easy clips if pairs agree so often."""
    on_hard = (OPINION * float(shares @ shares) + 1) / (OPINION + 1)
    low, high = 0.4, 0.995
    for _ in range(30):
        middle = (low + high) / 2
        on_easy = float(shares @ (_confusion(middle) ** 2).sum(axis=1))
        is_less = (1 - hard_share) * on_easy + hard_share * on_hard < agreement
        low, high = (middle, high) if is_less else (low, middle)
    return high


def _confusion(accuracy: float) -> Floats:
    wrong = CONFUSION * (1 - np.eye(3))
    wrong *= (1 - accuracy) / wrong.sum(axis=1, keepdims=True)
    return np.asarray(wrong + accuracy * np.eye(3))


def _with_what_was_rated(
    answers: Answers, fitted: Fit, guessed: _Chances, rng: np.random.Generator
) -> _Chances:
    """Return chances drawn from ratings, clips being drawn again; a guess weighs fifty clips."""
    weights = rng.exponential(size=answers.n_clips)
    n_steps = _N_STEPS_AGAIN if answers.n_clips <= MOST_CLIPS else _N_STEPS
    again = fit(answers, start=fitted, max_iterations=n_steps, weights=weights)
    # How well people agree is told by clips that two of them have rated.
    n_telling = int((answers.counts().sum(axis=1) > 1).sum())
    own = n_telling / (n_telling + PRIOR_CLIPS)
    return _Chances(
        own * again.confusion + (1 - own) * guessed.confusion,
        own * again.prior + (1 - own) * guessed.prior,
        own * again.hard_share + (1 - own) * guessed.hard_share,
    )


def _part_of(n_clips: int, rng: np.random.Generator) -> tuple[Ints, float]:
    """Draw the clips that are played, and return the share that they are."""
    if n_clips <= MOST_CLIPS:
        return np.arange(n_clips), 1.0
    drawn = np.sort(rng.choice(n_clips, MOST_CLIPS, replace=False))
    return drawn.astype(np.int64), MOST_CLIPS / n_clips


def _only(
    start: Start, fitted: Fit | None, chances: _Chances, part: Ints, scale: float
) -> tuple[Start, Fit | None, _Chances]:
    """Return a study of some of its clips."""
    every = start.answers
    place = np.full(every.n_clips, -1, dtype=np.int64)
    place[part] = np.arange(len(part))
    kept = place[every.clip] >= 0
    answers = Answers(
        place[every.clip[kept]], every.rater[kept], every.given[kept], every.label[part],
        every.expert[part], every.score[part], every.n_raters,
    )  # fmt: skip
    least = None if start.min_prominent is None else round(start.min_prominent * scale)
    own = replace(
        start, answers=answers, least=start.least[part], is_truth=start.is_truth[part],
        min_prominent=least,
    )  # fmt: skip
    if fitted is not None:
        fitted = replace(
            fitted, easy=fitted.easy[part], hard=fitted.hard[part], prior=fitted.prior[part]
        )
    return own, fitted, replace(chances, prior=chances.prior[part])


def _chances_of_ratings(answers: Answers, chances: _Chances, rng: np.random.Generator) -> Floats:
    """Draw what every rater would say of every clip: shape (n_clips, n_raters, 3)."""
    known = expect(answers, chances.confusion, chances.prior, chances.hard_share)
    kinds = np.column_stack([known.easy, known.hard]).cumsum(axis=1)
    kind = (rng.random((len(kinds), 1)) > kinds).sum(axis=1).clip(max=3)
    leaning = OPINION * chances.prior + answers.counts()
    told = np.flatnonzero(answers.expert >= 0)
    leaning[told, answers.expert[told]] += 1
    opinion = rng.standard_gamma(np.maximum(leaning, 0.01))
    opinion /= np.maximum(opinion.sum(axis=1, keepdims=True), 1e-12)
    easy = chances.confusion[:, kind.clip(max=2)].transpose(1, 0, 2)
    return np.where((kind == 3)[:, None, None], opinion[:, None, :], easy)


def _order_of_raters(answers: Answers, rng: np.random.Generator) -> Ints:
    """Return who rates each clip first, second and so on; who has rated it comes first."""
    keys = rng.random((answers.n_clips, answers.n_raters))
    keys[answers.clip, answers.rater] -= 1
    return np.asarray(keys.argsort(axis=1), dtype=np.int64)


def _with_one_more(
    answers: Answers, clips: Ints, raters: Ints, chance_of: Floats, rng: np.random.Generator
) -> Answers:
    edges = chance_of[clips, raters].cumsum(axis=1)
    given = (rng.random((len(clips), 1)) > edges).sum(axis=1).clip(max=2)
    return replace(
        answers,
        clip=np.concatenate([answers.clip, clips]),
        rater=np.concatenate([answers.rater, raters]),
        given=np.concatenate([answers.given, given]),
    )
