"""What releases call participants: drawn from the system's entropy, stored when first given."""

import secrets
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert, select

from study.store.engine import Db
from study.store.tables import PseudonymRow

# No vowels, so that no word comes about, and nothing that looks like something else.
_LETTERS = "bcdfghjkmnpqrstvwxz"
_SIGNS = f"{_LETTERS}23456789"
_N_SIGNS = 8


def given(db: Db) -> dict[str, str]:
    """Return the pseudonyms that were given so far, by participant."""
    rows = db.execute(
        select(PseudonymRow.participant_id, PseudonymRow.pseudonym).order_by(
            PseudonymRow.participant_id
        )
    )
    return {row.participant_id: row.pseudonym for row in rows}


def give(db: Db, participant_ids: Iterable[str], at: datetime) -> dict[str, str]:
    """Give pseudonyms to those who have none yet, and return all.

    Parameters
    ----------
    participant_ids : iterable of str
        Who needs one; nobody's changes.
    """
    known = given(db)
    taken = set(known.values())
    new: dict[str, str] = {}
    for participant_id in sorted(set(participant_ids) - known.keys()):
        new[participant_id] = _drawn(taken)
        taken.add(new[participant_id])
    if new:
        db.execute(
            insert(PseudonymRow),
            [{"participant_id": i, "pseudonym": name, "given_at": at} for i, name in new.items()],
        )
    return known | new


def _drawn(taken: Iterable[str]) -> str:
    while True:
        first = secrets.choice(_LETTERS)
        name = first + "".join(secrets.choice(_SIGNS) for _ in range(_N_SIGNS - 1))
        if name not in taken:
            return name
