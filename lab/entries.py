"""What a demo ran, when, and how long it took: a log for the report, and the mark of a demo."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from study.tools.journal import Journal, read_journal

JOURNAL_NAME = "logs/demo.jsonl"


@dataclass(frozen=True, slots=True)
class DemoEntry:
    """One command that ran to its end.

    Parameters
    ----------
    part : int
        Number of the part of the demo.
    command : str
        As a person types it.
    started_at : str
        ISO 8601, UTC.
    said : str
        The last line that it printed.
    """

    part: int
    what: str
    command: str
    started_at: str
    duration_s: float
    said: str


def begin_journal(folder: Path) -> None:
    """Make the journal where there is none; its folder is a demo's from then on."""
    Journal(folder / JOURNAL_NAME).close()


def add_entry(folder: Path, entry: DemoEntry) -> None:
    """Add a line to the journal."""
    with Journal(folder / JOURNAL_NAME) as journal:
        journal.add(asdict(entry))


def read_entries(folder: Path) -> Iterator[DemoEntry]:
    """Read the journal; a line that a crash cut short is passed over."""
    for line in read_journal(folder / JOURNAL_NAME):
        try:
            yield DemoEntry(**json.loads(line))
        except (json.JSONDecodeError, TypeError):
            continue
