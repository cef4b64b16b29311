"""What sound and picture give together, against what either alone lets one expect.

Independent channels: whoever recognises the action by ear or by eye is right, and all others
guess. Product rule: the probabilities that ear and eye give to the classes are multiplied, which
is how a Bayesian observer with an even prior, and the fuzzy logical model of perception, combine
them.
"""

from dataclasses import dataclass

import numpy as np

from lab.compare.measures.confusions import Taker, confusions, smoothed_rows
from lab.compare.resampling import Resamples
from lab.compare.responses import AUDIO, AUDIOVISUAL, VISUAL, Numbers, Responses

INDEPENDENT = "independent channels"
PRODUCT = "product rule"


@dataclass(frozen=True, slots=True)
class Benefit:
    """Observed and expected shares of right answers, first as they are, then in each resample.

    Parameters
    ----------
    audio, visual, observed : ndarray of float64, shape (1 + n_resamples,)
        With the sound alone, the picture alone, and both.
    expected : dict of str to ndarray of float64, shape (1 + n_resamples,)
        With both, by prediction.
    n : int
        Answers with both.
    """

    audio: Numbers
    visual: Numbers
    observed: Numbers
    expected: dict[str, Numbers]
    n: int


def independent_channels(audio: Numbers, visual: Numbers, chance: float) -> Numbers:
    """Return the share of right answers with both, out of those with either alone.

    Parameters
    ----------
    audio, visual : ndarray of float64
        Shares of right answers; they are corrected for guessing, and the result is guessed again.
    chance : float
        How often who guesses is right.
    """
    missed = (1 - audio) / (1 - chance) * (1 - visual) / (1 - chance)
    return 1 - missed * (1 - chance)


def product_rule(audio: Numbers, visual: Numbers) -> Numbers:
    """Return the probabilities of classes with both, out of those with either alone.

    Parameters
    ----------
    audio, visual : ndarray of float64, shape (n, n_classes, ...)
        Each row sums to 1 over its classes.
    """
    both = audio * visual
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(both / both.sum(axis=1, keepdims=True))


def benefit_of_people(
    responses: Responses, people: Taker, conditions: dict[str, str], draws: Resamples
) -> Benefit:
    """Compare what people answered with what is expected from confusions of classes.

    Parameters
    ----------
    conditions : dict of str to str
        The condition of each of "audio", "visual" and "audiovisual".
    """
    of_condition = responses.rows["condition"].to_numpy()
    found = {
        modality: confusions(responses, people.within(of_condition == condition), draws)
        for modality, condition in conditions.items()
    }
    counts = {modality: one.with_resamples for modality, one in found.items()}
    rows = {modality: smoothed_rows(counts[modality]) for modality in (AUDIO, VISUAL)}
    right = {modality: _right(one) for modality, one in counts.items()}
    combined = product_rule(rows[AUDIO], rows[VISUAL])
    # Smoothing would only shift this one, which needs no logarithm and no ratio.
    independent = independent_channels(right[AUDIO], right[VISUAL], responses.chance)
    expected = {
        INDEPENDENT: independent,
        PRODUCT: np.einsum("kk...->k...", combined),
    }
    # Classes count alike in what is observed and in what is expected.
    return Benefit(
        _mean_of_known(right[AUDIO]),
        _mean_of_known(right[VISUAL]),
        _mean_of_known(right[AUDIOVISUAL]),
        {name: _mean_of_known(values) for name, values in expected.items()},
        found[AUDIOVISUAL].n,
    )


def _mean_of_known(values: Numbers) -> Numbers:
    # In few clips a resample may hold none of a condition: no number then, and no warning.
    known = np.isfinite(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(known, values, 0).sum(axis=0) / known.sum(axis=0))


def _right(counts: Numbers) -> Numbers:
    answered = counts[:, :-1].sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.einsum("kk...->k...", counts[:, :-1]) / answered)


def benefit_of_network(
    responses: Responses, network: Taker, conditions: dict[str, str], draws: Resamples
) -> Benefit | None:
    """Compare what a network gave to the right classes with what is expected, clip by clip.

    Returns None where no clip has probabilities in all three conditions.
    """
    tables = {m: _by_clip(responses, network, c, draws) for m, c in conditions.items()}
    shared = np.array(sorted(set.intersection(*(set(one) for one in tables.values()))), np.intp)
    if not len(shared):
        return None
    rows = {m: np.array([one[clip] for clip in shared]) for m, one in tables.items()}
    gives = {m: responses.probabilities[rows[m]] for m in rows}
    label = responses.codes("label")[rows[AUDIOVISUAL]]
    of_label = {m: given[np.arange(len(label)), label] for m, given in gives.items()}
    combined = product_rule(gives[AUDIO], gives[VISUAL])[np.arange(len(label)), label]
    independent = independent_channels(of_label[AUDIO], of_label[VISUAL], responses.chance)
    weights = np.column_stack([np.ones(len(shared)), draws.of_clips[shared]])

    def mean(values: Numbers) -> Numbers:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(values @ weights / weights.sum(axis=0))

    return Benefit(
        mean(of_label[AUDIO]),
        mean(of_label[VISUAL]),
        mean(of_label[AUDIOVISUAL]),
        {INDEPENDENT: mean(independent), PRODUCT: mean(combined)},
        len(shared),
    )


def _by_clip(
    responses: Responses, network: Taker, condition: str, draws: Resamples
) -> dict[int, int]:
    of_condition = (responses.rows["condition"] == condition).to_numpy()
    known = np.isfinite(responses.probabilities).all(axis=1)
    return {int(draws.clip[row]): int(row) for row in network.within(of_condition & known).rows}
