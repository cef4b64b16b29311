"""Which known word somebody meant who wrote another one."""

import difflib
import re
from collections.abc import Iterable

_CLOSE = 0.7  # of the letters are the same
_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")


def suggested(written: str, known: Iterable[str]) -> str | None:
    """Return what was meant, if one of the known words is close; None where none is.

    Small letters and zeros before a number make no difference.

    Parameters
    ----------
    written : str
        What stands there.
    known : iterable of str
        What could have been meant.

    Returns
    -------
    str or None
        One of them.

    Examples
    --------
    >>> suggested("p1", ["P01", "P11"]), suggested("brake", ["break", "pause"])
    ('P01', 'break')
    >>> suggested("poem", ["break", "pause"]) is None
    True
    """
    words = list(known)
    plain = {_plain(word): word for word in words}
    if _plain(written) in plain:
        return plain[_plain(written)]
    # An id is close to every other one, because all have the same shape.
    others = {key: word for key, word in plain.items() if not any(map(str.isdigit, key))}
    close = difflib.get_close_matches(_plain(written), others, n=1, cutoff=_CLOSE)
    return others[close[0]] if close else None


def _plain(word: str) -> str:
    return _ZEROS.sub("", word.strip().lower())
