"""Change the plan when people leave or join; every clip keeps as many different raters."""

from datetime import datetime

import numpy as np
import pandas as pd

from sessions import assignment
from sessions.chance import Stream, generator
from sessions.deals import dealt_out, require_all_here
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

    Slots that lost their rater before, because too few people were there to take them, are
    filled as well.

    Parameters
    ----------
    db : Session
        An open transaction.
    study : Study
        The study.
    leaving : list of str
        Whose clips; empty to fill slots without a rater only.
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
    for participant_id in leaving:
        participants.get(db, participant_id)
    require_all_here(db, leaving)
    planned = assignments.candidate_ids(db)
    for participant_id in leaving:
        assignments.remove(db, participant_id, rated_too=False)
    staying = [person for person in able_raters(db) if person not in leaving]
    rng = generator(study, Stream.REASSIGN, n_changes(db))
    rows = fill_missing(db, study, planned, staying, rng, strict=True)
    return audited(db, "reassign", rows, staying, study, actor, at, leaving=leaving)


def fill_missing(
    db: Db,
    study: Study,
    candidate_ids: assignment.Ints,
    people: list[str],
    rng: np.random.Generator,
    *,
    strict: bool,
) -> pd.DataFrame:
    """Find raters for the slots of candidates that have none.

    Parameters
    ----------
    db : Session
        An open transaction.
    study : Study
        Gives the ratings per clip.
    candidate_ids : ndarray of int64, shape (n_candidates,)
        In ascending order.
    people : list of str
        Who may be given slots.
    rng : Generator
        Source of chance.
    strict : bool
        False leaves slots without a rater where nobody can take them.

    Returns
    -------
    DataFrame
        The new assignments; their clips come after those that people have.
    """
    table = assignments.frame(db)
    everybody = [*people, *sorted(set(table["participant_id"]) - set(people))]
    before = _matrix(table, candidate_ids, everybody, study.config.protocol.ratings_per_clip)
    loads = np.zeros(len(everybody), dtype=np.int64)
    loads[: len(people)] = list(left_to_do(db, people).values())
    after = assignment.fill(before, loads, np.arange(len(people)), rng, strict=strict)
    clips, slots = np.nonzero(after != before)
    rows = pd.DataFrame(
        {
            "candidate_id": candidate_ids[clips],
            "slot": slots + 1,
            "participant_id": np.array(everybody, dtype=object)[after[clips, slots]],
            "is_ground_truth": np.isin(candidate_ids[clips], ground_truths.sampled(db)),
        }
    )
    if len(rows):
        assignments.add_many(db, in_order(rows, assignments.last_positions(db), rng))
    return rows


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
        raise StudyError(
            f"participant {joiner} is closed, the expert or on a laptop. Who can join: "
            f"{', '.join(people)}"
        )
    table = assignments.frame(db).drop(columns="position")
    table = table.assign(is_ground_truth=table["candidate_id"].isin(ground_truths.sampled(db)))
    known = set(table.loc[table["participant_id"] == joiner, "candidate_id"])
    away = table["participant_id"].isin(list(dealt_out(db)))
    can_give = ~table["done"] & ~away & ~table["candidate_id"].isin(known)
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
    table: pd.DataFrame, candidate_ids: assignment.Ints, everybody: list[str], n_slots: int
) -> assignment.Ints:
    raters = np.full((len(candidate_ids), n_slots), assignment.OPEN, dtype=np.int64)
    own = table[table["candidate_id"].isin(candidate_ids)]
    number = {participant_id: i for i, participant_id in enumerate(everybody)}
    clips = np.searchsorted(candidate_ids, own["candidate_id"].to_numpy(np.int64))
    raters[clips, own["slot"].to_numpy(np.int64) - 1] = [
        number[participant_id] for participant_id in own["participant_id"]
    ]
    return raters
