"""What a study keeps, read when a chain passes it and only once."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from curation.analysis.estimates import sample_of_all, tallied_sample
from curation.release.export import ratings_that_count
from curation.release.published import LIST_NAMES, read_list
from features.records.manifest import MANIFEST_NAME, RecordManifest, read_manifest
from lab.report.places import Places
from lab.trace.stored import StoredClip, clips_of
from models.evaluation.results import Evaluation, read_evaluation
from models.saving.card import Card, read_card
from models.saving.model_folder import CARD_NAME
from study.config.study import Study
from study.errors import StudyError
from study.reading.clip_keys import Key, keys_of
from study.reading.list_faults import COUNTS
from study.store import store_snapshot
from study.store.people import pseudonyms
from study.store.ratings import origins
from study.store.recognition.counted import judged
from study.vocabulary import Phase


@dataclass(frozen=True, slots=True)
class TracedNetwork:
    """A trained network with its evaluations."""

    folder: Path
    card: Card
    evaluations: Mapping[str, Evaluation]


@dataclass(frozen=True)
class TracedManifest:
    """The manifest of an embedding set, and where in it each record stands."""

    manifest: RecordManifest
    places: Mapping[str, int]

    def row(self, record: str) -> dict[str, Any] | None:
        """Return the row of a record; None where it is not listed."""
        place = self.places.get(record)
        if place is None:
            return None
        return {str(name): value for name, value in self.manifest.rows.iloc[place].items()}


@dataclass(frozen=True)
class TracedList:
    """A list, and where in it each clip stands.

    Parameters
    ----------
    rows : DataFrame
        From `curation.release.published.read_list`.
    places : dict of tuple of str to int
        By location (empty where the list has none) and filename: the last row of the clip.
    """

    rows: pd.DataFrame
    places: Mapping[Key, int]

    @classmethod
    def of(cls, rows: pd.DataFrame) -> "TracedList":
        """Return a list with its places."""
        none = itertools.repeat("", len(rows))
        keys = keys_of(rows.get("video_location", none), rows["filename"])
        return cls(rows, {key: place for place, key in enumerate(keys)})

    def row(self, place: int) -> dict[str, Any]:
        """Return one row."""
        return {str(name): value for name, value in self.rows.iloc[place].items()}

    def called(self, name: str) -> int | None:
        """Return where a test clip or a record stands."""
        for column in ("new_filename", "tfrecord_filename"):
            if column in self.rows and (self.rows[column] == name).any():
                return int((self.rows[column] == name).to_numpy().argmax())
        return None


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
        self._tables: dict[str, TracedList] = {}
        self._clips: dict[Phase, dict[Key, StoredClip]] = {}
        self._origins: dict[str, origins.Origin] = {}

    def look_up(self, keys: Iterable[Key], phase: Phase = Phase.ANNOTATION) -> None:
        """Read what the store says of clips; of many at once it is quicker than one by one."""
        known = self._clips.setdefault(phase, {})
        new = set(keys) - known.keys()
        if new:
            with store_snapshot(self.study.store_url) as db:
                known |= clips_of(db, self.study, new, phase)

    def clip(self, key: Key, phase: Phase = Phase.ANNOTATION) -> StoredClip:
        """Return what the store says of a clip, with its ratings of a phase."""
        self.look_up([key], phase)
        return self._clips[phase][key]

    @cached_property
    def pseudonyms(self) -> dict[str, str]:
        """Participants by what releases call them."""
        with store_snapshot(self.study.store_url) as db:
            return {name: person for person, name in pseudonyms.given(db).items()}

    @cached_property
    def answers(self) -> dict[tuple[str, str], dict[str, Any]]:
        """All answers of the recognition experiment, by participant and stimulus."""
        with store_snapshot(self.study.store_url) as db:
            found = judged(db, self.study)
        rows = ({str(k): v for k, v in row.items()} for row in found.to_dict("records"))
        return {(row["participant_id"], row["filename"]): row for row in rows}

    def origin(self, session_id: str) -> origins.Origin:
        """Return a session."""
        if session_id not in self._origins:
            with store_snapshot(self.study.store_url) as db:
                self._origins[session_id] = origins.of_session(db, session_id)
        return self._origins[session_id]

    def table(self, name: str) -> TracedList:
        """Return a list.

        Raises
        ------
        StudyError
            If the list is missing or cannot be read.
        """
        if name not in self._tables:
            self._tables[name] = TracedList.of(read_list(self.places.tables / f"{name}.csv"))
        return self._tables[name]

    @cached_property
    def tallies(self) -> pd.DataFrame:
        """The rows of `video_ratings.csv`, with counts as numbers."""
        frame = read_list(self.places.tables / "video_ratings.csv")
        return frame.assign(**{name: frame[name].astype(int) for name in COUNTS})

    @cached_property
    def sample(self) -> pd.DataFrame | None:
        """Clips that got all ratings whatever they said; None where every clip did."""
        if not self.study.config.protocol.may_ask_fewer:
            return None
        with store_snapshot(self.study.store_url) as db:
            given = ratings_that_count(db, self.study).ratings
            sample = sample_of_all(db, self.study, self.tallies, given)
        return None if sample is None else tallied_sample(self.tallies, sample)

    @cached_property
    def lists(self) -> list[str]:
        """Lists that are there."""
        return [name for name in LIST_NAMES if (self.places.tables / f"{name}.csv").is_file()]

    @cached_property
    def manifests(self) -> dict[str, TracedManifest]:
        """Manifests by embedding set, with the place of each record in them."""
        found = {}
        for path in sorted(self.places.embeddings.glob(f"*/{MANIFEST_NAME}")):
            manifest = read_manifest(path.parent)
            records = manifest.rows["tfrecord_filename"]
            places = {str(record): place for place, record in enumerate(records)}
            found[path.parent.name] = TracedManifest(manifest, places)
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
