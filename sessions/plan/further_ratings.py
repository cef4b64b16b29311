"""Further ratings of clips that are open: asked until the study's questions are decided."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sessions.laptops.away import IS_PART
from sessions.plan.planning import Change, able_raters, audited, n_changes
from sessions.plan.slots import fill_slots
from sessions.streams import Stream
from study import counting
from study.config.study import Study
from study.deciding.audited import first_wanted
from study.deciding.belief import RAISED, Belief, believe, to_raise
from study.deciding.open_clips import are_open, tallies_of
from study.deciding.questions import Flags
from study.errors import StudyError
from study.store import Db, audit
from study.store.desk import Desk
from study.store.people import participants
from study.store.plan import assignments
from study.store.plan.assignments import AssignedClip
from study.store.ratings import sessions, trials
from study.store.ratings.counted import judged
from study.tools.seeding import generator
from study.tools.wording import counted

WHOLE = "whole"  # clips of a laptop's part, all of whose raters are on that laptop


def plan_further(desk: Desk) -> Change:
    """Ask for one further rating of each clip that is open and that nobody is asked for.

    Returns what was planned; clips that everybody has seen are left out. Raises StudyError if the
    study asks for all ratings whatever they say, or there is no plan.
    """
    db, study = desk.db, desk.study
    if study.config.protocol.rating_rule == "all":
        raise StudyError(
            f"this study asks for {study.config.protocol.ratings_per_clip} ratings of every clip "
            "and no more. To ask for further ones where a clip is open, set protocol.rating_rule "
            "in study.toml"
        )
    if not assignments.exist(db):
        raise StudyError("there is no plan to add to. Run: python -m sessions plan")
    participants.lock(db, [person.id for person in participants.listed(db)])
    if study.config.protocol.rating_rule == "until_certain":
        raise_threshold(desk, believe(db, study))
    people = able_raters(db, study)
    rng = generator(study.config.seed, Stream.FURTHER, n_changes(db))
    rows = fill_further(db, study, people, rng)
    if rows.empty:
        return Change(0, 0, {})
    return audited(desk, "plan_further", rows, people)


def plan_on_laptop(db: Db, study: Study) -> int:
    """Ask for further ratings of the clips that no rater outside this laptop has a part in.

    Returns how many were asked for. What is written into the plan comes back with the ratings. How
    certain a clip is depends on what others have rated, so that only the desk asks for certainty.
    """
    if study.config.protocol.rating_rule == "until_certain":
        return 0
    whole = audit.own(db, IS_PART)[0].get(WHOLE, [])
    rng = generator(study.config.seed, Stream.FURTHER, "laptop", len(assignments.frame(db)))
    return len(fill_further(db, study, able_raters(db, study), rng, among=whole))


def waiting(
    db: Db,
    study: Study,
    every: pd.DataFrame | None = None,
    *,
    among: Sequence[int] | None = None,
) -> "pd.Series[int]":
    """Return the clips that wait for a further rating that nobody has been asked for.

    Returns ratings that count by ``candidate_id``, in ascending order; empty where all ratings are
    asked for from the start.

    Parameters
    ----------
    every : DataFrame or None
        From `study.store.ratings.counted.judged`, for who has it already.
    among : sequence of int or None
        Which clips may be asked for; None for all.
    """
    if study.config.protocol.rating_rule == "all":
        return pd.Series(dtype="int64")
    plan = assignments.frame(db)
    tallies = _tallies(db, study, every)
    n_given = tallies.sum(axis=1)
    waits = _are_open(db, study, tallies, every)
    waits &= n_given.to_numpy() >= first_wanted(db, study, tallies.index)
    waits &= ~tallies.index.isin(plan.loc[~plan["done"].astype(bool), "candidate_id"])
    if among is not None:
        waits &= tallies.index.isin(list(among))
    return n_given[waits]


def drop_needless(db: Db, study: Study) -> None:
    """Take back what was asked for where nothing is open, now that ratings have been removed.

    Who is rating at this moment keeps what they have.
    """
    tallies = _tallies(db, study)
    rated = tallies.sum(axis=1).to_numpy() >= first_wanted(db, study, tallies.index)
    decided = tallies.index[rated & ~_are_open(db, study, tallies, None)]
    plan = assignments.frame(db)
    rating_now = {session.participant_id for session in sessions.open_sessions(db)}
    needless = ~plan["done"].astype(bool) & plan["candidate_id"].isin(decided)
    needless &= ~plan["participant_id"].isin(rating_now)
    assignments.remove_open(db, plan.loc[needless, "id"].tolist())


def fill_further(
    db: Db,
    study: Study,
    people: list[str],
    rng: np.random.Generator,
    *,
    among: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Ask for one further rating of each open clip that waits for one.

    Returns as `fill_slots` does; a clip that everybody has seen is left out.

    Parameters
    ----------
    people : list of str
        Who may be asked; nobody is who has seen the clip.
    among : sequence of int or None
        Which clips may be asked for; None for all.
    """
    asked_for = waiting(db, study, among=among)
    if asked_for.empty:
        return pd.DataFrame(columns=["candidate_id", "participant_id"])
    plan = assignments.frame(db)
    n_raters = plan["candidate_id"].value_counts().reindex(asked_for.index, fill_value=0)
    return fill_slots(
        db,
        asked_for.index.to_numpy(np.int64),
        people,
        rng,
        n_wanted=n_raters.to_numpy().astype(np.int64) + 1,
        seen=trials.seen(db),
        strict=False,
        further=True,
    )


def at_random_places(clips: list[AssignedClip], rng: np.random.Generator) -> list[AssignedClip]:
    """Return a participant's clips with the further ones at random places among the others.

    They are the hard clips: one after the other, they would be a session of their own.
    """
    further = [clip for clip in clips if clip.is_further]
    others = [clip for clip in clips if not clip.is_further]
    if not further:
        return clips
    is_further = np.zeros(len(clips), dtype=np.bool_)
    is_further[rng.choice(len(clips), len(further), replace=False)] = True
    shuffled = iter([further[place] for place in rng.permutation(len(further))])
    in_order = iter(others)
    return [next(shuffled) if place else next(in_order) for place in is_further.tolist()]


def sentence(n_waiting: int) -> str:
    """Return in words that clips wait for a further rating; empty where none waits.

    Parameters
    ----------
    n_waiting : int
        How many, from `waiting`.
    """
    if not n_waiting:
        return ""
    return (
        f"{counted(n_waiting, 'rated clip')} {'is' if n_waiting == 1 else 'are'} open, and nobody "
        "has been asked for a further rating yet: the end of the next session asks, or "
        "python -m sessions plan --further"
    )


def _are_open(db: Db, study: Study, tallies: pd.DataFrame, every: pd.DataFrame | None) -> Flags:
    if study.config.protocol.rating_rule != "until_certain":
        return are_open(db, tallies, study.config.protocol)
    found = believe(db, study, every)
    is_open = pd.Series(found.is_open(study), index=found.clips["candidate_id"])
    return np.array(is_open.reindex(tallies.index, fill_value=False), dtype=np.bool_)


def raise_threshold(desk: Desk, found: Belief) -> None:
    """Let the threshold rise where the audit found more errors than were promised; it is logged."""
    higher = to_raise(found, desk.study)
    if higher is not None:
        desk.log(RAISED, "certainty", higher)
        desk.db.flush()


def _tallies(db: Db, study: Study, every: pd.DataFrame | None = None) -> pd.DataFrame:
    found = counting.counted(judged(db, study) if every is None else every)
    return tallies_of(found.ratings)
