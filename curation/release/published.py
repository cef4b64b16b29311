"""Published lists, with all their spellings, as the frames that the rest of curation reads."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from curation.tally import COUNTS, tally_ratings
from study.config.protocol import Protocol
from study.errors import TableError
from study.reading.clip_keys import in_one_line
from study.reading.list_faults import ClipList, faults, is_count
from study.reading.lists import open_list, refuse

ASSUMED_LOCATION = "training"  # the published MIT-16 lists have no location; their authors say so
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
_OF_RATINGS = "raw_video_ratings"  # a row per rating


@dataclass(frozen=True)
class PublishedRelease:
    """The published lists of one folder.

    Parameters
    ----------
    lists : dict of str to DataFrame
        By name without ending, with the columns that the program uses; text as in the file,
        except that locations are ``training`` and ``validation``. ``line`` is the row's line in
        the file.
    read : dict of str to ClipList
        The same lists as they were read.
    broken : dict of str to str
        Lists that cannot be read as such, and why.
    """

    folder: Path
    lists: Mapping[str, pd.DataFrame]
    read: Mapping[str, ClipList] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)


def read_release(folder: Path) -> PublishedRelease:
    """Read whatever published lists a folder has.

    Returns the lists, and those that cannot be read. Raises TableError if there is none of them.

    Parameters
    ----------
    folder : Path
        With any of ``video_ratings.csv``, ``raw_video_ratings.csv``, ``test_set.csv``,
        ``AVMIT_train.csv``, ``AVMIT_validation.csv``, ``MIT16_train.csv`` and
        ``MIT16_validation.csv``.
    """
    read: dict[str, ClipList] = {}
    broken: dict[str, str] = {}
    for name in LIST_NAMES:
        path = folder / f"{name}.csv"
        if not path.exists():
            continue
        try:
            read[name] = _open(path)
        except TableError as error:
            broken[name] = str(error)
    if not read and not broken:
        raise TableError(
            f"no published list in {folder}. Expected one or more of "
            f"{', '.join(f'{name}.csv' for name in LIST_NAMES)}"
        )
    lists = {name: frame_of(clips) for name, clips in read.items()}
    return PublishedRelease(folder, lists, read, broken)


def read_list(path: Path) -> pd.DataFrame:
    """Read one published list, whatever its spelling.

    Returns columns as the program calls them, values as text, and ``line``. Raises TableError if
    the file cannot be read, lacks a column that such a list has, or a row does not say what it
    should.

    `path`: a file with one of the names of `LIST_NAMES`.
    """
    clips = _open(path)
    refuse(clips, faults(clips))
    return frame_of(clips)


def frame_of(clips: ClipList) -> pd.DataFrame:
    """Return a list as the rest of curation takes it.

    Returns columns as the program calls them, values as text, and ``line``.

    `clips`: from `study.reading.lists`.
    """
    return pd.DataFrame({"line": clips.lines, **clips.columns})


def _open(path: Path) -> ClipList:
    return open_list(path, _NEEDED[path.stem], several_rows=path.stem == _OF_RATINGS)


@dataclass(frozen=True)
class Located:
    """A list with a location for every clip, and where those come from that it had not.

    Parameters
    ----------
    rows : DataFrame
        With ``video_location``.
    n_from_beside : dict of str to int
        Clips that a list beside has, by the location that it gives them.
    n_assumed : int
        Clips that no list has, taken to be in `ASSUMED_LOCATION`.
    """

    rows: pd.DataFrame
    n_from_beside: Mapping[str, int] = field(default_factory=dict)
    n_assumed: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether the list itself had all locations."""
        return not (self.n_from_beside or self.n_assumed)


def located(release: PublishedRelease) -> dict[str, Located]:
    """Return the lists of a release with a location for every clip.

    Raises TableError if lists beside know a clip of that name in both locations.

    `release`: the lists; the published MIT-16 lists have no locations.
    """
    known: dict[str, set[str]] = {}
    for clips in release.read.values():
        for location, filename in clips.keys:
            if location:
                known.setdefault(filename, set()).add(location)
    return {
        name: Located(rows)
        if "video_location" in rows
        else _located(release.read[name], rows, known)
        for name, rows in release.lists.items()
    }


def _located(clips: ClipList, rows: pd.DataFrame, known: Mapping[str, set[str]]) -> Located:
    if "video_location" in rows:
        return Located(rows)
    found = [known.get(filename, set()) for _, filename in clips.keys]
    both = [len(locations) > 1 for locations in found]
    if any(both):
        row = both.index(True)
        name = in_one_line(clips.columns["filename"][row])
        raise TableError(
            f"{clips.path}, line {clips.lines[row]}: the lists beside have {name} in training and "
            "in validation. Add a column video_location"
        )
    locations = [min(one, default=ASSUMED_LOCATION) for one in found]
    return Located(
        rows.assign(video_location=locations),
        Counter(min(one) for one in found if one),
        sum(not one for one in found),
    )


def with_counts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a list with its tallies as numbers.

    `rows`: with ``r1, r2, r3`` as text.

    Returns
    -------
    DataFrame
        The same with int columns; a value that is not a count becomes 0, and `check` reports it.
    """
    numbers = {name: [int(text) if is_count(text) else 0 for text in rows[name]] for name in COUNTS}
    return rows.assign(**numbers)


def rated_lists(release: PublishedRelease) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the lists that carry tallies, with numbers in them."""
    for name, rows in release.lists.items():
        if set(COUNTS) <= set(rows.columns):
            yield name, with_counts(rows)


def rating_lists(release: PublishedRelease) -> list[str]:
    """Return which lists of a release its tallies are taken from.

    Returns ``video_ratings`` and, for who rated, ``raw_video_ratings``; without both the two AVMIT
    lists. Empty where there is none of them.
    """
    here = {*release.lists, *release.broken}
    rated = [name for name in RATED_LISTS if name in here]
    return rated or [name for name in TRAIN_AND_VALIDATION if name in here]


def tally_of_release(release: PublishedRelease) -> tuple[pd.DataFrame, bool]:
    """Return the tallies of a release, and whether they are a selection.

    Raises TableError if no list carries ratings.

    `release`: lists that `curation.release.list_check.refuse_breaking` lets pass.

    Returns
    -------
    clips : DataFrame
        One row per clip: from ``video_ratings.csv``, else counted in ``raw_video_ratings.csv``,
        else from the two AVMIT lists.
    is_selected : bool
        True for the AVMIT lists, which have the prominent clips of the test classes only.
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
