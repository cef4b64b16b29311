"""The audit log: who changed what, and when. Events are added, never changed."""

from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import select

from study.store.engine import Db
from study.store.tables import AuditEventRow


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
    subject : str
        To what, such as a participant's id.
    detail : dict
        What a reader needs to understand it, as JSON values.
    at : datetime
        When, with a time zone.
    """
    db.add(AuditEventRow(at=at, actor=actor, action=action, subject=subject, detail=detail))


def frame(db: Db) -> pd.DataFrame:
    """Return the whole audit log.

    Parameters
    ----------
    db : Session
        An open transaction.

    Returns
    -------
    DataFrame
        Columns ``at, actor, action, subject, detail``, in the order of events.
    """
    rows = db.scalars(select(AuditEventRow).order_by(AuditEventRow.id))
    return pd.DataFrame(
        [(row.at, row.actor, row.action, row.subject, row.detail) for row in rows],
        columns=["at", "actor", "action", "subject", "detail"],
    )
