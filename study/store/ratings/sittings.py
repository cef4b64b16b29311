"""Sessions: one sitting of a participant, and never two at once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from study.errors import StoreError
from study.store.engine import Db
from study.store.tables import SessionRow
from study.tools.local_time import local_time
from study.vocabulary import EndReason, Phase

HEARTBEAT_S = 20.0
# A process that has not said anything for so long is taken for dead, wherever it runs.
SILENCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Process:
    """The process that holds a session open."""

    host: str
    pid: int


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that has not ended, or whose program broke down.

    Parameters
    ----------
    participant_id : str
        Whose.
    host : str
        On which machine.
    pid : int
        By which process.
    started_at, heartbeat_at : datetime
        Since when, and its last sign of life.
    """

    participant_id: str
    host: str
    pid: int
    started_at: datetime
    heartbeat_at: datetime


def open_sessions(db: Db) -> list[OpenSession]:
    """Return the sessions that are open.

    Parameters
    ----------
    db : Session
        An open transaction.

    Returns
    -------
    list of OpenSession
        By participant.
    """
    rows = db.scalars(
        select(SessionRow).where(SessionRow.ended_at.is_(None)).order_by(SessionRow.participant_id)
    )
    return [
        OpenSession(row.participant_id, row.host, row.pid, row.started_at, row.heartbeat_at)
        for row in rows
    ]


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
    rig: dict[str, Any],
    process: Process,
    is_running: Callable[[int], bool],
    at: datetime,
) -> str:
    """Open a session.

    A session left open by a process that is no more is closed as abandoned; its ratings stay.

    Parameters
    ----------
    db : Session
        An open transaction.
    session_id : str
        A new random id.
    participant_id : str
        Who sits down.
    phase : Phase
        What for.
    attempt : int
        From 1.
    stage : {"window", "simulated"}
        Where the clips are shown.
    simulated_profile : str or None
        Profile of the simulated person; None for a human one.
    protocol_version_id : int
        The configuration, from `study.store.studies.protocol_version`.
    rig : dict
        Machine, screen, sound device and versions.
    process : Process
        This process.
    is_running : callable
        Whether a process of this host is alive.
    at : datetime
        Now.

    Returns
    -------
    str
        The session's id.

    Raises
    ------
    StoreError
        If a session of the participant is open elsewhere.
    """
    abandon(db, participant_id, host=process.host, is_running=is_running, at=at)
    db.add(
        SessionRow(
            id=session_id,
            participant_id=participant_id,
            phase=str(phase),
            attempt=attempt,
            stage=stage,
            simulated_profile=simulated_profile,
            started_at=at,
            heartbeat_at=at,
            host=process.host,
            pid=process.pid,
            protocol_version_id=protocol_version_id,
            rig=rig,
        )
    )
    try:
        db.flush()
    except IntegrityError as error:
        raise StoreError(
            f"session of participant {participant_id} was refused: {error.orig}. "
            "Look for a second annotator that started at the same moment"
        ) from error
    return session_id


def heartbeat(db: Db, session_id: str, at: datetime) -> None:
    """Say that the session's process is alive.

    Parameters
    ----------
    db : Session
        An open transaction.
    session_id : str
        The session.
    at : datetime
        Now.
    """
    row = db.get_one(SessionRow, session_id)
    if row.ended_at is None:
        row.heartbeat_at = at


def set_gain(db: Db, session_id: str, gain_db: float) -> None:
    """Keep how loud the headphones were set.

    Parameters
    ----------
    db : Session
        An open transaction.
    session_id : str
        The session.
    gain_db : float
        Relative to the clips as they are in their files, in dB.
    """
    db.get_one(SessionRow, session_id).gain_db = gain_db


def end(db: Db, session_id: str, *, reason: EndReason, at: datetime) -> None:
    """Close a session; closing it twice changes nothing.

    Parameters
    ----------
    db : Session
        An open transaction.
    session_id : str
        The session.
    reason : EndReason
        Why it ended.
    at : datetime
        Now.
    """
    row = db.get_one(SessionRow, session_id)
    if row.ended_at is None:
        row.ended_at, row.heartbeat_at, row.end_reason = at, at, reason.value


def abandon(
    db: Db, participant_id: str, *, host: str, is_running: Callable[[int], bool], at: datetime
) -> bool:
    """Close a session whose program is gone; its ratings stay.

    Parameters
    ----------
    db : Session
        An open transaction.
    participant_id : str
        Whose.
    host : str
        This machine, whose processes can be asked for.
    is_running : callable
        Whether a process of this machine is alive.
    at : datetime
        Now.

    Returns
    -------
    bool
        False where no session is open.

    Raises
    ------
    StoreError
        If the session shows signs of life.
    """
    row = db.scalars(
        select(SessionRow).where(
            SessionRow.participant_id == participant_id, SessionRow.ended_at.is_(None)
        )
    ).one_or_none()
    if row is None:
        return False
    is_silent = at - row.heartbeat_at > SILENCE
    is_dead = row.host == host and not is_running(row.pid)
    if not (is_silent or is_dead):
        raise StoreError(
            f"participant {participant_id} has a session open on {row.host} (process {row.pid}) "
            f"since {local_time(row.started_at)}. End that one with Escape; if its "
            f"machine has crashed, start again {SILENCE.seconds // 60} minutes after its last sign "
            f"of life ({local_time(row.heartbeat_at, seconds=True)})"
        )
    row.ended_at, row.end_reason = at, EndReason.ABANDONED.value
    db.flush()
    return True
