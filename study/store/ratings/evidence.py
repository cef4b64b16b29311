"""The evidence of sessions as tidy frames: what was played, pressed, and on which machine."""

from collections.abc import Sequence

import pandas as pd
from sqlalchemy import func, select

from study.store.dataframes import as_frame
from study.store.engine import Db
from study.store.tables import (
    CandidateRow,
    KeyPressRow,
    PresentationRow,
    SessionRow,
    StimulusRow,
    TrialRow,
)

_SESSION_COLUMNS = (
    "participant_id", "phase", "attempt", "stage", "simulated_profile", "started_at", "ended_at",
    "end_reason", "host", "rig",
)  # fmt: skip
_PRESENTATION_COLUMNS = (
    "number", "onset_s", "offset_s", "interrupted", "disturbed", "asked_s", "sound_requested_s",
    "sound_started_s", "av_offset_s", "n_frames_shown", "n_frames_dropped", "n_frames_late",
    "n_xruns", "width_px", "height_px", "scale", "width_deg", "height_deg",
)  # fmt: skip
_PRESS_COLUMNS = ("key", "t_s", "early", "warned_s")


def sessions(db: Db) -> pd.DataFrame:
    """Return all sessions.

    Returns columns ``session_id, participant_id, phase, attempt, stage, simulated_profile,
    started_at, ended_at, end_reason, host, rig``, in the order in which they began.
    """
    columns = [SessionRow.id, *(getattr(SessionRow, name) for name in _SESSION_COLUMNS)]
    query = select(*columns).order_by(SessionRow.started_at, SessionRow.id)
    return pd.DataFrame(db.execute(query).all(), columns=["session_id", *_SESSION_COLUMNS])


def trials(db: Db, session_ids: Sequence[str]) -> pd.DataFrame:
    """Return the trials of some sessions.

    Returns columns ``session_id, trial_number, filename, outcome, failure, recorded_at``, session
    by session in the order of the trials.
    """
    query = (
        select(
            TrialRow.session_id,
            TrialRow.number.label("trial_number"),
            func.coalesce(CandidateRow.filename, StimulusRow.filename).label("filename"),
            TrialRow.outcome,
            TrialRow.failure,
            TrialRow.recorded_at,
        )
        .outerjoin(CandidateRow, CandidateRow.id == TrialRow.candidate_id)
        .outerjoin(StimulusRow, StimulusRow.id == TrialRow.stimulus_id)
        .where(TrialRow.session_id.in_(session_ids))
        .order_by(TrialRow.session_id, TrialRow.number)
    )
    return as_frame(db.execute(query))


def presentations(db: Db, session_ids: Sequence[str]) -> pd.DataFrame:
    """Return what was played in some sessions.

    Returns columns ``session_id, trial_number`` and those of a presentation, session by session in
    the order of playing.
    """
    query = (
        select(
            TrialRow.session_id,
            TrialRow.number.label("trial_number"),
            *(getattr(PresentationRow, name) for name in _PRESENTATION_COLUMNS),
        )
        .join(TrialRow, TrialRow.id == PresentationRow.trial_id)
        .where(TrialRow.session_id.in_(session_ids))
        .order_by(TrialRow.session_id, TrialRow.number, PresentationRow.number)
    )
    return as_frame(db.execute(query))


def key_presses(db: Db, session_ids: Sequence[str]) -> pd.DataFrame:
    """Return the keys that were pressed in some sessions.

    Returns columns ``session_id, trial_number, key, t_s, early, warned_s``, session by session in
    the order of time.
    """
    query = (
        select(
            TrialRow.session_id,
            TrialRow.number.label("trial_number"),
            *(getattr(KeyPressRow, name) for name in _PRESS_COLUMNS),
        )
        .join(TrialRow, TrialRow.id == KeyPressRow.trial_id)
        .where(TrialRow.session_id.in_(session_ids))
        .order_by(TrialRow.session_id, TrialRow.number, KeyPressRow.id)
    )
    return as_frame(db.execute(query))


def failures(db: Db) -> pd.DataFrame:
    """Return the trials in which a clip could not be shown.

    Returns columns ``participant_id, candidate_id, recorded_at, filename, failure``, in the order
    of time.
    """
    result = db.execute(
        select(
            SessionRow.participant_id,
            TrialRow.candidate_id,
            TrialRow.recorded_at,
            CandidateRow.filename,
            TrialRow.failure,
        )
        .join(SessionRow, SessionRow.id == TrialRow.session_id)
        .join(CandidateRow, CandidateRow.id == TrialRow.candidate_id)
        .where(TrialRow.outcome == "failed")
        .order_by(TrialRow.id)
    )
    return as_frame(result)
