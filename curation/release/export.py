"""From the store to the published tables of ratings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from curation.release.record_names import record_names
from curation.release.tables import (
    RAW_VIDEO_RATINGS,
    RAW_WITH_PARTICIPANT,
    VIDEO_RATINGS,
    Provenance,
    refuse_twice,
    write_table,
)
from curation.tally import Tally, clip_keys, tally_ratings
from study.classes import read_classes
from study.config.study import Study
from study.errors import StudyError
from study.store import Db, audit, studies
from study.store.clips import candidates
from study.store.ratings import ratings
from study.tools.files import refuse_existing

# A clip without sound is no candidate, but lists of every clip have it, with silence for sound.
SOUNDLESS = ("no_audio", "silent")


@dataclass(frozen=True)
class Export:
    """What an export wrote and what it left out.

    Parameters
    ----------
    tally : Tally
        The clips written to `video_ratings.csv`.
    n_ratings : int
        Ratings written to `raw_video_ratings.csv`.
    n_simulated_left_out : int
        Ratings of simulated people that a real study does not let out.
    paths : tuple of Path
        The tables.
    """

    tally: Tally
    n_ratings: int
    n_simulated_left_out: int
    paths: tuple[Path, ...]


def export_ratings(
    db: Db,
    study: Study,
    folder: Path,
    *,
    at: datetime,
    overwrite: bool,
    with_participant: bool = False,
) -> Export:
    """Write `raw_video_ratings.csv` and `video_ratings.csv`.

    Parameters
    ----------
    db : Session
        An open transaction.
    study : Study
        Gives the protocol and whether this is a rehearsal.
    folder : Path
        Where to write.
    at : datetime
        Now.
    overwrite : bool
        Whether existing tables may be replaced.
    with_participant : bool
        Whether the raw table carries the pseudonymous ids of the raters.

    Returns
    -------
    Export
        What was written and left out.

    Raises
    ------
    StudyError
        If there is no rating to export, or a table exists and must not be replaced.

    Notes
    -----
    Paper: Data Description, Table 2.
    """
    raw_path, path = folder / "raw_video_ratings.csv", folder / "video_ratings.csv"
    for target in (raw_path, path):
        refuse_existing(target, overwrite=overwrite)
    rehearsal = study.config.rehearsal
    found = ratings.frame(db, include_simulated=rehearsal)
    n_simulated = 0 if rehearsal else ratings.n_simulated(db)
    if found.empty:
        left = f"; {n_simulated} of simulated people stay in the store" if n_simulated else ""
        raise StudyError(f"no rating to export yet{left}. Rate clips: python -m annotator")
    tally = tally_ratings(found, ratings_per_clip=study.config.protocol.ratings_per_clip)
    export = Export(tally, len(found), n_simulated, (raw_path, path))
    store = studies.identity(db, study)
    provenance = Provenance(
        rehearsal=rehearsal,
        store_id=store.store_id,
        store_revision=store.revision,
        made_at=at.isoformat(timespec="seconds"),
        settings={"ratings_per_clip": study.config.protocol.ratings_per_clip},
        counts=counts_of(export),
    )
    raw_schema = RAW_WITH_PARTICIPANT if with_participant else RAW_VIDEO_RATINGS
    raw = found.sort_values(
        ["filename", "video_location", "rating", "participant_id"], ignore_index=True
    )
    named = with_record_names(tally.clips, all_clips(db, study))
    refuse_twice(named, VIDEO_RATINGS, path)
    write_table(raw, raw_schema, raw_path, provenance, overwrite=overwrite)
    write_table(named, VIDEO_RATINGS, path, provenance, overwrite=overwrite)
    return export


def audit_export(db: Db, export: Export, *, with_participant: bool, at: datetime) -> None:
    """Keep in the audit log that ratings were exported.

    Parameters
    ----------
    db : Session
        An open transaction.
    export : Export
        What was written.
    with_participant : bool
        Whether the raw table carries the pseudonymous ids of the raters.
    at : datetime
        Now.
    """
    audit.add(
        db,
        actor="curation",
        action="export-ratings",
        subject=export.paths[1].name,
        detail={**counts_of(export), "with_participant": with_participant},
        at=at,
    )


def counts_of(export: Export) -> Mapping[str, Any]:
    """Return the counts of an export as its provenance carries them.

    Parameters
    ----------
    export : Export
        The export.

    Returns
    -------
    dict of str to int
        Clips and ratings written and left out.
    """
    return {
        "clips": len(export.tally.clips),
        "ratings": export.n_ratings,
        "clips_with_too_few_ratings_left_out": export.tally.n_left_out,
        "ratings_of_those_clips": export.tally.n_left_out_ratings,
        "clips_with_more_ratings_than_asked": export.tally.n_over_rated,
        "simulated_ratings_left_out": export.n_simulated_left_out,
    }


def all_clips(db: Db, study: Study) -> pd.DataFrame:
    """Return every clip that may get a record: candidates, and those without sound.

    Parameters
    ----------
    db : Session
        An open transaction.
    study : Study
        Gives the list of classes.

    Returns
    -------
    DataFrame
        Columns ``filename, video_location, mit_label, avmit_label, has_sound``.
    """
    columns = ["filename", "video_location", "mit_label", "avmit_label"]
    admitted = candidates.frame(db)[columns].assign(has_sound=True)
    rejected = candidates.rejects(db)
    mute = rejected.loc[rejected["reason"].isin(SOUNDLESS)]
    label_of = read_classes(study.classes_path).label_of
    mute = mute.assign(avmit_label=mute["mit_label"].map(label_of), has_sound=False)
    mute = mute.dropna(subset=["avmit_label"])[[*columns, "has_sound"]]
    return pd.concat([admitted, mute] if len(mute) else [admitted], ignore_index=True)


def with_record_names(clips: pd.DataFrame, everything: pd.DataFrame) -> pd.DataFrame:
    """Return clips with the names of their records.

    Parameters
    ----------
    clips : DataFrame
        With ``video_location, filename``.
    everything : DataFrame
        From `all_clips`: a name depends on all the others.

    Returns
    -------
    DataFrame
        With a further column ``tfrecord_filename``.
    """
    names = record_names(everything)
    return clips.assign(tfrecord_filename=names.loc[clip_keys(clips)].to_numpy())
