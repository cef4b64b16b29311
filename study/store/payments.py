"""What participants have earned, as far as the store knows it."""

from sqlalchemy import func, select

from study.store.engine import Db
from study.store.tables import RatingRow


def bonus_pence(db: Db, participant_id: str) -> int:
    """Return the sum of the bonuses that a participant was shown.

    Parameters
    ----------
    db : Session
        An open transaction.
    participant_id : str
        Who.

    Returns
    -------
    int
        Whole pence.
    """
    return db.scalars(
        select(func.coalesce(func.sum(RatingRow.bonus_pence), 0)).where(
            RatingRow.participant_id == participant_id
        )
    ).one()
