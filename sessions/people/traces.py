"""What is left of an erased person outside the rows of the store."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from sessions.people.text_search import Bounds, Trace, search
from study.config.study import Study
from study.store import Db, audit, maintenance, open_store
from study.store.addresses import sqlite_path
from study.tools.wording import counted

BACKUP = "backup"
_SEARCHED = Bounds()


def rewrite_store(study: Study) -> None:
    """Write the store's file anew, because a database only marks deleted rows as free.

    Raises StoreError if the file is in use.

    `study`: the study; on PostgreSQL the server does it in its own time.
    """
    engine = open_store(study.store_url)
    try:
        maintenance.rewrite(engine)
    finally:
        engine.dispose()


def recorded_backups(db: Db) -> list[Path]:
    """Return the back-ups that the audit log knows of, wherever they were written."""
    return [Path(str(event["file"])) for event in audit.own(db, BACKUP) if "file" in event]


def elsewhere(
    study: Study,
    participant_id: str,
    *,
    laptops: Sequence[str],
    backups: Sequence[Path],
    bounds: Bounds = _SEARCHED,
) -> Iterator[str]:
    """Yield where something of a person still is or may be, and what to do about it.

    Parameters
    ----------
    study : Study
        Its whole folder is looked through, but for its store and the clips.
    laptops : sequence of str
        Files that they had on laptops.
    backups : sequence of Path
        From `recorded_backups`, before they were erased.
    """
    folder = study.folder.resolve()
    found = search(
        folder, participant_id, leave=[study.mit_root, *_store_files(study)], bounds=bounds
    )
    for trace in found.traces:
        yield _in_words(trace)
    if found.stopped:
        yield (
            f"the search of {folder} stopped after {found.stopped}: look through the rest of it "
            "yourself"
        )
    for path in dict.fromkeys(backups):
        if not path.is_relative_to(folder):
            yield from _outside(path, participant_id)
    for name in dict.fromkeys(laptops):
        yield f"the laptop file {name} still holds them: delete it there"
    yield (
        f"{counted(found.n_files, 'file')} in {folder} searched. What lies elsewhere cannot be "
        "known from here: copies, sticks, mail, printed sheets and other machines are yours to "
        "look through"
    )


def _store_files(study: Study) -> list[Path]:
    store = sqlite_path(study.store_url)
    if store is None:
        return []
    return [store, *(store.with_name(store.name + ending) for ending in ("-wal", "-shm"))]


def _in_words(trace: Trace) -> str:
    if trace.n_ratings is not None:
        held = counted(trace.n_ratings, "rating")
        return f"the copy of the store {trace.path} still holds them ({held}): delete it"
    if not trace.is_certain:
        return f"the file {trace.path} may still hold them ({trace.where}): check it, or delete it"
    return f"the file {trace.path} still names them ({trace.where}): delete it"


def _outside(path: Path, participant_id: str) -> Iterator[str]:
    held = maintenance.n_ratings_in(path, participant_id) if path.is_file() else None
    if held is None:
        yield f"the back-up {path} may still hold them: delete it, or make a new one"
    elif held >= 0:
        yield f"the back-up {path} still holds them ({counted(held, 'rating')}): delete it"
