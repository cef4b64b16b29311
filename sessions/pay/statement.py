"""What a participant is owed: hours, pauses out, and the bonus that was shown."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pandas as pd

from instructions import pence
from study.config.protocol import Protocol
from study.errors import StudyError
from study.store import Db, audit
from study.store.people import participants, payments
from study.vocabulary import Phase

# A trial takes a few seconds and a break half a minute; who does nothing for longer has paused.
LONGEST_PAID_GAP = timedelta(minutes=2)
# In training the experimenter sits there and talks every clip over.
LONGEST_PAID_TALK = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class StatementLine:
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
    hourly_rate_pence : int
        The rate that the study had when the session began.
    hours_pence : int
        Pay for them, rounded up to the penny.
    n_rated : int
        Clips rated.
    bonus_pence : int
        Bonus shown.
    is_open : bool
        Whether the session still runs.
    is_paid : bool
        Whether a payment covers it.
    """

    session_id: str
    phase: str
    started_at: datetime
    worked_s: int
    hourly_rate_pence: int
    hours_pence: int
    n_rated: int
    bonus_pence: int
    is_open: bool
    is_paid: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """What a participant has earned.

    Parameters
    ----------
    participant_id : str
        Who.
    lines : tuple of StatementLine
        In the order of time.
    """

    participant_id: str
    lines: tuple[StatementLine, ...]

    @property
    def worked_s(self) -> int:
        """Seconds of all sessions."""
        return sum(line.worked_s for line in self.lines)

    @property
    def hours_pence(self) -> int:
        """Pay for the hours."""
        return sum(line.hours_pence for line in self.lines)

    @property
    def bonus_pence(self) -> int:
        """The bonus of all sessions."""
        return sum(line.bonus_pence for line in self.lines)

    @property
    def total_pence(self) -> int:
        """Hours and bonus together."""
        return self.hours_pence + self.bonus_pence


def statement(
    db: Db, participant_id: str, protocol: Protocol, *, unpaid_only: bool = False
) -> Statement:
    """Return what a participant has earned.

    Parameters
    ----------
    db : Session
        An open transaction.
    participant_id : str
        Who.
    protocol : Protocol
        Gives the hourly rate of sessions whose own is not known; the others are paid as promised,
        whatever `study.toml` says by now.
    unpaid_only : bool
        Whether to leave out sessions that have been paid.

    Returns
    -------
    Statement
        One line a session; one that is still open counts up to its last trial.

    Notes
    -----
    Paper: Participants.
    """
    participants.get(db, participant_id)
    rows = payments.sessions(db, participant_id).astype(object).to_dict("records")
    kept = [row for row in rows if not (unpaid_only and pd.notna(row["payment_id"]))]
    times = payments.trial_times(db, [row["session_id"] for row in kept])
    rates = payments.hourly_rates_pence(db)
    lines = tuple(
        _line(
            row,
            times.get(row["session_id"], []),
            rates.get(row["protocol_version_id"], protocol.hourly_rate_pence),
        )
        for row in kept
    )
    return Statement(participant_id, lines)


def settle(
    db: Db, participant_id: str, protocol: Protocol, *, paid_by: str, at: datetime
) -> Statement:
    """Mark all that is owed as paid; the same session cannot be paid again.

    Parameters
    ----------
    db : Session
        An open transaction.
    participant_id : str
        Who.
    protocol : Protocol
        As in `statement`.
    paid_by : str
        Who paid.
    at : datetime
        Now.

    Returns
    -------
    Statement
        What was paid.

    Raises
    ------
    StudyError
        If nothing is owed, or a session is still open.
    """
    owed = statement(db, participant_id, protocol, unpaid_only=True)
    if any(line.is_open for line in owed.lines):
        raise StudyError(
            f"participant {participant_id} has a session that is still open, and its pay is not "
            "known yet. End it with Escape; if its program is gone: python -m sessions "
            f"end-session {participant_id}"
        )
    if not owed.lines:
        raise StudyError(
            f"participant {participant_id} has been paid for everything. Nothing was changed"
        )
    number = payments.add(
        db,
        payee=participant_id,
        session_ids=[line.session_id for line in owed.lines],
        worked_s=owed.worked_s,
        hours_pence=owed.hours_pence,
        bonus_pence=owed.bonus_pence,
        paid_by=paid_by,
        at=at,
    )
    detail = {
        "payment": number,
        "hours_pence": owed.hours_pence,
        "bonus_pence": owed.bonus_pence,
        "sessions": [line.session_id for line in owed.lines],
    }
    audit.add(db, actor=paid_by, action="pay", subject=participant_id, detail=detail, at=at)
    return owed


def statement_text(owed: Statement, title: str) -> str:
    """Return a statement as Markdown, to be printed and signed.

    Parameters
    ----------
    owed : Statement
        From `statement`.
    title : str
        The study's.

    Returns
    -------
    str
        A heading, one table row a session, the sum and a line to sign on.
    """
    rows = [
        f"| {line.started_at:%Y-%m-%d} | {line.phase} | {line.worked_s / 3600:.2f} | "
        f"{pence(line.hours_pence)} | {line.n_rated} | {pence(line.bonus_pence)} | "
        f"{'yes' if line.is_paid else 'no'} |"
        for line in owed.lines
    ]
    return "\n".join(
        [
            f"# {title}",
            "",
            f"## Statement of pay: {owed.participant_id}",
            "",
            f"{_rates(owed)}; pauses are not paid.",
            "",
            "| date | session | hours | pay | clips | bonus | paid |",
            "|---|---|---|---|---|---|---|",
            *rows,
            "",
            f"**{owed.worked_s / 3600:.2f} hours: {pence(owed.hours_pence)}. Bonus: "
            f"{pence(owed.bonus_pence)}. Total: {pence(owed.total_pence)}.**",
            "",
            "Received: ______________________________ Date: ______________",
            "",
        ]
    )


def _rates(owed: Statement) -> str:
    rates = sorted({line.hourly_rate_pence for line in owed.lines})
    return f"Rate: {' and '.join(pence(rate) for rate in rates) or '-'} per hour"


def _line(
    row: Mapping[Hashable, Any], recorded_at: list[datetime], hourly_rate_pence: int
) -> StatementLine:
    ended_at = None if pd.isna(row["ended_at"]) else row["ended_at"]
    longest = LONGEST_PAID_TALK if row["phase"] == Phase.TRAINING else LONGEST_PAID_GAP
    seconds = worked_s(row["started_at"], recorded_at, ended_at, longest)
    return StatementLine(
        session_id=row["session_id"],
        phase=row["phase"],
        started_at=row["started_at"],
        worked_s=seconds,
        hourly_rate_pence=hourly_rate_pence,
        # Up, so that nobody loses a part of a penny.
        hours_pence=-(-seconds * hourly_rate_pence // 3600),
        n_rated=row["n_rated"],
        bonus_pence=row["bonus_pence"],
        is_open=ended_at is None,
        is_paid=not pd.isna(row["payment_id"]),
    )


def worked_s(
    started_at: datetime,
    recorded_at: Sequence[datetime],
    ended_at: datetime | None,
    longest: timedelta = LONGEST_PAID_GAP,
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
    longest : timedelta
        How much of a gap between two trials is paid at most.

    Returns
    -------
    int
        Whole seconds.

    Examples
    --------
    >>> nine = datetime(2026, 1, 5, 9)
    >>> worked_s(nine, [nine + timedelta(seconds=5), nine + timedelta(hours=1)], None)
    125
    """
    moments = [started_at, *recorded_at]
    if ended_at is not None:
        moments.append(ended_at)
    gaps = (min(max(after - before, timedelta()), longest) for before, after in pairwise(moments))
    return int(sum(gaps, timedelta()).total_seconds())
