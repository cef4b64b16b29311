"""What two lists share is what stands in both, never what stands in one of them."""

import numpy as np
import pandas as pd
import pytest

from curation.selection.leakage import kin, leakage_report, refuse_leaks
from study.errors import TableError


def clips(*names):
    return pd.DataFrame({"video_location": "training", "filename": [f"a/{n}.mp4" for n in names]})


def groups(**of):
    index = pd.MultiIndex.from_tuples(
        [("training", f"a/{name}.mp4") for name in of], names=["video_location", "filename"]
    )
    return pd.Series(list(of.values()), index=index)


ONE = clips("x_1", "y_1", "z_1")
OTHER = clips("x_2", "u_1", "v_1", "w_1")
THIRD = clips("t_1")
# 7 stands in both lists, 8 only in the first, 9 only in the other, 6 nowhere.
NEAR = groups(y_1=7, u_1=7, v_1=7, z_1=8, w_1=9, s_1=6)


def test_every_two_lists_are_compared_by_what_both_have():
    report = leakage_report({"test": ONE, "training": OTHER, "validation": THIRD}, NEAR)
    assert report.to_dict("split")["data"] == [
        ["test", "training", 0, 1, 1, 1, 1],
        ["test", "validation", 0, 0, 0, 0, 0],
        ["training", "validation", 0, 0, 0, 0, 0],
    ]
    assert list(report.columns) == [
        "one", "other", "n_clips", "n_sources", "n_clips_of_one", "n_clips_of_other",
        "n_duplicates",
    ]  # fmt: skip


def test_a_clip_is_shared_by_location_and_name():
    elsewhere = clips("x_1", "y_1").assign(video_location=["training", "validation"])
    report = leakage_report({"one": ONE, "other": elsewhere})
    assert report.loc[0, ["n_clips", "n_sources"]].tolist() == [1, 2]
    assert np.isnan(report.loc[0, "n_duplicates"])


def test_one_list_alone_is_nothing_to_compare():
    with pytest.raises(TableError, match=r"^found the lists: test; expected two or more"):
        leakage_report({"test": ONE})
    with pytest.raises(TableError, match=r"^found the lists: none; "):
        leakage_report({})


def test_lists_that_share_a_near_duplicate_are_never_written():
    with pytest.raises(
        TableError, match=r"would share 0 source videos and 1 near-duplicates\. Nothing"
    ):
        refuse_leaks({"a": clips("y_1"), "b": clips("u_1")}, by_source=False, duplicates=NEAR)
    refuse_leaks({"a": clips("y_1"), "b": clips("w_1")}, by_source=False, duplicates=NEAR)


def test_lists_that_share_a_source_are_refused_where_sources_are_apart():
    lists = {"a": clips("x_1"), "b": clips("x_2")}
    refuse_leaks(lists, by_source=False)
    with pytest.raises(TableError, match=r"a and b would share 1 source videos\. Nothing"):
        refuse_leaks(lists, by_source=True)
    refuse_leaks({"a": clips("x_1"), "b": clips("y_1")}, by_source=True)


def test_kin_are_tied_through_others():
    found = kin(clips("x_1", "x_2", "y_1", "u_1", "z_1"), by_source=True, duplicates=NEAR)
    assert found.tolist() == [0, 0, 1, 1, 2]
    tied = groups(x_2=1, y_1=1, u_1=2, z_1=3)
    found = kin(clips("x_1", "x_2", "y_1", "u_1", "z_1"), by_source=True, duplicates=tied)
    assert found.tolist() == [0, 0, 0, 1, 2]
    assert kin(ONE, by_source=False).tolist() == [0, 1, 2]
    assert kin(ONE.iloc[:0], by_source=True, duplicates=NEAR).tolist() == []


def test_a_clip_that_stands_twice_is_its_own_kin():
    twice = pd.concat([clips("x_1", "y_1"), clips("x_1")])
    assert kin(twice, by_source=False).tolist() == [0, 1, 0]


def test_a_clip_that_was_audited_twice_belongs_to_the_group_that_was_found_first():
    audited = pd.concat([groups(x_1=1, y_1=2), groups(x_1=2)])
    assert kin(clips("x_1", "y_1"), by_source=False, duplicates=audited).tolist() == [0, 1]
    report = leakage_report({"one": clips("x_1"), "other": clips("y_1")}, audited)
    assert report["n_duplicates"].tolist() == [0]


def test_lists_that_share_more_than_one_thing_are_refused_with_the_numbers():
    lists = {"a": clips("x_1", "y_1", "z_1"), "b": clips("x_2", "y_2", "t_1")}
    near = groups(x_1=1, x_2=1, y_1=2, y_2=2, z_1=3, t_1=3)
    with pytest.raises(TableError, match=r"share 2 source videos and 3 near-duplicates\. Noth"):
        refuse_leaks(lists, by_source=True, duplicates=near)
