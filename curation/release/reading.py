"""Published lists, with all their spellings, as the frames that the rest of curation reads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from curation.release.tables import read_text_table
from curation.tally import COUNTS, tally_ratings
from study.config.protocol import Protocol
from study.errors import TableError

# How the published files and ours spell the same column.
SPELLINGS: dict[str, tuple[str, ...]] = {
    "filename": ("filename",),
    "mit_label": ("MIT_label", "MIT label", "actual_label", "mit_label"),
    "avmit_label": ("AVMIT_label", "AVMIT label", "label", "avmit_label"),
    "video_location": ("video_location",),
    "tfrecord_filename": ("tfrecord_filename",),
    "new_filename": ("new_filename",),
    "rating": ("rating",),
    "participant_id": ("participant", "participant_id"),
    "r1": ("r1",),
    "r2": ("r2",),
    "r3": ("r3",),
}
_LOCATION_PREFIX = "MIT_"
ASSUMED_LOCATION = "training"  # the published MIT-16 lists have no location; their authors say so
_INDEX_NAMES = ("", "index", "Unnamed: 0")
_CLIP = ("filename", "avmit_label", "mit_label")
_NEEDED: dict[str, tuple[str, ...]] = {
    "video_ratings": (*_CLIP, "video_location", "tfrecord_filename", *COUNTS),
    "raw_video_ratings": (*_CLIP, "video_location", "rating"),
    "test_set": (*_CLIP, "video_location", "new_filename", "tfrecord_filename"),
    "AVMIT_train": (*_CLIP, "video_location", "tfrecord_filename", *COUNTS),
    "AVMIT_validation": (*_CLIP, "video_location", "tfrecord_filename", *COUNTS),
    "MIT16_train": (*_CLIP, "tfrecord_filename"),
    "MIT16_validation": (*_CLIP, "tfrecord_filename"),
}
LIST_NAMES = tuple(_NEEDED)
RATED_LISTS: tuple[str, ...] = ("video_ratings", "raw_video_ratings")
TRAIN_AND_VALIDATION: tuple[str, ...] = ("AVMIT_train", "AVMIT_validation")


@dataclass(frozen=True)
class Release:
    """The published lists of one folder.

    Parameters
    ----------
    folder : Path
        Where they lie.
    lists : dict of str to DataFrame
        By name without ending, with the columns that the program uses; text as in the file,
        except that locations are ``training`` and ``validation``. ``line`` is the row's line in
        the file.
    broken : dict of str to str
        Lists that cannot be read as such, and why.
    """

    folder: Path
    lists: Mapping[str, pd.DataFrame]
    broken: Mapping[str, str] = field(default_factory=dict)


def read_release(folder: Path) -> Release:
    """Read whatever published lists a folder has.

    Parameters
    ----------
    folder : Path
        With any of ``video_ratings.csv``, ``raw_video_ratings.csv``, ``test_set.csv``,
        ``AVMIT_train.csv``, ``AVMIT_validation.csv``, ``MIT16_train.csv`` and
        ``MIT16_validation.csv``.

    Returns
    -------
    Release
        The lists, and those that cannot be read.

    Raises
    ------
    TableError
        If there is none of them.
    """
    lists: dict[str, pd.DataFrame] = {}
    broken: dict[str, str] = {}
    for name in LIST_NAMES:
        path = folder / f"{name}.csv"
        if not path.exists():
            continue
        try:
            lists[name] = read_list(path)
        except TableError as error:
            broken[name] = str(error)
    if not lists and not broken:
        raise TableError(
            f"no published list in {folder}. Expected one or more of "
            f"{', '.join(f'{name}.csv' for name in LIST_NAMES)}"
        )
    return Release(folder, lists, broken)


def read_list(path: Path) -> pd.DataFrame:
    """Read one published list, whatever its spelling.

    Parameters
    ----------
    path : Path
        A file with one of the names of `LIST_NAMES`.

    Returns
    -------
    DataFrame
        Columns as the program calls them, values as text, and ``line``.

    Raises
    ------
    TableError
        If the file cannot be read, or lacks a column that such a list has.
    """
    table = read_text_table(path)
    found: dict[str, pd.Series] = {}
    for inside, spellings in SPELLINGS.items():
        names = [name for name in spellings if name in table.columns]
        if len(names) > 1:
            raise TableError(f"{path} has the column {inside} twice: {', '.join(names)}")
        if names:
            found[inside] = table[names[0]]
    missing = [name for name in _NEEDED[path.stem] if name not in found]
    if missing:
        spelt = "; ".join(f"{name} ({' or '.join(SPELLINGS[name])})" for name in missing)
        raise TableError(f"{path} lacks {spelt}; found {', '.join(map(str, table.columns))}")
    rows = pd.DataFrame(found, index=table.index)
    if "video_location" in rows:
        rows["video_location"] = rows["video_location"].str.removeprefix(_LOCATION_PREFIX)
    return rows.reset_index(names="line")


def with_location(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a list with a location for every clip, assumed where the list has none.

    Parameters
    ----------
    rows : DataFrame
        From `read_list`.

    Returns
    -------
    DataFrame
        With ``video_location``.
    """
    return rows if "video_location" in rows else rows.assign(video_location=ASSUMED_LOCATION)


def with_counts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a list with its tallies as numbers.

    Parameters
    ----------
    rows : DataFrame
        With ``r1, r2, r3`` as text.

    Returns
    -------
    DataFrame
        The same with int columns; a value that is no count becomes 0, which `check` reports.
    """
    numbers = {
        name: pd.to_numeric(rows[name].where(is_count(rows[name]), "0")).astype(int)
        for name in COUNTS
    }
    return rows.assign(**numbers)


def is_count(values: pd.Series) -> pd.Series:
    """Return which texts are whole numbers of ratings.

    Parameters
    ----------
    values : Series of str
        A column.

    Returns
    -------
    Series of bool
        One per value.
    """
    return values.str.fullmatch(r"[0-9]{1,6}").astype(bool)


def rated_lists(release: Release) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the lists that carry tallies, with numbers in them.

    Parameters
    ----------
    release : Release
        The lists.

    Yields
    ------
    tuple of str and DataFrame
        Name and rows.
    """
    for name, rows in release.lists.items():
        if set(COUNTS) <= set(rows.columns):
            yield name, with_counts(rows)


def rating_lists(release: Release) -> list[str]:
    """Return which lists of a release its tallies are taken from.

    Parameters
    ----------
    release : Release
        The lists.

    Returns
    -------
    list of str
        ``video_ratings`` and, for who rated, ``raw_video_ratings``; without both the two AVMIT
        lists. Empty where there is none of them.
    """
    here = {*release.lists, *release.broken}
    rated = [name for name in RATED_LISTS if name in here]
    return rated or [name for name in TRAIN_AND_VALIDATION if name in here]


def tally_of_release(release: Release) -> tuple[pd.DataFrame, bool]:
    """Return the tallies of a release, and whether they are a selection.

    Parameters
    ----------
    release : Release
        Lists that `curation.release.check.refuse_unusable` lets pass.

    Returns
    -------
    clips : DataFrame
        One row per clip: from ``video_ratings.csv``, else counted in ``raw_video_ratings.csv``,
        else from the two AVMIT lists.
    is_selected : bool
        True for the AVMIT lists, which have the prominent clips of the test classes only.

    Raises
    ------
    TableError
        If no list carries ratings.
    """
    names = rating_lists(release)
    if not names:
        raise TableError(
            f"no list with ratings in {release.folder}. Expected video_ratings.csv, "
            "raw_video_ratings.csv, or AVMIT_train.csv and AVMIT_validation.csv"
        )
    if names[0] == "raw_video_ratings":
        raw = release.lists[names[0]].astype({"rating": int})
        n_enough = Protocol().ratings_per_clip  # Paper: Data Description
        return tally_ratings(raw, ratings_per_clip=n_enough).clips, False
    rated = dict(rated_lists(release))
    if names[0] == "video_ratings":
        return rated[names[0]], False
    return pd.concat([rated[name] for name in names], ignore_index=True), True
