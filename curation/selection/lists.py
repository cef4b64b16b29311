"""From `video_ratings.csv` and the store to the test set and the training lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from curation.decided import fewest_ratings, refuse_open_for_test, refuse_undecided
from curation.release.export import all_clips, with_record_names
from curation.release.posterior import with_posterior
from curation.release.provenance import provenance_of
from curation.release.tables import (
    TEST_SET,
    VIDEO_RATINGS,
    read_table,
    refuse_twice,
    write_table,
)
from curation.selection import splits
from curation.selection.filters import accepted_classes, filter_clips, prominent_by_class
from curation.selection.known_clips import as_in_store, with_rejects
from curation.selection.leakage import leakage_report, refuse_leaks
from curation.selection.picture_facts import with_picture_facts
from curation.selection.test_set import draw_test_set
from curation.tally import COUNTS, clip_keys, is_prominent
from study.config.study import Study
from study.errors import StudyError
from study.store import Db
from study.store.clips import candidates, clip_audits
from study.tools.files import refuse_existing
from study.tools.seeding import generator


@dataclass(frozen=True)
class Selection:
    """A test set and how it came about.

    Parameters
    ----------
    clips : DataFrame
        The rows of `test_set.csv`.
    left : dict of str to int
        Clips that left at each step of the filter.
    n_pool : int
        Clips that it was drawn from.
    n_unvetted : int
        Test clips that no curator has looked at.
    """

    clips: pd.DataFrame
    classes: tuple[str, ...]
    left: Mapping[str, int]
    n_pool: int
    n_unvetted: int


def make_test_set(
    db: Db,
    study: Study,
    ratings_path: Path,
    path: Path,
    *,
    at: datetime,
    allow_fewer: bool = False,
    vetted_only: bool = False,
    without_open: bool = False,
    overwrite: bool = False,
) -> Selection:
    """Draw the test set and write `test_set.csv`.

    Parameters
    ----------
    db : Session
        An open transaction; gives the frame rates.
    ratings_path : Path
        `video_ratings.csv`.
    allow_fewer : bool
        Whether take all clips of classes that have too few.
    vetted_only : bool
        Whether only clips that a curator has kept may be drawn.
    without_open : bool
        Whether clips may be missing of which nobody has asked whether all raters agree.

    Returns
    -------
    Selection
        The test set and how it came about.

    Raises
    ------
    TableError
        If a table cannot be believed, or a clip would stand in the test set twice.

    Notes
    -----
    Paper: Test Set, Table 3.
    """
    refuse_existing(path, overwrite=overwrite)
    protocol = study.config.protocol
    rated = read_table(ratings_path, VIDEO_RATINGS, min_ratings=fewest_ratings(protocol))
    refuse_undecided(rated, protocol, ratings_path)
    rated = with_posterior(rated, protocol, ratings_path)
    clips = with_picture_facts(db, rated, ratings_path, protocol)
    classes = accepted_classes(clips, protocol.majority, protocol.class_min_prominent)
    if not classes:
        most = prominent_by_class(clips, protocol.majority).nlargest(3)
        said = ", ".join(f"{label} {n_clips}" for label, n_clips in most.items()) or "none"
        raise StudyError(
            f"no class has the {protocol.class_min_prominent} prominent clips of "
            f"protocol.class_min_prominent; most have: {said}. Rate more clips, or lower it"
        )
    if not without_open:
        refuse_open_for_test(clips, classes, protocol, ratings_path)
    pool, left = filter_clips(clips, classes, protocol, vetted_only=vetted_only)
    drawn = draw_test_set(
        pool,
        classes,
        size_per_class=protocol.test_size_per_class,
        rng=generator(study.config.seed, "test set"),
        allow_fewer=allow_fewer,
    )
    n_unvetted = int((~drawn["is_vetted"]).sum())
    report = Selection(drawn, classes, left, len(pool), n_unvetted)
    settings = {
        "seed": study.config.seed,
        "majority": protocol.majority,
        "class_min_prominent": protocol.class_min_prominent,
        "test_size_per_class": protocol.test_size_per_class,
        "test_frame_rates_hz": list(protocol.test_frame_rates_hz),
        "test_frame_rate_tolerance_hz": protocol.test_frame_rate_tolerance_hz,
        "test_max_odd_steps": protocol.test_max_odd_steps,
        "allow_fewer": allow_fewer,
        "vetted_only": vetted_only,
        **({"without_open": True} if without_open else {}),
    }
    if protocol.rating_rule == "until_certain":
        settings |= {"test_certainty": protocol.test_certainty}
    counts = {"clips": len(drawn), "classes": list(classes), "left": left, "pool": len(pool)}
    counts["unvetted"] = n_unvetted
    provenance = provenance_of(
        db, study, at, settings=settings, counts=counts, inputs=[ratings_path]
    )
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
    source_disjoint: bool = False,
    overwrite: bool = False,
) -> dict[str, pd.DataFrame]:
    """Write the AVMIT and the MIT-16 lists, each for training and for validation.

    Parameters
    ----------
    db : Session
        An open transaction; gives the clips that nobody rated.
    ratings_path, test_path : Path
        `video_ratings.csv` and `test_set.csv`.
    with_soundless : bool
        Whether the MIT-16 lists have the clips without sound, as the paper's do.
    source_disjoint : bool
        Whether no source video may have clips on two sides.

    Raises
    ------
    TableError
        If a table cannot be believed, or what was drawn is not apart; nothing is written then.

    Notes
    -----
    Paper: Train Sets.
    """
    rated, test = _believed(db, study, ratings_path, test_path)
    pools = {
        "AVMIT": rated.loc[is_prominent(rated, study.config.protocol.majority)],
        "MIT16": every_clip(db, study, rated, with_soundless=with_soundless),
    }
    duplicates = clip_audits.duplicates(db)
    lists: dict[str, pd.DataFrame] = {}
    for name, pool in pools.items():
        parts = splits.draw_lists(
            pool,
            test,
            validation_share=study.config.protocol.validation_share,
            rng=generator(study.config.seed, f"training list {name}"),
            source_disjoint=source_disjoint,
            duplicates=duplicates,
        )
        lists |= {f"{name}_train.csv": parts.train, f"{name}_validation.csv": parts.validation}
    for name in pools:
        sides = {k: v for k, v in lists.items() if k.startswith(name)} | {test_path.name: test}
        refuse_leaks(sides, by_source=source_disjoint, duplicates=duplicates)
    for file_name, rows in lists.items():
        refuse_twice(rows, VIDEO_RATINGS, folder / file_name)
        refuse_existing(folder / file_name, overwrite=overwrite)
    for file_name, rows in lists.items():
        provenance = provenance_of(
            db,
            study,
            at,
            settings={
                "seed": study.config.seed,
                "majority": study.config.protocol.majority,
                "validation_share": study.config.protocol.validation_share,
                "with_soundless": with_soundless,
                "source_disjoint": source_disjoint,
            },
            counts={
                "clips": len(rows),
                "clips_per_class": int(rows["avmit_label"].value_counts().min()),
            },
            inputs=[ratings_path, test_path],
        )
        write_table(rows, VIDEO_RATINGS, folder / file_name, provenance, overwrite=overwrite)
    return lists


def _believed(
    db: Db, study: Study, ratings_path: Path, test_path: Path
) -> tuple[pd.DataFrame, pd.DataFrame]:
    protocol = study.config.protocol
    rated = read_table(ratings_path, VIDEO_RATINGS, min_ratings=fewest_ratings(protocol))
    refuse_undecided(rated, protocol, ratings_path)
    rated = with_posterior(rated, protocol, ratings_path)
    test = as_in_store(read_table(test_path, TEST_SET), with_rejects(db), test_path)
    return as_in_store(rated, candidates.frame(db), ratings_path), test


def leakage_lines(lists: Mapping[str, pd.DataFrame], test_path: Path) -> list[str]:
    """Say which lists share sources with one another or with the test set.

    Parameters
    ----------
    lists : dict of str to DataFrame
        From `make_training_lists`.
    test_path : Path
        `test_set.csv`.

    Returns
    -------
    list of str
        A line for every two lists of one set that share a source.
    """
    test = read_table(test_path, TEST_SET)
    lines = []
    for name in ("AVMIT", "MIT16"):
        sides = {k: v for k, v in lists.items() if k.startswith(name)}
        report = leakage_report(sides | {test_path.name: test})
        for row in report.loc[report["n_sources"] > 0].to_dict("records"):
            lines.append(
                f"{row['one']}, {row['other']}: {row['n_sources']} source videos on both sides "
                f"({row['n_clips_of_one']} and {row['n_clips_of_other']} clips)"
            )
    return lines


def every_clip(
    db: Db, study: Study, rated: pd.DataFrame, *, with_soundless: bool = True
) -> pd.DataFrame:
    """Return every clip of the study's classes, rated or not.

    Parameters
    ----------
    rated : DataFrame
        The rows of `video_ratings.csv`; clips that are not in it count no ratings.

    Returns
    -------
    DataFrame
        The columns of `video_ratings.csv`.
    """
    everything = all_clips(db, study)
    clips = with_record_names(db, everything)
    clips = clips if with_soundless else clips.loc[clips["has_sound"]]
    counts = rated.set_index(clip_keys(rated))[list(COUNTS)]
    found = counts.reindex(clip_keys(clips)).fillna(0).astype(int)
    return clips.assign(**{name: found[name].to_numpy() for name in COUNTS})
