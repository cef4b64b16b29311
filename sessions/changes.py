"""Change the plan when people leave or join; every clip keeps as many different raters."""

from datetime import datetime

import numpy as np
import pandas as pd

from sessions import assignment
from sessions.chance import Stream, generator
from sessions.planning import (
    Change,
    able_raters,
    audited,
    codes,
    flags,
    in_order,
    left_to_do,
    n_changes,
)
from study.config import Study
from study.errors import StudyError
from study.store import Db, assignments, ground_truths, participants


def reassign(db: Db, study: Study, leaving: list[str], *, actor: str, at: datetime) -> Change:
    """Give the unrated clips of people who leave to those with least left to do.

    Parameters
    ----------
    db : Session
        An open transaction.
    study : Study
        The study.
    leaving : list of str
        Whose clips.
    actor : str
        Who reassigns.
    at : datetime
        Now.

    Returns
    -------
    Change
        What was moved.

    Raises
    ------
    StudyError
        If nobody is left who may rate one of the clips.
    """
    people = [person for person in able_raters(db) if person not in leaving]
    table = assignments.frame(db)
    moved = table["participant_id"].isin(leaving) & ~table["done"]
    if not moved.any():
        return Change(0, 0, left_to_do(db, people))
    everybody = [*people, *sorted(set(table["participant_id"]) - set(people))]
    raters, slot_ids = _matrix(table, moved, everybody)
    rng = generator(study, Stream.REASSIGN, n_changes(db))
    loads = np.zeros(len(everybody) + 1, dtype=np.int64)
    loads[: len(people)] = list(left_to_do(db, people).values())
    filled = assignment.fill(raters, loads, np.arange(len(people)), rng)
    changed = raters == assignment.OPEN
    rows = _with_truths(db, pd.DataFrame({
        "id": slot_ids[changed],
        "participant_id": [everybody[rater] for rater in filled[changed]],
    }), table)  # fmt: skip
    assignments.replace_open(db, in_order(rows, assignments.last_positions(db), rng))
    return audited(db, "reassign", rows, people, study, actor, at, leaving=leaving)


def extend(
    db: Db,
    study: Study,
    joiner: str,
    *,
    n_clips: int | None,
    actor: str,
    at: datetime,
) -> Change:
    """Give a late joiner unrated clips of those who have most left to do.

    Parameters
    ----------
    db : Session
        An open transaction.
    study : Study
        The study.
    joiner : str
        Who joins; enrolled, and no expert.
    n_clips : int or None
        How many clips at most; None for an equal part of what is left.
    actor : str
        Who extends.
    at : datetime
        Now.

    Returns
    -------
    Change
        What was moved.

    Raises
    ------
    StudyError
        If there is no plan or nothing left to take.
    """
    people = able_raters(db)
    if joiner not in people:
        participants.get(db, joiner)
        raise StudyError(f"participant {joiner} is closed or the expert, and rates no clips")
    table = _with_truths(db, assignments.frame(db).drop(columns="position"), None)
    known = set(table.loc[table["participant_id"] == joiner, "candidate_id"])
    can_give = ~table["done"] & ~table["candidate_id"].isin(known)
    givers = table[can_give & (table["participant_id"] != joiner)].reset_index(drop=True)
    if givers.empty:
        raise StudyError(
            f"no clips are left that participant {joiner} could take over. Everything is rated, "
            "or there is no plan yet: python -m sessions status"
        )
    rng = generator(study, Stream.EXTEND, n_changes(db))
    chosen = assignment.choose_slots_for_joiner(
        codes(givers["participant_id"]),
        codes(givers["candidate_id"]),
        flags(givers["is_ground_truth"]),
        len(givers) // (givers["participant_id"].nunique() + 1) if n_clips is None else n_clips,
        rng,
    )
    rows = givers.iloc[chosen].assign(participant_id=joiner)
    assignments.replace_open(db, in_order(rows, assignments.last_positions(db), rng))
    return audited(db, "extend", rows, people, study, actor, at, joiner=joiner)


def _matrix(
    table: pd.DataFrame, moved: "pd.Series[bool]", everybody: list[str]
) -> tuple[assignment.Ints, assignment.Ints]:
    number = {participant_id: i for i, participant_id in enumerate(everybody)}
    now = np.array([number[participant_id] for participant_id in table["participant_id"]])
    clips, slots = codes(table["candidate_id"]), table["slot"].to_numpy(np.int64) - 1
    shape = (int(clips.max()) + 1, int(slots.max()) + 1)
    # A clip with fewer slots than others is filled up with a rater that nobody is.
    raters = np.full(shape, len(everybody), dtype=np.int64)
    raters[clips, slots] = np.where(flags(moved), assignment.OPEN, now)
    slot_ids = np.full(shape, -1, dtype=np.int64)
    slot_ids[clips, slots] = table["id"].to_numpy(np.int64)
    return raters, slot_ids


def _with_truths(db: Db, rows: pd.DataFrame, table: pd.DataFrame | None) -> pd.DataFrame:
    if table is not None:
        rows = rows.merge(table[["id", "candidate_id"]], on="id")
    return rows.assign(is_ground_truth=rows["candidate_id"].isin(ground_truths.sampled(db)))
