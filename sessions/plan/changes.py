"""Change the plan when people leave or join; every clip keeps as many different raters."""

import pandas as pd

from sessions.laptops.away import on_laptops, require_all_here
from sessions.plan import assignment, further_ratings
from sessions.plan.ordering import codes, flags, in_order
from sessions.plan.planning import Change, able_raters, audited, n_changes
from sessions.plan.slots import fill_missing
from sessions.running.open_sessions import require_none_open
from sessions.streams import Stream
from study.errors import StudyError
from study.store.desk import Desk
from study.store.people import participants
from study.store.plan import assignments, ground_truths
from study.store.ratings import trials
from study.tools.seeding import generator


def reassign(desk: Desk, leaving: list[str]) -> Change:
    """Give the unrated clips of people who leave to those with least left to do.

    Slots that lost their rater before, because too few people were there to take them, are
    filled as well.

    Raises StudyError if nobody is left who may rate one of the clips, or somebody who leaves is
    rating.

    Parameters
    ----------
    leaving : list of str
        Whose clips; empty to fill slots without a rater only.
    """
    db, study = desk.db, desk.study
    for participant_id in leaving:
        participants.get(db, participant_id)
    require_all_here(db, leaving)
    require_none_open(db, leaving, "reassigning")
    planned = assignments.candidate_ids(db)
    for participant_id in leaving:
        assignments.remove(db, participant_id, rated_too=False)
    staying = [person for person in able_raters(db, study) if person not in leaving]
    rng = generator(study.config.seed, Stream.REASSIGN, n_changes(db))
    rows = fill_missing(db, study, planned, staying, rng, strict=True)
    further = further_ratings.fill_further(db, study, staying, rng)
    rows = pd.concat([rows, further]) if len(further) else rows
    return audited(desk, "reassign", rows, staying, leaving=leaving)


def extend(desk: Desk, joiner: str, *, n_clips: int | None) -> Change:
    """Give a participant who joins late unrated clips of those with most left to do.

    Raises StudyError if there is no plan or nothing left to take, or one of those concerned is
    rating.

    Parameters
    ----------
    joiner : str
        Who joins; enrolled, and no expert.
    n_clips : int or None
        How many clips at most; None for an equal part of what is left.
    """
    db, study = desk.db, desk.study
    people = able_raters(db, study)
    if joiner not in people:
        participants.get(db, joiner)
        raise StudyError(
            f"participant {joiner} is closed, the expert, on a laptop, or simulated in a real "
            f"study. Who can join: {', '.join(people)}"
        )
    table = assignments.frame(db).drop(columns="position")
    table = table.assign(is_ground_truth=table["candidate_id"].isin(ground_truths.sampled(db)))
    known = set(table.loc[table["participant_id"] == joiner, "candidate_id"])
    known |= {clip for clip, person in trials.seen(db) if person == joiner}
    away = table["participant_id"].isin(list(on_laptops(db)))
    can_give = ~table["done"] & ~away & ~table["candidate_id"].isin(known)
    givers = table[can_give & (table["participant_id"] != joiner)].reset_index(drop=True)
    if givers.empty:
        raise StudyError(
            f"no clips are left that participant {joiner} could take over. Everything is rated, "
            "or there is no plan yet: python -m sessions status"
        )
    rng = generator(study.config.seed, Stream.EXTEND, n_changes(db))
    chosen = assignment.choose_slots_for_joiner(
        codes(givers["participant_id"]),
        codes(givers["candidate_id"]),
        flags(givers["is_ground_truth"]),
        n_clips or max(len(givers) // (givers["participant_id"].nunique() + 1), 1),
        rng,
    )
    require_none_open(
        db, {joiner, *givers["participant_id"].iloc[chosen]}, f"giving clips to {joiner}"
    )
    rows = givers.iloc[chosen].assign(participant_id=joiner)
    assignments.replace_open(db, in_order(rows, assignments.last_positions(db), rng))
    return audited(desk, "extend", rows, people, joiner=joiner)
