"""The table of trials: one row per rating or answer that counts, without names or dates.

One writer and one schema; a phase is a value of the column ``phase``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pandas.api.types import pandas_dtype

from curation.release.provenance import provenance_of
from curation.release.small_groups import SMALLEST_GROUP, blanked, n_people
from curation.release.tables import Provenance, Schema, write_table
from curation.release.trial_table.answers import counted_answers, rows_of_answers
from curation.release.trial_table.columns import schema_of
from curation.release.trial_table.ratings import rows_of_ratings
from study.config.study import Study
from study.counting import Counted
from study.errors import StoreError, TableError
from study.store import Db, is_read_only, store_snapshot, store_transaction
from study.store.people import pseudonyms
from study.store.ratings import playings
from study.store.ratings.counted import counted
from study.store.recognition import stimuli
from study.tools.access import Readers
from study.tools.files import refuse_existing, written_atomically
from study.vocabulary import Phase

# What could be compared with a diary or a lab's calendar.
TELLING = ("day", "session", "attempt", "rig_grade")

_ARROW = {"text": pa.string(), "count": pa.int64(), "seconds": pa.float64(),
          "number": pa.float64(), "flag": pa.bool_()}  # fmt: skip
# How a column is kept of which some rows have no value; text can be empty as it is.
_EMPTY = {"count": "Int64", "flag": "boolean", "seconds": "float64", "number": "float64"}
_DO_MORE = {
    Phase.ANNOTATION: ("ratings", "Let more people rate: python -m sessions enrol"),
    Phase.RECOGNITION: ("answers", "Let more people do the recognition experiment"),
}


@dataclass(frozen=True)
class Trials:
    """The rows of the table, and what was left out.

    Parameters
    ----------
    rows : DataFrame
        The columns of `schema`.
    schema : Schema
        From `curation.release.trial_table.columns.schema_of`, for the phases of the rows.
    counted : dict of str to Counted
        By phase, with why other ratings or answers do not count.
    too_few : dict of str to int
        Ratings or answers of phases in which fewer than three people gave any; they stay inside.
    unrated : dict of tuple of str to int
        Trials that ended without a rating or an answer, by phase and outcome.
    n_practice : int
        Answers of practice trials, which are none of the rows.
    classes : tuple of str
        What could be answered in the recognition experiment; empty without one.
    """

    rows: pd.DataFrame
    schema: Schema
    counted: Mapping[str, Counted]
    too_few: Mapping[str, int]
    unrated: Mapping[tuple[str, str], int]
    n_practice: int = 0
    classes: tuple[str, ...] = ()

    def has(self, phase: Phase) -> bool:
        """Return whether the table has rows of a phase."""
        return bool((self.rows["phase"] == str(phase)).any())

    def of(self, phase: Phase) -> pd.DataFrame:
        """Return the rows of a phase."""
        return self.rows[self.rows["phase"] == str(phase)]


def main_phase(study: Study) -> Phase:
    """Return the phase without which there is nothing to release."""
    return Phase.RECOGNITION if study.config.recognition.alone else Phase.ANNOTATION


def with_pseudonyms(study: Study, at: datetime) -> dict[str, str]:
    """Return what releases call everybody who stands in the table; new names are kept.

    Parameters
    ----------
    at : datetime
        Now.

    Returns
    -------
    dict of str to str
        Pseudonyms by participant.

    Raises
    ------
    StoreError
        If somebody has none yet and the store cannot be written.
    """
    with store_snapshot(study.store_url) as db:
        people, known = _people(db, study), pseudonyms.given(db)
    lacking = people - known.keys()
    if not lacking:
        return known
    if is_read_only(study.store_url):
        raise StoreError(
            f"{len(lacking)} participants have no pseudonym yet, and the store cannot be written "
            "to keep new ones. Make the first release where the store can be written"
        )
    with store_transaction(study.store_url) as db:
        return pseudonyms.give(db, people, at)


def write_trials(
    db: Db, study: Study, found: Trials, path: Path, *, at: datetime, overwrite: bool
) -> None:
    """Write `trials.csv`, its Parquet and its data dictionary.

    Parameters
    ----------
    found : Trials
        From `trials`.
    path : Path
        Of the CSV; the others stand beside it.

    Raises
    ------
    StudyError
        If one of the files exists and must not be replaced.
    """
    parquet = path.with_suffix(".parquet")
    refuse_existing(parquet, overwrite=overwrite)
    provenance = provenance_of_trials(db, study, found, at)
    write_table(found.rows, found.schema, path, provenance, overwrite=overwrite)
    with written_atomically(parquet, overwrite=overwrite, readers=Readers.EVERYBODY) as part:
        write_parquet(found.rows, found.schema, part)


def provenance_of_trials(db: Db, study: Study, found: Trials, at: datetime) -> Provenance:
    """Return where the table, or a view of it, comes from."""
    return provenance_of(
        db,
        study,
        at,
        settings={"currency": study.config.currency},
        counts={phase: each.as_counts() for phase, each in found.counted.items()},
    )


def trials(db: Db, study: Study, names: Mapping[str, str], needed: Phase) -> Trials:
    """Return the table of trials.

    Parameters
    ----------
    study : Study
        What it leaves out, and whether it is a rehearsal.
    names : mapping of str to str
        From `with_pseudonyms`.
    needed : Phase
        A phase without which the table is of no use.

    Raises
    ------
    TableError
        If fewer than three people gave a rating or an answer in the phase that is needed.
    """
    found, n_practice = _counted(db, study)
    leaves = {
        name: each for name, each in found.items() if n_people(each.ratings) >= SMALLEST_GROUP
    }
    if needed not in leaves:
        raise TableError(_too_few(n_people(found[needed].ratings), needed))
    too_few = {
        name: len(each.ratings)
        for name, each in found.items()
        if name not in leaves and len(each.ratings)
    }
    classes = _classes(db, study, leaves)
    schema = schema_of(leaves, classes)
    parts = [blanked(_rows(db, study, name, each, names), TELLING) for name, each in leaves.items()]
    rows = _together(parts, schema).sort_values(
        ["participant", "phase", "position"], ignore_index=True
    )
    rows["row_id"] = np.arange(1, len(rows) + 1)
    return Trials(rows, schema, found, too_few, playings.unrated(db), n_practice, classes)


def write_parquet(rows: pd.DataFrame, schema: Schema, path: Path) -> None:
    """Write the rows of a released table as Parquet, with the types of its schema.

    Parameters
    ----------
    rows : DataFrame
        With the columns that the schema calls ``inside``.
    path : Path
        Replaced; the same rows give the same bytes.
    """
    columns = [pa.field(c.name, _ARROW[c.kind], nullable=c.optional) for c in schema.columns]
    arrays = [
        pa.array(rows[column.inside], type=_ARROW[column.kind], from_pandas=True)
        for column in schema.columns
    ]
    table = pa.Table.from_arrays(arrays, schema=pa.schema(columns))
    pq.write_table(table, path, compression="zstd", store_schema=False)


def _counted(db: Db, study: Study) -> tuple[dict[str, Counted], int]:
    answers = counted_answers(db, study)
    found = {
        str(phase): answers.counted if phase is Phase.RECOGNITION else counted(db, study, phase)
        for phase in Phase
    }
    return found, answers.n_practice


def _classes(db: Db, study: Study, leaves: Mapping[str, Counted]) -> tuple[str, ...]:
    if Phase.RECOGNITION not in leaves:
        return ()
    known = stimuli.classes_of(study.config.recognition, stimuli.listed(db).values())
    # What was answered before study.toml named other classes could be answered too.
    answered = {str(said) for said in leaves[Phase.RECOGNITION].ratings["answer"]}
    return (*known, *sorted(answered - set(known)))


def _people(db: Db, study: Study) -> set[str]:
    """Return who needs a pseudonym before the table of trials can leave."""
    found, _ = _counted(db, study)
    return {
        str(person)
        for each in found.values()
        if n_people(each.ratings) >= SMALLEST_GROUP
        for person in each.ratings["participant_id"].unique()
    }


def _too_few(n: int, phase: Phase) -> str:
    what, then = _DO_MORE[phase]
    return (
        f"{what} of {n} {'person' if n == 1 else 'people'} count, and {SMALLEST_GROUP} are needed "
        f"before trials may leave the lab: fewer can be told apart. {then}"
    )


def _rows(
    db: Db, study: Study, phase: str, found: Counted, names: Mapping[str, str]
) -> pd.DataFrame:
    if phase == Phase.RECOGNITION:
        return rows_of_answers(db, study, found, names)
    return rows_of_ratings(db, study, phase, found, names)


def _together(parts: list[pd.DataFrame], schema: Schema) -> pd.DataFrame:
    """Return the rows of all phases; what a phase does not have is empty."""
    columns = {}
    for column in schema.columns:
        if column.name == "row_id":
            continue
        kind = _EMPTY.get(column.kind) if column.optional else None
        cells = [_cells(part, column.inside, kind) for part in parts]
        columns[column.inside] = pd.concat(cells, ignore_index=True)
    return pd.DataFrame({"row_id": 0, **columns})


def _cells(part: pd.DataFrame, name: str, kind: str | None) -> pd.Series:
    found = part[name] if name in part else pd.Series(None, index=part.index, dtype=object)
    return found if kind is None else found.astype(pandas_dtype(kind))
