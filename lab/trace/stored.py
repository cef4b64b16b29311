"""What the store says of clips: only of those that a chain passes, because it may hold millions."""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from study.config.study import Study
from study.reading.clip_keys import Key, key_of, keys_of
from study.store import Db
from study.store.clips import candidates, record_names
from study.store.ratings import origins
from study.store.ratings.counted import judged
from study.vocabulary import Phase

MOST_NAMED = 500  # of more clips than that, everything is read at once


@dataclass(frozen=True, slots=True)
class StoredRating:
    """A rating, with why it does not count, what was played and which keys were pressed."""

    row: dict[str, Any]
    played: list[dict[str, Any]]
    pressed: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class StoredClip:
    """What the store says of a clip.

    Parameters
    ----------
    candidate : dict or None
        Its row, if it was admitted.
    reason : str
        Why it was not admitted; empty where it was, or is not known.
    record : str
        The name of its record; empty where none was given.
    ratings : tuple of StoredRating
        All of a phase, in the order in which they were given.
    """

    candidate: dict[str, Any] | None
    reason: str
    record: str
    ratings: tuple[StoredRating, ...]

    @property
    def is_known(self) -> bool:
        """Whether the store knows the clip, admitted or not."""
        return self.candidate is not None or bool(self.reason)


def clips_of(db: Db, study: Study, keys: Collection[Key], phase: Phase) -> dict[Key, StoredClip]:
    """Return what the store says of clips, each of which has an entry.

    Parameters
    ----------
    study : Study
        What it leaves out, and whether it is a rehearsal.
    phase : Phase
        Whose ratings are wanted.
    """
    asked = set(keys)
    names: set[str] | None = {name for _, name in asked}
    # Keys are composed, and the store keeps a name with accents as the file system gave it.
    if len(asked) > MOST_NAMED or not all(name.isascii() for _, name in asked):
        names = None
    admitted = _by_key(candidates.frame(db, names), asked)
    reasons = _by_key(candidates.rejects(db, names), asked)
    records = _by_key(record_names.frame(db, names), asked)
    ids = {int(row["candidate_id"]): key for key, row in admitted.items()}
    ratings = _ratings(db, study, ids, phase)
    return {
        key: StoredClip(
            admitted.get(key),
            str(reasons[key]["reason"]) if key in reasons else "",
            str(records[key]["tfrecord_filename"]) if key in records else "",
            tuple(ratings.get(key, ())),
        )
        for key in asked
    }


def _by_key(rows: pd.DataFrame, asked: set[Key]) -> dict[Key, dict[str, Any]]:
    keys = keys_of(rows["video_location"], rows["filename"])
    own = rows[[key in asked for key in keys]]
    found = map(_named, own.to_dict("records"))
    return {key_of(row["video_location"], row["filename"]): row for row in found}


def _ratings(
    db: Db, study: Study, ids: Mapping[int, Key], phase: Phase
) -> dict[Key, list[StoredRating]]:
    if not ids:
        return {}
    given = judged(db, study, phase, ids if len(ids) <= MOST_NAMED else None)
    given = given[given["candidate_id"].isin(list(ids))]
    trials = given["trial_id"].tolist()
    played, pressed = origins.played(db, trials), origins.pressed(db, trials)
    found: dict[Key, list[StoredRating]] = {}
    for row in map(_named, given.to_dict("records")):
        trial = int(row["trial_id"])
        rating = StoredRating(row, played.get(trial, []), pressed.get(trial, []))
        found.setdefault(ids[int(row["candidate_id"])], []).append(rating)
    return found


def _named(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in row.items()}
