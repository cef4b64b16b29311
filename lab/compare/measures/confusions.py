"""Who answered what: confusions of people together and of each network, in each resample."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from lab.compare.resampling import Resamples
from lab.compare.responses import NETWORKS, PEOPLE, Numbers, Responses

_SMOOTHING = 0.5  # of an answer, added to each cell of a confusion row


@dataclass(frozen=True, slots=True)
class Taker:
    """Whose answers are counted together: all people, or one network.

    Parameters
    ----------
    name : str
        "people", or the network's name.
    rows : ndarray of int
        Their rows.
    """

    group: str
    name: str
    rows: npt.NDArray[np.intp]

    def within(self, wanted: npt.NDArray[np.bool_]) -> "Taker":
        """Return the rows that are wanted, by a mask over all rows."""
        return Taker(self.group, self.name, self.rows[wanted[self.rows]])


def takers_of(responses: Responses) -> list[Taker]:
    """Return people as one, and each network."""
    rows = responses.rows
    found = []
    people = np.flatnonzero(rows["group"] == PEOPLE)
    if len(people):
        found.append(Taker(PEOPLE, PEOPLE, people))
    for name in sorted(rows.loc[rows["group"] == NETWORKS, "observer"].unique()):
        mask = (rows["group"] == NETWORKS) & (rows["observer"] == name)
        found.append(Taker(NETWORKS, name, np.flatnonzero(mask)))
    return found


@dataclass(frozen=True)
class Confusions:
    """Counts of answers by true class.

    Parameters
    ----------
    counts : ndarray of float64, shape (n_classes, n_classes + 1)
        A row per true class, a column per answer; the last column counts missed answers.
    resampled : ndarray of float64, shape (n_classes, n_classes + 1, n_resamples)
    """

    counts: Numbers
    resampled: Numbers

    @cached_property
    def with_resamples(self) -> Numbers:
        """Return the counts as they are, and behind them those of each resample."""
        return np.concatenate([self.counts[..., None], self.resampled], axis=2)

    @cached_property
    def n(self) -> int:
        """Return how many answers were asked for."""
        return int(self.counts.sum())


def confusions(responses: Responses, taker: Taker, draws: Resamples) -> Confusions:
    """Count the answers of a taker, as they are and in each resample."""
    n = len(responses.classes)
    label = responses.codes("label")[taker.rows]
    answer = responses.codes("response")[taker.rows]
    cell = label * (n + 1) + np.where(answer < 0, n, answer)
    place = (cell, np.arange(len(cell)))
    counting = sparse.csr_array((np.ones(len(cell)), place), shape=(n * (n + 1), len(cell)))
    parts = [counting @ draws.trial_weights(taker.rows, chunk) for chunk in draws.chunks()]
    resampled = np.concatenate(parts, axis=1).reshape(n, n + 1, -1)
    return Confusions(counting.sum(axis=1).reshape(n, n + 1), resampled)


def accuracy(counts: Numbers) -> Numbers:
    """Return the share of right answers; `counts` as in `Confusions`, resamples last if any."""
    right = np.einsum("kk...->...", counts[:, :-1])
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(right / counts.sum(axis=(0, 1)))


def smoothed_rows(counts: Numbers) -> Numbers:
    """Return the shares of answers by true class, with half an answer added to each cell.

    Missed answers are left out. A class that was never shown has NaN.
    """
    answered = counts[:, :-1]
    total = answered.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        rows = (answered + _SMOOTHING) / (total + _SMOOTHING * answered.shape[1])
    return np.where(total > 0, rows, np.nan)
