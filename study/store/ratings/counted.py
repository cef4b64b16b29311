"""Ratings with their evidence, and which of them count."""

import math
from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd
from sqlalchemy import false, select

from study import counting
from study.config.screen import Screen
from study.config.study import Study
from study.counting import Counted, Truths, grade_of
from study.store import audit
from study.store.dataframes import as_frame
from study.store.engine import Db
from study.store.plan import ground_truths
from study.store.ratings import flags, trials
from study.store.tables import (
    AssignmentRow,
    CandidateRow,
    ConsentRow,
    ParticipantRow,
    PresentationRow,
    RatingRow,
    RigAcceptanceRow,
    SessionRow,
    TrialRow,
)
from study.vocabulary import ParticipantKind, Phase

_ASSUMED_PERIOD_S = 1 / 60  # where a session does not say its refresh
PLAYING = (
    "trial_id", "number", "onset_s", "offset_s", "interrupted", "disturbed", "n_xruns",
    "av_offset_s", "n_frames_shown", "n_frames_dropped", "width_px", "height_px", "scale",
)  # fmt: skip


def counted(db: Db, study: Study, phase: str | Phase = Phase.ANNOTATION) -> Counted:
    """Return the ratings of a phase that count, and why others do not.

    Returns ratings with the columns of `judged`, in the order in which they were given.

    `study`: what it leaves out, and whether it is a rehearsal.
    """
    return counting.counted(judged(db, study, phase))


def ground_truths_that_count(db: Db, study: Study) -> Truths:
    """Return what the expert says of the sampled candidates, without what was said of other clips.

    Parameters
    ----------
    study : Study
        What it leaves out, and whether it is a rehearsal.
    """
    given = judged(db, study, Phase.GROUND_TRUTH)
    return counting.truths_that_count(ground_truths.frame(db), given)


def judged(
    db: Db,
    study: Study,
    phase: str | Phase = Phase.ANNOTATION,
    clips: Collection[int] | None = None,
) -> pd.DataFrame:
    """Return all ratings of a phase, each with why it does not count, if it does not.

    Returns the columns `trials.RATING_COLUMNS` with the evidence, ``reason`` and ``doubts`` of
    `study.counting.judged`.

    Parameters
    ----------
    study : Study
        What it leaves out, and whether it is a rehearsal.
    clips : collection of int or None
        Only the ratings of these candidates, some hundreds at most; None for all.
    """
    found = trials.rated(db, phase, clips)
    for evidence, keys in (
        (_trials(db, phase, clips), ["trial_id"]),
        (session_evidence(db, study, phase), ["session_id"]),
        (_playings(db, phase, clips), ["trial_id"]),
        (_slots(db, phase), ["candidate_id", "participant_id"]),
        (flags.by_trial(db), ["trial_id"]),
    ):
        # Tables without rows have columns of any type.
        like = {key: found[key].dtype for key in keys}
        found = found.merge(evidence.astype(like), on=keys, how="left")
    found = found.assign(
        is_withdrawn=found["participant_id"].isin(who_took_ratings_along(db)),
        is_simulated=found["simulated"].astype(bool) | found["is_simulated"].astype(bool),
        is_replaced=found["replaced"].eq(True),
        n_other_clips=found["n_other_clips"].fillna(0),
        played_to_end=found["played_to_end"].eq(True),
        flags=found["flags"].astype(object).where(found["flags"].notna(), ""),
    ).drop(columns="replaced")
    return counting.judged(found, study.config.evidence, rehearsal=study.config.rehearsal)


def _trials(db: Db, phase: str | Phase, clips: Collection[int] | None) -> pd.DataFrame:
    query = (
        select(RatingRow.trial_id, TrialRow.session_id, TrialRow.outcome)
        .join(TrialRow, TrialRow.id == RatingRow.trial_id)
        .where(RatingRow.phase == Phase(phase).value, trials.of_clips(clips))
    )
    return as_frame(db.execute(query))


def session_evidence(db: Db, study: Study, phase: str | Phase) -> pd.DataFrame:
    """Return what the sessions of a phase say of who rated, and on which rig.

    Returns columns ``session_id, host, stage, is_simulated, is_accepted, grade, period_s,
    box_width_px, box_height_px``.
    """
    query = (
        select(
            SessionRow.id,
            SessionRow.host,
            SessionRow.stage,
            SessionRow.simulated_profile,
            ParticipantRow.kind,
            SessionRow.rig,
            RigAcceptanceRow.session_id,
        )
        .join(ParticipantRow, ParticipantRow.id == SessionRow.participant_id)
        .outerjoin(RigAcceptanceRow, RigAcceptanceRow.session_id == SessionRow.id)
        .where(SessionRow.phase == Phase(phase).value)
    )
    rows = [
        {
            "session_id": session_id,
            "host": host,
            "stage": stage,
            "is_simulated": stage == "simulated"
            or profile is not None
            or kind == ParticipantKind.SIMULATED.value,
            "is_accepted": accepted is not None,
            **_of_rig(rig, study.config.screen),
        }
        for session_id, host, stage, profile, kind, rig, accepted in db.execute(query)
    ]
    columns = [
        "session_id", "host", "stage", "is_simulated", "is_accepted", "grade", "period_s",
        "box_width_px", "box_height_px", "clip_scale",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _of_rig(rig: object, screen: Screen) -> dict[str, Any]:
    """Return what a session's rig reports; what it does not report is the study's."""
    shown = _part(rig, "screen")
    asked = _part(_part(rig, "config"), "screen")
    # What was asked for on this very screen; sessions of older versions show clips at scale 1.
    here = _part(shown, "asked")
    asked = here or asked
    return {
        "grade": grade_of(rig),
        "period_s": _positive(shown.get("period_s"), _ASSUMED_PERIOD_S),
        "box_width_px": _positive(asked.get("max_clip_width_px"), screen.max_clip_width_px),
        "box_height_px": _positive(asked.get("max_clip_height_px"), screen.max_clip_height_px),
        "clip_scale": _positive(here.get("clip_scale"), math.inf if here else 1.0),
    }


def _part(of: object, name: str | None = None) -> Mapping[str, Any]:
    # JSON out of a store that may have been on a laptop: nothing of it is certain.
    found = of if name is None or not isinstance(of, Mapping) else of.get(name)
    return found if isinstance(found, Mapping) else {}


def _positive(value: object, otherwise: float) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and value > 0 else float(otherwise)  # type: ignore[arg-type,operator]


def _playings(db: Db, phase: str | Phase, clips: Collection[int] | None) -> pd.DataFrame:
    """Return the last playing of each rated trial, and how many showed another clip."""
    query = (
        select(
            *(getattr(PresentationRow, name) for name in PLAYING),
            (PresentationRow.clip_sha256 != CandidateRow.sha256).label("is_other"),
        )
        .join(RatingRow, RatingRow.trial_id == PresentationRow.trial_id)
        .join(CandidateRow, CandidateRow.id == RatingRow.candidate_id)
        .where(RatingRow.phase == Phase(phase).value, trials.of_clips(clips))
        .order_by(PresentationRow.trial_id, PresentationRow.number)
    )
    return last_playings(as_frame(db.execute(query)))


def last_playings(every: pd.DataFrame) -> pd.DataFrame:
    """Return the last playing of each trial, and how many of its playings showed another clip.

    `every`: columns `PLAYING` and ``is_other``, trial by trial in the order of playing.
    """
    n_other = every.groupby("trial_id")["is_other"].sum().rename("n_other_clips")
    last = every.drop_duplicates("trial_id", keep="last")
    last = last.assign(
        played_to_end=~last["interrupted"].astype(bool) & ~last["disturbed"].eq(True),
        playing_s=last["offset_s"].astype(float) - last["onset_s"].astype(float),
    )
    gone = ["number", "interrupted", "disturbed", "is_other", "onset_s", "offset_s"]
    return last.drop(columns=gone).merge(n_other, on="trial_id", how="left")


def _slots(db: Db, phase: str | Phase) -> pd.DataFrame:
    """Return the slots whose rating was given up; only those of the annotation are planned."""
    columns = (AssignmentRow.candidate_id, AssignmentRow.participant_id, AssignmentRow.replaced)
    given_up = AssignmentRow.replaced if Phase(phase) is Phase.ANNOTATION else false()
    return as_frame(db.execute(select(*columns).where(given_up)))


def who_took_ratings_along(db: Db) -> list[str]:
    """Return who withdrew and had ratings removed; a lost laptop may bring some back."""
    stands = select(ConsentRow.participant_id).where(ConsentRow.withdrawn_at.is_(None))
    query = select(ConsentRow.participant_id).where(ConsentRow.participant_id.not_in(stands))
    gone = set(db.scalars(query))
    if not gone:
        return []
    events = audit.frame(db)
    said = {
        event["subject"]: _part(event["detail"]).get("keep_ratings")
        for event in events[events["action"] == "withdraw"].to_dict("records")
    }
    return sorted(who for who in gone if said.get(who) is False)
