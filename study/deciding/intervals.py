"""Intervals of shares."""

import numpy as np

Z_95 = 1.959964


def wilson(n_right: float, n_trials: int) -> tuple[float, float]:
    """Return the 95 % interval of a share.

    Returns Wilson's interval; NaN without trials. Where it is not known whether a trial was right,
    how probable that is counts.

    Examples
    --------
    >>> [round(limit, 3) for limit in wilson(38, 41)]
    [0.806, 0.975]
    """
    if n_trials == 0:
        return float("nan"), float("nan")
    share, z2 = n_right / n_trials, Z_95**2
    centre = share + z2 / (2 * n_trials)
    half = Z_95 * np.sqrt(share * (1 - share) / n_trials + z2 / (4 * n_trials**2))
    scale = 1 + z2 / n_trials
    return float((centre - half) / scale), float((centre + half) / scale)
