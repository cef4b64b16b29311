"""Whether somebody has had many sessions today, or little rest: what the experimenter is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from study.config.desk import DeskFiles
from study.config.study import Study
from study.store import Db
from study.store.ratings import sessions
from study.tools.local_time import local_day
from study.tools.wording import lasted


@dataclass(frozen=True, slots=True)
class Note:
    """A note to the experimenter.

    Parameters
    ----------
    text : str
        The name of its text, such as ``"note_rest"``.
    words : mapping of str to object
        What the text says.
    """

    text: str
    words: Mapping[str, object] = field(default_factory=dict)


def notes(db: Db, study: Study, participant_id: str, at: datetime) -> list[Note]:
    """Return what the experimenter should know of a participant's earlier sessions.

    Returns nothing where `[desk]` plans neither sessions a day nor rest. The session that is about
    to begin may be open in the store already.

    `at`: when it begins, UTC.
    """
    earlier = sessions.times_of(db, participant_id)
    return of_times(earlier, study.config.desk, at)


def of_times(earlier: list[tuple[datetime, datetime]], desk: DeskFiles, at: datetime) -> list[Note]:
    r"""Return the notes about sessions that began and ended at these times.

    Examples
    --------
    >>> from datetime import UTC
    >>> morning = datetime(2026, 1, 5, 9, tzinfo=UTC), datetime(2026, 1, 5, 10, tzinfo=UTC)
    >>> desk = DeskFiles(sessions_per_day=1, rest_minutes=60)
    >>> [(n.text, n.words) for n in of_times([morning], desk, datetime(
    ...     2026, 1, 5, 10, 30, tzinfo=UTC
    ... ))]  # doctest: +NORMALIZE_WHITESPACE
    [('note_sessions', {'n_sessions': 2, 'n_planned': 1}),
     ('note_rest', {'lasted': '30\xa0min', 'planned': '1\xa0h'})]
    """
    found: list[Note] = []
    n_today = 1 + sum(local_day(began) == local_day(at) for began, _ in earlier)
    if desk.sessions_per_day is not None and n_today > desk.sessions_per_day:
        counts = {"n_sessions": n_today, "n_planned": desk.sessions_per_day}
        found.append(Note("note_sessions", counts))
    if desk.rest_minutes is not None and earlier:
        rest_s = (at - max(ended for _, ended in earlier)).total_seconds()
        planned_s = 60 * desk.rest_minutes
        if 0 <= rest_s < planned_s:
            words = {"lasted": lasted(rest_s), "planned": lasted(planned_s)}
            found.append(Note("note_rest", words))
    return found
