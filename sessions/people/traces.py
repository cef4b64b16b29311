"""What is left of an erased person outside the rows of the store."""

import re
from collections.abc import Iterator
from pathlib import Path

from study.config.study import Study
from study.store import maintenance, open_store

_BACKUPS = ("*.backup", "backups/*")


def rewrite_store(study: Study) -> None:
    """Write the store's file anew, because a database only marks deleted rows as free.

    Parameters
    ----------
    study : Study
        The study; on PostgreSQL the server does it in its own time.

    Raises
    ------
    StoreError
        If the file is in use.
    """
    engine = open_store(study.store_url)
    try:
        maintenance.rewrite(engine)
    finally:
        engine.dispose()


def elsewhere(study: Study, participant_id: str, laptops: list[str]) -> Iterator[str]:
    """Yield where something of a person may still be, and what to do about it.

    Parameters
    ----------
    study : Study
        The study.
    participant_id : str
        Who was erased.
    laptops : list of str
        Files that were dealt to laptops for them.

    Yields
    ------
    str
        One sentence a file.
    """
    for path in _files(study, _BACKUPS):
        held = maintenance.n_ratings_in(path, participant_id)
        if held is None:
            yield f"the back-up {path} may still hold them: delete it, or make a new one"
        elif held >= 0:
            yield f"the back-up {path} still holds them ({held} ratings): delete it"
    for name in laptops:
        yield f"the laptop file {name} still holds them: delete it there"
    word = re.compile(rf"\b{re.escape(participant_id)}\b".encode())
    for path in _files(study, ("logs/*",)):
        if word.search(path.read_bytes()):
            yield f"the log {path} still names them: delete it"
    yield "statements, exported tables and copies elsewhere are yours to look through"


def _files(study: Study, patterns: tuple[str, ...]) -> Iterator[Path]:
    for pattern in patterns:
        yield from (path for path in sorted(study.folder.glob(pattern)) if path.is_file())
