"""Who else can read or change a study's store."""

from collections.abc import Iterator
from pathlib import Path

from study.config.study import CONFIG_NAME, Study
from study.store import Db, maintenance
from study.store.addresses import sqlite_path
from study.tools.access import is_of_people, readable_by_others
from study.tools.wording import has_password


def access_findings(db: Db, study: Study) -> Iterator[str]:
    """Yield who can read or change people's data and should not, one sentence each.

    Yields what was found and what to do; nothing where all is well.

    `study`: its store, back-ups and logs are looked at; on PostgreSQL the rights on its tables.
    """
    group = study.config.desk.group
    for path in _files(study):
        others = readable_by_others(path, group)
        if others and all(readable_by_others(above, group) for above in _folders(path, study)):
            yield f"{path} can be read by {others}. Remove that right: python -m study protect"
    for table, rights in maintenance.open_to_all(db):
        yield (
            f"everybody who can connect to the server has rights on the table {table}: {rights}. "
            f"Remove them: REVOKE ALL ON {table} FROM PUBLIC"
        )
    role = maintenance.superuser(db)
    if role:
        yield (
            f"the store is used as {role}, a superuser of the server, whom nothing is refused, a "
            "change of the audit log neither. Use a role that owns the study's database and no "
            "more: CREATE ROLE study LOGIN; ALTER DATABASE ... OWNER TO study"
        )


def _folders(path: Path, study: Study) -> list[Path]:
    # Those of the study that lead to a file: one that is closed keeps others from it.
    folder = study.folder.resolve()
    return [above for above in path.parents if above.is_relative_to(folder)]


def _files(study: Study) -> list[Path]:
    store = sqlite_path(study.store_url)
    found = [*study.folder.glob("*.backup")]
    found += [study.folder / CONFIG_NAME] if has_password(study.config.store) else []
    found += [*study.folder.glob("backups/*"), *study.log_folder.glob("*")]
    found += [] if store is None else store.parent.glob(f"{store.name}*")
    own = {path.resolve() for path in found if path.is_file() and is_of_people(path)}
    return sorted(own)
