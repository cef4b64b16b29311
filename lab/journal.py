"""What a demo ran, when, and how long it took: a log for the report, and the mark of a demo."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

JOURNAL_NAME = "logs/demo.jsonl"


@dataclass(frozen=True, slots=True)
class Entry:
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
    path = folder / JOURNAL_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def add_entry(folder: Path, entry: Entry) -> None:
    """Add a line to the journal."""
    begin_journal(folder)
    with (folder / JOURNAL_NAME).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(entry)) + "\n")


def read_entries(folder: Path) -> Iterator[Entry]:
    """Read the journal; a line that a crash cut short is passed over."""
    path = folder / JOURNAL_NAME
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield Entry(**json.loads(line))
        except (json.JSONDecodeError, TypeError):
            continue
