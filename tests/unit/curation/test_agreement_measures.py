"""Agreement and aggregation, against values that others have published or computed."""

import json

import krippendorff
import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.inter_rater import fleiss_kappa

from curation.analysis.aggregation import dawid_skene
from curation.analysis.agreement import (
    SCALES,
    bootstrap,
    grouped,
    measure_agreement,
    measures,
    pair_table,
)
from curation.analysis.raters import (
    confusion_with_truth,
    over_time,
    rater_table,
    with_references,
)
from curation.analysis.sensitivity import prominence_by_rule, sensitivity_table
from curation.release.published import read_release, with_counts
from study.config.protocol import Protocol
from study.deciding.intervals import wilson
from study.tools.seeding import generator
from tests.paths import SHARED, TESTS

PUBLISHED = SHARED / "data/avmit_release"
STORED = TESTS / "data/dawid_skene_crowd_kit.json"
_ = 0
# Krippendorff's example of four raters and twelve units (Hayes & Krippendorff, 2007), which Gwet
# (Handbook of Inter-Rater Reliability) works through as well; 0 stands for no rating.
FOUR_RATERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
)
# Fleiss (1971), Table 1: 30 patients, six psychiatrists each, five diagnoses.
DIAGNOSES = np.array(
    [
        [0, 0, 0, 6, 0], [0, 3, 0, 0, 3], [0, 1, 4, 0, 1], [0, 0, 0, 0, 6], [0, 3, 0, 3, 0],
        [2, 0, 4, 0, 0], [0, 0, 4, 0, 2], [2, 0, 3, 1, 0], [2, 0, 0, 4, 0], [0, 0, 0, 0, 6],
        [1, 0, 0, 5, 0], [1, 1, 0, 4, 0], [0, 3, 3, 0, 0], [1, 0, 0, 5, 0], [0, 2, 0, 3, 1],
        [0, 0, 5, 0, 1], [3, 0, 0, 1, 2], [5, 1, 0, 0, 0], [0, 2, 0, 4, 0], [1, 0, 2, 0, 3],
        [0, 0, 0, 0, 6], [0, 1, 0, 5, 0], [0, 2, 0, 1, 3], [2, 0, 0, 4, 0], [1, 0, 0, 4, 1],
        [0, 5, 0, 1, 0], [4, 0, 0, 0, 2], [0, 2, 0, 4, 0], [1, 0, 5, 0, 0], [0, 0, 0, 0, 6],
    ]
)  # fmt: skip


def _counts(given):
    return (given.T[:, :, None] == np.arange(1, 6)).sum(axis=1)


def _ratings(rng, n_clips=300, accuracy=(0.95, 0.9, 0.8, 0.6), truth=None):
    truth = rng.choice([1, 2, 3], n_clips, p=[0.3, 0.2, 0.5]) if truth is None else truth
    rows = [
        (clip, f"P{rater + 1:02d}", t if rng.random() < accuracy[rater] else rng.integers(1, 4))
        for clip, t in enumerate(truth, start=1)
        for rater in rng.choice(len(accuracy), 3, replace=False)
    ]
    ratings = pd.DataFrame(rows, columns=["candidate_id", "participant_id", "rating"])
    return ratings.assign(rt_s=0.5), truth


def test_four_raters_have_the_published_agreement():
    found = measures(_counts(FOUR_RATERS))
    assert found == pytest.approx(
        {
            "percent": 0.81818,
            "fleiss_kappa": 0.76117,
            "alpha_nominal": 0.74342,
            "alpha_ordinal": 0.81539,
            "gwet_ac1": 0.77544,
        },
        abs=5e-6,
    )


def test_diagnoses_have_fleiss_own_kappa():
    assert DIAGNOSES.sum(axis=0).tolist() == [26, 26, 30, 55, 43]
    found = measures(DIAGNOSES)
    assert found["fleiss_kappa"] == pytest.approx(0.430, abs=5e-4)
    assert found["fleiss_kappa"] == pytest.approx(fleiss_kappa(DIAGNOSES, method="fleiss"))


def test_the_published_training_list_gives_the_alpha_of_a_selection():
    if not PUBLISHED.is_dir():
        pytest.skip("the published lists are not beside the repository")
    clips = with_counts(read_release(PUBLISHED).lists["AVMIT_train"])
    assert measures(clips[["r1", "r2", "r3"]].to_numpy())["alpha_nominal"] == pytest.approx(
        -0.125, abs=5e-4
    )


@pytest.mark.parametrize("seed", range(5))
def test_resampled_alphas_are_those_of_the_package(seed):
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(3, [0.3, 0.2, 0.5], size=60)
    counts[0] = (4, 1, 2)
    from curation.analysis.agreement import _measures_of

    patterns, weights = np.unique(counts, axis=0, return_counts=True)
    found = _measures_of(patterns, weights[None, :].astype(float))
    for level in ("nominal", "ordinal"):
        expected = krippendorff.alpha(value_counts=counts, level_of_measurement=level)
        assert found[f"alpha_{level}"][0] == pytest.approx(expected, abs=1e-12)


def test_perfect_agreement_is_1_and_one_value_only_is_not_defined():
    perfect = np.array([[3, 0, 0], [0, 3, 0], [0, 0, 3]] * 5)
    assert measures(perfect) == pytest.approx(dict.fromkeys(measures(perfect), 1.0))
    same = measures(np.array([[0, 0, 3]] * 5))
    assert same["percent"] == 1
    assert same["gwet_ac1"] == 1
    assert np.isnan(same["alpha_nominal"])
    assert np.isnan(same["fleiss_kappa"])


def test_chance_gives_an_alpha_of_0_inside_its_interval():
    rng = generator(3, "test")
    counts = rng.multinomial(3, [0.3, 0.3, 0.4], size=4000)
    found = bootstrap(counts, rng)
    for name in ("alpha_nominal", "alpha_ordinal", "fleiss_kappa", "gwet_ac1"):
        assert found[name].low < 0.01
        assert found[name].low <= found[name].value <= found[name].high


def test_intervals_have_the_width_of_a_bootstrap_that_draws_clips_one_by_one():
    rng = np.random.default_rng(0)
    counts = rng.multinomial(3, [0.1, 0.2, 0.7], size=400)
    found = bootstrap(counts, rng, n_resamples=2000)["percent"]
    drawn = [
        measures(counts[rng.integers(0, len(counts), len(counts))])["percent"] for _ in range(300)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert found.low == pytest.approx(low, abs=0.015)
    assert found.high == pytest.approx(high, abs=0.015)


def test_the_two_questions_group_the_scale():
    tallies = np.array([[1, 1, 1]])
    assert grouped(tallies, SCALES["present"]).tolist() == [[1, 2]]
    assert grouped(tallies, SCALES["prominent"]).tolist() == [[2, 1]]


def test_agreement_has_a_row_per_class_scale_and_measure():
    rng = np.random.default_rng(0)
    tallies = rng.multinomial(3, [0.3, 0.2, 0.5], size=60)
    clips = pd.DataFrame(tallies, columns=["r1", "r2", "r3"]).assign(
        avmit_label=["barking", "diving"] * 30
    )
    table = measure_agreement(clips, rng, n_resamples=50)
    assert table.groupby("avmit_label")["n_clips"].first().to_dict() == {
        "all": 60,
        "barking": 30,
        "diving": 30,
    }
    assert len(table) == 3 * 3 * 5


def test_pairs_share_the_clips_that_both_rated():
    ratings = pd.DataFrame(
        [(1, "A", 3), (1, "B", 3), (2, "A", 1), (2, "B", 2), (2, "C", 2)],
        columns=["candidate_id", "participant_id", "rating"],
    )
    table = pair_table(ratings, np.random.default_rng(0), n_resamples=10)
    percent = table.loc[(table["measure"] == "percent") & (table["scale"] == "1-2-3")]
    assert percent[["one", "other", "value", "n_clips"]].to_numpy().tolist() == [
        ["A", "B", 0.5, 2],
        ["A", "C", 0.0, 1],
        ["B", "C", 1.0, 1],
    ]


def test_dawid_and_skene_agree_with_another_implementation():
    stored = json.loads(STORED.read_text())
    ratings = pd.DataFrame(stored["ratings"], columns=["candidate_id", "participant_id", "rating"])
    found = dawid_skene(ratings, max_iterations=2000, tolerance=1e-12)
    assert np.abs(found.posterior.to_numpy() - np.array(stored["posterior"])).max() < 1e-6
    assert found.prior == pytest.approx(stored["prior"], abs=1e-6)
    for rater, expected in stored["confusion"].items():
        assert np.abs(found.confusion[rater] - np.array(expected)).max() < 1e-6


def test_dawid_and_skene_find_out_who_rates_at_random_and_beat_the_majority():
    rng = np.random.default_rng(1)
    ratings, truth = _ratings(rng, 3000, accuracy=(0.97, 0.95, 0.3, 0.1))
    found = dawid_skene(ratings)
    best = found.posterior.to_numpy().argmax(axis=1) + 1
    votes = ratings.groupby("candidate_id")["rating"].agg(lambda r: r.mode().iloc[0])
    assert (best == truth).mean() > (votes == truth).mean() + 0.02
    assert np.trace(found.confusion["P01"]) > np.trace(found.confusion["P04"]) + 1
    assert found.posterior.sum(axis=1).to_numpy() == pytest.approx(1)


def test_a_rater_is_held_against_truth_and_the_others():
    ratings = pd.DataFrame(
        [(1, "A", 3), (1, "B", 3), (1, "C", 1), (2, "A", 2), (2, "B", 2), (3, "A", 1)],
        columns=["candidate_id", "participant_id", "rating"],
    ).assign(rt_s=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    truths = pd.DataFrame({"candidate_id": [1, 2, 4], "rating": pd.array([3, 1, None], "Int64")})
    table = rater_table(ratings, truths).set_index("participant_id")
    assert table["n_catch"].to_dict() == {"A": 2, "B": 2, "C": 1}
    assert table["accuracy"].to_dict() == {"A": 0.5, "B": 0.5, "C": 0.0}
    assert table["bias"].to_dict() == {"A": 0.5, "B": 0.5, "C": -2.0}
    assert table["agreement_with_others"].to_dict() == {"A": 0.75, "B": 0.75, "C": 0.0}
    compared = with_references(ratings, truths).query("participant_id == 'A'")
    assert confusion_with_truth(compared).tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 1]]
    assert over_time(compared, n_parts=3)["median_rt_s"].tolist() == [0.1, 0.4, 0.6]


def test_who_gets_further_ratings_of_clips_that_others_differ_about_does_not_seem_careless():
    rows = [(clip, person, 3) for clip in range(20) for person in "AB"]
    said = {"A": 1, "B": 3, "C": 2}
    hard = [(clip, person, rating) for clip in range(20, 40) for person, rating in said.items()]
    ratings = pd.DataFrame([*rows, *hard], columns=["candidate_id", "participant_id", "rating"])
    ratings = ratings.assign(rt_s=0.5, is_further=ratings["participant_id"] == "C")
    truths = pd.DataFrame({"candidate_id": [30], "rating": [1]})
    table = rater_table(ratings, truths).set_index("participant_id")
    assert table["agreement_with_others"][["A", "B"]].tolist() == [0.5, 0.5]
    assert np.isnan(table["agreement_with_others"]["C"])
    assert table["n_catch"].to_dict() == {"A": 1, "B": 1, "C": 0}
    assert table["n_ratings"]["C"] == 20


def test_a_rater_who_gets_worse_has_a_negative_drift():
    rng = np.random.default_rng(0)
    early, _truth = _ratings(rng, 300, accuracy=(0.95, 0.95, 0.95, 0.95))
    late, _truth = _ratings(rng, 300, accuracy=(0.95, 0.95, 0.95, 0.0))
    late["candidate_id"] += 300
    table = rater_table(
        pd.concat([early, late], ignore_index=True),
        pd.DataFrame({"candidate_id": [], "rating": []}),
    ).set_index("participant_id")
    assert table["drift"].idxmin() == "P04"
    assert table["drift"]["P04"] < -0.3
    assert np.isnan(table["accuracy"]["P04"])


def test_wilsons_interval_of_nothing_is_not_defined():
    assert np.isnan(wilson(0, 0)).all()
    assert wilson(10, 10)[1] == pytest.approx(1)


def test_rules_change_classes_test_pool_and_training_lists():
    clips = pd.DataFrame(
        {
            "r1": [0] * 6 + [1] * 4 + [2] * 6,
            "r2": 0,
            "r3": [3] * 6 + [2] * 4 + [2] * 6,
            "avmit_label": ["barking"] * 10 + ["diving"] * 6,
        }
    )
    protocol = Protocol(class_min_prominent=6, test_size_per_class=2)
    table = sensitivity_table(clips, prominence_by_rule(clips), protocol).set_index("rule")
    assert table["n_prominent"].to_dict() == {
        "strict": 10, "at_least_1": 16, "at_least_2": 16, "at_least_3": 6,
    }  # fmt: skip
    assert table["classes_gained"].to_dict() == {
        "strict": "", "at_least_1": "diving", "at_least_2": "diving", "at_least_3": "",
    }  # fmt: skip
    assert table.loc["strict", ["n_changed", "n_test_pool", "n_test", "n_train_per_class"]].tolist(
    ) == [0, 6, 2, 8]  # fmt: skip
    assert table.loc["at_least_2", "smallest_test_pool"] == 0
    assert table.loc["at_least_3", "n_train_per_class"] == 4
