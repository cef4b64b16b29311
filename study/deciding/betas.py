"""The beta distribution at one half, for many at once.

`scipy.special.betainc` does the same; whoever runs sessions need not have scipy for it.
"""

from math import lgamma, log

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_TINY = 1e-300
_N_STEPS = 80  # of the continued fraction at most; it converges at once where ratings are few
_AS_GOOD_AS_ONE = 1e-15
_lgamma = np.frompyfunc(lgamma, 1, 1)


def above_half(a: Floats, b: Floats) -> Floats:
    """Return how much of beta distributions lies above one half.

    Parameters
    ----------
    a, b : ndarray of float64, shape (n,)
        Their parameters, more than 0.

    Examples
    --------
    >>> above_half(np.array([1.0, 3.0]), np.array([1.0, 2.0])).round(4).tolist()
    [0.5, 0.6875]
    """
    # The fraction converges where the mean is on the other side: else the mirror is taken.
    is_mirrored = a < b
    first, second = np.where(is_mirrored, b, a), np.where(is_mirrored, a, b)
    below = _below_half(first, second)
    return np.asarray(np.where(is_mirrored, below, 1 - below))


def _below_half(a: Floats, b: Floats) -> Floats:
    """Return the part below one half where ``a`` is at least as large as ``b``."""
    logs = np.asarray(_lgamma(a + b) - _lgamma(a) - _lgamma(b), dtype=np.float64)
    front = np.exp(logs + (a + b) * log(0.5)) / a
    c = np.ones_like(a)
    d = 1 / _not_zero(1 - (a + b) * 0.5 / (a + 1))
    found = d.copy()
    for m in range(1, _N_STEPS):
        even = m * (b - m) * 0.5 / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * 0.5 / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d = 1 / _not_zero(1 + step * d)
            c = _not_zero(1 + step / c)
            found *= d * c
        if not np.any(np.abs(d * c - 1) > _AS_GOOD_AS_ONE):
            break
    return np.asarray(front * found)


def _not_zero(values: Floats) -> Floats:
    return np.asarray(np.where(np.abs(values) < _TINY, _TINY, values))
