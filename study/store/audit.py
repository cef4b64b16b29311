"""The audit log: who changed what, and when. Events are added, never changed.

The one exception is an erased person, whose id gives way to a random number (`rename`).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import select, text

from study.store.engine import Db
from study.store.tables import AuditEventRow

N_SQLITE_GUARDS = 2  # against UPDATE and against DELETE
_DIGEST, _SHOWN_DIGITS = re.compile(r"[0-9a-f]{64}"), 12
_MOST_SHOWN = 20  # entries of a list
COLUMNS = {  # of `frame`, and what each means
    "at": "when, UTC",
    "actor": "who did it: initials, or the program",
    "action": "what was done, in a word",
    "subject": "to whom or to what",
    "detail": "the rest, as JSON",
}
BROUGHT = "event"  # in the detail of an event that a laptop brought: its number there


def add(
    db: Db, *, actor: str, action: str, subject: str, detail: dict[str, Any], at: datetime
) -> None:
    """Add an event to the audit log.

    Parameters
    ----------
    db : Session
        An open transaction; the event is kept if and only if the change is.
    actor : str
        Who: an experimenter's initials, a participant's id or a command.
    action : str
        What was done, as a verb, such as ``"enrol"``.
    detail : dict
        What a reader needs to understand it, as JSON values.
    """
    db.add(AuditEventRow(at=at, actor=actor, action=action, subject=subject, detail=detail))


def rename(db: Db, participant_id: str, number: str) -> None:
    """Put a random number in the place of an erased person's id, in every event.

    The one change that the log knows. The database refuses it otherwise, so its guard is put
    aside and back within the transaction.
    """
    is_id = re.compile(rf"(?<![\w./-]){re.escape(participant_id)}(?![\w/-])")
    db.flush()
    with _unguarded(db):
        for row in db.scalars(select(AuditEventRow).order_by(AuditEventRow.id)):
            row.actor = is_id.sub(number, row.actor)
            row.subject = is_id.sub(number, row.subject)
            detail = _renamed(row.detail, is_id, number)
            if detail != row.detail:
                row.detail = detail
        db.flush()


def is_guarded(db: Db) -> bool:
    """Return whether the database still refuses to change the audit log.

    Returns False once somebody has removed the triggers that refuse it, or switched them off.
    """
    if db.get_bind().dialect.name == "sqlite":
        return len(_guards(db)) == N_SQLITE_GUARDS
    enabled = text(
        "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'audit_event'::regclass "
        "AND NOT tgisinternal AND tgenabled <> 'D'"
    )
    return bool(db.scalar(enabled) == 1)


def _guards(db: Db) -> list[tuple[str, str]]:
    query = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table")
    return [(name, sql) for name, sql in db.execute(query, {"table": AuditEventRow.__tablename__})]


@contextmanager
def _unguarded(db: Db) -> Iterator[None]:
    if db.get_bind().dialect.name != "sqlite":
        db.execute(text("ALTER TABLE audit_event DISABLE TRIGGER USER"))
        yield
        db.execute(text("ALTER TABLE audit_event ENABLE TRIGGER USER"))
        return
    guards = _guards(db)
    for name, _ in guards:
        db.execute(text(f"DROP TRIGGER {name}"))
    yield
    for _, sql in guards:
        db.execute(text(sql))


def _renamed(value: Any, is_id: re.Pattern[str], number: str) -> Any:  # noqa: ANN401
    match value:
        case str():
            return is_id.sub(number, value)
        case list():
            return [_renamed(part, is_id, number) for part in value]
        case dict():
            return {is_id.sub(number, k): _renamed(v, is_id, number) for k, v in value.items()}
    return value


def own(db: Db, *actions: str) -> list[dict[str, Any]]:
    """Return what was done with this store itself, not what a laptop's file says was done there.

    Returns ``action`` and what `add` was given as ``detail``, in the order of events.

    `*actions`: which, as in `add`.
    """
    query = select(AuditEventRow.action, AuditEventRow.detail).order_by(AuditEventRow.id)
    found = db.execute(query.where(AuditEventRow.action.in_(actions)))
    return [
        {**detail, "action": action}
        for action, detail in found
        if isinstance(detail, dict) and BROUGHT not in detail
    ]


def in_short(detail: Any) -> Any:  # noqa: ANN401
    """Return the detail of an event as a person reads it: digests cut, long lists counted.

    Examples
    --------
    >>> in_short({"seal": {str(n): n for n in range(30)}, "sha256": 64 * "a"})
    {'seal': '30 entries', 'sha256': 'aaaaaaaaaaaa...'}
    """
    match detail:
        case str() if _DIGEST.fullmatch(detail):
            return f"{detail[:_SHOWN_DIGITS]}..."
        case list() if len(detail) > _MOST_SHOWN:
            return f"{len(detail)} entries"
        case list():
            return [in_short(part) for part in detail]
        case dict():
            return {
                key: f"{len(part)} entries"
                if isinstance(part, dict) and len(part) > _MOST_SHOWN
                else in_short(part)
                for key, part in detail.items()
            }
    return detail


def frame(db: Db) -> pd.DataFrame:
    """Return the whole audit log.

    Returns columns `COLUMNS`, in the order of events.
    """
    rows = db.scalars(select(AuditEventRow).order_by(AuditEventRow.id))
    return pd.DataFrame(
        [(row.at, row.actor, row.action, row.subject, row.detail) for row in rows],
        columns=list(COLUMNS),
    )
