"""A session with all that happened in it, for chains from a number back to a key press."""

from collections.abc import Sequence
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
    TrialRow,
)

_PRESENTATION = (
    "trial_id", "number", "onset_s", "offset_s", "interrupted", "clip_sha256", "av_offset_s",
    "n_frames_shown", "n_frames_dropped", "n_xruns",
)  # fmt: skip
_PRESS = ("trial_id", "key", "t_s", "early")
Rows = tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """A session and its evidence.

    Parameters
    ----------
    rig : dict
        What the machine said of itself; empty where it said nothing.
    config_sha256 : str
        Of the configuration under which it ran; empty where that is not known.
    presentations, presses : tuple of dict
        In their order, each with ``trial_id``.
    """

    session_id: str
    participant_id: str
    phase: str
    stage: str
    started_at: datetime
    host: str
    rig: dict[str, Any]
    config_sha256: str
    presentations: Rows
    presses: Rows

    def of_trial(self, trial_id: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return the presentations and the key presses of one trial."""
        return (
            [row for row in self.presentations if row["trial_id"] == trial_id],
            [row for row in self.presses if row["trial_id"] == trial_id],
        )


def of_session(db: Db, session_id: str) -> Origin:
    """Return a session with all that happened in it.

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
        _rows(db, PresentationRow, _PRESENTATION, session_id, PresentationRow.number),
        _rows(db, KeyPressRow, _PRESS, session_id, KeyPressRow.id),
    )


def _rows(
    db: Db,
    table: type[Any],
    columns: Sequence[str],
    session_id: str,
    order: Any,  # noqa: ANN401
) -> Rows:
    query = (
        select(*(getattr(table, name) for name in columns))
        .join(TrialRow, TrialRow.id == table.trial_id)
        .where(TrialRow.session_id == session_id)
        .order_by(TrialRow.number, order)
    )
    return tuple(dict(row) for row in db.execute(query).mappings())
