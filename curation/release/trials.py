"""The table of trials: one row per rating that counts, whatever its phase, without names or dates.

One writer and one schema; a later phase is a value of the column ``phase``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from curation.release.small_groups import SMALLEST_GROUP, blanked, n_people
from curation.release.tables import (
    AVMIT_LABEL,
    FILENAME,
    LOCATION,
    MIT_LABEL,
    Column,
    Provenance,
    Schema,
    write_table,
)
from study.config.study import Study
from study.counting import Counted
from study.errors import StoreError, TableError
from study.store import Db, is_read_only, store_snapshot, store_transaction, studies
from study.store.people import pseudonyms
from study.store.plan import exercises, ground_truths
from study.store.ratings import playings
from study.store.ratings.counted import counted
from study.tools.access import Readers
from study.tools.files import refuse_existing, written_atomically
from study.vocabulary import Phase

_EXERCISES = (Phase.TRAINING, Phase.SCREENING)
# What could be compared with a diary or a lab's calendar.
TELLING = ("day", "session", "attempt", "rig_grade")


def _of(name: str, means: str, kind: str = "text", *, optional: bool = False) -> Column:
    return Column(name, name, means, kind, optional)


TRIALS = Schema(
    "One row per trial in which a rating was given that counts",
    (
        _of("row_id", "number of the row", "count"),
        _of("participant", "pseudonym of who rated; the same in every release of the study"),
        Column("phase", "phase", "what the session was for", values=tuple(map(str, Phase))),
        _of("attempt", "which time the exercise was done, from 1; empty where fewer than three "
            "participants had so many", "count", optional=True),
        _of("day", "days since the study's first day, by UTC; empty where fewer than three "
            "participants rated that day, or one of them less than three clips", "count",
            optional=True),
        _of("session", "the participant's sessions of the phase in their order, from 1; empty "
            "where fewer than three participants had so many, or the session has fewer than "
            "three trials", "count", optional=True),
        _of("trial_number", "number of the trial in its session, from 1; clips that were not "
            "rated are counted", "count"),
        _of("position", "number of the row among the participant's of the phase, from 1, in the "
            "order in which they were given", "count"),
        FILENAME,
        LOCATION,
        AVMIT_LABEL,
        MIT_LABEL,
        Column("rating", "rating", "1 unclean, 2 moderately clean, 3 very clean", "count",
               values=("1", "2", "3")),
        _of("rt_s", "seconds from the end of the last playing to the key, without interruptions; "
            "where interrupted_s is empty they may be in it", "seconds"),
        _of("rt_with_interruptions_s", "the same by the clock, with interruptions; empty where "
            "they are not known", "seconds", optional=True),
        _of("interrupted_s", "seconds of pauses and of the question whether to leave, before the "
            "key; empty where they are not known", "seconds", optional=True),
        _of("n_interruptions", "how many interruptions; empty as interrupted_s is", "count",
            optional=True),
        _of("n_replays", "how often the clip was played again on request", "count"),
        _of("n_early_presses", "how often a key of the task came while the clip was playing; the "
            "clip then starts again", "count"),
        _of("n_presentations", "how often the clip was played, in part or whole", "count"),
        _of("av_offset_s", "start of the sound minus first frame of the last playing, in "
            "seconds; negative where the sound leads, empty where the driver did not say",
            "number", optional=True),
        _of("n_frames_shown", "frames of the last playing that were shown", "count",
            optional=True),
        _of("n_frames_dropped", "frames of the last playing that were never shown", "count",
            optional=True),
        _of("n_frames_late", "flips that came late, in all playings", "count"),
        _of("n_sound_gaps", "gaps in the sound of the last playing that the driver reported",
            "count", optional=True),
        Column("ground_truth", "ground_truth", "the expert's rating of the clip; empty where the "
               "expert did not rate it", "count", optional=True, values=("1", "2", "3")),
        _of("bonus_pence", "what the participant was promised for the rating, in the "
            "smallest unit of the currency", "count"),
        Column("rig_grade", "rig_grade", "grade of the machine's timing when the session began; "
               "empty where fewer than three participants had it", optional=True,
               values=("A", "B", "C", "ungraded")),
        _of("simulated", "whether a simulated person rated; in rehearsals only", "flag"),
        _of("flags", "what speaks against the rating and was let through, by name, with ; "
            "between; empty where nothing does", optional=True),
    ),
    is_one_row_per_clip=False,
    key=("row_id",),
    refers={"clips.csv": ("video_location", "filename")},
)  # fmt: skip

_ARROW = {"text": pa.string(), "count": pa.int64(), "seconds": pa.float64(),
          "number": pa.float64(), "flag": pa.bool_()}  # fmt: skip


@dataclass(frozen=True)
class Trials:
    """The rows of the table, and what was left out.

    Parameters
    ----------
    rows : DataFrame
        The columns of `TRIALS`.
    counted : dict of str to Counted
        By phase, with why other ratings do not count.
    too_few : dict of str to int
        Ratings of phases in which fewer than three people rated; they stay inside.
    unrated : dict of tuple of str to int
        Trials that ended without a rating, by phase and outcome.
    """

    rows: pd.DataFrame
    counted: Mapping[str, Counted]
    too_few: Mapping[str, int]
    unrated: Mapping[tuple[str, str], int]


def raters(db: Db, study: Study) -> set[str]:
    """Return who needs a pseudonym before the table of trials can leave."""
    found = {phase: counted(db, study, phase) for phase in Phase}
    return {
        str(person)
        for each in found.values()
        if n_people(each.ratings) >= SMALLEST_GROUP
        for person in each.ratings["participant_id"].unique()
    }


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
        people, known = raters(db, study), pseudonyms.given(db)
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
    store = studies.identity(db, study)
    provenance = Provenance(
        rehearsal=study.config.rehearsal,
        store_id=store.store_id,
        store_revision=store.revision,
        made_at=at.isoformat(timespec="seconds"),
        settings={"currency": study.config.currency},
        counts={phase: each.as_counts() for phase, each in found.counted.items()},
    )
    write_table(found.rows, TRIALS, path, provenance, overwrite=overwrite)
    with written_atomically(parquet, overwrite=overwrite, readers=Readers.EVERYBODY) as part:
        write_parquet(found.rows, TRIALS, part)


def trials(db: Db, study: Study, names: Mapping[str, str]) -> Trials:
    """Return the table of trials.

    Parameters
    ----------
    study : Study
        What it leaves out, and whether it is a rehearsal.
    names : mapping of str to str
        From `with_pseudonyms`.

    Raises
    ------
    TableError
        If fewer than three people rated in the annotation.
    """
    found = {str(phase): counted(db, study, phase) for phase in Phase}
    of_annotation = n_people(found[Phase.ANNOTATION].ratings)
    if of_annotation < SMALLEST_GROUP:
        raise TableError(
            f"ratings of {of_annotation} {'person' if of_annotation == 1 else 'people'} count, "
            f"and {SMALLEST_GROUP} are needed before trials may leave the lab: fewer can be told "
            "apart. Let more people rate: python -m sessions enrol"
        )
    leaves = {
        name: each for name, each in found.items() if n_people(each.ratings) >= SMALLEST_GROUP
    }
    too_few = {
        name: len(each.ratings)
        for name, each in found.items()
        if name not in leaves and len(each.ratings)
    }
    parts = [_of_phase(db, study, name, each, names) for name, each in leaves.items()]
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.sort_values(["participant", "phase", "position"], ignore_index=True)
    rows.insert(0, "row_id", np.arange(1, len(rows) + 1))
    return Trials(rows, found, too_few, playings.unrated(db))


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


def _of_phase(
    db: Db, study: Study, phase: str, found: Counted, names: Mapping[str, str]
) -> pd.DataFrame:
    ratings = found.ratings.merge(playings.frame(db, phase), on="trial_id", how="left")
    ratings = ratings.sort_values("trial_id", ignore_index=True)
    rows = pd.DataFrame(
        {
            "participant": ratings["participant_id"].map(names),
            "phase": phase,
            "attempt": ratings["attempt"].astype("Int64"),
            "day": _days(db, study, ratings["started_at"]),
            "session": _sessions(ratings),
            "trial_number": ratings["trial_number"].astype(int),
            "position": ratings.groupby("participant_id").cumcount() + 1,
            **{name: ratings[name] for name in
               ("filename", "video_location", "avmit_label", "mit_label", "rating")},
            **_times(ratings),
            **{name: ratings[name].astype(int) for name in
               ("n_replays", "n_early_presses", "n_presentations", "n_frames_late",
                "bonus_pence")},
            **_played(ratings),
            "ground_truth": _truths(db, phase, ratings),
            "rig_grade": ratings["grade"].where(ratings["grade"].isin(["A", "B", "C"]), "ungraded"),
            "simulated": ratings["is_simulated"].astype(bool),
            "flags": ratings["doubts"].map(";".join).replace("", None),
        }
    )  # fmt: skip
    if rows["participant"].isna().any():
        raise ValueError("a participant has no pseudonym")
    return blanked(rows, TELLING)


def _times(ratings: pd.DataFrame) -> dict[str, pd.Series]:
    rt_s = ratings["rt_s"].astype(float).round(6)
    interrupted_s = ratings["interrupted_s"].astype("Float64").astype(float).round(6)
    return {
        "rt_s": rt_s,
        "rt_with_interruptions_s": (rt_s + interrupted_s).round(6),
        "interrupted_s": interrupted_s,
        "n_interruptions": ratings["n_interruptions"].astype("Int64"),
    }


def _played(ratings: pd.DataFrame) -> dict[str, pd.Series]:
    names = {"n_frames_shown": "n_frames_shown", "n_frames_dropped": "n_frames_dropped",
             "n_xruns": "n_sound_gaps"}  # fmt: skip
    counts = {new: ratings[old].astype("Int64") for old, new in names.items()}
    return {"av_offset_s": ratings["av_offset_s"].astype(float).round(6), **counts}


def _days(db: Db, study: Study, started: pd.Series) -> pd.Series:
    # By UTC, which is the same on every machine that makes the release.
    first = pd.Timestamp(studies.identity(db, study).created_at).tz_convert("UTC")
    began = playings.first_start(db)
    if began is not None:
        first = min(first, began.tz_convert("UTC"))
    days = pd.to_datetime(started, utc=True).dt.floor("D")
    return (days - first.floor("D")).dt.days.astype("Int64")


def _sessions(ratings: pd.DataFrame) -> pd.Series:
    sittings = ratings[["participant_id", "session_id", "started_at"]].drop_duplicates("session_id")
    sittings = sittings.sort_values(["participant_id", "started_at", "session_id"])
    number = sittings.groupby("participant_id").cumcount() + 1
    of_session = dict(zip(sittings["session_id"], number, strict=True))
    return ratings["session_id"].map(of_session).astype("Int64")


def _truths(db: Db, phase: str, ratings: pd.DataFrame) -> pd.Series:
    if phase == Phase.GROUND_TRUTH:
        return pd.Series(pd.NA, index=ratings.index, dtype="Int64")
    if phase in _EXERCISES:
        said = exercises.frame(db, Phase(phase)).set_index("candidate_id")["expert_rating"]
    else:
        said = ground_truths.frame(db).set_index("candidate_id")["rating"]
    return ratings["candidate_id"].map(said).astype("Int64")
