"""The page of the tables: every column of every table that a command writes."""

from handbook.markdown import code, page, plain, table
from handbook.tables import Listed, listed

_INTRODUCTION = """\
Every table that a command writes, with its columns in their order.
Beside each released table stands a `.json` with the same descriptions, its rules, counts and digests.
How they are made, and which ratings count: [from ratings to tables](../guides/tables.md)."""


def columns_page() -> str:
    """Return the page."""
    parts = []
    for title, found in listed().items():
        parts.append(f"## {title}")
        parts += [_section(one) for one in found]
    return page("Tables and their columns", _INTRODUCTION, *parts)


def undescribed() -> list[str]:
    """Return the columns that nothing is said of."""
    everything = [one for part in listed().values() for one in part]
    return [
        f"{one.file}: {name}" for one in everything for name, _, text in one.columns if not text
    ]


def _section(one: Listed) -> str:
    head = f"### {one.file}\n\n{plain(one.row)}; written by `python -m {one.command}`."
    if not any(kind for _, kind, _ in one.columns):
        rows = [(code(name), plain(text)) for name, _, text in one.columns]
        return f"{head}\n\n{table(['column', 'meaning'], rows)}"
    rows = [(code(name), kind, plain(text)) for name, kind, text in one.columns]
    return f"{head}\n\n{table(['column', 'holds', 'meaning'], rows)}"
