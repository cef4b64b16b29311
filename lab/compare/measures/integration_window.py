"""The time window of integration: how right answers fall off with asynchrony."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from lab.compare.resampling import interval
from lab.compare.responses import Numbers

FEWEST_STEPS = 5
_N_FITS = 200  # of resamples; each is a search
_SURE = 0.05


@dataclass(frozen=True, slots=True)
class Window:
    """A Gaussian over asynchrony that stands on a baseline.

    Parameters
    ----------
    baseline, height : float
        Share of right answers far away, and how much higher it is at the centre.
    centre_ms, width_ms : float
        Where it is highest, positive where sound comes late, and its standard deviation.
    intervals : dict of str to (float, float)
        Of each of these.
    """

    baseline: float
    height: float
    centre_ms: float
    width_ms: float
    intervals: dict[str, tuple[float, float]]


NAMES = ("baseline", "height", "centre_ms", "width_ms")


def gaussian(x_ms: Numbers, base: float, height: float, centre: float, width: float) -> Numbers:
    """Return the share of right answers at asynchronies."""
    return np.asarray(base + height * np.exp(-(((x_ms - centre) / width) ** 2) / 2))


def fit_window(x_ms: Numbers, right: Numbers, n: Numbers) -> Window | str:
    """Fit a window to shares of right answers, or say why it is not identified.

    Parameters
    ----------
    x_ms : ndarray of float64, shape (n_steps,)
        Asynchronies.
    right, n : ndarray of float64, shape (n_steps, 1 + n_resamples)
        Right answers and all answers at each: as they are, then in each resample.
    """
    if len(x_ms) < FEWEST_STEPS:
        return f"not identified: {len(x_ms)} asynchronies, and {FEWEST_STEPS} are needed"
    order = np.argsort(x_ms)
    x_ms, right, n = x_ms[order], right[order], n[order]
    found = _fit(x_ms, right[:, 0], n[:, 0])
    if found is None:
        return "not identified: the fit did not come to an end"
    why = _why_not(found, x_ms, right[:, 0], n[:, 0])
    if why:
        return f"not identified: {why}"
    fits = [_fit(x_ms, right[:, i], n[:, i]) for i in range(1, min(_N_FITS + 1, right.shape[1]))]
    values = np.array([np.full(4, np.nan) if one is None else one for one in fits])
    intervals = {name: interval(values[:, i]) for i, name in enumerate(NAMES)} if fits else {}
    baseline, height, centre_ms, width_ms = (float(value) for value in found)
    return Window(baseline, height, centre_ms, width_ms, intervals)


def _fit(x_ms: Numbers, right: Numbers, n: Numbers) -> Numbers | None:
    shown = n > 0
    if shown.sum() < FEWEST_STEPS:
        return None
    x, share, weight = x_ms[shown], right[shown] / n[shown], n[shown]
    span = float(np.ptp(x))
    # A centre beyond what was shown is found, so that it can be refused.
    low = [0.0, 0.0, x.min() - span, float(np.diff(x).min()) / 4]
    high = [1.0, 1.0, x.max() + span, 2 * span]
    begin = [share.min(), max(float(np.ptp(share)), 0.01), x[share.argmax()], span / 4]
    # Each share scatters as a binomial one does, with the mean of all as its guess.
    mean = np.clip(np.average(share, weights=weight), 0.02, 0.98)
    try:
        found, _ = optimize.curve_fit(
            gaussian,
            x,
            share,
            np.clip(begin, low, high),
            sigma=np.sqrt(mean * (1 - mean) / weight),
            bounds=(low, high),
        )
    except RuntimeError:
        return None
    return np.asarray(found)


def _why_not(found: Numbers, x_ms: Numbers, right: Numbers, n: Numbers) -> str:
    step, span = float(np.diff(x_ms).min()), float(np.ptp(x_ms))
    _, _, centre, width = found
    shares = (np.full(len(x_ms), right.sum() / n.sum()), gaussian(x_ms, *found))
    flat, curved = (_log_likelihood(right, n, share) for share in shares)
    if stats.chi2.sf(2 * (curved - flat), df=3) > _SURE:
        return "the answers do not fall off with asynchrony"
    if not x_ms.min() < centre < x_ms.max():
        return "the best asynchrony lies at the edge of those that were shown"
    if width < step / 2:
        return "it is narrower than the steps between asynchronies"
    if width > span / 2:
        return "it is wider than the asynchronies that were shown"
    return ""


def _log_likelihood(right: Numbers, n: Numbers, share: Numbers) -> float:
    share = np.clip(share, 1e-6, 1 - 1e-6)
    return float((right * np.log(share) + (n - right) * np.log(1 - share)).sum())
