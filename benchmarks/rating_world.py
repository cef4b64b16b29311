"""A study at the paper's size as arrays: truths, hard clips, and what every rater would say.

Used by `benchmarks.rating_rules`; nothing of it touches a store.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

N_CLIPS, N_CLASSES, N_RATERS, N_TRUTHS = 57_177, 41, 11, 2_000
HARD_SHARE, PICTURE_SHARE = 0.20, 0.80
# Of easy clips; with the hard ones they give a kappa (3 or not) of .51, .61 and .72.
ACCURACIES = {"low": 0.81, "middle": 0.865, "high": 0.925}

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RatingWorld:
    """What is true, and what each rater would say of each clip.

    Parameters
    ----------
    label : ndarray of int64, shape (n_clips,)
        The class.
    is_yes : ndarray of bool, shape (n_clips,)
        Whether more than half of all people would give a 3.
    ratings : ndarray of int64, shape (n_clips, n_raters)
        In the order in which raters would be asked; the first three are the full design.
    raters : ndarray of int64, shape (n_clips, n_raters)
        Who they are.
    expert : ndarray of int64, shape (n_clips,)
        What the expert says; counts where `is_truth`.
    """

    label: Ints
    is_yes: Flags
    is_hard: Flags
    ratings: Ints
    raters: Ints
    is_truth: Flags
    expert: Ints
    has_picture: Flags


def make_world(accuracy: float, rng: np.random.Generator, *, n_clips: int = N_CLIPS) -> RatingWorld:
    """Draw a world; raters differ around the accuracy."""
    label = np.arange(n_clips) % N_CLASSES
    share = rng.beta(2.4, 4.0, N_CLASSES)[label]
    truth = np.where(rng.random(n_clips) < share, 3, 1 + (rng.random(n_clips) < 0.35))
    is_hard = rng.random(n_clips) < HARD_SHARE
    own = np.clip(rng.normal(accuracy, 0.02, N_RATERS), 0.5, 0.995)
    chances = np.empty((n_clips, N_RATERS, 3))
    for value in (1, 2, 3):
        wrong = np.where(truth[:, None] == 2, 0.5, np.where(value == 2, 0.65, 0.35))
        chances[:, :, value - 1] = np.where(
            truth[:, None] == value, own[None, :], (1 - own[None, :]) * wrong
        )
    opinion = rng.dirichlet((1.0, 1.0, 1.0), n_clips)
    opinion[:, 2] = np.clip(opinion[:, 2] + 0.6 * (share - share.mean()), 0.01, 0.99)
    opinion[:, :2] *= ((1 - opinion[:, 2]) / opinion[:, :2].sum(axis=1))[:, None]
    chances[is_hard] = opinion[is_hard][:, None, :]
    edges = chances.cumsum(axis=2)
    said = 1 + (rng.random((n_clips, N_RATERS, 1)) > edges).sum(axis=2).clip(max=2)
    raters = rng.permuted(np.tile(np.arange(N_RATERS), (n_clips, 1)), axis=1)
    expert = np.where(is_hard, 1 + opinion.argmax(axis=1), truth)
    is_truth = np.zeros(n_clips, dtype=bool)
    n_truths = round(n_clips * N_TRUTHS / N_CLIPS)
    is_truth[rng.choice(n_clips, n_truths, replace=False)] = True
    return RatingWorld(
        label,
        np.where(is_hard, opinion[:, 2] > 0.5, truth == 3),
        is_hard,
        np.take_along_axis(said, raters, axis=1).astype(np.int64),
        raters,
        is_truth,
        expert.astype(np.int64),
        rng.random(n_clips) < PICTURE_SHARE,
    )


def kappa(world: RatingWorld) -> float:
    """Return Cohen's kappa of the first two raters, 3 or not."""
    one, two = (world.ratings[:, k] == 3 for k in (0, 1))
    agree = float((one == two).mean())
    by_chance = one.mean() * two.mean() + (1 - one.mean()) * (1 - two.mean())
    return float((agree - by_chance) / (1 - by_chance))


def classifier(is_yes: Flags, auc: float, rng: np.random.Generator) -> Floats:
    """Return the probabilities of a calibrated classifier with about this area under its curve."""
    from scipy.special import expit, logit
    from scipy.stats import norm

    distance = np.sqrt(2) * norm.ppf(auc)
    score = rng.normal(size=len(is_yes)) + distance * is_yes
    base = float(is_yes.mean())
    return np.asarray(expit(logit(base) + distance * score - distance**2 / 2), dtype=np.float64)
