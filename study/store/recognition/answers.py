"""Answers as a tidy frame; they are written with their trial (`study.store.ratings.trials`)."""

import pandas as pd
from sqlalchemy import select

from study.store.dataframes import as_frame
from study.store.engine import Db
from study.store.recognition import stimuli
from study.store.tables import AnswerRow, RecognitionSlotRow, SessionRow, StimulusRow, TrialRow

_ANSWER = (
    "trial_id", "participant_id", "stimulus_id", "answer", "rt_s", "confidence", "interrupted_s",
    "n_interruptions", "n_early_presses", "bonus_pence", "simulated", "answered_at",
)  # fmt: skip


def frame(db: Db) -> pd.DataFrame:
    """Return all answers, practice included.

    Returns one row per answer in the order in which they were given: those of the answer,
    ``session_id, trial_number, outcome, started_at, attempt`` (of the session), ``square_row,
    position, is_practice``, and the stimulus's `study.store.recognition.stimuli.COLUMNS`.
    """
    query = (
        select(
            *(getattr(AnswerRow, name) for name in _ANSWER),
            TrialRow.session_id,
            TrialRow.number.label("trial_number"),
            TrialRow.outcome,
            SessionRow.started_at,
            SessionRow.attempt,
            RecognitionSlotRow.square_row,
            RecognitionSlotRow.position,
            RecognitionSlotRow.is_practice,
            *(getattr(StimulusRow, name) for name in stimuli.COLUMNS),
        )
        .join(TrialRow, TrialRow.id == AnswerRow.trial_id)
        .join(SessionRow, SessionRow.id == TrialRow.session_id)
        .join(StimulusRow, StimulusRow.id == AnswerRow.stimulus_id)
        .join(
            RecognitionSlotRow,
            (RecognitionSlotRow.participant_id == AnswerRow.participant_id)
            & (RecognitionSlotRow.stimulus_id == AnswerRow.stimulus_id),
        )
        .order_by(AnswerRow.trial_id)
    )
    return as_frame(db.execute(query))


def is_answered(db: Db, session_id: str, stimulus_id: int) -> bool:
    """Return whether a session has an answer to a stimulus already.

    A commit whose acknowledgement was lost may have succeeded: who retries asks first.
    """
    query = (
        select(AnswerRow.trial_id)
        .join(TrialRow, TrialRow.id == AnswerRow.trial_id)
        .where(TrialRow.session_id == session_id, AnswerRow.stimulus_id == stimulus_id)
    )
    return db.scalars(query).first() is not None
