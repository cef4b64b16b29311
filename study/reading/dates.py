"""Which days and times from outside can be: one range, whoever says them."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator

# The clips that are rated were published in 2018: nobody signed for a study of them before.
FIRST_STUDY = date(2018, 1, 1)
# A clock that lost its battery starts in 1970, and what was rated by it was rated all the same.
FIRST_YEAR_OF_CLOCKS, LAST_YEAR_OF_CLOCKS = 1970, 2199


def is_by_a_clock(at: datetime) -> bool:
    """Return whether a time stamp has a zone and can have come from a machine's clock.

    Examples
    --------
    >>> is_by_a_clock(datetime.fromisoformat("2026-01-05T22:30Z"))
    True
    >>> is_by_a_clock(datetime.fromisoformat("0001-01-01T00:00Z"))
    False
    """
    is_in_range = FIRST_YEAR_OF_CLOCKS <= at.year <= LAST_YEAR_OF_CLOCKS
    return at.utcoffset() is not None and is_in_range


def why_not_signed_on(day: date, today: date) -> str | None:
    """Return what is wrong with a day on which somebody is said to have signed.

    Parameters
    ----------
    today : date
        By the lab's clock.

    Examples
    --------
    >>> why_not_signed_on(date(26, 1, 5), date(2026, 1, 6))
    'is before 2018-01-01, when there was no study yet'
    """
    if day < FIRST_STUDY:
        return f"is before {FIRST_STUDY}, when there was no study yet"
    return "is in the future" if day > today else None


def _by_a_clock(at: datetime) -> datetime:
    if not is_by_a_clock(at):
        raise ValueError(
            f"{at.isoformat()} is not a time with its zone, of the years {FIRST_YEAR_OF_CLOCKS} "
            f"to {LAST_YEAR_OF_CLOCKS}"
        )
    return at


ClockTime = Annotated[datetime, AfterValidator(_by_a_clock)]
