"""Assignments: which participant rates which candidate, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import ColumnElement, case, delete, func, insert, select, update

from study.errors import StoreError
from study.store.dataframes import as_frame
from study.store.engine import Db
from study.store.tables import (
    AssignmentRow,
    CandidateRow,
    GroundTruthRow,
    GroundTruthVersionRow,
)

_ROWS_PER_INSERT = 20_000
_NAMES = ("candidate_id", "slot", "participant_id", "position", "further")


@dataclass(frozen=True, slots=True)
class AssignedClip:
    """A candidate that a participant still has to rate."""

    candidate_id: int
    position: int
    video_location: str
    filename: str
    avmit_label: str
    sha256: str
    is_further: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """How many clips a participant has and has rated."""

    n_assigned: int
    n_done: int

    @property
    def n_left(self) -> int:
        """Clips that are not rated yet."""
        return self.n_assigned - self.n_done


def add_many(db: Db, assignments: pd.DataFrame) -> None:
    """Add assignments.

    `assignments`: columns ``candidate_id, slot, participant_id, position``, none of them done, and
    ``further`` where a rating rule asked for some of them.
    """
    if "further" not in assignments:
        assignments = assignments.assign(further=False)
    for first in range(0, len(assignments), _ROWS_PER_INSERT):
        chunk = assignments.iloc[first : first + _ROWS_PER_INSERT]
        columns = (chunk[name].tolist() for name in _NAMES)
        rows = [dict(zip(_NAMES, row, strict=True)) for row in zip(*columns, strict=True)]
        db.execute(insert(AssignmentRow), rows)


def frame(db: Db) -> pd.DataFrame:
    """Return all assignments.

    Returns columns ``id, candidate_id, slot, participant_id, position, done, replaced, further``,
    by candidate and slot; the rating of a replaced slot does not count, and another slot was given
    in its place; a rating rule asked for a further one.
    """
    result = db.execute(
        select(
            AssignmentRow.id,
            AssignmentRow.candidate_id,
            AssignmentRow.slot,
            AssignmentRow.participant_id,
            AssignmentRow.position,
            AssignmentRow.done,
            AssignmentRow.replaced,
            AssignmentRow.further,
        ).order_by(AssignmentRow.candidate_id, AssignmentRow.slot)
    )
    return as_frame(result)


def remaining(db: Db, participant_id: str) -> list[AssignedClip]:
    """Return what a participant still has to rate, in the order of rating."""
    rows = db.execute(
        select(
            AssignmentRow.candidate_id,
            AssignmentRow.position,
            CandidateRow.video_location,
            CandidateRow.filename,
            CandidateRow.avmit_label,
            CandidateRow.sha256,
            AssignmentRow.further,
        )
        .join(CandidateRow, CandidateRow.id == AssignmentRow.candidate_id)
        .where(AssignmentRow.participant_id == participant_id, AssignmentRow.done.is_(False))
        .order_by(AssignmentRow.position)
    )
    return [AssignedClip(*row) for row in rows]


def n_done(db: Db, participant_id: str) -> int:
    """Return how many of their candidates a participant has rated."""
    return db.scalars(
        select(func.count())
        .select_from(AssignmentRow)
        .where(AssignmentRow.participant_id == participant_id, AssignmentRow.done.is_(True))
    ).one()


def expert_remaining(db: Db) -> list[AssignedClip]:
    """Return the sampled candidates that the expert still has to rate."""
    unrated = GroundTruthRow.candidate_id.not_in(select(GroundTruthVersionRow.candidate_id))
    return _sampled(db, unrated)


def sampled_clips(db: Db, candidate_ids: Sequence[int]) -> list[AssignedClip]:
    """Return some of the sampled candidates as clips."""
    return _sampled(db, GroundTruthRow.candidate_id.in_(candidate_ids))


def _sampled(db: Db, condition: ColumnElement[bool]) -> list[AssignedClip]:
    rows = db.execute(
        select(
            GroundTruthRow.candidate_id,
            GroundTruthRow.position,
            CandidateRow.video_location,
            CandidateRow.filename,
            CandidateRow.avmit_label,
            CandidateRow.sha256,
        )
        .join(CandidateRow, CandidateRow.id == GroundTruthRow.candidate_id)
        .where(condition)
        .order_by(GroundTruthRow.position)
    )
    return [AssignedClip(*row) for row in rows]


def n_sampled(db: Db) -> int:
    """Return how many candidates were sampled for ground truths."""
    return db.scalars(select(func.count()).select_from(GroundTruthRow)).one()


def exist(db: Db) -> bool:
    """Return whether a plan has been made."""
    return db.scalars(select(AssignmentRow.id).limit(1)).first() is not None


def counts(db: Db) -> dict[str, Count]:
    """Return the counts of every participant."""
    rows = db.execute(
        select(
            AssignmentRow.participant_id,
            func.count(),
            func.sum(case((AssignmentRow.done, 1), else_=0)),
        ).group_by(AssignmentRow.participant_id)
    )
    return {row[0]: Count(row[1], int(row[2])) for row in rows}


def count(db: Db, participant_id: str) -> Count:
    """Return the counts of one participant."""
    n_assigned = db.scalars(
        select(func.count())
        .select_from(AssignmentRow)
        .where(AssignmentRow.participant_id == participant_id)
    ).one()
    return Count(n_assigned, n_done(db, participant_id))


def per_class(db: Db) -> pd.DataFrame:
    """Return the counts of each class.

    Returns columns ``avmit_label, n_slots, n_done``, in alphabetical order.
    """
    rows = db.execute(
        select(
            CandidateRow.avmit_label,
            func.count(),
            func.sum(case((AssignmentRow.done, 1), else_=0)),
        )
        .join(CandidateRow, CandidateRow.id == AssignmentRow.candidate_id)
        .group_by(CandidateRow.avmit_label)
        .order_by(CandidateRow.avmit_label)
    ).all()
    return pd.DataFrame(rows, columns=["avmit_label", "n_slots", "n_done"])


def mark_done(db: Db, participant_id: str, candidate_id: int) -> None:
    """Mark a candidate as rated by a participant.

    Raises StoreError if it is not assigned to the participant; it may have been given to somebody
    else.
    """
    marked = db.execute(
        update(AssignmentRow)
        .where(
            AssignmentRow.participant_id == participant_id,
            AssignmentRow.candidate_id == candidate_id,
        )
        .values(done=True)
        .execution_options(synchronize_session=False)
        .returning(AssignmentRow.id)
    ).first()
    if marked is None:
        raise StoreError(
            f"candidate {candidate_id} is not assigned to participant {participant_id} any more. "
            "Start the session again to get the present list"
        )


def set_replaced(db: Db, ids: Sequence[int], *, replaced: bool) -> None:
    """Record whether other slots were given in place of finished ones."""
    for chunk in _chunks(list(ids)):
        db.execute(
            update(AssignmentRow)
            .where(AssignmentRow.id.in_(chunk), AssignmentRow.done.is_(True))
            .values(replaced=replaced)
            .execution_options(synchronize_session=False)
        )


def replace_open(db: Db, assignments: pd.DataFrame) -> None:
    """Give open slots to other participants, all of them at once.

    `assignments`: columns ``id, participant_id, position`` of the slots that change; none of them
    done.
    """
    if assignments.empty:
        return
    # The old rows go first: a participant may not have two slots of a candidate, nor two
    # candidates at one position, not even for a moment.
    ids = [int(number) for number in assignments["id"]]
    slots = pd.concat(_taken_out(db, chunk) for chunk in _chunks(ids))
    given = slots.merge(assignments[["id", "participant_id", "position"]], on="id")
    add_many(db, given)


def remove(db: Db, participant_id: str, *, rated_too: bool) -> int:
    """Remove a participant's slots; they have no rater until they are given to somebody else.

    `rated_too`: whether slots that are done go as well, because their ratings are removed.
    """
    query = delete(AssignmentRow).where(AssignmentRow.participant_id == participant_id)
    if not rated_too:
        query = query.where(AssignmentRow.done.is_(False))
    removed = db.execute(query.returning(AssignmentRow.id)).all()
    return len(removed)


def remove_open(db: Db, ids: Sequence[int]) -> None:
    """Delete open slots, all of them at once."""
    for chunk in _chunks(list(ids)):
        _taken_out(db, chunk)


def last_positions(db: Db) -> dict[str, int]:
    """Return the last position in each participant's order."""
    rows = db.execute(
        select(AssignmentRow.participant_id, func.max(AssignmentRow.position)).group_by(
            AssignmentRow.participant_id
        )
    )
    return {row[0]: row[1] for row in rows}


def _taken_out(db: Db, ids: list[int]) -> pd.DataFrame:
    rows = db.execute(
        delete(AssignmentRow)
        .where(AssignmentRow.id.in_(ids), AssignmentRow.done.is_(False))
        .returning(
            AssignmentRow.id,
            AssignmentRow.candidate_id,
            AssignmentRow.slot,
            AssignmentRow.further,
        )
    ).all()
    if len(rows) != len(ids):
        raise StoreError(
            f"{len(ids) - len(rows)} of the slots were rated in the meantime. Nothing was "
            "changed; run the command again"
        )
    return pd.DataFrame(rows, columns=["id", "candidate_id", "slot", "further"])


def _chunks(ids: list[int], size: int = 10_000) -> list[list[int]]:
    return [ids[first : first + size] for first in range(0, len(ids), size)]


def candidate_ids(db: Db) -> npt.NDArray[np.int64]:
    """Return the candidates that are in the plan.

    Returns
    -------
    ndarray of int64, shape (n_candidates,)
        In ascending order.
    """
    rows = db.scalars(
        select(AssignmentRow.candidate_id).distinct().order_by(AssignmentRow.candidate_id)
    ).all()
    return np.array(rows, dtype=np.int64)


def left_to_do(db: Db, people: list[str]) -> dict[str, int]:
    """Return how many clips people have still to rate.

    Returns them in the order of `people`.
    """
    found = counts(db)
    none = Count(0, 0)
    return {person: found.get(person, none).n_left for person in people}
