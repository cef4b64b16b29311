"""Where a study keeps what leaves its store."""

from dataclasses import dataclass
from pathlib import Path

from lab.state import EMBEDDINGS, MODELS, RELEASE

REPORT_NAME = "report.html"


@dataclass(frozen=True, slots=True)
class Places:
    """The folders that are read; any of them may be missing.

    Parameters
    ----------
    tables : Path
        What `curation` wrote.
    embeddings : Path
        With a folder per embedding set.
    models : Path
        With networks, evaluations and searches.
    """

    tables: Path
    embeddings: Path
    models: Path


def places_of(
    folder: Path,
    tables: Path | None = None,
    embeddings: Path | None = None,
    models: Path | None = None,
) -> Places:
    """Return the folders of a study: those that are named, else the usual ones below it."""
    return Places(
        tables or folder / RELEASE, embeddings or folder / EMBEDDINGS, models or folder / MODELS
    )
