"""Merge what was rated on a laptop."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sessions.laptops import forgeries
from sessions.laptops.away import IS_PART, RETURNED, parts_given
from study.config.study import Study
from study.errors import StoreError
from study.store import (
    Db,
    audit,
    studies,
)
from study.store.desk import Desk
from study.store.laptops import foreign, parts, seals
from study.store.people import headphone_checks, participants
from study.tools.wording import counted

_KEYS = ["session_id", "number"]


@dataclass(frozen=True, slots=True)
class Merged:
    """What was merged from a laptop.

    Parameters
    ----------
    n_known : int
        Ratings that were here already.
    """

    n_sessions: int
    n_ratings: int
    n_known: int


def merge_part(desk: Desk, path: Path, *, final: bool) -> Merged:
    """Merge what was rated on a laptop; what is here already is left alone.

    Raises StoreError if the file is not a store of this study, is not a part of this store or its
    laptop is back, was changed by hand, or a session on it is still open.

    Parameters
    ----------
    desk : Desk
        Whose transaction has asked nothing yet: the file is looked at before the store is locked.
    path : Path
        The laptop's SQLite file; it is only read.
    final : bool
        Whether the laptop is back, so that its people rate here again.
    """
    with foreign.opened(path) as laptop:
        require_honest(laptop, desk.db, desk.study, path)
        return bring_back(laptop, desk, path, final=final)


def require_honest(laptop: Db, db: Db, study: Study, path: Path) -> None:
    """Raise if a laptop's file holds what no laptop can have written.

    Parameters
    ----------
    laptop : Session
        From `study.store.laptops.foreign.opened`.
    db : Session
        An open transaction on the whole store, which is only read.

    Raises
    ------
    StoreError
        As `merge_part`.
    """
    theirs = parts.rows_of(laptop, "study")
    if len(theirs) != 1 or theirs[0]["store_id"] != studies.identity(db, study).store_id:
        raise StoreError(f"{path} belongs to another study. Nothing was merged")
    _, people, seal = _part_of(laptop, db, path)
    _require_unaltered(laptop, people, path, seal)
    for problem in forgeries.unlikely(laptop, study, people, seal):
        raise StoreError(f"{path} was changed by hand: {problem}. Nothing was merged")


def bring_back(laptop: Db, desk: Desk, path: Path, *, final: bool) -> Merged:
    """Merge a laptop's file that `require_honest` has checked.

    Raises StoreError if it contradicts what is here by now.
    """
    db = desk.db
    part_id, people, seal = _part_of(laptop, db, path)
    participants.lock(db, people)
    _require_same_plan(laptop, db, people, path, _asked_there(laptop, seal))
    theirs, ours = parts.new_rows(laptop, db, people)
    known = _require_same_where_known(theirs, ours, path)
    fresh = _new_sessions(parts.sessions_of(laptop, people), parts.sessions_of(db, people), path)
    if parts.sessions_known(db, fresh):
        raise StoreError(f"{path} has a session that is somebody else's here. Nothing was merged")
    _require_not_rated_here(laptop, db, fresh, path)
    parts.merge_further(laptop, db, _asked_there(laptop, seal))
    n_ratings = parts.merge_sessions(laptop, db, fresh)
    parts.merge_ground_truths(laptop, db, people)
    for person in people:
        headphone_checks.merge(laptop, db, person)
    merged = Merged(len(fresh), n_ratings, int(known["rating"].notna().sum()))
    _bring_events(laptop, db, part_id, seal)
    detail = {"deal_id": part_id, "participants": people, "file": path.name}
    counts = {"n_sessions": merged.n_sessions, "n_ratings": merged.n_ratings}
    desk.log("merge", "laptop", {**detail, **counts})
    if final:
        desk.log(RETURNED, "laptop", detail)
    db.flush()
    return merged


def _part_of(laptop: Db, db: Db, path: Path) -> tuple[str, list[str], dict[str, Any]]:
    told = [e for e in parts.rows_of(laptop, "audit_event") if e["action"] == IS_PART]
    if not told:
        raise StoreError(
            f"{path} is a whole store, not the part of one for a laptop. Nothing was merged"
        )
    detail = told[0]["detail"]
    here = [d for d in parts_given(db) if d["deal_id"] == detail.get("deal_id")]
    if not here or here[0]["participants"] != detail.get("participants"):
        raise StoreError(
            f"part {detail.get('deal_id')!r:.40} in {path} was not made from this store. "
            "Nothing was merged"
        )
    if not isinstance(here[0].get("seal"), dict):
        raise StoreError(
            f"the store has no seal of part {here[0]['deal_id']}, so that {path} cannot be "
            "compared with what the laptop was given. Nothing was merged"
        )
    return here[0]["deal_id"], here[0]["participants"], here[0]["seal"]


def _require_unaltered(laptop: Db, people: list[str], path: Path, seal: dict[str, Any]) -> None:
    broken = seals.broken(laptop, seal)
    if broken:
        raise StoreError(
            f"{path} was changed by hand: what the laptop was given differs in "
            f"{', '.join(broken)}. Nothing was merged"
        )
    if parts.sessions_of(laptop, people)["ended_at"].isna().any():
        raise StoreError(
            f"a session on {path} is still open. End it on the laptop (start and leave the task "
            "if it crashed), then merge again"
        )
    if parts.marked_without_rating(laptop, people):
        raise StoreError(
            f"{path} was changed by hand: clips are marked as rated that have no rating, or the "
            "other way round. Nothing was merged"
        )


def _asked_there(laptop: Db, seal: dict[str, Any]) -> list[dict[str, Any]]:
    return seals.new_rows(laptop, seal).get("assignment", [])


def _require_same_plan(
    laptop: Db, db: Db, people: list[str], path: Path, asked: list[dict[str, Any]]
) -> None:
    added = pd.MultiIndex.from_tuples(
        [(row["candidate_id"], row["participant_id"]) for row in asked] or [(0, "")]
    )
    theirs, ours = (
        found[~pd.MultiIndex.from_frame(found[["candidate_id", "participant_id"]]).isin(added)]
        for found in (parts.plan_of(laptop, people), parts.plan_of(db, people))
    )
    if not theirs.reset_index(drop=True).equals(ours.reset_index(drop=True)):
        raise StoreError(
            f"the plan on {path} is not the one it was given: the file was changed by hand, or "
            "clips were moved after its laptop was back. Nothing was merged"
        )


def _require_same_where_known(theirs: pd.DataFrame, ours: pd.DataFrame, path: Path) -> pd.DataFrame:
    sessions = set(ours["session_id"]) & set(theirs["session_id"])
    here = ours[ours["session_id"].isin(sessions)].reset_index(drop=True)
    there = theirs[theirs["session_id"].isin(sessions)].reset_index(drop=True)
    if not here.equals(there):
        raise StoreError(
            f"{path} holds other trials for a session than were merged before: the file was "
            "changed by hand. Nothing was merged"
        )
    return here


def _new_sessions(theirs: pd.DataFrame, ours: pd.DataFrame, path: Path) -> list[str]:
    both = theirs.merge(ours, on=["session_id", "participant_id"], how="left", indicator="where")
    known = both[both["where"] == "both"]
    for moment in ("started_at", "ended_at"):
        if known[f"{moment}_x"].tolist() != known[f"{moment}_y"].tolist():
            raise StoreError(
                f"{path} holds other times of a session than were merged before: the file was "
                "changed by hand. Nothing was merged"
            )
    return both.loc[both["where"] == "left_only", "session_id"].tolist()


def _require_not_rated_here(laptop: Db, db: Db, fresh: list[str], path: Path) -> None:
    n_twice = parts.n_rated_in_both(laptop, db, fresh)
    if n_twice:
        raise StoreError(
            f"{counted(n_twice, 'clip')} {'was' if n_twice == 1 else 'were'} rated by the "
            f"same people on {path} and here, after its laptop "
            "was back or given up. Nothing was merged; what was rated here counts"
        )


def _bring_events(laptop: Db, db: Db, part_id: str, seal: dict[str, Any]) -> None:
    known = {
        (detail.get("deal_id"), detail.get(audit.BROUGHT))
        for detail in audit.frame(db)["detail"]
        if isinstance(detail, dict) and audit.BROUGHT in detail
    }
    for event in seals.new_rows(laptop, seal).get("audit_event", []):
        if (part_id, event["id"]) not in known:
            detail = {**event["detail"], "deal_id": part_id, audit.BROUGHT: event["id"]}
            audit.add(
                db, actor=event["actor"], action=event["action"], subject=event["subject"],
                detail=detail, at=event["at"],
            )  # fmt: skip
