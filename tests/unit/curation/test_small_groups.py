import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from curation.release.small_groups import blanked


def trials(*rows):
    return pd.DataFrame(rows, columns=["participant", "day"]).astype({"day": "Int64"})


def test_a_day_of_three_people_with_three_trials_each_stays():
    found = trials(*[(who, 4) for who in "abc" for _ in range(3)])
    assert blanked(found, ("day",))["day"].tolist() == [4] * 9


def test_a_day_of_two_people_is_empty():
    found = trials(*[(who, 4) for who in "ab" for _ in range(9)])
    assert blanked(found, ("day",))["day"].isna().all()


def test_who_has_two_trials_of_a_day_takes_the_day_from_the_others_too():
    found = trials(*[(who, 4) for who in "ab" for _ in range(9)], ("c", 4), ("c", 4))
    assert blanked(found, ("day",))["day"].isna().all()


def test_other_columns_and_rows_are_left_as_they_are():
    found = trials(("a", 1), ("b", 2)).assign(rating=[3, 1])
    assert blanked(found, ("day",))[["participant", "rating"]].to_dict("list") == {
        "participant": ["a", "b"],
        "rating": [3, 1],
    }


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 3)), max_size=60))
def test_no_group_under_three_is_left_whatever_the_rows(rows):
    before = trials(*rows)
    after = blanked(before, ("day",))
    kept = after.dropna()
    assert (kept.groupby("day")["participant"].nunique() >= 3).all()
    assert (kept.groupby(["participant", "day"]).size() >= 3).all()
    assert len(after) == len(before)
    same = after["day"].eq(before["day"]) | after["day"].isna()
    assert bool(np.all(same.to_numpy(dtype=bool)))
