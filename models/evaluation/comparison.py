"""Several seeds of one network, and two training sets against each other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from models.evaluation.results import Evaluation, in_order_of_paper
from study.errors import ConfigError

N_RESAMPLES = 2000
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class MeanEstimate:
    """A mean and its 95 % interval; None where there is only one value."""

    mean: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """The seeds of one network on one training set.

    Parameters
    ----------
    loss, top_1, top_5 : MeanEstimate
        Means over the seeds, with Student's interval.
    """

    training_set: str
    embedding_set: str
    rnn: str
    n_seeds: int
    loss: MeanEstimate
    top_1: MeanEstimate
    top_5: MeanEstimate


@dataclass(frozen=True, slots=True)
class Difference:
    """Two training sets of one network, compared clip by clip.

    Parameters
    ----------
    n_seeds : int
        Pairs of seeds; runs beyond the shorter side's number are left out.
    loss, top_1 : MeanEstimate
        Differences of the means, with a bootstrap interval over clips and seeds.
    """

    embedding_set: str
    rnn: str
    minuend: str
    subtrahend: str
    n_clips: int
    n_seeds: int
    loss: MeanEstimate
    top_1: MeanEstimate


def group(evaluations: Iterable[Evaluation]) -> list[Group]:
    """Gather evaluations by network and training set, in the order of Table 5."""
    return [
        Group(
            training_set=key[2],
            embedding_set=key[0],
            rnn=key[1],
            n_seeds=len(members),
            loss=mean_with_interval([each.loss for each in members]),
            top_1=mean_with_interval([each.top_1 for each in members]),
            top_5=mean_with_interval([each.top_5 for each in members]),
        )
        for key, members in _by_network(evaluations).items()
    ]


def mean_with_interval(values: Sequence[float]) -> MeanEstimate:
    """Return the mean and Student's 95 % interval; none where there is only one value."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return MeanEstimate(mean)
    error = float(np.std(values, ddof=1) / np.sqrt(len(values)))
    reach = float(stats.t.ppf((1 + LEVEL) / 2, len(values) - 1)) * error
    return MeanEstimate(mean, mean - reach, mean + reach)


def differences(evaluations: Iterable[Evaluation], rng: np.random.Generator) -> list[Difference]:
    """Compare training sets, network by network.

    The first training set minus each other one, in alphabetical order: AVMIT minus MIT 16.
    """
    networks = _by_network(evaluations)
    found = []
    for embedding_set, rnn in dict.fromkeys(key[:2] for key in networks):
        sets = [key[2] for key in networks if key[:2] == (embedding_set, rnn)]
        for other in sets[1:]:
            one = networks[embedding_set, rnn, sets[0]]
            two = networks[embedding_set, rnn, other]
            found.append(_difference(one, two, rng))
    return found


def _by_network(
    evaluations: Iterable[Evaluation],
) -> dict[tuple[str, str, str], list[Evaluation]]:
    networks: dict[tuple[str, str, str], list[Evaluation]] = {}
    for each in in_order_of_paper(evaluations):
        networks.setdefault((each.embedding_set, each.rnn, each.training_set), []).append(each)
    return networks


def _difference(
    one: Sequence[Evaluation], two: Sequence[Evaluation], rng: np.random.Generator
) -> Difference:
    if len({each.test.list_sha256 for each in (*one, *two)}) != 1:
        raise ConfigError(
            f"{one[0].training_set} and {two[0].training_set} were evaluated on different lists. "
            "Evaluate them on the same one"
        )
    n_seeds = min(len(one), len(two))
    loss = _paired([each.losses for each in one], [each.losses for each in two], n_seeds)
    right = _paired([each.correct for each in one], [each.correct for each in two], n_seeds)
    return Difference(
        embedding_set=one[0].embedding_set,
        rnn=one[0].rnn,
        minuend=one[0].training_set,
        subtrahend=two[0].training_set,
        n_clips=one[0].test.n_clips,
        n_seeds=n_seeds,
        loss=bootstrap(loss, rng),
        top_1=bootstrap(right, rng),
    )


def _paired(
    one: Sequence[Sequence[float]], two: Sequence[Sequence[float]], n_seeds: int
) -> npt.NDArray[np.float64]:
    paired: npt.NDArray[np.float64] = np.asarray(one[:n_seeds]) - np.asarray(two[:n_seeds], float)
    return paired


def bootstrap(paired: npt.NDArray[np.float64], rng: np.random.Generator) -> MeanEstimate:
    """Return the mean of paired differences and its bootstrap interval.

    Parameters
    ----------
    paired : ndarray of float64, shape (n_seeds, n_clips)
        Differences of two networks on the same clips.

    Returns
    -------
    MeanEstimate
        The 95 % percentile interval over resampled clips and, where there are several,
        resampled seeds.
    """
    n_seeds, n_clips = paired.shape
    means = np.empty(N_RESAMPLES)
    for place in range(N_RESAMPLES):
        seeds = rng.integers(n_seeds, size=n_seeds)
        clips = rng.integers(n_clips, size=n_clips)
        means[place] = paired[seeds].mean(axis=0)[clips].mean()
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return MeanEstimate(float(paired.mean()), float(low), float(high))
