"""A journal: JSON lines that are only added, so that work can go on after any end."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from study.errors import StudyError

_LONGEST_LINE = 1 << 20


class Journal:
    """An open journal; every line reaches the file at once.

    Parameters
    ----------
    path : Path
        The file; its folder is made.

    Raises
    ------
    StudyError
        If a pipe, a device or a folder stands in its place.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            raise StudyError(f"{path} is not a plain file. Move it away, then run again")
        self.file = path.open("a", encoding="utf-8")
        self._is_cut = True  # a crash may have cut the last line: a new one is begun

    def add(self, entry: Mapping[str, Any]) -> None:
        """Add a line."""
        mend = "\n" if self._is_cut and self.file.tell() else ""
        self.file.write(mend + json.dumps(entry) + "\n")
        self.file.flush()
        self._is_cut = False

    def clear(self) -> None:
        """Forget every line."""
        self.file.seek(0)
        self.file.truncate()

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_journal(path: Path) -> Iterator[str]:
    """Yield the lines of a journal, if it exists; a crash may have cut one short."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        while line := file.readline(_LONGEST_LINE):
            if line.strip():
                yield line
