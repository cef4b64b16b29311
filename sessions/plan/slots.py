"""Find raters for slots that have none."""

import numpy as np
import pandas as pd

from sessions.plan import assignment
from sessions.plan.ordering import in_order
from study.config.study import Study
from study.deciding.audited import first_wanted
from study.store import Db
from study.store.plan import assignments, ground_truths


def fill_missing(
    db: Db,
    study: Study,
    candidate_ids: assignment.Ints,
    people: list[str],
    rng: np.random.Generator,
    *,
    strict: bool,
) -> pd.DataFrame:
    """Find raters until every candidate has as many as all candidates get.

    A slot that was given in the place of a rating that does not count is one more.

    Parameters
    ----------
    candidate_ids : ndarray of int64, shape (n_candidates,)
        In ascending order.
    strict : bool
        False leaves slots without a rater where nobody can take them.

    Returns
    -------
    DataFrame
        As from `fill_slots`.
    """
    n_wanted = raters_wanted(db, study, candidate_ids)
    return fill_slots(db, candidate_ids, people, rng, n_wanted=n_wanted, strict=strict)


def raters_wanted(db: Db, study: Study, candidate_ids: assignment.Ints) -> assignment.Ints:
    """Return how many raters candidates are to have, those included that were replaced.

    Parameters
    ----------
    candidate_ids : ndarray of int64, shape (n_candidates,)
        Which candidates.

    Returns
    -------
    ndarray of int64, shape (n_candidates,)
        Slots of each.
    """
    plan = assignments.frame(db)
    replaced = plan.loc[plan["replaced"].astype(bool), "candidate_id"].value_counts()
    n_more = replaced.reindex(candidate_ids, fill_value=0).to_numpy(np.int64)
    return np.asarray(first_wanted(db, study, candidate_ids) + n_more)


def fill_slots(
    db: Db,
    candidate_ids: assignment.Ints,
    people: list[str],
    rng: np.random.Generator,
    *,
    n_wanted: assignment.Ints | int,
    seen: set[tuple[int, str]] | None = None,
    strict: bool,
    further: bool = False,
) -> pd.DataFrame:
    """Find raters until candidates have as many as wanted.

    Returns the new assignments; their clips come after those that people have.

    Parameters
    ----------
    candidate_ids : ndarray of int64, shape (n_candidates,)
        In ascending order.
    n_wanted : ndarray of int64, shape (n_candidates,), or int
        Raters of each candidate; those that it has count.
    seen : set of tuple of int and str, or None
        Pairs of candidate and participant that are not to come together again.
    strict : bool
        False leaves slots without a rater where nobody can take them.
    further : bool
        Whether a rating rule asks, so that the clips are shown at random places.
    """
    table = assignments.frame(db)
    own = table[table["candidate_id"].isin(candidate_ids)]
    everybody = [*people, *sorted(set(table["participant_id"]) - set(people))]
    n_slots = max(int(np.max(n_wanted, initial=1)), int(own["slot"].max()) if len(own) else 1)
    before = _matrix(own, candidate_ids, everybody, n_slots)
    loads = np.zeros(len(everybody), dtype=np.int64)
    loads[: len(people)] = list(assignments.left_to_do(db, people).values())
    after = assignment.fill(
        before,
        loads,
        np.arange(len(people)),
        rng,
        wanted=assignment.open_slots(before, n_wanted),
        barred=None if seen is None else _barred(seen, candidate_ids, everybody),
        strict=strict,
    )
    clips, slots = np.nonzero(after != before)
    rows = pd.DataFrame(
        {
            "candidate_id": candidate_ids[clips],
            "slot": slots + 1,
            "participant_id": np.array(everybody, dtype=object)[after[clips, slots]],
            "is_ground_truth": np.isin(candidate_ids[clips], ground_truths.sampled(db)),
            "further": further,
        }
    )
    if len(rows):
        assignments.add_many(db, in_order(rows, assignments.last_positions(db), rng))
    return rows


def _matrix(
    own: pd.DataFrame, candidate_ids: assignment.Ints, everybody: list[str], n_slots: int
) -> assignment.Ints:
    raters = np.full((len(candidate_ids), n_slots), assignment.OPEN, dtype=np.int64)
    number = {participant_id: i for i, participant_id in enumerate(everybody)}
    clips = np.searchsorted(candidate_ids, own["candidate_id"].to_numpy(np.int64))
    raters[clips, own["slot"].to_numpy(np.int64) - 1] = [
        number[participant_id] for participant_id in own["participant_id"]
    ]
    return raters


def _barred(
    seen: set[tuple[int, str]], candidate_ids: assignment.Ints, everybody: list[str]
) -> assignment.Flags:
    barred = np.zeros((len(candidate_ids), len(everybody)), dtype=np.bool_)
    row = {int(candidate_id): i for i, candidate_id in enumerate(candidate_ids)}
    column = {participant_id: i for i, participant_id in enumerate(everybody)}
    for candidate_id, participant_id in seen:
        if candidate_id in row and participant_id in column:
            barred[row[candidate_id], column[participant_id]] = True
    return barred
