"""From the store to the published tables of ratings."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from curation.clips.record_names import SOUNDLESS
from curation.decided import belief_of, counts_under_rule, tally_of_study
from curation.release.posterior import audit_of, write_posterior
from curation.release.provenance import provenance_of
from curation.release.tables import (
    VIDEO_RATINGS,
    raw_ratings,
    refuse_twice,
    write_table,
)
from curation.tally import Tally, clip_keys
from study.classes import read_classes
from study.config.study import Study
from study.counting import Counted
from study.errors import TableError
from study.store import Db, audit
from study.store.clips import candidates, record_names
from study.store.ratings.counted import counted
from study.tools import wording
from study.tools.files import refuse_existing, sha256_of


@dataclass(frozen=True)
class Export:
    """What an export wrote and what it left out.

    Parameters
    ----------
    tally : Tally
        The clips written to `video_ratings.csv`.
    counted : Counted
        The ratings written to `raw_video_ratings.csv`, and why others were not.
    """

    tally: Tally
    counted: Counted
    paths: tuple[Path, ...]


def export_ratings(
    db: Db,
    study: Study,
    folder: Path,
    *,
    at: datetime,
    overwrite: bool,
    with_participant: bool = False,
    with_times: bool = False,
) -> Export:
    """Write `raw_video_ratings.csv` and `video_ratings.csv`.

    Parameters
    ----------
    study : Study
        Gives the protocol and whether this is a rehearsal.
    with_participant : bool
        Whether the raw table carries the pseudonymous ids of the raters.
    with_times : bool
        Whether the raw table carries response times and their interruptions.

    Raises
    ------
    TableError
        If there is no rating to export, or a table exists and must not be replaced.

    Notes
    -----
    Paper: Data Description, Table 2.
    """
    raw_path, path = folder / "raw_video_ratings.csv", folder / "video_ratings.csv"
    for target in (raw_path, path):
        refuse_existing(target, overwrite=overwrite)
    found = ratings_that_count(db, study)
    belief = belief_of(db, study)
    tally = tally_of_study(found.ratings, study, belief)
    export = Export(tally, found, (raw_path, path))
    provenance = replace(
        provenance_of(db, study, at),
        settings={**rules_of(study), **_order(db)},
        counts={
            **counts_of(export),
            **counts_under_rule(tally.clips, study.config.protocol),
            **({} if belief is None else {"audit": audit_of(belief, study)}),
        },
    )
    raw_schema = raw_ratings(with_participant=with_participant, with_times=with_times)
    raw = found.ratings.sort_values(
        ["filename", "video_location", "rating", "participant_id"], ignore_index=True
    )
    raw = raw.astype({"n_interruptions": "Int64"})  # empty where it is not known
    named = with_record_names(db, tally.clips)
    refuse_twice(named, VIDEO_RATINGS, path)
    write_table(raw, raw_schema, raw_path, provenance, overwrite=overwrite)
    write_table(named, VIDEO_RATINGS, path, provenance, overwrite=overwrite)
    if belief is not None:
        write_posterior(belief, study, folder, provenance, overwrite=overwrite)
    return export


def ratings_that_count(db: Db, study: Study) -> Counted:
    """Return the ratings that may leave the store, at least one.

    Parameters
    ----------
    study : Study
        What it leaves out, and whether it is a rehearsal.

    Raises
    ------
    TableError
        If there is none; it says why those that there are do not count.
    """
    found = counted(db, study)
    if found.ratings.empty:
        if not found.n_left_out:
            raise TableError("the store has no rating yet. Rate clips: python -m annotator")
        stay = "; ".join(found.lines())
        raise TableError(f"no rating counts yet; {stay}. Rate clips: python -m annotator")
    return found


def rules_of(study: Study) -> Mapping[str, Any]:
    """Return the rules by which ratings count and clips have enough, for a table's provenance.

    Returns
    -------
    dict
        As `study.toml` has them.
    """
    protocol = study.config.protocol
    rule: dict[str, Any] = {
        "rating_rule": protocol.rating_rule,
        "decide": list(protocol.questions),
    }
    if protocol.rating_rule == "until_certain":
        rule |= {"certainty": protocol.certainty, "audit_share": protocol.audit_share}
        rule |= {"labels": "the likelier answer, in label_posterior.csv"}
        if protocol.prior is not None:
            path = study.folder / protocol.prior
            rule |= {"prior_sha256": sha256_of(path) if path.is_file() else None}
    return {
        "ratings_per_clip": protocol.ratings_per_clip,
        **({} if protocol.rating_rule == "all" else rule),
        "evidence": study.config.evidence.model_dump(),
    }


def _order(db: Db) -> Mapping[str, Any]:
    """Return by which order clips were rated; empty where chance alone decided."""
    planned = [event for event in audit.own(db, "plan") if event.get("order") is not None]
    keys = ("order", "exploration", "prior_sha256")
    return {key: planned[0].get(key) for key in keys} if planned else {}


def audit_export(db: Db, export: Export, *, with_participant: bool, at: datetime) -> None:
    """Record in the audit log that ratings were exported.

    Parameters
    ----------
    with_participant : bool
        Whether the raw table carries the pseudonymous ids of the raters.
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

    Returns
    -------
    dict
        Clips and ratings written, left out and let through.
    """
    return {
        "clips": len(export.tally.clips),
        "ratings": len(export.counted.ratings),
        "clips_with_too_few_ratings_left_out": export.tally.n_left_out,
        "ratings_of_those_clips": export.tally.n_left_out_ratings,
        "clips_with_more_ratings_than_asked": export.tally.n_over_rated,
        **export.counted.as_counts(),
    }


def all_clips(db: Db, study: Study) -> pd.DataFrame:
    """Return every clip that may get a record: candidates, and those without sound.

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


def with_record_names(db: Db, clips: pd.DataFrame) -> pd.DataFrame:
    """Return clips with the names that their records were given, as ``tfrecord_filename``.

    Raises
    ------
    TableError
        If a clip has none, as a reject of an older store may.
    """
    given = record_names.frame(db)
    names = given.set_index(clip_keys(given))["tfrecord_filename"]
    found = names.reindex(clip_keys(clips))
    if found.isna().any():
        location, filename = found.index[found.isna()][0]
        raise TableError(
            f"{wording.counted(int(found.isna().sum()), 'clip has', 'clips have')} no record name "
            f"yet, such as {location}/{filename}. "
            "Name them: python -m curation candidates"
        )
    return clips.assign(tfrecord_filename=found.to_numpy())
