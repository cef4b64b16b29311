"""HDF5 files from outside: what they claim is checked before anything is read."""

import math
from collections.abc import Iterator
from typing import Any

from study.reading.bounded import LimitError, require_size

_DEEPEST = 32
_MOST_ITEMS = 20_000
_MOST_CHUNKS = 100_000


def numbers_in(group: Any, at_most: int, *, skip: frozenset[str] = frozenset()) -> Iterator[Any]:  # noqa: ANN401
    """Yield the datasets of floating-point numbers that lie in a file itself.

    Raises LimitError if there is more, or a link to another place or file, or an array that is put
    together from other files or from too many pieces.

    Parameters
    ----------
    at_most : int
        Bytes that all of them may have, whether they are stored or only claimed.
    skip : frozenset of str
        Groups directly below the first one that are passed over.
    """
    left, n_items = at_most, 0
    waiting = [(group[name], 1) for name in _names(group) if name not in skip]
    while waiting:
        item, depth = waiting.pop()
        n_items += 1
        if n_items > _MOST_ITEMS or depth > _DEEPEST:
            raise LimitError("it has too many groups, or groups too deep in others")
        if hasattr(item, "keys"):
            waiting += [(item[name], depth + 1) for name in _names(item)]
        elif getattr(item, "dtype", None) is not None and item.dtype.kind == "f":
            _require_plain(item)
            n_bytes = math.prod(item.shape) * item.dtype.itemsize
            require_size(n_bytes, left)
            left -= n_bytes
            yield item


def _names(group: Any) -> list[str]:  # noqa: ANN401
    import h5py  # only those who read such files have it

    if len(group) > _MOST_ITEMS:
        raise LimitError("it has too many groups")
    names = list(group)
    if any(not isinstance(group.get(name, getlink=True), h5py.HardLink) for name in names):
        raise LimitError("it links to another place or file")
    return names


def _require_plain(item: Any) -> None:  # noqa: ANN401
    if item.shape is None or item.external or item.is_virtual:
        raise LimitError("an array of it lies in another file, or is empty")
    pieces = zip(item.shape, item.chunks or item.shape, strict=True)
    if math.prod(-(-length // max(1, piece)) for length, piece in pieces) > _MOST_CHUNKS:
        raise LimitError("an array of it is in too many pieces")
