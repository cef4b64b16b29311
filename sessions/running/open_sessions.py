"""Sessions that are open: what cannot be changed meanwhile, and how a crashed one is closed."""

import socket
from collections.abc import Callable, Collection

from study.errors import StudyError
from study.store import Db
from study.store.desk import Desk
from study.store.people import participants
from study.store.ratings import sessions
from study.tools.local_time import local_time


def require_none_open(db: Db, participant_ids: Collection[str], what: str) -> None:
    """Raise if somebody is rating whom a change concerns.

    Raises StudyError if one of them has an open session; it names all.
    """
    participants.lock(db, participant_ids)  # nobody of them opens one until this is done
    found = [s for s in sessions.open_sessions(db) if s.participant_id in participant_ids]
    if found:
        since = ", ".join(
            f"{s.participant_id} on {s.host} since {local_time(s.started_at)}" for s in found
        )
        raise StudyError(
            f"a session is open ({since}), and {what} would take away clips that it is showing. "
            "End it with Escape; if its program is gone: python -m sessions end-session "
            f"{found[0].participant_id}"
        )


def end_crashed(desk: Desk, participant_id: str, *, is_running: Callable[[int], bool]) -> None:
    """Close a session whose program is gone; its ratings stay.

    Raises StudyError if none is open, or it shows signs of life.

    Parameters
    ----------
    is_running : callable
        Whether a process of this machine is an annotator that runs.
    """
    db = desk.db
    participants.get(db, participant_id)
    participants.lock(db, [participant_id])
    host = socket.gethostname()
    if not sessions.abandon(db, participant_id, host=host, is_running=is_running, at=desk.at):
        raise StudyError(f"participant {participant_id} has no open session. Nothing was changed")
    desk.log("end_session", participant_id, {})
