"""Check that a store is intact, and that its clips are the admitted ones."""

from collections.abc import Iterator

import pandas as pd

from sessions.maintenance import money_check
from sessions.maintenance.lost_ratings import evidence_findings
from sessions.people import roster
from study.config.study import Study
from study.deciding.audited import Ints, first_wanted
from study.store import Db, audit, maintenance
from study.store.clips import candidates
from study.store.people import participants
from study.store.plan import assignments
from study.store.ratings.counted import judged
from study.tools.files import sha256_of
from study.tools.progress_bars import track
from study.tools.wording import counted


def findings(db: Db, study: Study, *, clips: bool, hashes: bool) -> Iterator[str]:
    """Yield what is wrong with a store, one sentence each.

    Yields what was found and what to do; nothing where all is well.

    Parameters
    ----------
    clips : bool
        Whether to look for the clips on the disk.
    hashes : bool
        Whether to read every clip and compare it with what was admitted; takes minutes.
    """
    yield from maintenance.broken_pages(db)
    yield from maintenance.odd_rows(db)
    broken = list(maintenance.broken_cells(db))
    yield from broken
    if broken:
        return  # what follows reads those cells
    given = judged(db, study)
    protocol = study.config.protocol
    plan = assignments.frame(db)
    counting = given[given["reason"] == ""]
    for clip, n in wrong_rater_counts(counting, protocol.most_ratings, exactly=False).items():
        yield (
            f"candidate {clip} has {counted(n, 'rater')} and {protocol.most_ratings} are "
            "wanted. Report this "
            "as a bug"
        )
    yield from evidence_findings(db, study, given)
    yield from _plan_findings(plan, first_wanted(db, study, plan["candidate_id"]))
    yield from _done_findings(plan, given)
    if not audit.is_guarded(db):
        yield (
            "the triggers that keep the audit log from being changed are gone. Compare it with a "
            "back-up, and restore that"
        )
    yield from money_check.findings(db, study)
    yield from _consent_findings(db)
    if clips:
        yield from _clip_findings(db, study, hashes=hashes)


def wrong_rater_counts(
    raters: pd.DataFrame, n_slots: int, *, exactly: bool = True
) -> dict[int, int]:
    """Return the clips with a wrong number of raters.

    Parameters
    ----------
    raters : DataFrame
        Columns ``candidate_id, participant_id``.
    n_slots : int
        How many different raters a clip should have.
    exactly : bool
        False while ratings are still to come: then only too many, or one twice, are wrong.
    """
    clips = raters.groupby("candidate_id")["participant_id"]
    n, n_different = clips.count(), clips.nunique()
    wrong = (n > n_slots) | (n != n_different)
    if exactly:
        wrong |= n < n_slots
    return {int(clip): int(n[clip]) for clip in n.index[wrong]}


def _plan_findings(plan: pd.DataFrame, wanted: Ints) -> Iterator[str]:
    plan = plan.assign(n_wanted=wanted)[~plan["replaced"].astype(bool)]
    clips = plan.groupby("candidate_id")
    is_short = clips["participant_id"].nunique() < clips["n_wanted"].max()
    if is_short.any():
        yield (
            f"{counted(int(is_short.sum()), 'planned clip has', 'planned clips have')} fewer "
            "raters than every clip gets "
            f"({wanted.min()}{f', ground truths {wanted.max()}' if len(set(wanted)) > 1 else ''}). "
            "Run: python -m sessions reassign"
        )


def _done_findings(plan: pd.DataFrame, given: pd.DataFrame) -> Iterator[str]:
    keys = ["candidate_id", "participant_id"]
    both = plan[[*keys, "done"]].merge(given[keys], on=keys, how="outer", indicator="where")
    n_lost = int(((both["where"] == "left_only") & both["done"].eq(True)).sum())
    n_undone = int(((both["where"] == "both") & both["done"].eq(False)).sum())
    n_unplanned = int((both["where"] == "right_only").sum())
    if n_lost:
        lost = counted(
            n_lost, "slot is marked as done and has", "slots are marked as done and have"
        )
        yield f"{lost} no rating. Restore a back-up"
    if n_undone:
        undone = counted(n_undone, "slot has a rating and is", "slots have a rating and are")
        yield f"{undone} not marked as done. Report this as a bug"
    if n_unplanned:
        yield (
            f"{counted(n_unplanned, 'rating belongs', 'ratings belong')} to no slot of the plan. "
            "Report this as a bug"
        )


def _consent_findings(db: Db) -> Iterator[str]:
    for participant_id, signed_on in participants.signed_days(db).items():
        wrong = roster.why_not_signed_on(signed_on)
        if wrong is not None:
            yield (
                f"the consent of {participant_id} is said to be signed on {signed_on!r}, which "
                f"{wrong}. Look at the form, then: python -m sessions consent {participant_id}"
            )


def _clip_findings(db: Db, study: Study, *, hashes: bool) -> Iterator[str]:
    clips = candidates.frame(db).to_dict("records")
    what = "reading clips" if hashes else "looking for clips"
    for clip in track(clips, what):
        path = study.clip_path(clip["video_location"], clip["filename"])
        if not path.is_file():
            yield f"clip {path} is missing. Put it back, or correct mit_root in study.toml"
        elif hashes and sha256_of(path) != clip["sha256"]:
            yield f"clip {path} is not the file that was admitted. Put the original back"
