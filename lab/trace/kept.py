"""What a study keeps, read once and looked up many times."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from curation.release.published import LIST_NAMES, read_list
from features.records.manifest import MANIFEST_NAME, RecordManifest, read_manifest
from lab.report.places import Places
from models.evaluation.results import Evaluation, read_evaluation
from models.saving.card import Card, read_card
from models.saving.model_folder import CARD_NAME
from study.config.study import Study
from study.errors import StudyError
from study.reading.clip_keys import key_of
from study.store import Db, store_snapshot
from study.store.clips import candidates, record_names
from study.store.ratings import origins
from study.store.ratings.counted import judged

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class TracedNetwork:
    """A trained network with its evaluations."""

    folder: Path
    card: Card
    evaluations: Mapping[str, Evaluation]


class Kept:
    """A study's store and folders, for as long as chains are followed.

    Parameters
    ----------
    study : Study
        The study.
    places : Places
        Its folders.
    """

    def __init__(self, study: Study, places: Places) -> None:
        self.study, self.places = study, places
        self._rows: dict[str, dict[Key, dict[str, Any]]] = {}
        self._origins: dict[Hashable, Any] = {}

    @cached_property
    def candidates(self) -> dict[Key, dict[str, Any]]:
        """Admitted clips by location and filename."""
        with store_snapshot(self.study.store_url) as db:
            found = candidates.frame(db)
        return {
            key_of(row["video_location"], row["filename"]): _named(row)
            for row in found.to_dict("records")
        }

    @cached_property
    def rejects(self) -> dict[Key, str]:
        """Why clips were not admitted, by location and filename."""
        with store_snapshot(self.study.store_url) as db:
            found = candidates.rejects(db)
        keys = map(key_of, found["video_location"], found["filename"])
        return dict(zip(keys, found["reason"], strict=True))

    @cached_property
    def names(self) -> dict[Key, str]:
        """Records' names by location and filename, as the store gave them."""
        with store_snapshot(self.study.store_url) as db:
            found = record_names.frame(db)
        keys = map(key_of, found["video_location"], found["filename"])
        return dict(zip(keys, found["tfrecord_filename"], strict=True))

    @cached_property
    def ratings(self) -> dict[int, list[dict[str, Any]]]:
        """Ratings of the annotation by candidate, each with why it does not count."""
        with store_snapshot(self.study.store_url) as db:
            found = judged(db, self.study)
        of_clip: dict[int, list[dict[str, Any]]] = {}
        for row in found.to_dict("records"):
            of_clip.setdefault(int(row["candidate_id"]), []).append(_named(row))
        return of_clip

    def origin(self, session_id: str) -> "origins.Origin":
        """Return a session with all that happened in it."""
        if session_id not in self._origins:
            with store_snapshot(self.study.store_url) as db:
                self._origins[session_id] = self._read(db, session_id)
        found: origins.Origin = self._origins[session_id]
        return found

    def _read(self, db: Db, session_id: str) -> "origins.Origin":
        return origins.of_session(db, session_id)

    def rows(self, table: str) -> dict[Key, dict[str, Any]]:
        """Return the rows of a list by location and filename.

        Raises
        ------
        StudyError
            If the list is missing or cannot be read.
        """
        if table not in self._rows:
            frame = read_list(self.places.tables / f"{table}.csv")
            located = "video_location" in frame
            self._rows[table] = {
                key_of(row["video_location"] if located else "", row["filename"]): _named(row)
                for row in frame.to_dict("records")
            }
        return self._rows[table]

    @cached_property
    def tallies(self) -> pd.DataFrame:
        """The rows of `video_ratings.csv`, with counts as numbers."""
        frame = read_list(self.places.tables / "video_ratings.csv")
        return frame.assign(**{name: frame[name].astype(int) for name in ("r1", "r2", "r3")})

    @cached_property
    def lists(self) -> list[str]:
        """Lists that are there."""
        return [name for name in LIST_NAMES if (self.places.tables / f"{name}.csv").is_file()]

    @cached_property
    def manifests(self) -> dict[str, tuple[RecordManifest, dict[str, dict[str, Any]]]]:
        """Manifests by embedding set, with their rows by record."""
        found = {}
        for path in sorted(self.places.embeddings.glob(f"*/{MANIFEST_NAME}")):
            manifest = read_manifest(path.parent)
            rows = {
                row["tfrecord_filename"]: _named(row) for row in manifest.rows.to_dict("records")
            }
            found[path.parent.name] = (manifest, rows)
        return found

    @cached_property
    def networks(self) -> list[TracedNetwork]:
        """Networks whose cards can be read."""
        found = []
        for path in sorted(self.places.models.glob(f"**/{CARD_NAME}")):
            folder = path.parent
            evaluations = {}
            for one in sorted(folder.glob("evaluations/*.json")):
                try:
                    evaluations[one.stem] = read_evaluation(one)
                except StudyError:
                    continue  # of another version; the chain says that it has none
            found.append(TracedNetwork(folder, read_card(folder), evaluations))
        return found


def _named(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in row.items()}
