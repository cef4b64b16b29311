"""What is wrong with published lists, found without being told where to look."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import PurePosixPath

import pandas as pd

from curation.release import Release, is_count, rated_lists
from curation.tally import COUNTS, is_prominent, n_ratings
from study.classes import read_classes
from study.naming import source_of

LOCATIONS = ("training", "validation")
# Lists that must not share a clip: what is trained on, what is validated with, what is tested on.
_APART = (
    ("AVMIT_train", "AVMIT_validation"),
    ("MIT16_train", "MIT16_validation"),
    ("AVMIT_train", "test_set"),
    ("AVMIT_validation", "test_set"),
    ("MIT16_train", "test_set"),
    ("MIT16_validation", "test_set"),
)
_SELECTED = ("AVMIT_train", "AVMIT_validation")
_ONE_ROW_PER_CLIP = (
    "video_ratings",
    "test_set",
    "AVMIT_train",
    "AVMIT_validation",
    "MIT16_train",
    "MIT16_validation",
)
_N_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a list says and a reader would not expect.

    Parameters
    ----------
    code : str
        What kind of finding, such as ``"no_strict_majority"``.
    where : str
        The list, or lists.
    n : int
        How many rows, clips or sources.
    breaks : bool
        Whether a run on these lists stops or goes wrong.
    message : str
        What was found, in words.
    examples : tuple of str
        Up to three of them.
    """

    code: str
    where: str
    n: int
    breaks: bool
    message: str
    examples: tuple[str, ...] = ()


def check(release: Release) -> list[Finding]:
    """Look through all lists of a release.

    Parameters
    ----------
    release : Release
        From `curation.release.read_release`.

    Returns
    -------
    list of Finding
        Those that break a run first.
    """
    found = [
        Finding("unreadable_list", f"{name}.csv", 1, True, reason)
        for name, reason in release.broken.items()
    ]
    for name, rows in release.lists.items():
        if rows.empty:
            found.append(Finding("no_rows", name, 1, True, "the list has no rows"))
            continue
        found += _check_values(name, rows)
        found += _check_names(name, rows)
    found += _check_ratings(release)
    found += _check_tallies(release)
    found += _check_together(release)
    return sorted((item for item in found if item.n), key=lambda item: not item.breaks)


def n_of(findings: list[Finding], code: str) -> int:
    """Return how many rows, clips or sources the findings of one kind name together.

    Parameters
    ----------
    findings : list of Finding
        From `check`.
    code : str
        The kind.

    Returns
    -------
    int
        0 where there is none.
    """
    return sum(item.n for item in findings if item.code == code)


def _check_values(name: str, rows: pd.DataFrame) -> Iterator[Finding]:
    for column in rows.columns.drop("line"):
        empty = rows[column].str.strip() == ""
        yield _of_rows("empty_cell", name, rows, empty, True, f"rows without {column}")
        spaced = ~empty & (rows[column].str.strip() != rows[column])
        yield _of_rows("stray_space", name, rows, spaced, True, f"rows with space around {column}")
    for column in set(COUNTS) & set(rows.columns):
        wrong = ~is_count(rows[column]) & (rows[column].str.strip() != "")
        yield _of_rows("no_count", name, rows, wrong, True, f"rows whose {column} is no count")
    if "rating" in rows:
        unknown = ~rows["rating"].isin(["1", "2", "3"])
        yield _of_rows("unknown_rating", name, rows, unknown, True, "ratings other than 1, 2, 3")
    if "video_location" in rows:
        astray = ~rows["video_location"].isin(LOCATIONS)
        yield _of_rows(
            "unknown_location", name, rows, astray, True, "rows neither of training nor validation"
        )


def _check_names(name: str, rows: pd.DataFrame) -> Iterator[Finding]:
    parts = rows["filename"].str.split("/")
    shape = parts.map(lambda p: len(p) == 2 and all(p) and not set(p) & {".", ".."}).astype(bool)
    yield _of_rows(
        "unsafe_filename", name, rows, ~shape, True, "filenames that are not <MIT class>/<clip>"
    )
    ending = rows["filename"].str.lower().str.endswith(".mp4")
    yield _of_rows("unknown_ending", name, rows, ~ending, False, "clips that do not end in .mp4")
    folder = parts.str[0]
    yield _of_rows(
        "folder_of_another_class",
        name,
        rows,
        shape & (folder != rows["mit_label"]),
        False,
        "clips whose folder is not their MIT label",
    )
    label_of = read_classes().label_of
    known = rows["mit_label"].map(label_of)
    elsewhere = rows["mit_label"].isin(label_of) & (known != rows["avmit_label"])
    yield _of_rows(
        "unknown_relabelling",
        name,
        rows,
        elsewhere
        | (~rows["mit_label"].isin(label_of) & (rows["mit_label"] != rows["avmit_label"])),
        False,
        "rows relabelled in a way that Table 1 does not have",
    )
    if name in _ONE_ROW_PER_CLIP:
        keys = [c for c in ("video_location", "filename") if c in rows]
        yield _of_rows(
            "duplicate_clip", name, rows, rows.duplicated(keys), True, "clips listed before"
        )
    if "tfrecord_filename" in rows:
        yield from _check_records(name, rows)
    if "new_filename" in rows:
        yield from _check_new_names(name, rows)


def _check_records(name: str, rows: pd.DataFrame) -> Iterator[Finding]:
    folder = rows["tfrecord_filename"].str.partition("/")[0]
    yield _of_rows(
        "record_of_another_class",
        name,
        rows,
        folder != rows["avmit_label"],
        True,
        "records whose folder is another class than the row's: their label is wrong or unknown",
        column="tfrecord_filename",
    )
    stems = rows["filename"].map(lambda text: PurePosixPath(text).stem)
    record = rows["tfrecord_filename"].str.partition("/")[2]
    named = pd.Series(
        [
            text.endswith(".tfrecord") and text.startswith(stem) and "/" not in text
            for text, stem in zip(record, stems, strict=True)
        ],
        index=rows.index,
        dtype=bool,
    )
    yield _of_rows(
        "record_of_another_clip",
        name,
        rows,
        ~named,
        True,
        "records that are not named after their clip",
        column="tfrecord_filename",
    )
    if name in _ONE_ROW_PER_CLIP:
        yield _of_rows(
            "records_meet",
            name,
            rows,
            rows.duplicated("tfrecord_filename") & ~rows.duplicated("filename"),
            True,
            "records that another clip of the list has too",
            column="tfrecord_filename",
        )


def _check_new_names(name: str, rows: pd.DataFrame) -> Iterator[Finding]:
    number = rows.groupby("avmit_label").cumcount() + 1
    label = rows["avmit_label"]
    pattern = [
        text.rpartition(".")[0] != f"{a}/{a}_{n}"
        for text, a, n in zip(rows["new_filename"], label, number, strict=True)
    ]
    yield _of_rows(
        "new_filename_out_of_order",
        name,
        rows,
        pd.Series(pattern, index=rows.index, dtype=bool),
        False,
        "new names that are not <label>/<label>_<1, 2, ...> in the order of the rows",
        column="new_filename",
    )
    yield _of_rows(
        "new_filename_twice",
        name,
        rows,
        rows.duplicated("new_filename"),
        True,
        "new names given before",
        column="new_filename",
    )


def _check_ratings(release: Release) -> Iterator[Finding]:
    rated = dict(rated_lists(release))
    for name, clips in rated.items():
        n = n_ratings(clips)
        if name in _SELECTED:
            yield _of_rows(
                "no_strict_majority",
                name,
                clips,
                ~is_prominent(clips, "strict"),
                False,
                "clips without a strict majority for prominent (at_least_two lets them in)",
            )
            yield _of_rows(
                "not_prominent",
                name,
                clips,
                ~is_prominent(clips, "strict") & ~is_prominent(clips, "at_least_two"),
                True,
                "clips that are prominent under no majority rule",
            )
        yield _of_rows(
            "more_than_three_ratings", name, clips, n > 3, False, "clips with more than 3 ratings"
        )
        yield _of_rows(
            "fewer_than_three_ratings", name, clips, n < 3, False, "clips with fewer than 3 ratings"
        )


def _check_tallies(release: Release) -> Iterator[Finding]:
    rated = dict(rated_lists(release))
    keys = ["video_location", "filename"]
    tallies = {
        name: clips.drop_duplicates(keys).set_index(keys)[list(COUNTS)]
        for name, clips in rated.items()
        if "video_location" in clips
    }
    if "raw_video_ratings" in release.lists:
        raw = release.lists["raw_video_ratings"]
        counts = raw.groupby([*keys, "rating"]).size().unstack(fill_value=0)
        tallies["raw_video_ratings"] = counts.reindex(
            columns=["1", "2", "3"], fill_value=0
        ).set_axis(list(COUNTS), axis=1)
    for name in [
        name for name in tallies if name != "video_ratings" and "video_ratings" in tallies
    ]:
        both = tallies["video_ratings"].join(tallies[name].add_suffix("_other"), how="inner")
        differ = (both[list(COUNTS)].to_numpy() != both.drop(columns=list(COUNTS)).to_numpy()).any(
            axis=1
        )
        yield Finding(
            "tallies_differ",
            f"video_ratings, {name}",
            int(differ.sum()),
            True,
            "clips have other ratings in the two lists",
            tuple(str(key[1]) for key in both.index[differ][:_N_EXAMPLES]),
        )


def _check_together(release: Release) -> Iterator[Finding]:
    for one, other in _APART:
        if one in release.lists and other in release.lists:
            first, second = release.lists[one], release.lists[other]
            shared = sorted(set(first["filename"]) & set(second["filename"]))
            yield Finding(
                "shared_clip",
                f"{one}, {other}",
                len(shared),
                True,
                "clips stand in both lists",
                tuple(shared[:_N_EXAMPLES]),
            )
            yield _shared_sources(first, second, f"{one}, {other}")
    sides = [release.lists[name] for name in _SELECTED if name in release.lists]
    if len(sides) == 2 and "test_set" in release.lists:
        yield _shared_sources(
            pd.concat(sides),
            release.lists["test_set"],
            "AVMIT_train + AVMIT_validation, test_set",
            "shared_source_of_both",
        )
    yield from _check_records_together(release.lists)
    yield from _check_classes(release.lists)


def _shared_sources(
    one: pd.DataFrame, other: pd.DataFrame, where: str, code: str = "shared_source"
) -> Finding:
    first, second = one["filename"].map(source_of), other["filename"].map(source_of)
    shared = sorted(set(first) & set(second))
    return Finding(
        code,
        where,
        len(shared),
        False,
        f"source videos have clips on both sides ({int(first.isin(shared).sum())} and "
        f"{int(second.isin(shared).sum())} rows)",
        tuple(shared[:_N_EXAMPLES]),
    )


def _check_records_together(lists: Mapping[str, pd.DataFrame]) -> Iterator[Finding]:
    named = {
        name: rows.drop_duplicates("tfrecord_filename").set_index("tfrecord_filename")["filename"]
        for name, rows in lists.items()
        if "tfrecord_filename" in rows
    }
    for one, other in combinations(named, 2):
        both = named[one].to_frame("one").join(named[other].rename("other"), how="inner")
        meets = both.loc[both["one"] != both["other"]]
        yield Finding(
            "records_meet_across_lists",
            f"{one}, {other}",
            len(meets),
            True,
            "records stand for different clips in the two lists",
            tuple(meets.index[:_N_EXAMPLES]),
        )


def _check_classes(lists: Mapping[str, pd.DataFrame]) -> Iterator[Finding]:
    sized = {
        name: rows["avmit_label"].value_counts()
        for name, rows in lists.items()
        if name not in ("video_ratings", "raw_video_ratings")
    }
    for name, sizes in sized.items():
        uneven = sizes[sizes != sizes.mode().iloc[0]] if len(sizes) else sizes
        yield Finding(
            "classes_not_balanced",
            name,
            len(uneven),
            False,
            "classes have another number of clips than most",
            tuple(f"{label} {n}" for label, n in uneven.items())[:_N_EXAMPLES],
        )
    if "test_set" not in sized:
        return
    tested = set(sized["test_set"].index)
    for name, sizes in sized.items():
        odd = sorted(tested ^ set(sizes.index))
        yield Finding(
            "classes_differ",
            f"{name}, test_set",
            len(odd),
            True,
            "classes stand in one of the two lists only",
            tuple(odd[:_N_EXAMPLES]),
        )


def _of_rows(
    code: str,
    name: str,
    rows: pd.DataFrame,
    wrong: pd.Series,
    breaks: bool,
    message: str,
    column: str = "filename",
) -> Finding:
    where_wrong = wrong.to_numpy(dtype=bool)
    if not where_wrong.any():
        return Finding(code, name, 0, breaks, message)
    hits = rows.loc[where_wrong]
    examples = tuple(
        f"line {line}: {value}" for line, value in zip(hits["line"], hits[column], strict=True)
    )
    return Finding(code, name, len(hits), breaks, message, examples[:_N_EXAMPLES])
