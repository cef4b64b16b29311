"""What making a plan and changing it have in common."""

from dataclasses import dataclass

import pandas as pd

from sessions.laptops.away import on_laptops
from study.config.study import Study
from study.errors import StudyError
from study.store import Db, audit
from study.store.desk import Desk
from study.store.people import participants
from study.store.plan import assignments
from study.vocabulary import ParticipantKind

_ACTIONS = (
    "plan",
    "plan_late_candidates",
    "plan_disagreements",  # what older versions called the next one
    "plan_further",
    "plan_again",
    "reassign",
    "extend",
    "withdraw",
    "erase",
)


@dataclass(frozen=True, slots=True)
class Change:
    """What a change of the plan did.

    Parameters
    ----------
    n_slots : int
        Slots it gave to somebody.
    loads : dict of str to int
        Clips left to rate per participant afterwards.
    """

    n_candidates: int
    n_slots: int
    loads: dict[str, int]


def able_raters(db: Db, study: Study, ids: list[str] | None = None) -> list[str]:
    """Return who may be given clips.

    Raises StudyError if one of `ids` rates no clips.

    Parameters
    ----------
    ids : list of str or None
        Only these; None for everybody who is enrolled, not closed, not the expert and not
        rating on a laptop.
    """
    away = on_laptops(db)
    raters = {ParticipantKind.HUMAN}
    if study.config.rehearsal:
        raters.add(ParticipantKind.SIMULATED)
    able = [
        participant.id
        for participant in participants.listed(db)
        if participant.kind in raters
        and participant.closed_at is None
        and participant.id not in away
    ]
    if ids is None:
        return able
    for participant_id in ids:
        participants.get(db, participant_id)
        if participant_id not in able:
            raise StudyError(
                f"participant {participant_id} is closed, the expert, on a laptop, or simulated "
                f"in a real study. Who can: {', '.join(able)}"
            )
    return sorted(set(ids))


def n_changes(db: Db) -> int:
    """Return how often the plan was made or changed; random streams are kept apart by it."""
    return len(audit.own(db, *_ACTIONS))


def audited(
    desk: Desk, action: str, rows: pd.DataFrame, people: list[str], **detail: object
) -> Change:
    """Write a change of the plan to the audit log.

    Parameters
    ----------
    rows : DataFrame
        The slots it touched, with ``candidate_id``.
    """
    loads = assignments.left_to_do(desk.db, people)
    change = Change(rows["candidate_id"].nunique(), len(rows), loads)
    written: dict[str, object] = {"seed": desk.study.config.seed, "left_to_do": change.loads}
    written |= {"n_candidates": change.n_candidates, "n_slots": change.n_slots, **detail}
    desk.log(action, "plan", written)
    desk.db.flush()
    return change
