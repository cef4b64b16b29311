"""What stands behind a rating: its session, what was played, which keys were pressed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from study.errors import StoreError
from study.store.engine import Db
from study.store.tables import (
    KeyPressRow,
    PresentationRow,
    ProtocolVersionRow,
    SessionRow,
)

_PRESENTATION = (
    "trial_id", "number", "onset_s", "offset_s", "interrupted", "clip_sha256", "av_offset_s",
    "n_frames_shown", "n_frames_dropped", "n_xruns",
)  # fmt: skip
_PRESS = ("trial_id", "key", "t_s", "early")
_N_AT_ONCE = 500
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Origin:
    """A session: who sat where, with which software and configuration.

    Parameters
    ----------
    rig : dict
        What the machine said of itself; empty where it said nothing.
    config_sha256 : str
        Of the configuration under which it ran; empty where that is not known.
    """

    session_id: str
    participant_id: str
    phase: str
    stage: str
    started_at: datetime
    host: str
    rig: dict[str, Any]
    config_sha256: str


def of_session(db: Db, session_id: str) -> Origin:
    """Return a session.

    Raises
    ------
    StoreError
        If there is no such session.
    """
    row = db.get(SessionRow, session_id)
    if row is None:
        raise StoreError(
            f"no session {session_id} in the store. Check it: python -m sessions check"
        )
    version = db.get(ProtocolVersionRow, row.protocol_version_id)
    return Origin(
        session_id,
        row.participant_id,
        row.phase,
        row.stage,
        row.started_at,
        row.host,
        row.rig if isinstance(row.rig, dict) else {},
        "" if version is None else version.config_sha256,
    )


def played(db: Db, trials: Collection[int]) -> dict[int, Rows]:
    """Return what was played in trials, in its order; a trial without a playing is left out."""
    return _by_trial(db, PresentationRow, _PRESENTATION, trials, PresentationRow.number)


def pressed(db: Db, trials: Collection[int]) -> dict[int, Rows]:
    """Return which keys were pressed in trials, in their order."""
    return _by_trial(db, KeyPressRow, _PRESS, trials, KeyPressRow.id)


def _by_trial(
    db: Db,
    table: type[Any],
    columns: Sequence[str],
    trials: Iterable[int],
    order: Any,  # noqa: ANN401
) -> dict[int, Rows]:
    found: dict[int, Rows] = {}
    asked = sorted(trials)
    for first in range(0, len(asked), _N_AT_ONCE):
        query = (
            select(*(getattr(table, name) for name in columns))
            .where(table.trial_id.in_(asked[first : first + _N_AT_ONCE]))
            .order_by(table.trial_id, order)
        )
        for row in db.execute(query).mappings():
            found.setdefault(int(row["trial_id"]), []).append(dict(row))
    return found
