"""Tallies, majority rules, and the filters that follow from them."""

from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest

from curation.selection.filters import accepted_classes, filter_clips
from curation.tally import (
    as_index,
    is_prominent,
    is_unanimous,
    shared_clips,
    tally_ratings,
    yes_votes,
)
from study.config.protocol import Protocol
from study.deciding.pictures import has_frame_rate


def _ratings(*triples):
    rows = [
        {
            "filename": name,
            "avmit_label": "barking",
            "mit_label": "barking",
            "video_location": location,
            "rating": rating,
        }
        for location, name, rating in triples
    ]
    return pd.DataFrame(rows)


def test_each_clip_gets_one_row_with_its_counts():
    tally = tally_ratings(
        _ratings(*(("training", "barking/b_1.mp4", r) for r in (3, 1, 3))), ratings_per_clip=3
    )
    assert tally.clips.to_dict("records") == [
        {
            "filename": "barking/b_1.mp4",
            "r1": 1,
            "r2": 0,
            "r3": 2,
            "avmit_label": "barking",
            "mit_label": "barking",
            "video_location": "training",
        }
    ]


def test_clips_with_fewer_ratings_are_left_out_and_counted():
    few = [("training", "barking/a.mp4", 3), ("training", "barking/a.mp4", 2)]
    more = [("training", "barking/b.mp4", r) for r in (1, 2, 3, 3)]
    tally = tally_ratings(_ratings(*few, *more), ratings_per_clip=3)
    assert (tally.n_left_out, tally.n_left_out_ratings, tally.n_over_rated) == (1, 2, 1)
    assert tally.clips["filename"].tolist() == ["barking/b.mp4"]


def test_the_same_name_in_both_locations_is_two_clips():
    rows = [(place, "barking/a.mp4", 3) for place in ("training", "validation") for _ in range(3)]
    tally = tally_ratings(_ratings(*rows), ratings_per_clip=3)
    assert tally.clips["video_location"].tolist() == ["training", "validation"]


def test_no_rating_gives_an_empty_tally():
    empty = _ratings(("training", "barking/a.mp4", 3)).iloc[:0]
    assert tally_ratings(empty, ratings_per_clip=3).clips.empty


def test_a_tally_is_not_changed():
    tally = tally_ratings(_ratings(("training", "barking/a.mp4", 3)), ratings_per_clip=1)
    with pytest.raises(FrozenInstanceError):
        tally.n_left_out = 1


@pytest.mark.parametrize(
    ("counts", "strict", "at_least_two", "unanimous"),
    [
        ((0, 0, 3), True, True, True),
        ((1, 0, 2), True, True, False),
        ((0, 2, 1), False, False, False),
        ((2, 0, 2), False, True, False),
        ((5, 0, 2), False, True, False),
        ((0, 0, 1), True, False, True),
        ((0, 0, 0), False, False, False),
    ],
)
def test_the_two_majority_rules_differ_where_the_released_lists_do(
    counts, strict, at_least_two, unanimous
):
    clips = pd.DataFrame([dict(zip(("r1", "r2", "r3"), counts, strict=True))])
    assert is_prominent(clips, "strict").tolist() == [strict]
    assert is_prominent(clips, "at_least_two").tolist() == [at_least_two]
    assert is_unanimous(clips).tolist() == [unanimous]


def test_a_two_says_present_but_not_prominent():
    clips = pd.DataFrame({"r1": [1], "r2": [1], "r3": [1]})
    assert yes_votes(clips, "present").tolist() == [2]
    assert yes_votes(clips, "prominent").tolist() == [1]


def test_a_class_with_499_prominent_clips_is_refused_and_one_with_500_accepted():
    labels = ["barking"] * 499 + ["diving"] * 500
    clips = pd.DataFrame({"avmit_label": labels, "r1": 0, "r2": 0, "r3": 3})
    assert accepted_classes(clips, "strict", 500) == ("diving",)


def test_ntsc_and_30_are_accepted_and_what_is_not_known_is_not():
    rates = pd.Series([30.0, 30000 / 1001, 29.98, 25.0, 60.0, np.nan])
    found = {by: has_frame_rate(rates, (29.97, 30.0), by).tolist() for by in (0.005, 0.05)}
    assert found == {
        0.005: [True, True, False, False, False, False],
        0.05: [True, True, True, False, False, False],
    }


def test_a_rate_may_be_off_by_the_tolerance_and_not_by_more():
    rates = pd.Series([29.5, 30.5, 29.25, 30.75])
    assert has_frame_rate(rates, (30.0,), 0.5).tolist() == [True, True, False, False]


def test_every_clip_that_the_filter_drops_is_counted_under_one_reason():
    clips = pd.DataFrame(
        {
            "avmit_label": ["a", "b", "a", "a", "a", "a", "a"],
            "r1": [0, 0, 1, 0, 0, 0, 0],
            "r2": 0,
            "r3": [3, 3, 2, 3, 3, 3, 3],
            "frame_rate_hz": [30, 30, 30, 25, 30, 30, 30],
            "is_vfr": [False, False, False, False, True, False, False],
            "has_two_streams": [*[False] * 6, True],
            "is_excluded": [False, False, False, False, False, True, False],
        }
    )
    kept, left = filter_clips(clips, ["a"], Protocol(test_frame_rates_hz=(30.0,)))
    assert kept.index.tolist() == [0]
    assert left == {
        "class not accepted": 1,
        "not unanimous": 1,
        "frame rate": 1,
        "variable frame rate": 1,
        "two video streams": 1,
        "excluded by vetting": 1,
    }


def test_the_counts_of_a_tally_are_each_their_own():
    few = [("training", f"barking/few_{i}.mp4", 3) for i in range(2)]
    full = [("training", f"barking/full_{i}.mp4", r) for i in range(3) for r in (1, 2, 3)]
    over = [("validation", "barking/over.mp4", r) for r in (1, 2, 3, 3)]
    tally = tally_ratings(_ratings(*over, *few, *full), ratings_per_clip=3)
    assert (tally.n_left_out, tally.n_left_out_ratings, tally.n_over_rated) == (2, 2, 1)
    assert tally.clips.index.tolist() == [0, 1, 2, 3]
    assert tally.clips["filename"].tolist() == [
        *(f"barking/full_{i}.mp4" for i in range(3)),
        "barking/over.mp4",
    ]


def test_clips_are_shared_if_both_lists_have_them():
    one = pd.DataFrame(
        {"filename": ["a/2.mp4", "a/1.mp4", "a/3.mp4"], "video_location": "training"}
    )
    other = pd.DataFrame(
        {
            "filename": ["a/1.mp4", "a/2.mp4", "a/3.mp4", "a/4.mp4"],
            "video_location": ["training", "training", "validation", "training"],
        }
    )
    assert shared_clips(one, other) == ["a/1.mp4", "a/2.mp4"]
    # A list without locations can only be compared by names.
    assert shared_clips(one[["filename"]], other) == ["a/1.mp4", "a/2.mp4", "a/3.mp4"]
    assert shared_clips(one, other[["filename"]]) == ["a/1.mp4", "a/2.mp4", "a/3.mp4"]
    assert shared_clips(one.iloc[:0], other) == []


def test_an_index_of_clips_has_location_and_filename_even_without_clips():
    found = as_index([("training", "a/1.mp4"), ("validation", "a/2.mp4")])
    assert found.tolist() == [("training", "a/1.mp4"), ("validation", "a/2.mp4")]
    assert as_index([]).nlevels == 2


def test_a_class_with_more_than_enough_clips_is_accepted():
    clips = pd.DataFrame({"avmit_label": ["a"] * 3 + ["b"] * 2, "r1": 0, "r2": 0, "r3": 3})
    assert accepted_classes(clips, "strict", 2) == ("a", "b")
    assert accepted_classes(clips, "strict", 3) == ("a",)
