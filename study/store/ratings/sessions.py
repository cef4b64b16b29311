"""Sessions: one sitting of a participant, and never two at once."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from study.errors import StoreError
from study.processes.parents import process_mark
from study.store.engine import Db
from study.store.tables import SessionRow
from study.tools.local_time import local_time
from study.vocabulary import EndReason, Phase

HEARTBEAT_S = 20.0
# A process that has been silent for so long counts as dead, wherever it runs.
SILENCE = timedelta(minutes=5)
_OPENING = "opening"  # in ``rig``: there is no screen yet


@dataclass(frozen=True, slots=True)
class Process:
    """The process that holds a session open.

    Parameters
    ----------
    mark : str
        From `process_mark`; empty where it is not known.
    """

    host: str
    pid: int
    mark: str = ""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that has not ended, or whose program crashed.

    Parameters
    ----------
    started_at, heartbeat_at : datetime
        Since when, and its last sign of life.
    """

    participant_id: str
    host: str
    pid: int
    started_at: datetime
    heartbeat_at: datetime


def in_session(db: Db, phase: Phase) -> list[str]:
    """Return who has a session of a phase that is open, sorted."""
    found = select(SessionRow.participant_id).where(
        SessionRow.ended_at.is_(None), SessionRow.phase == phase.value
    )
    return sorted(db.scalars(found))


def open_sessions(db: Db) -> list[OpenSession]:
    """Return the sessions that are open."""
    rows = db.scalars(
        select(SessionRow).where(SessionRow.ended_at.is_(None)).order_by(SessionRow.participant_id)
    )
    return [
        OpenSession(row.participant_id, row.host, row.pid, row.started_at, row.heartbeat_at)
        for row in rows
    ]


def times_of(db: Db, participant_id: str) -> list[tuple[datetime, datetime]]:
    """Return when the sessions of a participant began and ended that are over, in order."""
    rows = db.execute(
        select(SessionRow.started_at, SessionRow.ended_at)
        .where(SessionRow.participant_id == participant_id, SessionRow.ended_at.is_not(None))
        .order_by(SessionRow.started_at)
    )
    return [(began, ended) for began, ended in rows if ended is not None]


def begin(
    db: Db,
    *,
    session_id: str,
    participant_id: str,
    phase: Phase,
    attempt: int,
    stage: str,
    simulated_profile: str | None,
    protocol_version_id: int,
    rig: dict[str, Any] | None,
    process: Process,
    is_running: Callable[[int], bool],
    at: datetime,
    beat_at: datetime | None = None,
) -> str:
    """Open a session.

    A session left open by a process that is gone is closed as abandoned; its ratings stay.

    Raises StoreError if a session of the participant is open elsewhere.

    Parameters
    ----------
    attempt : int
        From 1.
    stage : {"window", "simulated"}
        Where the clips are shown.
    simulated_profile : str or None
        Profile of the simulated person; None for a human one.
    protocol_version_id : int
        The configuration, from `study.store.studies.protocol_version`.
    rig : dict or None
        Machine, screen, sound device and versions; None before the screen is open (`set_rig`). A
        session that is closed before that is not kept.
    is_running : callable
        Whether a process of this host is alive.
    at : datetime
        Now, by the clock of the station, which times the session.
    beat_at : datetime or None
        Now, by the clock of the database, which decides who is alive; None where that is the same.
    """
    beat_at = beat_at or at
    abandon(db, participant_id, host=process.host, is_running=is_running, at=beat_at)
    db.add(
        SessionRow(
            id=session_id,
            participant_id=participant_id,
            phase=str(phase),
            attempt=attempt,
            stage=stage,
            simulated_profile=simulated_profile,
            started_at=at,
            heartbeat_at=beat_at,
            host=process.host,
            pid=process.pid,
            protocol_version_id=protocol_version_id,
            rig=({_OPENING: True} if rig is None else rig) | {"process": process.mark},
        )
    )
    try:
        db.flush()
    except IntegrityError as error:
        raise StoreError(
            f"participant {participant_id} was given another session at the same moment, in a "
            "second annotator. Go on there, or end that one and start again"
        ) from error
    return session_id


def heartbeat(db: Db, session_id: str, at: datetime) -> None:
    """Say that the session's process is alive."""
    row = db.get_one(SessionRow, session_id)
    if row.ended_at is None:
        row.heartbeat_at = at


def require_open(db: Db, session_id: str) -> None:
    """Raise if a session was closed from outside while its program still runs.

    Raises StoreError if it is closed: its clips may be somebody else's by now.
    """
    row = db.get(SessionRow, session_id)
    if row is None or row.ended_at is not None:
        raise StoreError(
            "this session was closed at the desk, or by an annotator that started elsewhere, and "
            "takes no more ratings. What was rated before stands: leave, and start again"
        )


def set_rig(db: Db, session_id: str, rig: dict[str, Any], at: datetime) -> None:
    """Record screen and sound once they are open, which is when the session starts."""
    row = db.get_one(SessionRow, session_id)
    row.rig = {key: value for key, value in row.rig.items() if key != _OPENING} | rig
    row.started_at = at


def set_gain(db: Db, session_id: str, gain_db: float) -> None:
    """Record how loud the headphones were set.

    `gain_db`: relative to the clips as they are in their files, in dB.
    """
    db.get_one(SessionRow, session_id).gain_db = gain_db


def end(db: Db, session_id: str, *, reason: EndReason, at: datetime) -> None:
    """Close a session; closing it twice changes nothing."""
    row = db.get_one(SessionRow, session_id)
    if row.ended_at is None:
        _close(db, row, reason, at)


def abandon(
    db: Db, participant_id: str, *, host: str, is_running: Callable[[int], bool], at: datetime
) -> bool:
    """Close a session whose program is gone; its ratings stay.

    Raises StoreError if the session shows signs of life.

    Parameters
    ----------
    host : str
        This machine, whose processes can be asked for.
    is_running : callable
        Whether a process of this machine is alive; if it is, the session is, whatever clocks say.
    """
    row = db.scalars(
        select(SessionRow).where(
            SessionRow.participant_id == participant_id, SessionRow.ended_at.is_(None)
        )
    ).one_or_none()
    if row is None:
        return False
    # A sign of life from the future does not count: the database's clock was put back since.
    silent_for = abs(at - row.heartbeat_at)
    is_here = _is_here(db, row, host)
    if is_here and _still_runs(row, is_running):
        way_out = f"if its program hangs, end it: kill {row.pid}"
    elif not is_here and silent_for <= SILENCE:
        way_out = (
            f"if its machine has crashed, start again {SILENCE.seconds // 60} minutes after its "
            f"last sign of life, which was {silent_for.total_seconds():.0f} s ago"
        )
    else:
        way_out = ""
    if way_out:
        raise StoreError(
            f"participant {participant_id} has a session open on {row.host} (process {row.pid}) "
            f"since {local_time(row.started_at)}. End that one with Escape; {way_out}"
        )
    _close(db, row, EndReason.ABANDONED, at)
    db.flush()
    return True


def _close(db: Db, row: SessionRow, reason: EndReason, at: datetime) -> None:
    if row.rig.get(_OPENING):
        db.delete(row)  # its screen never opened: nothing was shown, and nothing is to be paid
    else:
        row.ended_at, row.end_reason = at, reason.value


def _is_here(db: Db, row: SessionRow, host: str) -> bool:
    """Return whether a session's process is, or was, one of this machine."""
    mark, this_run = str(row.rig.get("process", "")), process_mark(os.getpid()).partition("/")[0]
    if mark and mark == process_mark(row.pid):
        return True  # whatever the machine is called by now
    if row.host != host:
        return False
    # Machines that were copied share a name; only a server is used by several.
    is_shared = db.get_bind().dialect.name != "sqlite"
    return not (is_shared and mark and mark.partition("/")[0] != this_run)


def _still_runs(row: SessionRow, is_running: Callable[[int], bool]) -> bool:
    # A number may have gone to another annotator since.
    mark = row.rig.get("process")
    return is_running(row.pid) and (not mark or mark == process_mark(row.pid))
