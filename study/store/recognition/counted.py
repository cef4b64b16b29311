"""Answers with their evidence, and which of them count: by the same rules as ratings."""

import pandas as pd
from sqlalchemy import func, select

from study import counting
from study.config.study import Study
from study.store.dataframes import as_frame
from study.store.engine import Db
from study.store.ratings import flags
from study.store.ratings.counted import (
    PLAYING,
    last_playings,
    session_evidence,
    who_took_ratings_along,
)
from study.store.recognition import answers
from study.store.tables import AnswerRow, PresentationRow, StimulusRow
from study.vocabulary import Phase


def judged(db: Db, study: Study) -> pd.DataFrame:
    """Return all answers, each with why it does not count, if it does not.

    Returns the columns of `study.store.recognition.answers.frame` with the evidence,
    ``n_presentations, n_frames_late`` (of all playings), ``reason`` and ``doubts`` of
    `study.counting.judged`.

    `study`: what it leaves out, and whether it is a rehearsal.
    """
    found = answers.frame(db)
    for evidence, key in (
        (session_evidence(db, study, Phase.RECOGNITION), "session_id"),
        (_playings(db), "trial_id"),
        (_counts(db), "trial_id"),
        (flags.by_trial(db), "trial_id"),
    ):
        # Tables without rows have columns of any type.
        found = found.merge(evidence.astype({key: found[key].dtype}), on=key, how="left")
    found = found.assign(
        is_withdrawn=found["participant_id"].isin(who_took_ratings_along(db)),
        is_simulated=found["simulated"].astype(bool) | found["is_simulated"].astype(bool),
        is_replaced=False,
        n_other_clips=found["n_other_clips"].fillna(0),
        played_to_end=found["played_to_end"].eq(True),
        flags=found["flags"].astype(object).where(found["flags"].notna(), ""),
    )
    return counting.judged(found, study.config.evidence, rehearsal=study.config.rehearsal)


def by_session(db: Db, study: Study) -> pd.DataFrame:
    """Return how many answers each session has: ``n_answers, n_counted`` by session."""
    found = judged(db, study)
    counting_ones = found.assign(counts=found["reason"].eq("")).groupby("session_id")["counts"]
    return counting_ones.agg(["size", "sum"]).set_axis(["n_answers", "n_counted"], axis=1)


def _playings(db: Db) -> pd.DataFrame:
    query = (
        select(
            *(getattr(PresentationRow, name) for name in PLAYING),
            (PresentationRow.clip_sha256 != StimulusRow.sha256).label("is_other"),
        )
        .join(AnswerRow, AnswerRow.trial_id == PresentationRow.trial_id)
        .join(StimulusRow, StimulusRow.id == AnswerRow.stimulus_id)
        .order_by(PresentationRow.trial_id, PresentationRow.number)
    )
    return last_playings(as_frame(db.execute(query)))


def _counts(db: Db) -> pd.DataFrame:
    query = (
        select(
            PresentationRow.trial_id,
            func.count().label("n_presentations"),
            func.coalesce(func.sum(PresentationRow.n_frames_late), 0).label("n_frames_late"),
        )
        .join(AnswerRow, AnswerRow.trial_id == PresentationRow.trial_id)
        .group_by(PresentationRow.trial_id)
    )
    return as_frame(db.execute(query))
