"""Rig checks: what was measured of a machine, and the grade it got."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from study.store.engine import Db
from study.store.tables import RigCheckRow

VALID_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class RigCheck:
    """A measured rig."""

    host: str
    checked_at: datetime
    grade: str
    rig: dict[str, Any]
    measurements: dict[str, Any]


def add(db: Db, check: RigCheck) -> None:
    """Record a check."""
    db.add(
        RigCheckRow(
            host=check.host,
            checked_at=check.checked_at,
            grade=check.grade,
            rig=check.rig,
            measurements=check.measurements,
        )
    )


def latest(db: Db, host: str) -> RigCheck | None:
    """Return the last check of a machine, however old.

    Returns None where it was never checked.
    """
    row = db.scalars(
        select(RigCheckRow)
        .where(RigCheckRow.host == host)
        .order_by(RigCheckRow.checked_at.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    return RigCheck(row.host, row.checked_at, row.grade, row.rig, row.measurements)
