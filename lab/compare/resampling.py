"""Resampling of participants and clips, for intervals of everything that is compared.

Both are drawn again and again with replacement, independently of each other; a trial counts as
often as its participant and its clip were drawn. Networks are given, not drawn.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from lab.compare.measures.consistency import observers_of
from lab.compare.responses import Numbers, Responses
from study.tools.seeding import generator

LEVEL = 0.95
_CHUNK = 125  # resamples at a time, so that 100,000 trials need no more than 100 MB
# Resamples that give no number, such as no pair of different people, before there is no interval.
_MOST_WITHOUT = 0.05


@dataclass(frozen=True, slots=True)
class Resamples:
    """How often each observer and each clip was drawn, in each resample.

    Parameters
    ----------
    observer, clip : ndarray of int, shape (n_rows,)
        Number of each row's observer and clip.
    names : ndarray of object, shape (n_observers,)
    is_person : ndarray of bool, shape (n_observers,)
    of_observers : ndarray of float64, shape (n_observers, n_resamples)
        1.0 throughout for networks.
    of_clips : ndarray of float64, shape (n_clips, n_resamples)
    """

    observer: npt.NDArray[np.intp]
    clip: npt.NDArray[np.intp]
    names: npt.NDArray[np.object_]
    is_person: npt.NDArray[np.bool_]
    of_observers: Numbers
    of_clips: Numbers

    @property
    def n_resamples(self) -> int:
        """Return how many resamples there are."""
        return int(self.of_clips.shape[1])

    def chunks(self) -> list[slice]:
        """Return the resamples in groups that fit into memory."""
        edges = range(0, self.n_resamples, _CHUNK)
        return [slice(edge, min(edge + _CHUNK, self.n_resamples)) for edge in edges]

    def trial_weights(self, rows: npt.NDArray[np.intp], chunk: slice) -> Numbers:
        """Return how often rows count; shape (n_rows, n_resamples of the chunk)."""
        return self.of_observers[self.observer[rows], chunk] * self.of_clips[self.clip[rows], chunk]


def resample(responses: Responses, n_resamples: int, seed: int) -> Resamples:
    """Draw participants and clips.

    Parameters
    ----------
    n_resamples : int
        At least 1.
    seed : int
        The same seed and responses give the same intervals.
    """
    observer, names, is_person = observers_of(responses)
    clip, clips = pd.factorize(responses.rows["clip"], sort=True)
    of_observers = np.ones((len(names), n_resamples))
    n_people = int(is_person.sum())
    if n_people:
        of_observers[is_person] = _draw(n_people, n_resamples, generator(seed, "participants"))
    of_clips = _draw(len(clips), n_resamples, generator(seed, "clips"))
    return Resamples(observer, clip, names, is_person, of_observers, of_clips)


def _draw(n: int, n_resamples: int, rng: np.random.Generator) -> Numbers:
    return rng.multinomial(n, np.full(n, 1 / n), size=n_resamples).T.astype(float)


def interval(
    values: Numbers, *, about: float | None = None, level: float = LEVEL
) -> tuple[float, float]:
    """Return the middle part of what resamples gave; NaN twice where too many gave no number.

    Parameters
    ----------
    about : float or None
        What was measured, about which the middle part is reflected: for measures that few answers
        shift, such as distances, because resamples shift them once more. None for all others.
    """
    known = values[np.isfinite(values)]
    if not len(known) or len(known) < (1 - _MOST_WITHOUT) * len(values):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    if about is not None:
        low, high = 2 * about - high, 2 * about - low
    return float(low), float(high)
