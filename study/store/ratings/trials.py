"""Trials: a rating and its evidence, written together; and all ratings as a table."""

from collections.abc import Collection
from datetime import datetime

import pandas as pd
from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.exc import IntegrityError

from study.errors import StoreError
from study.store.dataframes import as_frame
from study.store.engine import Db
from study.store.tables import (
    AnswerRow,
    CandidateRow,
    KeyPressRow,
    PresentationRow,
    RatingRow,
    SessionRow,
    TrialRow,
)
from study.vocabulary import Choice, KeyPress, Phase, Presentation, TrialRecord

_OF_RATING = (
    "trial_id",
    "candidate_id",
    "participant_id",
    "rating",
    "phase",
    "attempt",
    "rt_s",
    "interrupted_s",
    "n_interruptions",
    "n_replays",
    "n_early_presses",
    "bonus_pence",
    "simulated",
    "rated_at",
)
_OF_CANDIDATE = ("filename", "avmit_label", "mit_label", "video_location")
RATING_COLUMNS = _OF_RATING + _OF_CANDIDATE


def add(
    db: Db,
    *,
    session_id: str,
    record: TrialRecord,
    bonus_pence: int,
    simulated: bool,
    at: datetime,
) -> int:
    """Add a trial with its rating or answer, presentations and key presses.

    The bonus is stored with the rating, not worked out again later: it is what the participant
    was shown and must be paid, even if the ground truth is corrected.

    Raises StoreError if the participant has rated this candidate before, or candidate or session
    are unknown.
    """
    n_before = db.scalars(
        select(func.count()).select_from(TrialRow).where(TrialRow.session_id == session_id)
    ).one()
    trial = TrialRow(
        session_id=session_id,
        number=n_before + 1,
        # A stimulus of the recognition experiment is no candidate.
        candidate_id=None if record.stimulus.stimulus_id else record.stimulus.candidate_id,
        stimulus_id=record.stimulus.stimulus_id,
        outcome=_outcome(record),
        failure=record.failure,
        recorded_at=at,
    )
    db.add(trial)
    _flush(db, record)
    for number, presentation in enumerate(record.presentations, start=1):
        db.add(_presentation_row(trial.id, number, presentation))
    for press in record.key_presses:
        db.add(_key_press_row(trial.id, press))
    session = db.get_one(SessionRow, session_id)
    if record.choice is not None:
        db.add(_answer_row(trial, session, record.choice, bonus_pence, simulated=simulated))
    if record.response is not None:
        db.add(
            RatingRow(
                trial_id=trial.id,
                participant_id=session.participant_id,
                candidate_id=record.stimulus.candidate_id,
                phase=session.phase,
                attempt=session.attempt,
                rating=int(record.response.rating),
                rt_s=record.response.rt_s,
                interrupted_s=record.response.interrupted_s,
                n_interruptions=record.response.n_interruptions,
                n_replays=record.response.n_replays,
                n_early_presses=record.response.n_early_presses,
                bonus_pence=bonus_pence,
                simulated=simulated,
                rated_at=at,
            )
        )
    _flush(db, record)
    return trial.id


def is_rated(db: Db, session_id: str, candidate_id: int) -> bool:
    """Return whether a session has rated a candidate already.

    A commit whose acknowledgement was lost may have succeeded: who retries asks first.

    Returns True where a rating of this session stands.
    """
    found = db.scalars(
        select(TrialRow.id).where(
            TrialRow.session_id == session_id,
            TrialRow.candidate_id == candidate_id,
            TrialRow.outcome == "rated",
        )
    ).first()
    return found is not None


def last_rated_of(db: Db, participant_id: str, clip: str) -> tuple[int, str] | None:
    """Return trial and session of somebody's last rating of a clip; None where there is none.

    `clip`: such as ``barking/a.mp4`` or ``training/barking/a.mp4``.
    """
    candidate = CandidateRow
    found = db.execute(
        select(RatingRow.trial_id, TrialRow.session_id)
        .join(TrialRow, TrialRow.id == RatingRow.trial_id)
        .join(candidate, candidate.id == RatingRow.candidate_id)
        .where(
            RatingRow.participant_id == participant_id,
            or_(candidate.filename == clip,
                candidate.video_location + "/" + candidate.filename == clip),
        )
        .order_by(RatingRow.trial_id.desc())
        .limit(1)
    ).first()  # fmt: skip
    return None if found is None else (found[0], found[1])


def seen(db: Db) -> set[tuple[int, str]]:
    """Return who has seen which candidate, rated or not."""
    rows = db.execute(
        select(TrialRow.candidate_id, SessionRow.participant_id)
        .join(SessionRow, SessionRow.id == TrialRow.session_id)
        .where(TrialRow.candidate_id.is_not(None))
        .distinct()
    )
    return {(row[0], row[1]) for row in rows if row[0] is not None}


def _outcome(record: TrialRecord) -> str:
    if record.is_rated:
        return "rated"
    return "left" if record.failure is None else "failed"


def _presentation_row(trial_id: int, number: int, presentation: Presentation) -> PresentationRow:
    return PresentationRow(
        trial_id=trial_id,
        number=number,
        onset_s=presentation.onset_s,
        offset_s=presentation.offset_s,
        interrupted=presentation.interrupted,
        clip_sha256=presentation.clip_sha256,
        sound_requested_s=presentation.sound_requested_s,
        sound_started_s=presentation.sound_started_s,
        av_offset_s=presentation.av_offset_s,
        n_frames_shown=presentation.n_frames_shown,
        n_frames_dropped=presentation.n_frames_dropped,
        n_frames_late=presentation.n_frames_late,
        n_xruns=presentation.n_xruns,
        left_px=presentation.left_px,
        bottom_px=presentation.bottom_px,
        width_px=presentation.width_px,
        height_px=presentation.height_px,
        scale=presentation.scale,
        asked_s=presentation.asked_s,
        disturbed=presentation.disturbed,
        width_deg=presentation.width_deg,
        height_deg=presentation.height_deg,
    )


def _answer_row(
    trial: TrialRow, session: SessionRow, choice: Choice, bonus_pence: int, *, simulated: bool
) -> AnswerRow:
    return AnswerRow(
        trial_id=trial.id,
        participant_id=session.participant_id,
        stimulus_id=trial.stimulus_id,
        answer=choice.answer,
        rt_s=choice.rt_s,
        confidence=choice.confidence,
        interrupted_s=choice.interrupted_s,
        n_interruptions=choice.n_interruptions,
        n_early_presses=choice.n_early_presses,
        bonus_pence=bonus_pence,
        simulated=simulated,
        answered_at=trial.recorded_at,
    )


def _key_press_row(trial_id: int, press: KeyPress) -> KeyPressRow:
    return KeyPressRow(
        trial_id=trial_id,
        key=press.key,
        t_s=press.t_s,
        early=press.early,
        warned_s=press.warned_s,
    )


def _clip(record: TrialRecord) -> str:
    stimulus = record.stimulus
    if stimulus.stimulus_id is not None:
        return f"stimulus {stimulus.stimulus_id}"
    return f"candidate {stimulus.candidate_id}"


def _flush(db: Db, record: TrialRecord) -> None:
    try:
        db.flush()
    except IntegrityError as error:
        raise StoreError(
            f"trial with {_clip(record)} was refused: {error.orig}. "
            "Nothing of it was stored: run python -m sessions check"
        ) from error


def of_clips(clips: Collection[int] | None) -> ColumnElement[bool]:
    """Return the condition that a rating is of one of some candidates; None for any."""
    return true() if clips is None else RatingRow.candidate_id.in_(list(clips))


def rated(
    db: Db, phase: str | Phase = Phase.ANNOTATION, clips: Collection[int] | None = None
) -> pd.DataFrame:
    """Return all ratings of a phase; `study.store.ratings.counted` says which of them count.

    Returns columns `RATING_COLUMNS`, one row per rating, in the order in which they were given.
    ``interrupted_s`` and ``n_interruptions`` are missing where the version that wrote the rating
    did not separate interruptions; its ``rt_s`` may contain pauses.

    `clips`: only the ratings of these candidates, some hundreds at most; None for all.
    """
    query = (
        select(
            *(getattr(RatingRow, name) for name in _OF_RATING),
            *(getattr(CandidateRow, name) for name in _OF_CANDIDATE),
        )
        .join(CandidateRow, CandidateRow.id == RatingRow.candidate_id)
        .where(RatingRow.phase == Phase(phase).value, of_clips(clips))
        .order_by(RatingRow.trial_id)
    )
    return as_frame(db.execute(query))


def earnings(db: Db) -> pd.DataFrame:
    """Return what every rating earned, with what that follows from.

    Returns columns ``trial_id, session_id, participant_id, candidate_id, phase, rating,
    bonus_pence, rated_at, protocol_version_id``, in the order in which they were given.
    """
    rating = RatingRow
    result = db.execute(
        select(
            rating.trial_id, TrialRow.session_id, rating.participant_id, rating.candidate_id,
            rating.phase, rating.rating, rating.bonus_pence, rating.rated_at,
            SessionRow.protocol_version_id,
        )
        .join(TrialRow, TrialRow.id == rating.trial_id)
        .join(SessionRow, SessionRow.id == TrialRow.session_id)
        .order_by(rating.trial_id)
    )  # fmt: skip
    return as_frame(result)


def bonuses(db: Db, candidate_id: int) -> list[int]:
    """Return the bonuses that were shown for ratings of a candidate.

    Returns whole pence, in the order in which they were shown.
    """
    query = (
        select(RatingRow.bonus_pence)
        .where(RatingRow.candidate_id == candidate_id, RatingRow.bonus_pence > 0)
        .order_by(RatingRow.trial_id)
    )
    return list(db.scalars(query))
