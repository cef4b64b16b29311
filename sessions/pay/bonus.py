"""What a rating earns."""

from study.config.protocol import Protocol
from study.store import Db
from study.store.people import payments
from study.vocabulary import Rating


def bonus_pence(rating: Rating, ground_truth: Rating | None, protocol: Protocol) -> int:
    """Return what a rating in the annotation phase earns.

    Returns whole pence.

    `ground_truth`: the expert's; None where the candidate has none. Paper: Quality Control.

    Examples
    --------
    >>> bonus_pence(Rating.VERY_CLEAN, Rating.VERY_CLEAN, Protocol())
    10
    >>> bonus_pence(Rating.VERY_CLEAN, None, Protocol())
    0
    """
    return protocol.bonus_pence if rating == ground_truth else 0


def total_pence(db: Db, participant_id: str) -> int:
    """Return all bonus that a participant has been shown, over all sessions.

    Returns the sum of the stored bonuses: a correction of a ground truth does not change it.
    """
    return payments.bonus_pence(db, participant_id)
