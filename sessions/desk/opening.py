"""Open a desk: the transaction in which commands and the page in the browser change a study."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sessions.laptops.away import require_whole
from study.config.study import Study
from study.store import Engine, snapshot, studies, transaction
from study.store.desk import Desk


@contextmanager
def opened(
    engine: Engine,
    study: Study,
    by: str,
    at: datetime,
    *,
    on_laptop: bool = False,
    only_read: bool = False,
) -> Iterator[Desk]:
    """Yield a desk for changing a study; changes are saved when the block ends.

    Raises StudyError if the store belongs to another study, or is a laptop's part.

    Parameters
    ----------
    on_laptop : bool
        Whether a laptop's part of a store may be changed as well.
    only_read : bool
        Whether nothing is changed this time.
    """
    with snapshot(engine) if only_read else transaction(engine) as db:
        studies.identity(db, study)
        if not (only_read or on_laptop):
            require_whole(db)
        yield Desk(db, study, by, at)
