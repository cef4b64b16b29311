"""What a participant is owed: hours, pauses out, and the bonus that was shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from study.protocol import Protocol
from study.store import Db, participants, payments

# A trial takes a few seconds and a break half a minute; who does nothing for longer has paused.
LONGEST_PAID_GAP = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class PaidSession:
    """A session as it stands on the statement.

    Parameters
    ----------
    session_id : str
        Which.
    phase : str
        What it was for.
    started_at : datetime
        When.
    worked_s : int
        Whole seconds, pauses out.
    n_rated : int
        Clips rated.
    bonus_pence : int
        Bonus shown.
    """

    session_id: str
    phase: str
    started_at: datetime
    worked_s: int
    n_rated: int
    bonus_pence: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What a participant has earned.

    Parameters
    ----------
    participant_id : str
        Who.
    sessions : tuple of PaidSession
        In the order of time.
    hourly_rate_pence : int
        The rate.
    """

    participant_id: str
    sessions: tuple[PaidSession, ...]
    hourly_rate_pence: int

    @property
    def worked_s(self) -> int:
        """Seconds of all sessions."""
        return sum(session.worked_s for session in self.sessions)

    @property
    def hours_pence(self) -> int:
        """Pay for the hours, rounded once and up, so that no session loses a part of a penny."""
        return -(-self.worked_s * self.hourly_rate_pence // 3600)

    @property
    def bonus_pence(self) -> int:
        """The bonus of all sessions."""
        return sum(session.bonus_pence for session in self.sessions)

    @property
    def total_pence(self) -> int:
        """Hours and bonus together."""
        return self.hours_pence + self.bonus_pence


def statement(db: Db, participant_id: str, protocol: Protocol) -> Statement:
    """Return what a participant has earned so far.

    Parameters
    ----------
    db : Session
        An open transaction.
    participant_id : str
        Who.
    protocol : Protocol
        Gives the hourly rate.

    Returns
    -------
    Statement
        All sessions; one that is still open counts up to its last trial.

    Notes
    -----
    Paper: Participants.
    """
    participants.get(db, participant_id)
    times: dict[str, list[datetime]] = {}
    for trial in payments.trial_times(db, participant_id).to_dict("records"):
        times.setdefault(trial["session_id"], []).append(trial["recorded_at"])
    lines = tuple(
        PaidSession(
            session_id=row["session_id"],
            phase=row["phase"],
            started_at=row["started_at"],
            worked_s=worked_s(row["started_at"], times.get(row["session_id"], []), row["ended_at"]),
            n_rated=row["n_rated"],
            bonus_pence=row["bonus_pence"],
        )
        for row in payments.sessions(db, participant_id).astype(object).to_dict("records")
    )
    return Statement(participant_id, lines, protocol.hourly_rate_pence)


def worked_s(
    started_at: datetime, recorded_at: Sequence[datetime], ended_at: datetime | None
) -> int:
    """Return how long somebody worked in a session, pauses out.

    Parameters
    ----------
    started_at : datetime
        Begin of the session.
    recorded_at : sequence of datetime
        End of each trial, in order.
    ended_at : datetime or None
        End of the session; None while it is open, or where a power cut ended it.

    Returns
    -------
    int
        Whole seconds. Of a gap between two trials two minutes at most are paid.

    Examples
    --------
    >>> nine = datetime(2026, 1, 5, 9)
    >>> worked_s(nine, [nine + timedelta(seconds=5), nine + timedelta(hours=1)], None)
    125
    """
    moments = [started_at, *recorded_at]
    if ended_at is not None:
        moments.append(ended_at)
    gaps = (
        min(max(after - before, timedelta()), LONGEST_PAID_GAP)
        for before, after in pairwise(moments)
    )
    return int(sum(gaps, timedelta()).total_seconds())
