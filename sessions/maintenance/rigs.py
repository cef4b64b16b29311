"""Accept ratings from an ungraded rig, because an experimenter says so."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from sessions.laptops.away import require_whole
from sessions.plan import again
from study.errors import StoreError
from study.store import Db
from study.store.desk import Desk
from study.store.ratings import rig_acceptances, rig_checks
from study.tools.local_time import local_day
from study.tools.wording import checked_reason, counted

_SHORT_ID = 8


@dataclass(frozen=True, slots=True)
class Accepted:
    """A rig that was accepted.

    Parameters
    ----------
    check : str
        What its last rig check said, in words.
    n_sessions, n_ratings : int
        Sessions whose ratings count from now on, and their ratings of all phases.
    n_taken_back : int
        Ratings that had been given up and stand again, because nobody had rated in their place.
    """

    host: str
    check: str
    n_sessions: int
    n_ratings: int
    n_taken_back: int


def accept(desk: Desk, *, host: str, prefixes: Sequence[str], reason: str) -> Accepted:
    """Accept the ratings of finished sessions on an ungraded machine.

    Later sessions there are not accepted with them: whoever accepts has seen how these went.

    Raises StudyError if no session of the machine waits for it, no reason is given, or this is a
    laptop's part of a store.

    `prefixes`: beginnings of session ids; none for all sessions that wait.
    """
    db = desk.db
    require_whole(db)
    reason = checked_reason(reason)
    waiting = rig_acceptances.waiting(db)
    chosen = _chosen(waiting, host, prefixes)
    ids = chosen["session_id"].tolist()
    rig_acceptances.add(db, ids, accepted_by=desk.by, reason=reason, at=desk.at)
    db.flush()
    n_taken_back = again.take_back(db, desk.study)
    n_ratings = int(chosen["n_ratings"].sum())
    check = _last_check(db, host)
    detail = {
        "reason": reason, "rig_check": check, "sessions": ids, "n_ratings": n_ratings,
        "n_taken_back": n_taken_back,
    }  # fmt: skip
    desk.log("accept_rig", host, detail)
    db.flush()
    return Accepted(host, check, len(ids), n_ratings, n_taken_back)


def _chosen(waiting: pd.DataFrame, host: str, prefixes: Sequence[str]) -> pd.DataFrame:
    own = waiting[waiting["host"] == host]
    if own.empty:
        counts = waiting.groupby("host")["n_ratings"].agg(["size", "sum"])
        said = "; ".join(
            f"{name} ({counted(int(row['size']), 'session')}, {counted(int(row['sum']), 'rating')})"
            for name, row in counts.iterrows()
        )
        raise StoreError(
            f"no session on an ungraded rig waits to be accepted for {host}. Those that wait: "
            f"{said or 'none'}. Nothing was changed"
        )
    if not prefixes:
        return own
    rows = []
    for prefix in prefixes:
        found = own[own["session_id"].str.startswith(prefix)]
        if len(found) != 1 or not prefix:
            ids = ", ".join(own["session_id"].str[:_SHORT_ID])
            raise StoreError(
                f"{counted(len(found), 'session')} of {host} that wait begin with "
                f"{prefix!r}, expected one "
                f"of {ids}. Nothing was changed"
            )
        rows.append(found)
    return pd.concat(rows).drop_duplicates("session_id")


def _last_check(db: Db, host: str) -> str:
    check = rig_checks.latest(db, host)
    if check is None:
        return "never checked"
    return f"grade {check.grade} on {local_day(check.checked_at)}"
