"""Where a table out of a store comes from."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from curation.release.tables import Provenance
from study.config.study import Study
from study.store import Db, studies
from study.tools.files import sha256_of


def provenance_of(
    db: Db,
    study: Study,
    at: datetime,
    *,
    settings: Mapping[str, Any] | None = None,
    counts: Mapping[str, Any] | None = None,
    inputs: Iterable[Path] = (),
) -> Provenance:
    """Return where a table made from the store, and files, comes from.

    Parameters
    ----------
    settings, counts : dict or None
        What made the table and what it holds.

    Returns
    -------
    Provenance
        For `curation.release.tables.write_table`.

    Raises
    ------
    ConfigError
        If `study.toml` differs from what is frozen: a table of other rules would not show it.
    """
    studies.refuse_changed(db, study.config)
    store = studies.identity(db, study)
    return Provenance(
        rehearsal=study.config.rehearsal,
        store_id=store.store_id,
        store_revision=store.revision,
        made_at=at.isoformat(timespec="seconds"),
        settings=settings or {},
        counts=counts or {},
        inputs={path.name: sha256_of(path) for path in inputs},
    )
