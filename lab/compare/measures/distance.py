"""How far the confusions of two observers lie apart."""

import numpy as np
from scipy.spatial.distance import jensenshannon

from lab.compare.responses import Numbers


def confusion_distance(first: Numbers, second: Numbers) -> Numbers:
    """Return the mean Jensen-Shannon distance (base 2) between rows of two confusion matrices.

    Parameters
    ----------
    first, second : ndarray of float64, shape (n_classes, n_classes, ...)
        Shares of answers by true class; rows of a class that was not shown are NaN, and left out.

    Returns
    -------
    ndarray of float64, shape (...)
        0 for the same confusions, 1 for rows without a common answer.
    """
    distances = jensenshannon(first, second, axis=1, base=2)
    known = np.isfinite(distances)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(known, distances, 0).sum(axis=0) / known.sum(axis=0))
