"""From `video_ratings.csv` and the store to the test set and the training lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from curation import splits
from curation.chance import generator
from curation.export import all_clips, with_record_names
from curation.filters import accepted_classes, filter_clips
from curation.tables import TEST_SET, VIDEO_RATINGS, Provenance, read_table, write_table
from curation.tally import COUNTS, clip_keys, is_prominent
from curation.test_set import draw_test_set
from study.config import Study
from study.errors import TableError
from study.files import refuse_existing, sha256_of
from study.store import Db, candidates, studies


@dataclass(frozen=True)
class Selection:
    """A test set and how it came about.

    Parameters
    ----------
    clips : DataFrame
        The rows of `test_set.csv`.
    classes : tuple of str
        The accepted classes.
    left : dict of str to int
        Clips that left at each step of the filter.
    n_pool : int
        Clips that it was drawn from.
    """

    clips: pd.DataFrame
    classes: tuple[str, ...]
    left: Mapping[str, int]
    n_pool: int


def make_test_set(
    db: Db,
    study: Study,
    ratings_path: Path,
    path: Path,
    *,
    at: datetime,
    allow_fewer: bool = False,
    overwrite: bool = False,
) -> Selection:
    """Draw the test set and write `test_set.csv`.

    Parameters
    ----------
    db : Session
        An open transaction; gives the frame rates.
    study : Study
        Gives protocol and seed.
    ratings_path : Path
        `video_ratings.csv`.
    path : Path
        Where to write.
    at : datetime
        Now.
    allow_fewer : bool
        Whether classes with too few clips give all they have.
    overwrite : bool
        Whether an existing table may be replaced.

    Returns
    -------
    Selection
        The test set and how it came about.

    Notes
    -----
    Paper: Test Set, Table 3.
    """
    refuse_existing(path, overwrite=overwrite)
    protocol = study.config.protocol
    clips = with_picture_facts(db, read_table(ratings_path, VIDEO_RATINGS), ratings_path)
    classes = accepted_classes(clips, protocol.majority, protocol.class_min_prominent)
    pool, left = filter_clips(clips, classes, protocol.test_frame_rates_hz)
    drawn = draw_test_set(
        pool,
        classes,
        size_per_class=protocol.test_size_per_class,
        rng=generator(study.config.seed, "test set"),
        allow_fewer=allow_fewer,
    )
    report = Selection(drawn, classes, left, len(pool))
    settings = {
        "seed": study.config.seed,
        "majority": protocol.majority,
        "class_min_prominent": protocol.class_min_prominent,
        "test_size_per_class": protocol.test_size_per_class,
        "test_frame_rates_hz": list(protocol.test_frame_rates_hz),
        "allow_fewer": allow_fewer,
    }
    counts = {"clips": len(drawn), "classes": list(classes), "left": left, "pool": len(pool)}
    provenance = provenance_of(db, study, at, settings, counts, ratings_path)
    write_table(drawn, TEST_SET, path, provenance, overwrite=overwrite)
    return report


def make_training_lists(
    db: Db,
    study: Study,
    ratings_path: Path,
    test_path: Path,
    folder: Path,
    *,
    at: datetime,
    with_soundless: bool = True,
    overwrite: bool = False,
) -> dict[str, pd.DataFrame]:
    """Write the AVMIT and the MIT-16 lists, each for training and for validation.

    Parameters
    ----------
    db : Session
        An open transaction; gives the clips that nobody rated.
    study : Study
        Gives protocol and seed.
    ratings_path, test_path : Path
        `video_ratings.csv` and `test_set.csv`.
    folder : Path
        Where to write.
    at : datetime
        Now.
    with_soundless : bool
        Whether the MIT-16 lists have the clips without sound, as the paper's do.
    overwrite : bool
        Whether existing lists may be replaced.

    Returns
    -------
    dict of str to DataFrame
        The rows by file name.

    Notes
    -----
    Paper: Train Sets.
    """
    rated = read_table(ratings_path, VIDEO_RATINGS)
    test = read_table(test_path, TEST_SET)
    pools = {
        "AVMIT": rated.loc[is_prominent(rated, study.config.protocol.majority)],
        "MIT16": every_clip(db, study, rated, with_soundless=with_soundless),
    }
    lists: dict[str, pd.DataFrame] = {}
    for name, pool in pools.items():
        classes = sorted(test["avmit_label"].unique())
        rng = generator(study.config.seed, f"training list {name}")
        balanced = splits.balance(splits.minus_test_set(pool, test), classes, rng)
        parts = splits.split(balanced, study.config.protocol.validation_share)
        lists |= {f"{name}_train.csv": parts.train, f"{name}_validation.csv": parts.validation}
    for file_name in lists:
        refuse_existing(folder / file_name, overwrite=overwrite)
    for file_name, rows in lists.items():
        provenance = provenance_of(
            db,
            study,
            at,
            {
                "seed": study.config.seed,
                "majority": study.config.protocol.majority,
                "validation_share": study.config.protocol.validation_share,
                "with_soundless": with_soundless,
            },
            {"clips": len(rows), "clips_per_class": int(rows["avmit_label"].value_counts().min())},
            ratings_path,
            test_path,
        )
        write_table(rows, VIDEO_RATINGS, folder / file_name, provenance, overwrite=overwrite)
    return lists


def every_clip(
    db: Db, study: Study, rated: pd.DataFrame, *, with_soundless: bool = True
) -> pd.DataFrame:
    """Return every clip of the study's classes, rated or not.

    Parameters
    ----------
    db : Session
        An open transaction.
    study : Study
        Gives the classes.
    rated : DataFrame
        The rows of `video_ratings.csv`; clips that are not in it count no ratings.
    with_soundless : bool
        Whether clips without sound are wanted.

    Returns
    -------
    DataFrame
        The columns of `video_ratings.csv`.
    """
    everything = all_clips(db, study)
    clips = with_record_names(everything, everything)
    clips = clips if with_soundless else clips.loc[clips["has_sound"]]
    counts = rated.set_index(clip_keys(rated))[list(COUNTS)]
    found = counts.reindex(clip_keys(clips)).fillna(0).astype(int)
    return clips.assign(**{name: found[name].to_numpy() for name in COUNTS})


def with_picture_facts(db: Db, clips: pd.DataFrame, source: Path) -> pd.DataFrame:
    """Return rated clips with what the filter asks of their pictures.

    Parameters
    ----------
    db : Session
        An open transaction.
    clips : DataFrame
        The rows of `video_ratings.csv`.
    source : Path
        Where they come from, for the message.

    Returns
    -------
    DataFrame
        With further columns ``frame_rate_hz, is_vfr, is_excluded``.

    Raises
    ------
    TableError
        If a clip is not in the store: the table is of another study.
    """
    known = candidates.frame(db)
    rates = known.set_index(clip_keys(known))["frame_rate_hz"].reindex(clip_keys(clips))
    if rates.isna().any():
        n_unknown = int(rates.isna().sum())
        first = clips["filename"].iloc[int(rates.isna().to_numpy().argmax())]
        raise TableError(
            f"{source}: {n_unknown} of {len(clips)} clips are no candidates of this store, such as "
            f"{first}; their frame rates are not known. Use the store that the table came from, "
            "or admit the clips: curation candidates"
        )
    return clips.assign(frame_rate_hz=rates.to_numpy(), is_vfr=False, is_excluded=False)


def provenance_of(
    db: Db,
    study: Study,
    at: datetime,
    settings: Mapping[str, Any],
    counts: Mapping[str, Any],
    *inputs: Path,
) -> Provenance:
    """Return where a table made from files and the store comes from.

    Parameters
    ----------
    db : Session
        An open transaction.
    study : Study
        The study.
    at : datetime
        Now.
    settings, counts : dict
        What made the table and what it holds.
    *inputs : Path
        The files that were read.

    Returns
    -------
    Provenance
        For `curation.tables.write_table`.
    """
    return Provenance(
        rehearsal=study.config.rehearsal,
        store_id=studies.identity(db, study).store_id,
        made_at=at.isoformat(timespec="seconds"),
        settings=settings,
        counts=counts,
        inputs={path.name: sha256_of(path) for path in inputs},
    )
