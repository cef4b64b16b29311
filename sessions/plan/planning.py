"""What making a plan and changing it have in common."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sessions.laptops.away import on_laptops
from sessions.plan import assignment
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


def in_order(
    rows: pd.DataFrame,
    last_positions: dict[str, int],
    rng: np.random.Generator,
    exploration: float = 0.0,
) -> pd.DataFrame:
    """Put each participant's new slots into an order, after those that they have.

    Returns the rows with ``position``, ground truths spread evenly.

    Parameters
    ----------
    rows : DataFrame
        With ``participant_id`` and ``is_ground_truth``; where they have ``likely``, the likelier
        clips come first.
    exploration : float
        Share of the clips that come at places by chance all the same.
    """
    ordered = []
    for participant_id, own in rows.groupby("participant_id", sort=True):
        likely = own["likely"].to_numpy(np.float64) if "likely" in own else None
        order = assignment.shuffled_order(flags(own["is_ground_truth"]), rng, likely, exploration)
        first = last_positions.get(str(participant_id), -1) + 1
        ordered.append(own.iloc[order].assign(position=np.arange(first, first + len(own))))
    return pd.concat(ordered)


def codes(column: "pd.Series[Any]") -> assignment.Ints:
    """Return a number for each of the different values of a column.

    Returns
    -------
    ndarray of int64
        From 0, in the order of the values.
    """
    return np.asarray(column.astype("category").cat.codes, dtype=np.int64)


def flags(column: "pd.Series[Any]") -> assignment.Flags:
    """Return a column of truth values as an array.

    Returns
    -------
    ndarray of bool
        The same.
    """
    return np.asarray(column, dtype=np.bool_)


def left_to_do(db: Db, people: list[str]) -> dict[str, int]:
    """Return how many clips people have still to rate.

    Returns them in the order of `people`.
    """
    counts = assignments.counts(db)
    none = assignments.Count(0, 0)
    return {person: counts.get(person, none).n_left for person in people}


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
    change = Change(rows["candidate_id"].nunique(), len(rows), left_to_do(desk.db, people))
    written: dict[str, object] = {"seed": desk.study.config.seed, "left_to_do": change.loads}
    written |= {"n_candidates": change.n_candidates, "n_slots": change.n_slots, **detail}
    desk.log(action, "plan", written)
    desk.db.flush()
    return change
