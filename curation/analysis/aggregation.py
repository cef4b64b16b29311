"""One word on each clip from several raters: majority rules, and Dawid and Skene's model."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
N_RATINGS = 3
_FLOOR = 1e-10


@dataclass(frozen=True)
class DawidSkene:
    """What the model says of clips and raters.

    Parameters
    ----------
    posterior : DataFrame
        Per ``candidate_id``, the probabilities of the true ratings 1, 2 and 3.
    confusion : dict of str to ndarray of float64, shape (3, 3)
        Per rater, the probability of each rating (columns) given the true one (rows).
    prior : ndarray of float64, shape (3,)
        How frequent the true ratings are.
    n_iterations : int
        Until the change was below the tolerance.
    """

    posterior: pd.DataFrame
    confusion: dict[str, Floats]
    prior: Floats
    n_iterations: int


def dawid_skene(
    ratings: pd.DataFrame, *, max_iterations: int = 200, tolerance: float = 1e-6
) -> DawidSkene:
    """Estimate the true ratings and each rater's errors by expectation maximisation.

    Parameters
    ----------
    ratings : DataFrame
        One row per rating, with ``candidate_id, participant_id, rating``.
    tolerance : float
        Largest mean change of a posterior at which to stop.

    Returns
    -------
    DawidSkene
        Posteriors start from the shares of the votes, as Dawid and Skene (1979) proposed.
    """
    answers = _Answers.of(ratings)
    posterior = answers.vote_shares()
    n_iterations, change = 0, np.inf
    while change >= tolerance and n_iterations < max_iterations:
        errors, prior = answers.maximise(posterior)
        updated = answers.expect(errors, prior)
        change = float(np.abs(updated - posterior).mean())
        posterior = updated
        n_iterations += 1
    index = pd.Index(answers.clips, name="candidate_id")
    return DawidSkene(
        posterior=pd.DataFrame(posterior, index=index, columns=["p1", "p2", "p3"]),
        confusion={str(name): errors[:, place] for place, name in enumerate(answers.raters)},
        prior=prior,
        n_iterations=n_iterations,
    )


@dataclass(frozen=True)
class _Answers:
    # Ratings as three parallel arrays of numbers: which clip, which rater, what was given.
    clips: pd.Index
    raters: pd.Index
    clip: Ints
    rater: Ints
    given: Ints

    @classmethod
    def of(cls, ratings: pd.DataFrame) -> "_Answers":
        clip, clips = pd.factorize(ratings["candidate_id"], sort=True)
        rater, raters = pd.factorize(ratings["participant_id"], sort=True)
        return cls(clips, raters, clip, rater, ratings["rating"].to_numpy() - 1)

    def vote_shares(self) -> Floats:
        n_cells = len(self.clips) * N_RATINGS
        votes = np.bincount(self.clip * N_RATINGS + self.given, minlength=n_cells)
        votes = votes.reshape(-1, N_RATINGS)
        return np.asarray(votes / votes.sum(axis=1, keepdims=True), dtype=np.float64)

    def maximise(self, posterior: Floats) -> tuple[Floats, Floats]:
        # How often each rater gave each rating, weighted by what may be true: (true, rater, given).
        cell = self.rater * N_RATINGS + self.given
        n_cells = len(self.raters) * N_RATINGS
        weighted = [np.bincount(cell, posterior[self.clip, t], n_cells) for t in range(N_RATINGS)]
        errors = np.stack(weighted).reshape(N_RATINGS, -1, N_RATINGS).astype(np.float64)
        errors = errors / np.maximum(errors.sum(axis=2, keepdims=True), _FLOOR)
        return errors, posterior.mean(axis=0)

    def expect(self, errors: Floats, prior: Floats) -> Floats:
        # In logarithms: products of many small numbers vanish.
        logs = np.log(np.maximum(errors, _FLOOR))[:, self.rater, self.given]
        scores = [np.bincount(self.clip, logs[t], len(self.clips)) for t in range(N_RATINGS)]
        joint = np.stack(scores, axis=1) + np.log(np.maximum(prior, _FLOOR))
        joint = np.exp(joint - joint.max(axis=1, keepdims=True))
        return np.asarray(joint / joint.sum(axis=1, keepdims=True), dtype=np.float64)
