"""Verdicts of curators on clips; the latest one of each curator counts, none is overwritten."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import pandas as pd
from sqlalchemy import delete, insert, select

from study.store.engine import Db
from study.store.tables import HintRow, VettingRow

REASONS = {
    "supernatural": "edited to look supernatural",
    "time_lapse": "time-lapse",
    "writing": "watermark or writing",
    "two_streams": "two video streams, split screen",
    "not_naturalistic": "not naturalistic",
}
COLUMNS = ("candidate_id", "curator", "verdict", "reasons", "note", "given_at")


def add(
    db: Db,
    *,
    candidate_id: int,
    curator: str,
    verdict: str,
    reasons: Sequence[str] = (),
    note: str = "",
    at: datetime,
) -> None:
    """Add a verdict, an undoing, or a note.

    Parameters
    ----------
    verdict : {"keep", "exclude", "undo", "note"}
        ``undo`` takes the curator's last verdict on the clip back; ``note`` leaves it.
    reasons : sequence of str
        Keys of `REASONS`, for ``exclude``.
    """
    db.add(
        VettingRow(
            candidate_id=candidate_id,
            curator=curator,
            verdict=verdict,
            reasons=",".join(reasons),
            note=note,
            given_at=at,
        )
    )


def history(db: Db) -> pd.DataFrame:
    """Return every row of every curator.

    Returns columns `COLUMNS`, in the order given.
    """
    columns = [getattr(VettingRow, name) for name in COLUMNS]
    rows = db.execute(select(*columns).order_by(VettingRow.id)).all()
    return pd.DataFrame(rows, columns=list(COLUMNS))


def verdicts(db: Db) -> pd.DataFrame:
    """Return each curator's latest verdict on each clip.

    Returns columns `COLUMNS`; one row per clip and curator, undone verdicts left out.
    """
    rows = history(db)
    last = rows.loc[rows["verdict"] != "note"].drop_duplicates(
        ["candidate_id", "curator"], keep="last"
    )
    return last.loc[last["verdict"] != "undo"].reset_index(drop=True)


def excluded(db: Db) -> set[int]:
    """Return the clips that at least one curator excludes."""
    rows = verdicts(db)
    return set(map(int, rows.loc[rows["verdict"] == "exclude", "candidate_id"]))


def vetted(db: Db) -> set[int]:
    """Return the clips that at least one curator has judged."""
    return set(map(int, verdicts(db)["candidate_id"]))


def set_hints(db: Db, scores: Iterable[tuple[int, str, float]], at: datetime) -> int:
    """Replace the hints of clips.

    `scores`: ``candidate_id``, name of the hint, and score from 0 to 1.
    """
    rows = [
        {"candidate_id": clip, "name": name, "score": float(score), "computed_at": at}
        for clip, name, score in scores
    ]
    clips = {row["candidate_id"] for row in rows}
    if rows:
        db.execute(delete(HintRow).where(HintRow.candidate_id.in_(clips)))
        db.execute(insert(HintRow), rows)
    return len(rows)


def hints(db: Db) -> pd.DataFrame:
    """Return all hints.

    Returns one row per clip, indexed by ``candidate_id``, one column per hint.
    """
    rows = pd.DataFrame(
        db.execute(select(HintRow.candidate_id, HintRow.name, HintRow.score)).all(),
        columns=["candidate_id", "name", "score"],
    )
    return rows.pivot_table(index="candidate_id", columns="name", values="score")
