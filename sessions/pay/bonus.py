"""What a rating or an answer earns."""

from study.config.protocol import Protocol
from study.config.recognition import Recognition
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


def answer_bonus_pence(
    answer: str, label: str, recognition: Recognition, *, is_practice: bool
) -> int:
    """Return what an answer in the recognition phase earns; nothing where no answer is right.

    Examples
    --------
    >>> answer_bonus_pence("frying", "frying", Recognition(bonus_pence=2), is_practice=False)
    2
    """
    is_right = bool(label) and answer == label
    return recognition.bonus_pence if is_right and not is_practice else 0


def total_pence(db: Db, participant_id: str) -> int:
    """Return all bonus that a participant has been shown, over all sessions.

    Returns the sum of the stored bonuses: a correction of a ground truth does not change it.
    """
    return payments.bonus_pence(db, participant_id)
