"""Times as people read them: on the lab's clock, with the offset from UTC; the store keeps UTC.

The zone is the machine's (``TZ`` where it is set) unless one is handed in.
"""

from datetime import UTC, date, datetime, tzinfo


def local_day(at: datetime, zone: tzinfo | None = None) -> date:
    """Return the day on which something happened by the lab's clock.

    It is not always UTC's.

    `zone`: the lab's; None for the machine's.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> local_day(datetime.fromisoformat("2026-01-05T22:30Z"), ZoneInfo("Asia/Tokyo")).isoformat()
    '2026-01-06'
    """
    return _local(at, zone).date()


def local_time(at: datetime, zone: tzinfo | None = None, *, seconds: bool = False) -> str:
    """Return a time stamp for people to read.

    Returns day, time and offset from UTC, which separates the two hours of an autumn night.

    `zone`: the lab's; None for the machine's.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> local_time(datetime.fromisoformat("2026-07-05T09:00Z"), ZoneInfo("Europe/Berlin"))
    '2026-07-05 11:00+02:00'
    """
    return _local(at, zone).isoformat(" ", timespec="seconds" if seconds else "minutes")


def _local(at: datetime, zone: tzinfo | None) -> datetime:
    # pandas' time stamps take "no zone" for UTC without one.
    return datetime.fromtimestamp(at.timestamp(), UTC).astimezone(zone)
