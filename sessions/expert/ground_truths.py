"""The expert's ratings become ground truths, and may be corrected."""

from dataclasses import dataclass
from datetime import datetime

from study.errors import StudyError
from study.store import Db, audit
from study.store.desk import Desk
from study.store.plan import assignments, ground_truths
from study.store.plan.assignments import AssignedClip
from study.store.ratings import trials
from study.store.ratings.counted import ground_truths_that_count
from study.tools.local_time import local_day
from study.tools.wording import checked_reason
from study.vocabulary import Rating


@dataclass(frozen=True, slots=True)
class Correction:
    """A ground truth that was corrected.

    Parameters
    ----------
    before, after : Rating
        What it was, and is.
    version : int
        Its new version, from 2.
    n_bonuses, bonus_pence : int
        Bonuses that were shown for matching earlier versions, which stay, and their sum.
    """

    filename: str
    before: Rating
    after: Rating
    version: int
    n_bonuses: int
    bonus_pence: int


def ground_truth_rated(
    db: Db, *, candidate_id: int, rating: Rating, participant_id: str, at: datetime
) -> int:
    """Turn a rating of the expert in phase ground_truth into a ground truth.

    Returns the version of the ground truth; 1 unless it was rated before.

    Paper: Quality Control.
    """
    version = ground_truths.add_version(
        db, candidate_id=candidate_id, rating=rating, given_by=participant_id, at=at
    )
    audit.add(
        db,
        actor=participant_id,
        action="ground_truth",
        subject=f"candidate {candidate_id}",
        detail={"rating": int(rating), "version": version},
        at=at,
    )
    return version


def correct(desk: Desk, *, clip: str, rating: Rating, reason: str) -> Correction:
    """Correct a ground truth, or confirm one that was given of another clip; bonuses stay.

    Raises StudyError if there is no such ground truth, it is that already, or no reason is given.

    `clip`: a sampled clip, such as ``barking/a.mp4`` or ``training/barking/a.mp4``.
    """
    db, reason = desk.db, checked_reason(reason)
    found = _sampled_clip(db, clip)
    before = ground_truths.current(db, found.candidate_id)
    if before is None:
        raise StudyError(
            f"the expert has not rated {found.filename} yet, so there is nothing to correct. Run: "
            "python -m annotator --participant EXPERT --phase ground_truth"
        )
    counts = found.candidate_id in ground_truths_that_count(db, desk.study).by_clip()
    if before == rating and counts:
        raise StudyError(
            f"the ground truth of {found.filename} is {rating} already. Nothing was changed"
        )
    version = ground_truths.add_version(
        db,
        candidate_id=found.candidate_id,
        rating=rating,
        given_by=desk.by,
        at=desk.at,
        reason=reason,
    )
    detail = {
        "filename": found.filename, "before": int(before), "rating": int(rating),
        "version": version, "reason": reason,
    }  # fmt: skip
    desk.log("correct_ground_truth", f"candidate {found.candidate_id}", detail)
    kept = trials.bonuses(db, found.candidate_id)
    return Correction(found.filename, before, rating, version, len(kept), sum(kept))


def corrections(db: Db) -> list[str]:
    """Return all corrections in words.

    Returns one line each, in the order of time.
    """
    versions = ground_truths.versions(db)
    versions["before"] = versions.groupby("candidate_id")["rating"].shift()
    corrected = versions[versions["version"] > 1].sort_values("given_at")
    return [
        f"{row['filename']}: {_change(row['before'], row['rating'])} on "
        f"{local_day(row['given_at'])} ({row['given_by']}: {row['reason']})"
        for row in corrected.to_dict("records")
    ]


def _change(before: float, rating: int) -> str:
    return f"{rating} confirmed" if before == rating else f"{before:.0f} became {rating}"


def _sampled_clip(db: Db, clip: str) -> AssignedClip:
    sampled = assignments.sampled_clips(db, ground_truths.sampled(db))
    found = [c for c in sampled if clip in (c.filename, f"{c.video_location}/{c.filename}")]
    if len(found) > 1:
        raise StudyError(
            f"{clip} is in {' and '.join(c.video_location for c in found)}. Say which one: "
            f"{found[0].video_location}/{clip}"
        )
    if not found:
        raise StudyError(
            f"{clip} is not among the {len(sampled)} sampled ground truths. Name the clip as its "
            "folder and file, such as barking/clip.mp4"
        )
    return found[0]
