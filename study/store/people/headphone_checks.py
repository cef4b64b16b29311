"""Headphone checks: which sounds, and how many were found."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from study.store.engine import Db
from study.store.tables import HeadphoneCheckRow


@dataclass(frozen=True, slots=True)
class HeadphoneCheck:
    """A headphone check that a participant did.

    Parameters
    ----------
    stimulus : {"huggins", "antiphase"}
        Which sounds.
    targets, answers : tuple of int
        Which sound was to be found in each trial, and which was named.
    gain_db : float
        How loud they were, relative to full level.
    """

    participant_id: str
    stimulus: str
    targets: tuple[int, ...]
    answers: tuple[int, ...]
    gain_db: float
    n_right: int
    done_at: datetime


def add(db: Db, check: HeadphoneCheck) -> None:
    """Record a check."""
    db.add(
        HeadphoneCheckRow(
            participant_id=check.participant_id,
            stimulus=check.stimulus,
            n_trials=len(check.targets),
            n_right=check.n_right,
            answers={
                "targets": list(check.targets),
                "answers": list(check.answers),
                "gain_db": check.gain_db,
            },
            done_at=check.done_at,
        )
    )
    db.flush()


def merge(laptop: Db, main: Db, participant_id: str) -> None:
    """Copy the checks that a participant did on a laptop; those that are known stay single."""
    known = listed(main, participant_id)
    for check in listed(laptop, participant_id):
        if check not in known:
            add(main, check)


def listed(db: Db, participant_id: str) -> list[HeadphoneCheck]:
    """Return the checks of a participant."""
    rows = db.scalars(
        select(HeadphoneCheckRow)
        .where(HeadphoneCheckRow.participant_id == participant_id)
        .order_by(HeadphoneCheckRow.done_at)
    )
    return [
        HeadphoneCheck(
            row.participant_id,
            row.stimulus,
            tuple(row.answers["targets"]),
            tuple(row.answers["answers"]),
            float(row.answers["gain_db"]),
            row.n_right,
            row.done_at,
        )
        for row in rows
    ]
