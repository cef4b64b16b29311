"""Further ratings of clips on which raters disagree."""

import numpy as np
import pandas as pd

from sessions.plan.assignment import Flags, Ints
from sessions.plan.slots import fill_slots
from study import counting
from study.config.protocol import Protocol
from study.config.study import Study
from study.store import Db
from study.store.plan import assignments
from study.store.ratings import sessions, trials
from study.store.ratings.counted import judged
from study.tools.wording import counted
from study.vocabulary import Rating


def is_undecided(tallies: Ints, protocol: Protocol) -> Flags:
    """Return which clips need a further rating.

    Parameters
    ----------
    tallies : ndarray of int64, shape (n_clips, 3)
        How often each clip was rated 1, 2 and 3.
    protocol : Protocol
        Gives how many ratings a clip gets at least and at most, and when it needs a further one.

    Returns
    -------
    ndarray of bool, shape (n_clips,)
        True where all that were asked for are there, there may be more, and they disagree.

    Examples
    --------
    >>> protocol = Protocol(max_ratings_per_clip=5)
    >>> is_undecided(np.array([[1, 1, 1], [0, 1, 2], [1, 1, 0], [1, 1, 3]]), protocol).tolist()
    [True, False, False, False]
    """
    n_ratings, most = tallies.sum(axis=1), tallies.max(axis=1)
    disagree = 2 * most <= n_ratings
    if protocol.further_rating_when == "not_unanimous":
        disagree = most < n_ratings
    may_have_more = n_ratings < protocol.most_ratings
    return np.asarray((n_ratings >= protocol.ratings_per_clip) & may_have_more & disagree)


def undecided(db: Db, study: Study, every: pd.DataFrame | None = None) -> pd.Series:
    """Return the clips that wait for a further rating that nobody has been asked for.

    Returns ratings that count by ``candidate_id``, in ascending order; empty unless the study asks
    for further ratings.

    Parameters
    ----------
    every : DataFrame or None
        From `study.store.ratings.counted.judged`, for who has it already.
    """
    protocol = study.config.protocol
    if protocol.most_ratings == protocol.ratings_per_clip:
        return pd.Series(dtype="int64")
    plan = assignments.frame(db)
    has_open_slot = plan.loc[~plan["done"], "candidate_id"]
    tallies = _tallies(db, study, every)
    waits = is_undecided(tallies.to_numpy(np.int64), protocol) & ~tallies.index.isin(has_open_slot)
    return tallies.sum(axis=1)[waits]


def drop_needless(db: Db, study: Study) -> None:
    """Take back what was asked for where raters agree, now that ratings have been removed.

    Who is rating at this moment keeps what they have.
    """
    protocol = study.config.protocol
    tallies = _tallies(db, study)
    rated = tallies.sum(axis=1) >= protocol.ratings_per_clip
    decided = rated & ~is_undecided(tallies.to_numpy(np.int64), protocol)
    plan = assignments.frame(db)
    rating_now = {session.participant_id for session in sessions.open_sessions(db)}
    needless = ~plan["done"] & plan["candidate_id"].isin(tallies.index[decided])
    needless &= ~plan["participant_id"].isin(rating_now)
    assignments.remove_open(db, plan.loc[needless, "id"].tolist())


def fill_further(db: Db, study: Study, people: list[str], rng: np.random.Generator) -> pd.DataFrame:
    """Ask for one further rating of each undecided clip.

    Parameters
    ----------
    people : list of str
        Who may be asked; nobody is who has seen the clip.

    Returns
    -------
    DataFrame
        As from `fill_slots`; a clip that everybody has seen is left out.
    """
    waiting = undecided(db, study)
    if waiting.empty:
        return pd.DataFrame(columns=["candidate_id", "participant_id"])
    plan = assignments.frame(db)
    n_raters = plan["candidate_id"].value_counts().reindex(waiting.index, fill_value=0)
    return fill_slots(
        db,
        waiting.index.to_numpy(np.int64),
        people,
        rng,
        n_wanted=n_raters.to_numpy().astype(np.int64) + 1,
        seen=trials.seen(db),
        strict=False,
    )


def sentence(n_waiting: int) -> str:
    """Return in words that clips wait for a further rating.

    Returns a sentence that says what to do; empty where none waits.

    Parameters
    ----------
    n_waiting : int
        How many, from `undecided`.
    """
    if not n_waiting:
        return ""
    return (
        f"Raters disagree on {counted(n_waiting, 'clip')}, for which a further rating has "
        f"not been asked yet: "
        "python -m sessions plan --disagreements"
    )


def _tallies(db: Db, study: Study, every: pd.DataFrame | None = None) -> pd.DataFrame:
    found = counting.counted(judged(db, study) if every is None else every)
    return (
        found.ratings.groupby(["candidate_id", "rating"])
        .size()
        .unstack(fill_value=0)
        .reindex(columns=[int(rating) for rating in Rating], fill_value=0)
    )
