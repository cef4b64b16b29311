"""What is wrong with published lists, found without being told where to look."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import combinations, islice

import pandas as pd

from curation.release.published import (
    RATED_LISTS,
    TRAIN_AND_VALIDATION,
    PublishedRelease,
    rated_lists,
)
from curation.release.row_faults import N_EXAMPLES, Finding, check_names, check_values, of_rows
from curation.release.tables import is_changed
from curation.tally import (
    COUNTS,
    as_index,
    clip_keys,
    is_prominent,
    n_ratings,
    shared_clips,
)
from study.errors import TableError
from study.naming import source_of
from study.reading.clip_keys import in_one_line
from study.reading.list_faults import ClipList
from study.tools.wording import counted

# Lists that must not share a clip: what is trained on, what is validated with, what is tested on.
APART = (
    ("AVMIT_train", "AVMIT_validation"),
    ("MIT16_train", "MIT16_validation"),
    ("AVMIT_train", "test_set"),
    ("AVMIT_validation", "test_set"),
    ("MIT16_train", "test_set"),
    ("MIT16_validation", "test_set"),
)
# What breaks a run that reads records, and no other: the published lists have such rows.
OF_RECORDS = frozenset({"record_of_another_class", "records_meet_across_lists"})
SHARED_CLIP = "shared_clip"
# Findings of one list that count something else than its rows.
_NOT_OF_ROWS = frozenset({"unreadable_list", "changed_list", "no_rows", "classes_not_balanced"})


POSTERIOR = "label_posterior.csv"


def check(release: PublishedRelease) -> list[Finding]:
    """Look through all lists of a release.

    `release`: from `curation.release.published.read_release`.
    """
    found = list(_check_one_by_one(release))
    found += _check_ratings(release)
    found += _check_tallies(release)
    found += _check_together(release)
    return sorted((item for item in found if item.n), key=lambda item: not item.breaks)


def refuse_breaking(
    release: PublishedRelease, *, but: Collection[str] = OF_RECORDS
) -> list[Finding]:
    """Raise if something about a release breaks a run.

    Parameters
    ----------
    release : PublishedRelease
        From `curation.release.published.read_release`.
    but : collection of str
        Kinds of findings that the run at hand shows itself, or does not meet.

    Raises
    ------
    TableError
        With everything that breaks a run; oddities that a reader can live with do not.
    """
    breaking = [item for item in check(release) if item.breaks]
    hindering = [item for item in breaking if item.code not in but]
    if hindering:
        raise TableError(
            f"{release.folder} cannot be used: {'; '.join(map(str, hindering))}. "
            "See all findings: python -m curation check-release"
        )
    return breaking


def totals(findings: list[Finding]) -> dict[str, int]:
    """Add up what was found in several lists, each looked at by itself.

    Returns rows by kind of finding; kinds that one list has, and those that count something else or
    compare lists, are not in it.

    `findings`: from `check`.
    """
    of_one = [item for item in findings if "," not in item.where]
    lists = Counter(item.code for item in of_one if item.code not in _NOT_OF_ROWS)
    return {code: n_of(findings, code) for code, n_lists in lists.items() if n_lists > 1}


def n_of(findings: list[Finding], code: str) -> int:
    """Return how many rows, clips or sources the findings of one kind name together.

    Returns 0 where there is none.

    `findings`: from `check`.
    """
    return sum(item.n for item in findings if item.code == code)


def _check_one_by_one(release: PublishedRelease) -> Iterator[Finding]:
    for name, reason in release.broken.items():
        yield Finding("unreadable_list", name, 1, True, f"list cannot be read: {reason}")
    for name, clips in release.read.items():
        says = "list is not the file that its .json describes: it was changed"
        yield Finding("changed_list", name, int(is_changed(clips.path)), False, says)
        yield from check_values(name, clips)
        if len(clips):
            yield from check_names(name, release.lists[name])


def _check_ratings(release: PublishedRelease) -> Iterator[Finding]:
    rated = dict(rated_lists(release))
    for name, clips in rated.items():
        n = n_ratings(clips)
        # Where answers have a probability, r1 to r3 do not say what a list takes.
        if name in TRAIN_AND_VALIDATION and not (release.folder / POSTERIOR).is_file():
            yield of_rows(
                "no_strict_majority",
                name,
                clips,
                ~is_prominent(clips, "strict"),
                False,
                "clips without a strict majority for prominent (at_least_two lets them in)",
            )
            yield of_rows(
                "not_prominent",
                name,
                clips,
                ~is_prominent(clips, "strict") & ~is_prominent(clips, "at_least_two"),
                True,
                "clips that are prominent under no majority rule",
            )
        yield of_rows(
            "more_than_three_ratings", name, clips, n > 3, False, "clips with more than 3 ratings"
        )
        yield of_rows(
            "fewer_than_three_ratings", name, clips, n < 3, False, "clips with fewer than 3 ratings"
        )


def _check_tallies(release: PublishedRelease) -> Iterator[Finding]:
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
    if "video_ratings" not in tallies:
        return
    yield from _unrated(release, tallies)
    for name in [name for name in tallies if name != "video_ratings"]:
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
            _first(key[1] for key in both.index[differ]),
        )


def _unrated(release: PublishedRelease, tallies: Mapping[str, pd.DataFrame]) -> Iterator[Finding]:
    rated = as_index(tallies["video_ratings"].index)
    lists = {
        name: clip_keys(release.lists[name])
        for name in (*TRAIN_AND_VALIDATION, "test_set")
        if name in release.lists
    }
    pairs = [(f"{name}, video_ratings", keys, rated) for name, keys in lists.items()]
    if "raw_video_ratings" in tallies:
        raw = as_index(tallies["raw_video_ratings"].index)
        pairs.append(("video_ratings, raw_video_ratings", rated, raw))
    for where, keys, others in pairs:
        missing = keys[~keys.isin(others)]
        yield Finding(
            "unrated_clip",
            where,
            len(missing),
            False,
            "clips of the first list have no ratings in the second",
            _first(key[1] for key in missing),
        )


def _check_together(release: PublishedRelease) -> Iterator[Finding]:
    for one, other in APART:
        if one in release.lists and other in release.lists:
            first, second = release.lists[one], release.lists[other]
            shared = shared_clips(first, second)
            yield Finding(
                SHARED_CLIP,
                f"{one}, {other}",
                len(shared),
                True,
                "clips stand in both lists",
                _first(shared),
            )
            yield _shared_sources(first, second, f"{one}, {other}")
    sides = [release.lists[name] for name in TRAIN_AND_VALIDATION if name in release.lists]
    if len(sides) == 2 and "test_set" in release.lists:
        yield _shared_sources(
            pd.concat(sides),
            release.lists["test_set"],
            "AVMIT_train + AVMIT_validation, test_set",
            "shared_source_of_both",
        )
    yield from _check_records_together(release.lists)
    yield from _check_labels_together(release.read)
    yield from _check_classes(release.lists)


def _first(examples: Iterable[str]) -> tuple[str, ...]:
    return tuple(in_one_line(text) for text in islice(examples, N_EXAMPLES))


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
        f"{counted(int(second.isin(shared).sum()), 'row')})",
        _first(shared),
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
            _first(meets.index),
        )


def _check_labels_together(read: Mapping[str, ClipList]) -> Iterator[Finding]:
    # Without locations, which the published MIT-16 lists have not.
    labels = {
        name: dict(zip((key[1] for key in clips.keys), clips.columns["avmit_label"], strict=True))
        for name, clips in read.items()
    }
    for one, other in combinations(labels, 2):
        shared = labels[one].keys() & labels[other].keys()
        differ = sorted(clip for clip in shared if labels[one][clip] != labels[other][clip])
        yield Finding(
            "labels_differ_across_lists",
            f"{one}, {other}",
            len(differ),
            False,
            "clips have another AVMIT label in the other list",
            _first(differ),
        )


def _check_classes(lists: Mapping[str, pd.DataFrame]) -> Iterator[Finding]:
    sized = {
        name: rows["avmit_label"].value_counts()
        for name, rows in lists.items()
        if name not in RATED_LISTS
    }
    for name, sizes in sized.items():
        uneven = sizes[sizes != sizes.mode().iloc[0]] if len(sizes) else sizes
        yield Finding(
            "classes_not_balanced",
            name,
            len(uneven),
            False,
            "classes have another number of clips than most",
            _first(f"{label} {n}" for label, n in uneven.items()),
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
            _first(odd),
        )
