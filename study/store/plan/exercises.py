"""The clips of training and screening, and the participants' answers."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import delete, func, insert, select

from study.store.dataframes import as_frame
from study.store.engine import Db
from study.store.tables import (
    CandidateRow,
    ExerciseClipRow,
    ParticipantRow,
    RatingRow,
    SessionRow,
    TrialRow,
)
from study.vocabulary import ParticipantKind, Phase, Rating


@dataclass(frozen=True, slots=True)
class ExerciseClip:
    """A clip of an exercise, with the expert's rating and its reasoning.

    Parameters
    ----------
    candidate_id : int
        The clip; it is in one exercise only, and in no plan.
    exercise_set : int
        From 1; a repeated screening uses the next set.
    position : int
        From 0; order within the set.
    reasoning : str
        What the participant reads after the trial, in training.
    """

    candidate_id: int
    phase: Phase
    exercise_set: int
    position: int
    rating: Rating
    reasoning: str


def add_many(db: Db, clips: Iterable[ExerciseClip]) -> None:
    """Add the clips of exercises."""
    rows = [
        {
            "candidate_id": clip.candidate_id,
            "phase": clip.phase.value,
            "exercise_set": clip.exercise_set,
            "position": clip.position,
            "rating": int(clip.rating),
            "reasoning": clip.reasoning,
        }
        for clip in clips
    ]
    if rows:
        db.execute(insert(ExerciseClipRow), rows)


def remove(db: Db, phase: Phase, exercise_set: int) -> None:
    """Remove a set of an exercise, for another one in its place."""
    db.execute(
        delete(ExerciseClipRow).where(
            ExerciseClipRow.phase == phase.value, ExerciseClipRow.exercise_set == exercise_set
        )
    )


def seen_by(db: Db, phase: Phase, exercise_set: int) -> list[str]:
    """Return the participants to whom clips of a set were shown, sorted; the expert is none."""
    found = db.scalars(
        select(SessionRow.participant_id)
        .join(TrialRow, TrialRow.session_id == SessionRow.id)
        .join(ExerciseClipRow, ExerciseClipRow.candidate_id == TrialRow.candidate_id)
        .join(ParticipantRow, ParticipantRow.id == SessionRow.participant_id)
        .where(ExerciseClipRow.phase == phase.value, ExerciseClipRow.exercise_set == exercise_set)
        .where(ParticipantRow.kind != ParticipantKind.EXPERT.value)
        .distinct()
    )
    return sorted(found)


def frame(db: Db, phase: Phase | None = None, exercise_set: int | None = None) -> pd.DataFrame:
    """Return the clips of exercises.

    Returns columns ``candidate_id, phase, exercise_set, position, expert_rating, reasoning,
    avmit_label, video_location, filename, sha256``, in the order of showing.

    Parameters
    ----------
    phase : Phase or None
        Training or screening; None for both.
    exercise_set : int or None
        Which set; None for all.
    """
    query = (
        select(
            ExerciseClipRow.candidate_id,
            ExerciseClipRow.phase,
            ExerciseClipRow.exercise_set,
            ExerciseClipRow.position,
            ExerciseClipRow.rating.label("expert_rating"),
            ExerciseClipRow.reasoning,
            CandidateRow.avmit_label,
            CandidateRow.video_location,
            CandidateRow.filename,
            CandidateRow.sha256,
        )
        .join(CandidateRow, CandidateRow.id == ExerciseClipRow.candidate_id)
        .order_by(ExerciseClipRow.phase, ExerciseClipRow.exercise_set, ExerciseClipRow.position)
    )
    if phase is not None:
        query = query.where(ExerciseClipRow.phase == phase.value)
    if exercise_set is not None:
        query = query.where(ExerciseClipRow.exercise_set == exercise_set)
    return as_frame(db.execute(query))


def set_sizes(db: Db, phase: Phase) -> dict[int, int]:
    """Return how many clips each set of an exercise has.

    Returns the number of clips by set; empty where none has been chosen.
    """
    rows = db.execute(
        select(ExerciseClipRow.exercise_set, func.count())
        .where(ExerciseClipRow.phase == phase.value)
        .group_by(ExerciseClipRow.exercise_set)
        .order_by(ExerciseClipRow.exercise_set)
    )
    return {row[0]: row[1] for row in rows}


def answers(db: Db, participant_id: str, phase: Phase) -> pd.DataFrame:
    """Return what a participant answered in an exercise, beside the expert's ratings.

    Returns columns ``attempt, candidate_id, rating, expert_rating, reasoning, avmit_label,
    video_location, filename``, in the order of rating.
    """
    result = db.execute(
        select(
            RatingRow.attempt,
            RatingRow.candidate_id,
            RatingRow.rating,
            ExerciseClipRow.rating.label("expert_rating"),
            ExerciseClipRow.reasoning,
            CandidateRow.avmit_label,
            CandidateRow.video_location,
            CandidateRow.filename,
        )
        .join(ExerciseClipRow, ExerciseClipRow.candidate_id == RatingRow.candidate_id)
        .join(CandidateRow, CandidateRow.id == RatingRow.candidate_id)
        .where(RatingRow.participant_id == participant_id, RatingRow.phase == phase.value)
        .order_by(RatingRow.trial_id)
    )
    return as_frame(result)
