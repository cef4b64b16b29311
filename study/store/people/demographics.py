"""Participants' answers about themselves, stored apart from their ratings."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from study.store.engine import Db
from study.store.tables import DemographicsRow


def put(db: Db, participant_id: str, answers: dict[str, Any], at: datetime) -> None:
    """Record a participant's answers, in place of earlier ones."""
    db.merge(DemographicsRow(participant_id=participant_id, answers=answers, recorded_at=at))
    db.flush()


def answers(db: Db) -> dict[str, dict[str, Any]]:
    """Return all answers."""
    rows = db.scalars(select(DemographicsRow).order_by(DemographicsRow.participant_id))
    return {row.participant_id: dict(row.answers) for row in rows}
