"""Parts of a store for laptops without a network, and their way back."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, String, Table, cast, func, insert, select, update

from study.store.dataframes import as_frame
from study.store.engine import Db
from study.store.tables import (
    AnswerRow,
    AssignmentRow,
    Base,
    CandidateRow,
    ExerciseClipRow,
    GroundTruthVersionRow,
    ProtocolVersionRow,
    RatingRow,
    RecognitionSlotRow,
    SessionRow,
    TrialRow,
)
from study.vocabulary import Phase

_ROWS_PER_INSERT = 5_000
# What a laptop needs whole: who they are and what the clips are worth.
_WHOLE = ("study", "protocol_version", "exercise_clip", "ground_truth", "ground_truth_version")


def copy_part(source: Db, target: Db, participant_ids: Sequence[str]) -> None:
    """Copy what some participants need into an empty store.

    `target`: an open transaction on a new, empty store.
    """
    conditions = _conditions(participant_ids)
    for table in Base.metadata.sorted_tables:
        if table.name in _WHOLE:
            _copy(source, target, table, None)
        elif table.name in conditions:
            _copy(source, target, table, conditions[table.name])


def _conditions(participant_ids: Sequence[str]) -> dict[str, ColumnElement[bool]]:
    sessions = select(SessionRow.id).where(SessionRow.participant_id.in_(participant_ids))
    trials = select(TrialRow.id).where(TrialRow.session_id.in_(sessions))
    assigned = select(AssignmentRow.candidate_id).where(
        AssignmentRow.participant_id.in_(participant_ids)
    )
    truths = select(GroundTruthVersionRow.candidate_id)
    sampled = select(Base.metadata.tables["ground_truth"].c.candidate_id)
    exercise = select(ExerciseClipRow.candidate_id)
    tables = Base.metadata.tables
    found: dict[str, ColumnElement[bool]] = {
        "participant": tables["participant"].c.id.in_(participant_ids),
        "candidate": CandidateRow.id.in_(assigned.union(truths, sampled, exercise)),
        "stimulus": tables["stimulus"].c.id.in_(
            select(RecognitionSlotRow.stimulus_id).where(
                RecognitionSlotRow.participant_id.in_(participant_ids)
            )
        ),
    }
    for name, ids in (("trial", trials), ("session", sessions)):
        for table, column in _references(name):
            found.setdefault(table.name, column.in_(ids))
    for table, column in _references("participant"):
        found.setdefault(table.name, column.in_(participant_ids))
    # Pay, people's answers, remarks and what releases call them stay with the experimenter.
    for name in ("demographics", "note", "paid_session", "pseudonym"):
        found.pop(name, None)
    return found


def new_rows(
    laptop: Db, main: Db, participant_ids: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the trials of a laptop, and those of the same sessions that are here already.

    Returns columns ``session_id, number, candidate_id, stimulus_id, outcome, rating, bonus_pence,
    rated_at``; the rating of a recognition trial is its answer.
    """
    return _trials(laptop, participant_ids), _trials(main, participant_ids)


def _trials(db: Db, participant_ids: Sequence[str]) -> pd.DataFrame:
    rating = Base.metadata.tables["rating"]
    result = db.execute(
        select(
            TrialRow.session_id,
            TrialRow.number,
            TrialRow.candidate_id,
            TrialRow.stimulus_id,
            TrialRow.outcome,
            func.coalesce(cast(rating.c.rating, String), AnswerRow.answer).label("rating"),
            func.coalesce(rating.c.bonus_pence, AnswerRow.bonus_pence).label("bonus_pence"),
            func.coalesce(rating.c.rated_at, AnswerRow.answered_at).label("rated_at"),
        )
        .join(SessionRow, SessionRow.id == TrialRow.session_id)
        .outerjoin(rating, rating.c.trial_id == TrialRow.id)
        .outerjoin(AnswerRow, AnswerRow.trial_id == TrialRow.id)
        .where(SessionRow.participant_id.in_(participant_ids))
        .order_by(TrialRow.session_id, TrialRow.number)
    )
    return as_frame(result).astype(object)


def merge_sessions(laptop: Db, main: Db, session_ids: Sequence[str]) -> int:
    """Copy whole sessions with all that belongs to them; trials get new numbers of their own.

    `session_ids`: sessions that `main` does not have.
    """
    versions = _versions(laptop, main)
    tables = Base.metadata.tables
    n_ratings = 0
    for session_id in session_ids:
        row = _rows(laptop, tables["session"], tables["session"].c.id == session_id)[0]
        row["protocol_version_id"] = versions[row["protocol_version_id"]]
        main.execute(insert(tables["session"]), [row])
        trial_ids: dict[int, int] = {}
        for trial in _rows(laptop, tables["trial"], tables["trial"].c.session_id == session_id):
            old = trial.pop("id")
            new = main.execute(insert(tables["trial"]).values(trial).returning(TrialRow.id)).one()
            trial_ids[old] = new[0]
        n_ratings += _merge_children(laptop, main, trial_ids)
        for table, column in _references("session"):
            if table.name not in {"trial", "paid_session", "rig_acceptance"}:
                own = column == session_id
                if "trial_id" in table.columns:  # what belongs to a trial came with it
                    own &= table.columns["trial_id"].is_(None)
                _insert(main, table, _without_id(_rows(laptop, table, own)))
        _mark_done(laptop, main, row)
    return n_ratings


def merge_further(laptop: Db, main: Db, asked: Sequence[dict[str, Any]]) -> None:
    """Copy slots that a rating rule asked for on a laptop; one that is here already is left alone.

    `asked`: the rows that the laptop has added to its plan.
    """
    table = Base.metadata.tables["assignment"]
    for row in asked:
        same = table.c.candidate_id == row["candidate_id"]
        slots = main.execute(select(table.c.slot, table.c.participant_id).where(same)).all()
        if row["participant_id"] in {slot[1] for slot in slots}:
            continue
        own = table.c.participant_id == row["participant_id"]
        last = main.scalar(select(func.max(table.c.position)).where(own))
        new = {**row, "slot": max((slot[0] for slot in slots), default=0) + 1, "done": False}
        del new["id"]
        _insert(main, table, [{**new, "position": 0 if last is None else last + 1}])


def merge_ground_truths(laptop: Db, main: Db, given_by: Sequence[str]) -> int:
    """Copy ground truths that were given on a laptop."""
    table = Base.metadata.tables["ground_truth_version"]
    known = {(row["candidate_id"], row["version"]) for row in _rows(main, table, None)}
    rows = [
        row
        for row in _without_id(_rows(laptop, table, table.c.given_by.in_(given_by)))
        if (row["candidate_id"], row["version"]) not in known
    ]
    _insert(main, table, rows)
    return len(rows)


def plan_of(db: Db, participant_ids: Sequence[str]) -> pd.DataFrame:
    """Return the slots of some participants, without what they have done.

    Returns columns ``candidate_id, slot, participant_id, position, sha256``, in a fixed order.
    """
    result = db.execute(
        select(
            AssignmentRow.candidate_id,
            AssignmentRow.slot,
            AssignmentRow.participant_id,
            AssignmentRow.position,
            CandidateRow.sha256,
        )
        .join(CandidateRow, CandidateRow.id == AssignmentRow.candidate_id)
        .where(AssignmentRow.participant_id.in_(participant_ids))
        .order_by(AssignmentRow.candidate_id, AssignmentRow.slot)
    )
    return as_frame(result)


def n_rated_in_both(laptop: Db, main: Db, session_ids: Sequence[str]) -> int:
    """Return how many ratings of some sessions of a laptop were given here as well.

    Returns ratings by the same people of the same clips in the same phase and attempt.

    `session_ids`: sessions that `main` does not have.
    """
    keys = (RatingRow.participant_id, RatingRow.candidate_id, RatingRow.phase, RatingRow.attempt)
    theirs = set(
        laptop.execute(
            select(*keys)
            .join(TrialRow, TrialRow.id == RatingRow.trial_id)
            .where(TrialRow.session_id.in_(session_ids))
        )
    )
    people = {row[0] for row in theirs}
    ours = set(main.execute(select(*keys).where(RatingRow.participant_id.in_(people))))
    return len(theirs & ours) + _n_answered_in_both(laptop, main, session_ids)


def marked_without_rating(db: Db, participant_ids: Sequence[str]) -> bool:
    """Return whether clips are marked as rated that have no rating, or the other way round.

    Returns False where slots and ratings of the annotation say the same.
    """
    marked = select(AssignmentRow.participant_id, AssignmentRow.candidate_id).where(
        AssignmentRow.participant_id.in_(participant_ids), AssignmentRow.done.is_(True)
    )
    rated = select(RatingRow.participant_id, RatingRow.candidate_id).where(
        RatingRow.participant_id.in_(participant_ids),
        RatingRow.phase == Phase.ANNOTATION.value,
    )
    return set(db.execute(marked)) != set(db.execute(rated))


def sessions_of(db: Db, participant_ids: Sequence[str]) -> pd.DataFrame:
    """Return the sessions of some participants.

    Returns columns ``session_id, participant_id, started_at, ended_at``.
    """
    result = db.execute(
        select(
            SessionRow.id.label("session_id"),
            SessionRow.participant_id,
            SessionRow.started_at,
            SessionRow.ended_at,
        )
        .where(SessionRow.participant_id.in_(participant_ids))
        .order_by(SessionRow.started_at)
    )
    return as_frame(result)


def rows_of(db: Db, table: str) -> list[dict[str, Any]]:
    """Return all rows of a table, as they are."""
    return _rows(db, Base.metadata.tables[table], None)


def sessions_known(db: Db, session_ids: Sequence[str]) -> set[str]:
    """Return which of some sessions a store has."""
    return set(db.scalars(select(SessionRow.id).where(SessionRow.id.in_(session_ids))))


def _n_answered_in_both(laptop: Db, main: Db, session_ids: Sequence[str]) -> int:
    keys = (AnswerRow.participant_id, AnswerRow.stimulus_id)
    theirs = set(
        laptop.execute(
            select(*keys)
            .join(TrialRow, TrialRow.id == AnswerRow.trial_id)
            .where(TrialRow.session_id.in_(session_ids))
        )
    )
    people = {row[0] for row in theirs}
    return len(theirs & set(main.execute(select(*keys).where(keys[0].in_(people)))))


def _merge_children(laptop: Db, main: Db, trial_ids: dict[int, int]) -> int:
    n_ratings = 0
    for table, column in _references("trial"):
        rows = _rows(laptop, table, column.in_(list(trial_ids)))
        for row in rows:
            row[column.name] = trial_ids[row[column.name]]
        if table.name in ("rating", "answer"):
            n_ratings += len(rows)
            _insert(main, table, rows)
        else:
            _insert(main, table, _without_id(rows))
    return n_ratings


def _mark_done(laptop: Db, main: Db, session: dict[str, Any]) -> None:
    done = select(AssignmentRow.candidate_id).where(
        AssignmentRow.participant_id == session["participant_id"], AssignmentRow.done.is_(True)
    )
    main.execute(
        update(AssignmentRow)
        .where(
            AssignmentRow.participant_id == session["participant_id"],
            AssignmentRow.candidate_id.in_(list(laptop.scalars(done))),
        )
        .values(done=True)
        .execution_options(synchronize_session=False)
    )


def _versions(laptop: Db, main: Db) -> dict[int, int]:
    table = Base.metadata.tables["protocol_version"]
    ours = {row["config_sha256"]: row["id"] for row in _rows(main, table, None)}
    numbers = {}
    for row in _rows(laptop, table, None):
        if row["config_sha256"] not in ours:
            values = {**row, "frozen": False}
            values.pop("id")
            new = main.execute(insert(table).values(values).returning(ProtocolVersionRow.id)).one()
            ours[row["config_sha256"]] = new[0]
        numbers[row["id"]] = ours[row["config_sha256"]]
    return numbers


def _references(name: str) -> Iterable[tuple[Table, Any]]:
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if any(key.column.table.name == name for key in column.foreign_keys):
                yield table, column


def _copy(source: Db, target: Db, table: Table, condition: ColumnElement[bool] | None) -> None:
    _insert(target, table, _rows(source, table, condition))


def _rows(db: Db, table: Table, condition: ColumnElement[bool] | None) -> list[dict[str, Any]]:
    query = select(table) if condition is None else select(table).where(condition)
    return [dict(row._mapping) for row in db.execute(query)]


def _insert(db: Db, table: Table, rows: list[dict[str, Any]]) -> None:
    for first in range(0, len(rows), _ROWS_PER_INSERT):
        db.execute(insert(table), rows[first : first + _ROWS_PER_INSERT])


def _without_id(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != "id"} for row in rows]
