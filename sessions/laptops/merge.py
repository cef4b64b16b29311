"""Laptops without a network: deal them their part, and bring back what was rated."""

import shutil
import tempfile
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from sessions.laptops import inspection
from sessions.laptops.deal import DEAL, DEALT, RETURNED, deals, require_all_here
from sessions.running.open_sessions import require_none_open
from study.config.study import Study
from study.errors import StoreError
from study.store import (
    Db,
    audit,
    create_store,
    studies,
    transaction,
)
from study.store.addresses import sqlite_url
from study.store.laptops import foreign, seals, stations
from study.store.people import headphone_checks, participants
from study.store.plan import assignments
from study.tools.files import refuse_existing

_KEYS = ["session_id", "number"]


@dataclass(frozen=True, slots=True)
class Deal:
    """What a laptop was given."""

    deal_id: str
    n_clips: int


@dataclass(frozen=True, slots=True)
class Merged:
    """What a laptop brought back.

    Parameters
    ----------
    n_known : int
        Ratings that were here already.
    """

    n_sessions: int
    n_ratings: int
    n_known: int


def deal(db: Db, study: Study, people: list[str], path: Path, *, actor: str, at: datetime) -> Deal:
    """Give a laptop the part of the store that its participants need.

    From now on they rate there and nowhere else, and their clips are not moved, so that what
    comes back cannot contradict what is here.

    Raises
    ------
    StoreError
        If the file is there already, or one of them is rating.
    """
    refuse_existing(path, overwrite=False)
    for participant_id in people:
        participants.get(db, participant_id)
    participants.lock(db, people)
    require_all_here(db, people)
    require_none_open(db, people, "dealing")
    deal_id = uuid.uuid4().hex[:12]
    detail = {"deal_id": deal_id, "participants": people, "file": path.name}
    with tempfile.TemporaryDirectory(dir=_folder_of(path)) as folder:
        part = Path(folder) / "part.sqlite"
        engine = create_store(sqlite_url(part.resolve()))
        with transaction(engine) as laptop:
            stations.copy_part(db, laptop, people)
            audit.add(laptop, actor=actor, action=DEALT, subject="laptop", detail=detail, at=at)
            laptop.flush()
            seal = seals.seal(laptop)
        engine.dispose()
        shutil.move(part, path)
    # The seal stays here: who changes the file cannot change it as well.
    kept = {**detail, "seal": seal}
    audit.add(db, actor=actor, action=DEAL, subject="laptop", detail=kept, at=at)
    db.flush()
    counts = assignments.counts(db)
    return Deal(deal_id, sum(counts[p].n_left for p in people if p in counts))


def merge(db: Db, study: Study, path: Path, *, final: bool, actor: str, at: datetime) -> Merged:
    """Bring back what was rated on a laptop; what is here already is left alone.

    Parameters
    ----------
    db : Session
        A transaction on the whole store in which nothing was asked yet: the file is looked at
        before the store is locked.
    path : Path
        The laptop's SQLite file; it is only read.
    final : bool
        Whether the laptop is back, so that its people rate here again.

    Raises
    ------
    StoreError
        If the file is not a store of this study, was not dealt from this store or was dealt back,
        was changed by hand, or a session on it is still open.
    """
    with foreign.opened(path) as laptop:
        require_honest(laptop, db, study, path)
        return bring_back(laptop, db, study, path, final=final, actor=actor, at=at)


def require_honest(laptop: Db, db: Db, study: Study, path: Path) -> None:
    """Raise if a laptop's file says what no laptop can say.

    Parameters
    ----------
    laptop : Session
        From `study.store.laptops.foreign.opened`.
    db : Session
        An open transaction on the whole store, which is only read.

    Raises
    ------
    StoreError
        As `merge`.
    """
    theirs = stations.rows_of(laptop, "study")
    if len(theirs) != 1 or theirs[0]["store_id"] != studies.identity(db, study).store_id:
        raise StoreError(f"{path} belongs to another study. Nothing was merged")
    _, people, seal = _deal_of(laptop, db, path)
    _require_unaltered(laptop, people, path, seal)
    for problem in inspection.unlikely(laptop, study, people, seal):
        raise StoreError(f"{path} was changed by hand: {problem}. Nothing was merged")


def bring_back(
    laptop: Db, db: Db, study: Study, path: Path, *, final: bool, actor: str, at: datetime
) -> Merged:
    """Merge a laptop's file that `require_honest` has looked at.

    Parameters
    ----------
    laptop, db, study, path
        As `require_honest` took them; the whole store is changed.
    final, actor, at
        As `merge` takes them.

    Raises
    ------
    StoreError
        If it contradicts what is here by now.
    """
    deal_id, people, seal = _deal_of(laptop, db, path)
    participants.lock(db, people)
    _require_same_plan(laptop, db, people, path)
    theirs, ours = stations.new_rows(laptop, db, people)
    known = _require_same_where_known(theirs, ours, path)
    fresh = _new_sessions(
        stations.sessions_of(laptop, people), stations.sessions_of(db, people), path
    )
    if stations.sessions_known(db, fresh):
        raise StoreError(f"{path} has a session that is somebody else's here. Nothing was merged")
    _require_not_rated_here(laptop, db, fresh, path)
    n_ratings = stations.merge_sessions(laptop, db, fresh)
    stations.merge_ground_truths(laptop, db, people)
    for person in people:
        headphone_checks.merge(laptop, db, person)
    merged = Merged(len(fresh), n_ratings, int(known["rating"].notna().sum()))
    _keep_events(laptop, db, deal_id, seal)
    detail = {"deal_id": deal_id, "participants": people, "file": path.name}
    counts = {"n_sessions": merged.n_sessions, "n_ratings": merged.n_ratings}
    audit.add(db, actor=actor, action="merge", subject="laptop", detail={**detail, **counts}, at=at)
    if final:
        audit.add(db, actor=actor, action=RETURNED, subject="laptop", detail=detail, at=at)
    db.flush()
    return merged


def _folder_of(path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            return path.parent
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written: {error.strerror}. Give access or name another place"
        ) from error


def _deal_of(laptop: Db, db: Db, path: Path) -> tuple[str, list[str], dict[str, Any]]:
    told = [e for e in stations.rows_of(laptop, "audit_event") if e["action"] == DEALT]
    if not told:
        raise StoreError(
            f"{path} is a whole store, not a part that was dealt to a laptop. Nothing was merged"
        )
    detail = told[0]["detail"]
    here = [d for d in deals(db) if d["deal_id"] == detail.get("deal_id")]
    if not here or here[0]["participants"] != detail.get("participants"):
        raise StoreError(
            f"deal {detail.get('deal_id')!r:.40} of {path} was not made from this store. Nothing "
            "was merged"
        )
    if not isinstance(here[0].get("seal"), dict):
        raise StoreError(
            f"the store kept no seal of deal {here[0]['deal_id']}, so that {path} cannot be "
            "compared with what was dealt. Nothing was merged"
        )
    return here[0]["deal_id"], here[0]["participants"], here[0]["seal"]


def _require_unaltered(laptop: Db, people: list[str], path: Path, seal: dict[str, Any]) -> None:
    broken = seals.broken(laptop, seal)
    if broken:
        raise StoreError(
            f"{path} was changed by hand: what was dealt differs in {', '.join(broken)}. "
            "Nothing was merged"
        )
    if stations.sessions_of(laptop, people)["ended_at"].isna().any():
        raise StoreError(
            f"a session on {path} is still open. End it on the laptop (start and leave the task "
            "if it broke down), then merge again"
        )
    if stations.marked_without_rating(laptop, people):
        raise StoreError(
            f"{path} was changed by hand: clips are marked as rated that have no rating, or the "
            "other way round. Nothing was merged"
        )


def _require_same_plan(laptop: Db, db: Db, people: list[str], path: Path) -> None:
    if not stations.plan_of(laptop, people).equals(stations.plan_of(db, people)):
        raise StoreError(
            f"the plan on {path} is not the one that was dealt: the file was changed by hand, or "
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
    n_twice = stations.n_rated_in_both(laptop, db, fresh)
    if n_twice:
        raise StoreError(
            f"{n_twice} clips were rated by the same people on {path} and here, after its laptop "
            "was back or given up. Nothing was merged; what was rated here counts"
        )


def _keep_events(laptop: Db, db: Db, deal_id: str, seal: dict[str, Any]) -> None:
    known = {
        (detail.get("deal_id"), detail.get(audit.BROUGHT))
        for detail in audit.frame(db)["detail"]
        if isinstance(detail, dict) and audit.BROUGHT in detail
    }
    for event in seals.new_rows(laptop, seal).get("audit_event", []):
        if (deal_id, event["id"]) not in known:
            detail = {**event["detail"], "deal_id": deal_id, audit.BROUGHT: event["id"]}
            audit.add(
                db, actor=event["actor"], action=event["action"], subject=event["subject"],
                detail=detail, at=event["at"],
            )  # fmt: skip
