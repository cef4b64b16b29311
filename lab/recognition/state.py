"""How far a demo of people against networks has come, as its files and its store show it."""

from dataclasses import dataclass

from curation.manipulation.manifest import MANIFEST_NAME, REJECTS_NAME
from curation.manipulation.planning.design import read_design
from curation.manipulation.planning.sources import read_sources
from features.records.manifest import MANIFEST_NAME as RECORDS_NAME
from features.records.manifest import read_manifest
from lab.observing.stimuli import read_stimuli
from lab.recognition.lists import TEST
from lab.state import COMPARISON, DESIGN, EMBEDDINGS, MIT, RELEASE, DemoState
from study.reading.lists import read_list
from study.reading.rows import csv_rows
from study.store.recognition import slots

STIMULI = "stimuli"
OBSERVED = "observed"
ANSWERS = "recognition_trials.csv"


@dataclass(frozen=True, slots=True)
class RecognitionState(DemoState):
    """What can be found in the folder of such a demo."""

    def has_stimuli(self) -> bool:
        """Return whether every clip of every condition is there, or known to be refused."""
        folder = self.folder / STIMULI
        if not (folder / MANIFEST_NAME).is_file():
            return False
        design = read_design(self.folder / DESIGN)
        sources = read_sources(self.folder / TEST, self.folder / MIT)
        wanted = {(one.name, source.name) for one in design.condition for source in sources}
        rows = read_stimuli(folder).itertuples(index=False)
        made = {
            (row.condition, row.source) for row in rows if (folder / str(row.filename)).is_file()
        }
        has_all = {condition for condition, _ in made} >= {one.name for one in design.condition}
        return has_all and wanted <= made | set(self.refused())

    def refused(self) -> list[tuple[str, str]]:
        """Return condition and clip of the stimuli that could not be made."""
        path = self.folder / STIMULI / REJECTS_NAME
        if not path.is_file():
            return []
        rows = csv_rows(path, ("condition", "source"))
        return [(cells["condition"], cells["source"]) for _, cells in rows]

    def has_square(self, participant_id: str) -> bool:
        """Return whether it is planned which clips a participant meets."""
        with self._db() as db:
            return participant_id in slots.rows_of_people(db)

    def has_answered(self, participant_id: str, n_trials: int | None = None) -> bool:
        """Return whether a participant has answered so many trials; None for all."""
        with self._db() as db:
            count = slots.count(db, participant_id)
        if n_trials is None:
            return count.n_left == 0 < count.n_planned
        return count.n_done >= min(n_trials, count.n_planned) > 0

    def has_answers(self) -> bool:
        """Return whether the table of answers has been written."""
        return (self.folder / RELEASE / ANSWERS).is_file()

    def has_records(self, embedding_set: str, name: str) -> bool:
        """Return whether every clip of a list has its record."""
        records = self.folder / EMBEDDINGS / embedding_set
        if not (records / RECORDS_NAME).is_file():
            return False
        wanted = set(read_list(self.folder / name).records)
        return wanted <= set(read_manifest(records).rows["tfrecord_filename"])

    def has_observed(self) -> bool:
        """Return whether networks have said what they see and hear."""
        return (self.folder / OBSERVED / "predictions.csv").is_file()

    def has_comparison(self) -> bool:
        """Return whether the page has been written."""
        return (self.folder / COMPARISON / "comparison.html").is_file()
