"""Back-ups of a study's store."""

from datetime import datetime
from pathlib import Path

from sessions.laptops.away import IS_PART
from sessions.people.traces import BACKUP
from study.config.study import Study
from study.errors import StoreError
from study.store import (
    Engine,
    audit,
    is_read_only,
    maintenance,
    open_to_read,
    snapshot,
    store_transaction,
)
from study.store.addresses import sqlite_path
from study.store.engine import engine_of_copy
from study.tools.access import Readers
from study.tools.files import refuse_existing, written_atomically

FOLDER = "backups"


def back_up_study(
    study: Study, out: Path | None, *, overwrite: bool, at: datetime
) -> tuple[Path, dict[str, int]]:
    """Copy a study's store and check that the copy can be read.

    Raises StoreError if no whole copy could be made.

    `out`: where to; a folder, or None for the study's, gets a file with a time stamp.

    Returns
    -------
    path : Path
        The back-up.
    counts : dict of str to int
        Rows by table; of the copy, for SQLite, and of the server, for PostgreSQL.
    """
    file = sqlite_path(study.store_url)
    is_file = file is not None
    suffix = "sqlite" if is_file else "dump"
    path = out or study.folder / FOLDER
    if out is None or out.is_dir():
        path /= f"store-{at:%Y%m%dT%H%M%SZ}.{suffix}"
    refuse_existing(path, overwrite=overwrite)
    if file is not None and path.resolve() == file.resolve():
        raise StoreError(f"{path} is the store itself. Name another file for its back-up")
    engine = open_to_read(study.store_url)
    with written_atomically(path, overwrite=overwrite, readers=Readers.OWNER) as part:
        maintenance.back_up(engine, part)
        engine.dispose()
        return path, _proven(engine_of_copy(part) if is_file else engine, path)


def record_backup(study: Study, path: Path, *, actor: str, at: datetime) -> bool:
    """Record in the audit log where a back-up is, because erasing somebody has to name it.

    Returns False where nothing can be recorded: the store can only be read, or is a laptop's part.
    """
    if is_read_only(study.store_url):
        return False
    with store_transaction(study.store_url) as db:
        if audit.own(db, IS_PART):
            return False
        detail = {"file": str(path.resolve())}
        audit.add(db, actor=actor, action=BACKUP, subject="store", detail=detail, at=at)
    return True


def _proven(copy: Engine, path: Path) -> dict[str, int]:
    """Return the rows of a copy by table, or raise before it takes its name."""
    try:
        with snapshot(copy) as db:
            problems = list(maintenance.broken_pages(db))
            counts = maintenance.counts(db)
    except StoreError as error:
        raise StoreError(
            f"back-up {path} was not made, because the store or the disk is damaged ({error}). "
            "Keep older back-ups, and run: python -m sessions check"
        ) from error
    finally:
        copy.dispose()
    if problems:
        raise StoreError(
            f"back-up {path} was not made, because it would not be complete: {problems[0]}. Keep "
            "older back-ups, and run: python -m sessions check"
        )
    return counts
