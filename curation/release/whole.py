"""All tables of a release, out of a store and the lists that were drawn from it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from curation.analysis.agreement import measure_agreement
from curation.analysis.estimates import SAMPLE_NAME, sample_of_all, sample_tables, tallied_sample
from curation.decided import belief_of, tally_of_study
from curation.release.export import all_clips, with_record_names
from curation.release.left_out import LEFT_OUT, left_out
from curation.release.posterior import released_posterior
from curation.release.small_groups import SMALLEST_GROUP
from curation.release.tables import (
    AVMIT_LABEL,
    FILENAME,
    LOCATION,
    MIT_LABEL,
    RAW_VIDEO_RATINGS,
    TEST_SET,
    TFRECORD,
    VIDEO_RATINGS,
    Column,
    Schema,
    read_table,
    refuse_twice,
)
from curation.release.trial_table import views
from curation.release.trial_table.columns import FILE_NAME as TRIALS_NAME
from curation.release.trial_table.stimuli import FILE_NAME as STIMULI_NAME
from curation.release.trial_table.stimuli import Stimuli, stimuli_of
from curation.release.trial_table.table import Trials
from curation.selection.known_clips import as_in_store, with_rejects
from curation.tally import COUNTS, Tally, clip_keys
from study.config.study import Study
from study.errors import TableError
from study.store import Db
from study.store.clips import candidates
from study.store.people import pseudonyms
from study.tools.seeding import generator
from study.vocabulary import Phase

_CLIP = ("video_location", "filename")
_IN_CLIPS = {"clips.csv": _CLIP}
LISTS = ("test_set.csv", "AVMIT_train.csv", "AVMIT_validation.csv", "MIT16_train.csv",
         "MIT16_validation.csv")  # fmt: skip
_DRAWN_FROM_RATED = ("test_set.csv", "AVMIT_train.csv", "AVMIT_validation.csv")

CLIPS = Schema(
    "One row per clip that was rated, or could have been",
    (
        LOCATION, FILENAME, AVMIT_LABEL, MIT_LABEL, TFRECORD,
        Column("has_sound", "has_sound", "whether it has a sound; clips without one are in the "
               "MIT16 lists only", "flag"),
        Column("sha256", "sha256", "SHA-256 of the file that was admitted, so that another copy "
               "can be compared; empty where the clip was not", optional=True),
        Column("duration_s", "duration_s", "length in seconds", "seconds", optional=True),
        Column("frame_rate_hz", "frame_rate_hz", "average frame rate", "number", optional=True),
        Column("width_px", "width_px", "width of the upright picture", "count", optional=True),
        Column("height_px", "height_px", "height of the upright picture", "count", optional=True),
    ),
    key=_CLIP,
)  # fmt: skip
REJECTS = Schema(
    "One row per clip that was not admitted to annotation",
    (LOCATION, FILENAME, MIT_LABEL,
     Column("reason", "reason", "why: empty, unreadable, no_video, no_audio, silent, ...")),
    key=_CLIP,
)  # fmt: skip
AGREEMENT = Schema(
    "One row per class, scale and measure of agreement",
    (
        Column("AVMIT_label", "avmit_label", "class, or all for all classes together"),
        Column("scale", "scale", "present: 1 against 2 and 3; prominent: 1 and 2 against 3",
               values=("present", "prominent", "1-2-3")),
        Column("measure", "measure", "percent, Fleiss' kappa, Krippendorff's alpha, Gwet's AC1"),
        Column("value", "value", "the estimate; empty where it is not defined", "number", True),
        Column("low", "low", "where 95 % of 1,000 resamples of clips begin", "number", True),
        Column("high", "high", "where 95 % of 1,000 resamples of clips end", "number", True),
        Column("n_clips", "n_clips", "clips that it is worked out from, three or more", "count"),
        Column("defined", "defined", "yes, or why there is no estimate or no interval"),
    ),
    is_one_row_per_clip=False,
    key=("AVMIT_label", "scale", "measure"),
)  # fmt: skip


@dataclass(frozen=True)
class Table:
    """A table of a release.

    Parameters
    ----------
    rows : DataFrame
        With the columns that the schema calls ``inside``.
    command : str
        The command of curation that makes it.
    inputs : tuple of str
        Files of the release that it is made from; empty where it comes out of the store.
    """

    schema: Schema
    rows: pd.DataFrame
    command: str
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class RatedPart:
    """What only a release with ratings has.

    Parameters
    ----------
    full : DataFrame
        The clips of the tally that get all ratings whatever they say, of which agreement and
        Figure 2 are counted; all of them unless a rating rule asked for fewer.
    missing : tuple of str
        Lists that have not been drawn.
    sha256 : dict of tuple of str to str
        Digests of the admitted clips, by location and filename.
    """

    tables: Mapping[str, Table]
    tally: Tally
    full: pd.DataFrame
    missing: tuple[str, ...]
    sha256: Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class Whole:
    """All tables of a release, by file, and what is not yet there.

    Parameters
    ----------
    rated : RatedPart or None
        None where nobody rated.
    lost : str
        What is not known of the stimuli; empty where all is, or there are none.
    """

    tables: Mapping[str, Table]
    rated: RatedPart | None
    lost: str = ""


def whole(db: Db, study: Study, folder: Path, trials: Trials) -> Whole:
    """Return all tables of a release.

    Parameters
    ----------
    study : Study
        What it leaves out, and whether it is a rehearsal.
    folder : Path
        Where the lists are that were drawn: the study's ``release``.
    trials : Trials
        From `curation.release.trial_table.table.trials`.

    Raises
    ------
    TableError
        If no rating or answer counts, or a list or manifest cannot be believed or names a clip
        that the store does not know.
    """
    rated = _rated(db, study, folder, trials) if trials.has(Phase.ANNOTATION) else None
    tables = {TRIALS_NAME: Table(trials.schema, trials.rows, "curation export-trials")}
    lost = ""
    if trials.has(Phase.RECOGNITION):
        stimuli = stimuli_of(db, study)
        lost = stimuli.lost
        tables |= _recognised(trials, stimuli)
    tally, n_sample = (None, None) if rated is None else (rated.tally, len(rated.full))
    gone = left_out(db, study, trials, tally, n_sample)
    tables["left_out.csv"] = Table(LEFT_OUT, gone, "lab release")
    tables = {**(rated.tables if rated is not None else {}), **tables}
    for name, table in tables.items():
        refuse_twice(table.rows, table.schema, Path(name))
    return Whole(tables, rated, lost)


def _recognised(trials: Trials, stimuli: Stimuli) -> dict[str, Table]:
    export, inputs = "curation export-recognition", (TRIALS_NAME,)
    return {
        views.FILE_NAME: Table(
            views.view_schema(views.RECOGNITION, trials.classes),
            views.recognition_trials(trials.rows),
            export,
            inputs,
        ),
        views.MODEL_VS_HUMAN_NAME: Table(
            views.view_schema(views.MODEL_VS_HUMAN, trials.classes),
            views.model_vs_human(trials.rows),
            export,
            inputs,
        ),
        STIMULI_NAME: Table(stimuli.schema, stimuli.rows, "sessions plan-recognition"),
    }


def _rated(db: Db, study: Study, folder: Path, trials: Trials) -> RatedPart:
    found = trials.counted[Phase.ANNOTATION]
    belief = belief_of(db, study)
    tally = tally_of_study(found.ratings, study, belief)
    if tally.clips.empty:
        raise TableError(
            f"no clip has {study.config.protocol.ratings_per_clip} ratings that count, so there "
            "is nothing to release. Rate clips: python -m annotator"
        )
    sample = sample_of_all(db, study, tally.clips, found.ratings)
    full = _full(tally, sample)
    raw = found.ratings.sort_values([*reversed(_CLIP), "rating"], ignore_index=True)
    lists = dict(_lists(db, folder))
    export, drawn = "curation export-ratings", "video_ratings.csv"
    measured_on = drawn if sample is None else SAMPLE_NAME
    tables = {
        drawn: Table(
            replace(VIDEO_RATINGS, key=_CLIP, refers=_IN_CLIPS),
            with_record_names(db, tally.clips), export,
        ),
        "raw_video_ratings.csv": Table(replace(RAW_VIDEO_RATINGS, refers=_IN_CLIPS), raw, export),
        **lists,
        "clips.csv": Table(CLIPS, _clips(db, study), "curation candidates"),
        "rejects.csv": Table(REJECTS, candidates.rejects(db), "curation candidates"),
        "agreement.csv": Table(
            AGREEMENT, _agreement(study, full), "curation agreement", (measured_on,)
        ),
    }  # fmt: skip
    if sample is not None:
        tables |= {
            name: Table(schema, rows, command, inputs)
            for name, (schema, rows, command, inputs) in sample_tables(full, tally.clips).items()
        }
    if belief is not None:
        parts = released_posterior(belief, study, pseudonyms.given(db))
        tables |= {name: Table(schema, rows, export) for name, (schema, rows) in parts.items()}
    for name in lists:
        _refuse_stale(folder / name, lists[name].rows, tally)
    admitted = candidates.frame(db)
    keys = zip(admitted["video_location"], admitted["filename"], strict=True)
    digests = dict(zip(keys, admitted["sha256"], strict=True))
    missing = tuple(name for name in LISTS if name not in lists)
    return RatedPart(tables, tally, full, missing, digests)


def _lists(db: Db, folder: Path) -> Iterator[tuple[str, Table]]:
    known = with_rejects(db)
    for name in LISTS:
        path = folder / name
        if not path.is_file():
            continue
        schema = TEST_SET if name == "test_set.csv" else VIDEO_RATINGS
        rows = as_in_store(read_table(path, schema), known, path)
        of_rated = name in _DRAWN_FROM_RATED
        refers = {"video_ratings.csv": _CLIP} if of_rated else _IN_CLIPS
        inputs = ("video_ratings.csv", *(("test_set.csv",) if name != "test_set.csv" else ()))
        command = "curation test-set" if name == "test_set.csv" else "curation training-lists"
        yield name, Table(replace(schema, key=_CLIP, refers=refers), rows, command, inputs)


def _refuse_stale(path: Path, rows: pd.DataFrame, tally: Tally) -> None:
    # Ratings that somebody took along would otherwise leave in the counts of a list.
    now = tally.clips.set_index(clip_keys(tally.clips))[list(COUNTS)].reindex(clip_keys(rows))
    is_stale = now.isna().any(axis=1).to_numpy() & (path.name in _DRAWN_FROM_RATED)
    if "r1" in rows:
        counts = rows[list(COUNTS)].astype(int).to_numpy()
        is_stale |= (counts != now.fillna(0).astype(int).to_numpy()).any(axis=1)
    if is_stale.any():
        raise TableError(
            f"{path} was drawn from other ratings than the store has now: {is_stale.sum()} of its "
            f"clips have other ratings, such as {rows['filename'][is_stale].iloc[0]}. Draw the "
            "lists again, each with --overwrite: python -m curation export-ratings, then test-set, "
            "then training-lists"
        )


def _clips(db: Db, study: Study) -> pd.DataFrame:
    clips = with_record_names(db, all_clips(db, study))
    facts = ["sha256", "duration_s", "frame_rate_hz", "width_px", "height_px"]
    admitted = candidates.frame(db)
    admitted = admitted.set_index(clip_keys(admitted))[facts]
    found = admitted.reindex(clip_keys(clips)).reset_index(drop=True)
    found = found.astype({"width_px": "Int64", "height_px": "Int64"}).round(6)
    rows = pd.concat([clips.reset_index(drop=True), found], axis=1)
    return rows.sort_values(list(_CLIP), ignore_index=True)


def _full(tally: Tally, sample: pd.DataFrame | None) -> pd.DataFrame:
    if sample is None:
        return tally.clips
    if sample.empty:
        raise TableError(
            "the rating rule asks for fewer ratings where they decide, and none of the ground "
            "truths, which get all, has them yet. Rate more clips: python -m annotator"
        )
    return tallied_sample(tally.clips, sample)


def _agreement(study: Study, full: pd.DataFrame) -> pd.DataFrame:
    table = measure_agreement(full, generator(study.config.seed, "agreement"))
    table = table[table["n_clips"] >= SMALLEST_GROUP].reset_index(drop=True)
    return table.replace([np.inf, -np.inf], np.nan).round({"value": 6, "low": 6, "high": 6})
