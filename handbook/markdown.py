"""Pieces of Markdown."""

import re
from collections.abc import Iterable, Sequence

# Within a word _ is plain in every Markdown that shows these pages.
_SPECIAL = re.compile(r"([\\*\[\]<>|]|(?<!\w)_|_(?!\w))")
_CODE = re.compile(r"(`+[^`]+`+)")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; its cells are Markdown on one line.

    Examples
    --------
    >>> print(table(["key"], [["`seed`"]]))
    | key |
    |---|
    | `seed` |
    """
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    lines += [f"| {' | '.join(cell or ' ' for cell in row)} |" for row in rows]
    return "\n".join(lines)


def plain(text: str) -> str:
    r"""Return text that stands as it is, its code apart.

    Examples
    --------
    >>> plain("a*b of `a_b`  and P03|P04")
    'a\\*b of `a_b` and P03\\|P04'
    """
    parts = _CODE.split(" ".join(text.split()).replace("``", "`"))
    return "".join(
        part.replace("|", "\\|") if place % 2 else _SPECIAL.sub(r"\\\1", part)
        for place, part in enumerate(parts)
    )


def code(text: str) -> str:
    """Return text as code in a cell of a table."""
    return f"`{text}`".replace("|", "\\|") if text else ""


def page(title: str, *parts: str) -> str:
    """Return a page that says it is generated."""
    note = "<!-- Written by `python -m handbook.write` from the code: correct it there. -->"
    return "\n\n".join([f"# {title}", note, *(part.strip() for part in parts)]) + "\n"
