"""How well classes are told apart: d' of each class against the rest."""

import numpy as np
from scipy import stats

from lab.compare.responses import Numbers


def d_primes(counts: Numbers) -> Numbers:
    """Return d' of each class against the rest, with the log-linear correction.

    Parameters
    ----------
    counts : ndarray of float64, shape (n_classes, n_classes + 1[, n_resamples])
        As in `Confusions`; a missed answer is neither a hit nor a false alarm.

    Returns
    -------
    ndarray of float64, shape (n_classes[, n_resamples])
        ``z(hits) - z(false alarms)``; NaN of a class that was not shown, or alone.

    Notes
    -----
    Source: Hautus (1995): half an answer is added to hits and false alarms, and one trial to both.
    """
    shown = counts.sum(axis=1)
    hits = np.einsum("kk...->k...", counts[:, :-1])
    false_alarms = counts[:, :-1].sum(axis=0) - hits
    others = shown.sum(axis=0) - shown
    hit_rate = (hits + 0.5) / (shown + 1)
    false_alarm_rate = (false_alarms + 0.5) / (others + 1)
    value = stats.norm.ppf(hit_rate) - stats.norm.ppf(false_alarm_rate)
    return np.where((shown > 0) & (others > 0), value, np.nan)


def mean_d_prime(counts: Numbers) -> Numbers:
    """Return the mean of d' over the classes that were shown."""
    values = d_primes(counts)
    known = np.isfinite(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(known, values, 0).sum(axis=0) / known.sum(axis=0))
