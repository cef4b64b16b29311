"""Test sets, training lists, ground truths and names of records."""

from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest

from curation.figures import figure_2, plot_votes, votes_by_class
from curation.selection import splits
from curation.selection.ground_truths import sample_ground_truths
from curation.selection.leakage import kin, leakage_report
from curation.selection.test_set import draw_test_set
from study.errors import StudyError
from study.tools.seeding import generator
from tests.worlds.curated import tallies


def _pool(**n_clips):
    rows = [
        (f"{label}/yt-{label}{i}_{i}.mp4", label, "training")
        for label, n in n_clips.items()
        for i in range(n)
    ]
    return pd.DataFrame(rows, columns=["filename", "avmit_label", "video_location"])


def test_a_test_set_has_as_many_clips_of_each_class_numbered_from_1():
    pool = _pool(b=70, a=65)
    drawn = draw_test_set(pool, ["b", "a"], size_per_class=60, rng=generator(1, "test set"))
    assert drawn["new_filename"].tolist() == [
        f"{label}/{label}_{i}.mp4" for label in "ab" for i in range(1, 61)
    ]
    assert not drawn.duplicated(["filename"]).any()


def test_the_same_seed_draws_the_same_clips_whatever_the_order_of_the_pool():
    pool = _pool(a=70)
    first = draw_test_set(pool, ["a"], size_per_class=9, rng=generator(1, "x"))
    again = draw_test_set(
        pool.sample(frac=1, random_state=3), ["a"], size_per_class=9, rng=generator(1, "x")
    )
    other = draw_test_set(pool, ["a"], size_per_class=9, rng=generator(2, "x"))
    assert first["filename"].tolist() == again["filename"].tolist()
    assert first["filename"].tolist() != other["filename"].tolist()


def test_a_class_with_too_few_clips_stops_the_run_and_is_named():
    with pytest.raises(StudyError, match=r"60 per class: a 59\. .*--allow-fewer"):
        draw_test_set(_pool(a=59, b=60), ["a", "b"], size_per_class=60, rng=generator(1, "x"))


def test_allowed_fewer_clips_give_all_there_are_but_never_none():
    drawn = draw_test_set(
        _pool(a=2, b=5), ["a", "b"], size_per_class=3, rng=generator(1, "x"), allow_fewer=True
    )
    assert drawn["avmit_label"].value_counts().to_dict() == {"b": 3, "a": 2}
    with pytest.raises(StudyError, match=r"c 0"):
        draw_test_set(
            _pool(a=2), ["a", "c"], size_per_class=1, rng=generator(1, "x"), allow_fewer=True
        )


@pytest.mark.parametrize(
    ("n_clips", "n_train", "n_validation"), [(456, 410, 46), (1406, 1265, 141)]
)
def test_splits_are_those_of_the_released_lists(n_clips, n_train, n_validation):
    pool, test = _pool(a=n_clips + 60, b=n_clips + 110), _pool(a=60, b=60)
    lists = splits.draw_lists(pool, test, validation_share=0.1, rng=generator(1, "x"))
    assert lists.train["avmit_label"].value_counts().to_dict() == {"a": n_train, "b": n_train}
    assert set(lists.validation["avmit_label"].value_counts()) == {n_validation}
    names = [set(rows["filename"]) for rows in (lists.train, lists.validation, test)]
    assert not names[0] & names[1]
    assert not names[2] & (names[0] | names[1])


def test_a_seed_draws_the_lists_that_it_has_always_drawn():
    """Drawn again with its seed, a list is the one that was published, in every version."""
    lists = splits.draw_lists(
        _pool(a=6, b=8), _pool(a=1, b=1), validation_share=0.3, rng=generator(1, "x")
    )
    columns = ["filename", "avmit_label", "video_location"]
    found = {
        name: (rows.index.tolist(), list(rows.columns), [path[5:-4] for path in rows["filename"]])
        for name, rows in {"train": lists.train, "validation": lists.validation}.items()
    }
    assert found == {
        "train": (list(range(6)), columns, ["a3_3", "a4_4", "a5_5", "b2_2", "b6_6", "b7_7"]),
        "validation": (list(range(4)), columns, ["a1_1", "a2_2", "b3_3", "b5_5"]),
    }


def test_a_seed_draws_whole_sources_as_it_always_has():
    pool = _pool(a=7, b=9)
    pool["filename"] = [f"{a}/yt-{a}{i // 2}_{i}.mp4" for i, a in enumerate(pool["avmit_label"])]
    lists = splits.draw_lists(
        pool, pool.iloc[[0, 8]], validation_share=0.3, rng=generator(1, "x"), source_disjoint=True
    )
    assert [path[5:-4] for path in lists.train["filename"]] == [
        "a2_4", "a2_5", "a3_6", "b5_11", "b6_12", "b7_14",
    ]  # fmt: skip
    assert [path[5:-4] for path in lists.validation["filename"]] == ["a1_3", "b3_7"]


@pytest.mark.parametrize(
    ("n_clips", "share", "n_validation"),
    [(2, 0.1, 1), (100, 0.07, 7), (101, 0.07, 8), (10, 0.3, 3), (10, 0.5, 5)],
)
def test_the_share_for_validation_is_exact_and_rounded_up(n_clips, share, n_validation):
    # 100 * 0.07 is a bit more than 7 in floating point.
    pool, test = _pool(a=n_clips + 1, b=n_clips + 2), _pool(a=1, b=1)
    lists = splits.draw_lists(pool, test, validation_share=share, rng=generator(1, "x"))
    n_train = n_clips - n_validation
    assert lists.validation["avmit_label"].value_counts().to_dict() == dict.fromkeys(
        "ab", n_validation
    )
    assert lists.train["avmit_label"].value_counts().to_dict() == dict.fromkeys("ab", n_train)
    with pytest.raises(FrozenInstanceError):
        lists.train = lists.validation


def test_neither_list_is_longer_than_its_share_where_sources_stay_together():
    # Three sources of two clips: one for validation, as two would be more than half.
    names = [f"{label}/yt-of-{label}{i // 2}_{i}.mp4" for label in "ab" for i in range(6)]
    pool = pd.DataFrame({"filename": names, "video_location": "training"})
    pool["avmit_label"] = pool["filename"].str[0]
    lists = splits.draw_lists(
        pool, _pool(a=1, b=1), validation_share=0.5, rng=generator(1, "x"), source_disjoint=True
    )
    assert lists.train["avmit_label"].value_counts().to_dict() == {"a": 3, "b": 3}
    assert lists.validation["avmit_label"].value_counts().to_dict() == {"a": 2, "b": 2}


def test_every_class_that_is_too_small_is_named_and_no_other():
    pool, test = _pool(a=9, b=2, c=3), _pool(a=1, b=1, c=1, d=1)
    with pytest.raises(StudyError, match=r"beside the test set: b 1, d 0; at least 2 per class"):
        splits.draw_lists(pool, test, validation_share=0.1, rng=generator(1, "x"))
    with pytest.raises(StudyError, match=r"beside the test set: no class; at least"):
        splits.draw_lists(pool, test.iloc[:0], validation_share=0.1, rng=generator(1, "x"))


def test_every_clip_is_as_likely_to_be_trained_on():
    pool, test = _pool(a=11), _pool(a=1)
    counts = dict.fromkeys(pool["filename"][1:], 0)
    for seed in range(300):
        lists = splits.draw_lists(pool, test, validation_share=0.3, rng=generator(seed, "x"))
        for name in lists.validation["filename"]:
            counts[name] += 1
    assert max(counts.values()) - min(counts.values()) < 60
    assert sum(counts.values()) == 900


def _families(rng, n_sources=60):
    rows = [
        (f"{label}/yt-s{source}_{n}.mp4", label, "training")
        for source in range(n_sources)
        for n in range(rng.integers(1, 5))
        for label in ([("a", "b")[source % 2]] if source % 7 else ["a", "b"])
    ]
    return pd.DataFrame(rows, columns=["filename", "avmit_label", "video_location"])


@pytest.mark.parametrize("seed", range(5))
def test_source_disjoint_lists_share_no_source_with_one_another_or_the_test_set(seed):
    pool = _families(np.random.default_rng(seed))
    test = pool.groupby("avmit_label").sample(3, random_state=seed)
    lists = splits.draw_lists(
        pool, test, validation_share=0.1, rng=generator(seed, "x"), source_disjoint=True
    )
    report = leakage_report({"train": lists.train, "validation": lists.validation, "test": test})
    assert report[["n_clips", "n_sources"]].to_numpy().sum() == 0
    for rows in (lists.train, lists.validation):
        assert rows["avmit_label"].value_counts().nunique() == 1
    loose = splits.draw_lists(pool, test, validation_share=0.1, rng=generator(seed, "x"))
    shared = leakage_report({"train": loose.train, "test": test})
    assert shared["n_sources"].sum() > 0
    assert np.isnan(shared["n_duplicates"]).all()


def test_near_duplicates_never_stand_on_two_sides():
    pool = _pool(a=40, b=40)
    test = pool.groupby("avmit_label").head(3)
    pairs = [(0, 10), (11, 12), (13, 50), (50, 51)]
    groups = {}
    for number, pair in enumerate(pairs):
        for place in pair:
            groups["training", pool["filename"][place]] = number if place != 50 else 2
    duplicates = pd.Series(groups)
    for seed in range(20):
        lists = splits.draw_lists(
            pool, test, validation_share=0.4, rng=generator(seed, "x"), duplicates=duplicates
        )
        report = leakage_report(
            {"train": lists.train, "validation": lists.validation, "test": test}, duplicates
        )
        assert report["n_duplicates"].sum() == 0
        assert pool["filename"][10] not in {*lists.train["filename"], *lists.validation["filename"]}


def test_clips_belong_together_through_others():
    clips = _pool(a=4).assign(
        filename=["a/yt-x_1.mp4", "a/yt-x_2.mp4", "a/yt-y_1.mp4", "a/yt-z_1.mp4"]
    )
    duplicates = pd.Series({("training", "a/yt-x_2.mp4"): 5, ("training", "a/yt-y_1.mp4"): 5})
    assert kin(clips, by_source=True, duplicates=duplicates).tolist() == [0, 0, 0, 1]
    assert kin(clips, by_source=False, duplicates=duplicates).tolist() == [0, 1, 1, 2]
    assert kin(clips, by_source=False).tolist() == [0, 1, 2, 3]


def test_a_class_that_cannot_be_split_is_named():
    with pytest.raises(StudyError, match=r"a 1; at least 2"):
        splits.draw_lists(
            _pool(a=2, b=9), _pool(a=1, b=1), validation_share=0.1, rng=generator(1, "x")
        )
    one_source = _pool(a=5).assign(filename=[f"a/yt-x_{i}.mp4" for i in range(5)])
    with pytest.raises(StudyError, match=r"clips of a cannot be split"):
        splits.draw_lists(
            one_source,
            _pool(a=9).iloc[8:],
            validation_share=0.1,
            rng=generator(1, "x"),
            source_disjoint=True,
        )


def test_ground_truths_are_drawn_once_each_and_repeatably():
    drawn = sample_ground_truths(range(1, 101), 40, generator(7, "g"))
    assert len(set(drawn)) == 40
    assert drawn == sample_ground_truths(range(1, 101), 40, generator(7, "g"))


def test_more_ground_truths_than_candidates_are_refused():
    with pytest.raises(StudyError, match=r"2000 ground truths .* 7 candidates"):
        sample_ground_truths(range(7), 2000, generator(1, "g"))


def test_votes_of_a_figure_add_up_to_the_clips_of_each_class():
    clips = tallies(np.random.default_rng(0), 200, classes=("a", "b", "c"))
    for question in ("present", "prominent"):
        votes = votes_by_class(clips, question)
        assert votes.columns.tolist() == [0, 1, 2, 3]
        assert votes.sum(axis=1).to_dict() == clips["avmit_label"].value_counts().to_dict()
        assert votes[3].is_monotonic_decreasing


def test_each_bar_of_figure_2_is_as_long_as_its_class():
    clips = tallies(np.random.default_rng(0), 90, classes=("a", "b", "c"))
    ax = plot_votes(clips, "present")
    assert sum(patch.get_width() for patch in ax.patches) == 90
    assert [label.get_text() for label in ax.get_legend().get_texts()] == ["3", "2", "1", "0"]


def test_figure_2_takes_more_than_three_votes_and_41_classes():
    clips = tallies(np.random.default_rng(0), 410, classes=[f"class {i:02d}" for i in range(41)])
    clips.loc[0, "r3"] = 7
    axes = figure_2(clips).axes
    assert [len(ax.get_yticklabels()) for ax in axes] == [41, 41]
    assert axes[1].get_legend().get_texts()[0].get_text() == "7"


def test_a_fourth_rating_does_not_move_its_class_up():
    clips = pd.DataFrame(
        [("few", 0, 0, 4), ("many", 0, 0, 3), ("many", 0, 0, 3), ("few", 3, 0, 0)],
        columns=["avmit_label", "r1", "r2", "r3"],
    )
    assert votes_by_class(clips, "prominent").index.tolist() == ["many", "few"]
