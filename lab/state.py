"""What a demo has done so far, as its files and its store show it; there is no second record."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from features.records.manifest import MANIFEST_NAME, read_manifest
from study.config.study import CONFIG_NAME, Study, find_study
from study.reading.lists import read_list
from study.rehearsal.scene_table import SCENES_NAME
from study.rehearsal.truth import read_scenes
from study.store import Db, store_snapshot
from study.store.addresses import sqlite_path
from study.store.clips import candidates
from study.store.people import participants as people
from study.store.plan import assignments, exercises, ground_truths
from study.vocabulary import Phase

RELEASE = "release"  # the tables that curation writes
DATASET = "dataset"  # what leaves the lab
EMBEDDINGS = "embeddings"
MODELS = "models"
MIT = "mit"
COMPARISON = "comparison"  # the page and the numbers of people against networks
COMPARISON_NUMBERS = "comparison.csv"
DESIGN = "design.toml"  # a demo of people against networks has one


@dataclass(frozen=True, slots=True)
class DemoState:
    """What can be found in the folder of a demo."""

    folder: Path

    @property
    def n_clips(self) -> int:
        """Clips that have been made, all of them or none."""
        root = self.folder / MIT
        return len(read_scenes(root)) if (root / SCENES_NAME).is_file() else 0

    @property
    def is_made(self) -> bool:
        """Whether there is a study with a store."""
        if not (self.folder / CONFIG_NAME).is_file():
            return False
        store = sqlite_path(self.study.store_url)
        return store is not None and store.is_file()

    def knows_every_clip(self) -> bool:
        """Return whether every clip is a candidate or rejected."""
        with self._db() as db:
            return candidates.n_known(db) >= self.n_clips > 0

    def has_sample(self) -> bool:
        """Return whether ground truths have been sampled."""
        with self._db() as db:
            return bool(ground_truths.sampled(db))

    def has_truths(self) -> bool:
        """Return whether the expert has rated all of them."""
        with self._db() as db:
            return assignments.exist(db) or not assignments.expert_remaining(db)

    def has_exercises(self) -> bool:
        """Return whether the clips of training and screening have been chosen."""
        with self._db() as db:
            return not exercises.frame(db).empty

    def has_plan(self) -> bool:
        """Return whether it has been decided who rates which clip."""
        with self._db() as db:
            return assignments.exist(db)

    def has_enrolled(self, participant_id: str) -> bool:
        """Return whether a participant is enrolled."""
        with self._db() as db:
            return participant_id in {person.id for person in people.listed(db)}

    def has_exercised(self, participant_id: str, phase: Phase) -> bool:
        """Return whether a participant has rated all clips of the training or a screening."""
        with self._db() as db:
            n_rated = len(exercises.answers(db, participant_id, phase))
            return n_rated >= max(exercises.set_sizes(db, phase).values(), default=0) > 0

    def has_clips(self, participant_id: str) -> bool:
        """Return whether a participant has clips to rate, or has rated some."""
        with self._db() as db:
            return participant_id in assignments.counts(db)

    def has_rated(self, participant_id: str, n_clips: int) -> bool:
        """Return whether a participant has rated so many clips of the annotation."""
        with self._db() as db:
            return assignments.n_done(db, participant_id) >= n_clips

    def has_finished(self, participant_id: str) -> bool:
        """Return whether a participant has rated all of their clips."""
        with self._db() as db:
            return not assignments.remaining(db, participant_id)

    def has_table(self, name: str) -> bool:
        """Return whether a table or a figure has been written."""
        return (self.folder / RELEASE / name).is_file()

    def has_embeddings(self, embedding_set: str, table: str) -> bool:
        """Return whether every clip of a table has its record."""
        records = self.folder / EMBEDDINGS / embedding_set
        if not (records / MANIFEST_NAME).is_file():
            return False
        wanted = read_list(self.folder / RELEASE / table).records
        return set(wanted) <= set(read_manifest(records).rows["tfrecord_filename"])

    def has_model(self, name: str) -> bool:
        """Return whether a network has been trained to its end."""
        return (self.folder / MODELS / name / "model.keras").is_file()

    def has_evaluation(self, name: str) -> bool:
        """Return whether a network has been evaluated."""
        return any((self.folder / MODELS / name / "evaluations").glob("*.json"))

    def has_dataset(self) -> bool:
        """Return whether a release has been made; it is whole, or not there."""
        return (self.folder / DATASET).is_dir()

    @property
    def study(self) -> Study:
        """The demo's study."""
        return find_study(self.folder)

    @contextmanager
    def _db(self) -> Iterator[Db]:
        with store_snapshot(self.study.store_url) as db:
            yield db
