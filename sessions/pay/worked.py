"""How long somebody worked, and what that is worth: one rule, without a clock or a store."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from study.vocabulary import Phase

# A trial takes a few seconds and a break half a minute; who does nothing for longer has paused.
LONGEST_PAID_GAP = timedelta(minutes=2)
# In training the experimenter sits there and talks every clip over.
LONGEST_PAID_TALK = timedelta(minutes=10)
_TICK = timedelta(microseconds=1)  # what the store's time stamps are counted in
_TICKS_PER_HOUR = timedelta(hours=1) // _TICK


def longest_paid_gap(phase: str) -> timedelta:
    """Return how much of a gap between two trials of a phase is paid at most."""
    return LONGEST_PAID_TALK if phase == Phase.TRAINING else LONGEST_PAID_GAP


def worked(
    started_at: datetime,
    recorded_at: Sequence[datetime],
    ended_at: datetime | None,
    longest: timedelta = LONGEST_PAID_GAP,
) -> timedelta:
    """Return how long somebody worked in a session, to the microsecond.

    Parameters
    ----------
    ended_at : datetime or None
        End of the session; None while it is open, or where a power cut ended it.
    longest : timedelta
        How much of a gap between two trials is paid at most; the rest of it is a pause.

    Examples
    --------
    >>> nine = datetime(2026, 1, 5, 9)
    >>> str(worked(nine, [nine + timedelta(seconds=5.4), nine + timedelta(hours=1)], None))
    '0:02:05.400000'
    """
    moments = [started_at, *recorded_at]
    if ended_at is not None:
        moments.append(ended_at)
    gaps = (min(max(after - before, timedelta()), longest) for before, after in pairwise(moments))
    return sum(gaps, timedelta())


def hours_pence(time: timedelta, hourly_rate_pence: int) -> int:
    """Return the pay for some time: the exact product, rounded up to the penny.

    Nothing is rounded before, so that nobody loses a part of a penny.

    Returns whole pence.

    `time`: from `worked`, of one session.

    Examples
    --------
    >>> hours_pence(timedelta(seconds=60), 600), hours_pence(timedelta(seconds=60.000001), 600)
    (10, 11)
    """
    return -(-(time // _TICK) * hourly_rate_pence // _TICKS_PER_HOUR)


def hours_pence_before(time: timedelta, hourly_rate_pence: int) -> int:
    """Return what versions paid that cut seconds first; what they paid is not paid again."""
    return hours_pence(time - time % timedelta(seconds=1), hourly_rate_pence)


def whole_seconds(time: timedelta) -> int:
    """Return seconds as the store keeps them beside a payment, rounded up."""
    return -(-time // timedelta(seconds=1))
