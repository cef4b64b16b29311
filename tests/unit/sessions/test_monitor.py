import numpy as np
import pandas as pd
import pytest

from sessions.monitor import figures
from sessions.monitor.alarms import KINDS, agreement_alarms, alarms, crossings, slip_alarms
from sessions.monitor.running_agreement import agreement


def given(*rows):
    return pd.DataFrame(rows, columns=["participant_id", "candidate_id", "rating"])


def test_a_rating_is_compared_with_the_truth_and_with_earlier_ratings_only():
    ratings = given(("A", 1, 3), ("B", 1, 3), ("B", 2, 1), ("A", 2, 2), ("C", 1, 1))
    found = agreement(ratings, {1: 3, 9: 1})
    assert found.to_numpy().tolist() == [
        ["A", 1, 0, "ground_truth", True],
        ["B", 1, 1, "ground_truth", True],
        ["B", 1, 1, "peer", True],
        ["A", 2, 3, "peer", False],
        ["C", 1, 4, "ground_truth", False],
        ["C", 1, 4, "peer", False],
        ["C", 1, 4, "peer", False],
    ]


def test_a_rating_that_was_asked_because_others_disagreed_is_compared_with_nothing():
    ratings = given(("A", 1, 3), ("B", 1, 1), ("C", 1, 3)).assign(is_further=[False, False, True])
    found = agreement(ratings, {1: 1})
    assert found["participant_id"].tolist() == ["A", "B", "B"]


def test_no_ratings_raise_no_alarm():
    empty = given().assign(rt_s=[])
    assert agreement(empty, {}).empty
    assert alarms(empty, {}) == []


def test_the_sum_starts_again_after_an_alarm():
    assert crossings(np.ones(10), 4.0) == [3, 7]
    assert crossings(-np.ones(10), 4.0) == []


def simulated(n_clips, accuracy_of, rng):
    truth = rng.integers(1, 4, n_clips)
    rows = []
    for clip in range(n_clips):
        for person in rng.permutation(["P01", "P02", "P03"]):
            right = rng.random() < accuracy_of(person, clip / n_clips)
            rating = truth[clip] if right else 1 + truth[clip] % 3
            rows.append((str(person), clip, int(rating)))
    return given(*rows), dict(enumerate(truth[: n_clips // 20].tolist()))


def test_good_raters_are_left_alone_and_one_who_gets_sloppy_is_named():
    def accuracy(person, progress):
        return 0.80 if person == "P02" and progress > 0.5 else 0.94

    good, truths = simulated(2000, lambda *_: 0.94, np.random.default_rng(1))
    assert list(agreement_alarms(agreement(good, truths))) == []
    ratings, truths = simulated(2000, accuracy, np.random.default_rng(1))
    found = list(agreement_alarms(agreement(ratings, truths)))
    assert {alarm.participant_id for alarm in found} == {"P02"}
    assert 1000 < found[0].n_trial < 2000


def test_one_key_pressed_on_and_on_raises_an_alarm():
    rng = np.random.default_rng(1)
    ratings = given(*[("P01", clip, int(rng.integers(1, 4))) for clip in range(300)])
    ratings = ratings.assign(rt_s=0.8)
    assert alarms(ratings, {}) == []
    ratings.loc[100:150, "rating"] = 3
    (alarm,) = alarms(ratings, {})
    assert (alarm.kind, alarm.participant_id) == ("same_answer", "P01")
    assert 100 < alarm.n_trial <= 150


def test_answers_faster_than_anybody_can_see_raise_one_alarm():
    rng = np.random.default_rng(1)
    ratings = given(*[("P01", clip, int(rng.integers(1, 4))) for clip in range(300)])
    ratings = ratings.assign(rt_s=0.8)
    ratings.loc[200:209, "rt_s"] = 0.02
    (alarm,) = alarms(ratings, {})
    assert (alarm.kind, alarm.n_trial) == ("too_fast", 205)


@pytest.mark.parametrize(("n_slips", "alarmed"), [(0, []), (9, []), (10, [("slips", 500)])])
def test_who_calls_many_ratings_slips_is_named_once(n_slips, alarmed):
    flags = ["trial_disturbed"] * 490 + ["mis_key;slip"] * n_slips
    ratings = pd.DataFrame({"participant_id": "P01", "flags": [*flags, *[""] * 200]})
    assert [(alarm.kind, alarm.n_trial) for alarm in slip_alarms(ratings)] == alarmed
    assert set(KINDS) >= {alarm.kind for alarm in slip_alarms(ratings)}


def test_lines_keep_within_the_plot_and_the_careless_stand_out():
    one, other = [True] * 20, [False] * 20
    evidence = pd.DataFrame(
        {"participant_id": ["A"] * 20 + ["B"] * 20, "n_trial": [*range(1, 21)] * 2,
         "at": range(40), "source": "peer", "agrees": one + other}
    )  # fmt: skip
    ax = figures.plot_agreement(evidence, ["B"], source="peer")
    assert ax.get_ylim() == (-0.02, 1.02)
    assert [line.get_linewidth() for line in ax.lines] == [1.2, 2.6]
    assert figures.plot_agreement(evidence, source="ground_truth").get_ylim() == (0.4, 1.02)


def test_one_slow_answer_does_not_hide_the_others():
    ratings = pd.DataFrame({"participant_id": "A", "rt_s": [1.0] * 199 + [600.0]})
    ax = figures.plot_response_times(ratings)
    assert np.nanmax(ax.lines[0].get_ydata()) < 2
