"""Things that belong together, directly or through others: a forest that is merged tie by tie."""

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def roots(parent: Ints, places: Ints) -> Ints:
    """Return the root of each place: the first of its family.

    Parameters
    ----------
    parent : ndarray of int64, shape (n,)
        Of each place a place of its family that comes before it, or itself; `np.arange(n)` while
        nothing belongs together.
    """
    found = parent[places]
    while (parent[found] != found).any():
        found = parent[found]
    return found


def merge(parent: Ints, one: int, other: int) -> None:
    """Make one family of the two that two places are in."""
    first, second = sorted((_root(parent, one), _root(parent, other)))
    parent[second] = first


def _root(parent: Ints, place: int) -> int:
    while parent[place] != place:
        parent[place] = parent[parent[place]]
        place = int(parent[place])
    return place
