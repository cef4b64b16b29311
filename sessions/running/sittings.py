"""Whether somebody has had many sessions today, or little rest: what the experimenter is told."""

from dataclasses import dataclass, field
from datetime import datetime

from study.config.desk import DeskFiles
from study.config.study import Study
from study.store import Db
from study.store.ratings import sessions
from study.tools.local_time import local_day


@dataclass(frozen=True, slots=True)
class Note:
    """A note to the experimenter.

    Parameters
    ----------
    text : str
        The name of its text, such as ``"note_rest"``.
    numbers : dict of str to int
        What the text says.
    """

    text: str
    numbers: dict[str, int] = field(default_factory=dict)


def notes(db: Db, study: Study, participant_id: str, at: datetime) -> list[Note]:
    """Return what the experimenter should know of a participant's earlier sessions.

    Returns nothing where `[desk]` plans neither sessions a day nor rest. The session that is about
    to begin may be open in the store already.

    `at`: when it begins, UTC.
    """
    earlier = sessions.times_of(db, participant_id)
    return of_times(earlier, study.config.desk, at)


def of_times(earlier: list[tuple[datetime, datetime]], desk: DeskFiles, at: datetime) -> list[Note]:
    """Return the notes about sessions that began and ended at these times.

    Examples
    --------
    >>> from datetime import UTC
    >>> morning = datetime(2026, 1, 5, 9, tzinfo=UTC), datetime(2026, 1, 5, 10, tzinfo=UTC)
    >>> desk = DeskFiles(sessions_per_day=1, rest_minutes=60)
    >>> [(n.text, n.numbers) for n in of_times([morning], desk, datetime(
    ...     2026, 1, 5, 10, 30, tzinfo=UTC
    ... ))]  # doctest: +NORMALIZE_WHITESPACE
    [('note_sessions', {'n_sessions': 2, 'n_planned': 1}),
     ('note_rest', {'n_minutes': 30, 'n_planned': 60})]
    """
    found = []
    n_today = 1 + sum(local_day(began) == local_day(at) for began, _ in earlier)
    if desk.sessions_per_day is not None and n_today > desk.sessions_per_day:
        numbers = {"n_sessions": n_today, "n_planned": desk.sessions_per_day}
        found.append(Note("note_sessions", numbers))
    if desk.rest_minutes is not None and earlier:
        minutes = (at - max(ended for _, ended in earlier)).total_seconds() / 60
        if 0 <= minutes < desk.rest_minutes:
            planned = round(desk.rest_minutes)
            found.append(Note("note_rest", {"n_minutes": int(minutes), "n_planned": planned}))
    return found
