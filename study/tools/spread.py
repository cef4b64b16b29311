"""Spread of measurements."""

import numpy as np
from numpy.typing import ArrayLike

_SD_OF_MAD = 1.4826  # makes the median deviation comparable to a standard deviation


def robust_sd(values: ArrayLike) -> float:
    """Return a standard deviation that single outliers do not move.

    Returns
    -------
    float
        1.4826 times the median distance from the median; NaN is left out, and comes of no values.

    Examples
    --------
    >>> round(robust_sd([1.0, 2.0, 3.0, 4.0, 900.0]), 4)
    1.4826
    """
    known = np.asarray(values, dtype=float)
    known = known[~np.isnan(known)]
    if not len(known):
        return float("nan")
    return float(_SD_OF_MAD * np.median(np.abs(known - np.median(known))))
