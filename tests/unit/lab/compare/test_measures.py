"""Accuracy, d', benefit, window, conflict, difficulty and distance against planted rules."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lab.compare.measures.benefit import independent_channels
from lab.compare.measures.confusions import accuracy, confusions, smoothed_rows, takers_of
from lab.compare.measures.d_prime import d_primes, mean_d_prime
from lab.compare.measures.distance import confusion_distance
from lab.compare.measures.integration_window import Window, fit_window, gaussian
from lab.compare.numbers import compare
from lab.compare.resampling import resample
from tests.worlds.observers import (
    answers,
    class_names,
    confusions_of,
    independent_of,
    product_of,
    responses_of,
)

MODALITIES = {"heard": "audio", "seen": "visual", "both": "audiovisual"}
INDEPENDENT = "observed less independent channels"
PRODUCT = "observed less product rule"


def planted(rule, seed=1, n_clips=480, n_people=6):
    rng = np.random.default_rng(seed)
    audio, visual = confusions_of(0.5, 16, rng), confusions_of(0.65, 16, rng)
    both = {"product": product_of, "independent": independent_of}[rule](audio, visual)
    given = {"heard": audio, "seen": visual, "both": both}
    return answers(given, MODALITIES, n_clips, n_people, rng)


def holds(numbers, measure, value=0.0, observer="people"):
    (row,) = numbers[(numbers["measure"] == measure) & (numbers["observer"] == observer)].to_dict(
        "records"
    )
    return row["low"] <= value <= row["high"]


@pytest.mark.parametrize(("rule", "kept", "rejected"), [
    ("product", PRODUCT, INDEPENDENT), ("independent", INDEPENDENT, PRODUCT),
])  # fmt: skip
def test_the_planted_rule_is_kept_and_the_other_rejected(rule, kept, rejected):
    numbers = compare(planted(rule), n_resamples=200).numbers
    assert holds(numbers, kept)
    assert not holds(numbers, rejected)


def test_networks_are_held_to_the_same_rules_clip_by_clip():
    rng = np.random.default_rng(2)
    names, label = class_names(8), np.arange(240) % 8
    given = {}
    for condition in ("heard", "seen"):
        logits = rng.normal(0, 1, (240, 8))
        logits[np.arange(240), label] += 1.5
        given[condition] = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    both = given["heard"] * given["seen"]
    given["both"] = both / both.sum(axis=1, keepdims=True)
    parts = [
        pd.DataFrame(
            {
                "group": "networks",
                "observer": "GRU",
                "condition": condition,
                "clip": [f"{i}.mp4" for i in range(240)],
                "label": np.array(names, object)[label],
                "response": np.array(names, object)[one.argmax(axis=1)],
                "modality": MODALITIES[condition],
            }
        )
        for condition, one in given.items()
    ]
    responses = responses_of(pd.concat(parts), names, np.vstack(list(given.values())))
    numbers = compare(responses, n_resamples=200).numbers
    (row,) = numbers[numbers["measure"] == PRODUCT].to_dict("records")
    assert row["value"] == pytest.approx(0, abs=1e-12)
    assert not holds(numbers, INDEPENDENT, observer="GRU")


def test_guessing_by_ear_and_eye_is_guessing():
    chance = np.array([1 / 16])
    assert independent_channels(chance, chance, 1 / 16) == pytest.approx(1 / 16)
    assert independent_channels(np.array([1.0]), chance, 1 / 16) == pytest.approx(1)


def test_accuracy_counts_missed_answers_as_wrong():
    rows = pd.DataFrame(
        [("P1", "c", "1", "a", "a"), ("P1", "c", "2", "a", ""), ("P1", "c", "3", "b", "a")],
        columns=["observer", "condition", "clip", "label", "response"],
    )
    responses = responses_of(rows, ["a", "b"])
    draws = resample(responses, 10, 1)
    (people,) = takers_of(responses)
    one = confusions(responses, people, draws)
    assert one.counts.tolist() == [[1, 0, 1], [1, 0, 0]]
    assert accuracy(one.counts) == pytest.approx(1 / 3)


def test_d_prime_is_that_of_hautus():
    counts = np.array([[8.0, 2.0, 0.0], [3.0, 6.0, 1.0]])
    z = stats.norm.ppf
    first = z(8.5 / 11) - z(3.5 / 11)
    second = z(6.5 / 11) - z(2.5 / 11)
    assert d_primes(counts) == pytest.approx([first, second])
    assert mean_d_prime(counts) == pytest.approx((first + second) / 2)
    assert np.isfinite(d_primes(np.array([[10.0, 0.0, 0.0], [0.0, 10.0, 0.0]]))).all()


def test_a_planted_window_is_found():
    x_ms = np.array([-400.0, -200.0, -100.0, 0.0, 100.0, 200.0, 400.0])
    share = gaussian(x_ms, 0.3, 0.5, 40.0, 150.0)
    n = np.full((7, 201), 2000.0)
    right = np.random.default_rng(1).binomial(2000, share[:, None], (7, 201)).astype(float)
    found = fit_window(x_ms, right, n)
    assert isinstance(found, Window)
    for name, value in (("centre_ms", 40.0), ("width_ms", 150.0), ("height", 0.5)):
        low, high = found.intervals[name]
        assert low <= value <= high


@pytest.mark.parametrize(
    ("x_ms", "share", "reason"),
    [
        ([-100, 0, 100], [0.4, 0.8, 0.4], "3 asynchronies, and 5 are needed"),
        ([-200, -100, 0, 100, 200], [0.5] * 5, "do not fall off"),
        ([-200, -100, 0, 100, 200], [0.1, 0.2, 0.4, 0.6, 0.8], "edge"),
        ([-200, -100, 0, 100, 200], [0.3, 0.3, 0.9, 0.3, 0.3], "narrower"),
    ],
)
def test_a_window_that_is_not_identified_says_why(x_ms, share, reason):
    n = np.full((len(x_ms), 11), 400.0)
    right = n * np.array(share)[:, None]
    found = fit_window(np.array(x_ms, float), right, n)
    assert isinstance(found, str)
    assert reason in found


def incongruent(follows_picture, seed=1):
    rng = np.random.default_rng(seed)
    names = class_names(4)
    rows = []
    for person in range(6):
        for clip in range(200):
            picture, sound = names[clip % 4], names[(clip + 1) % 4]
            answer = picture if rng.random() < follows_picture else sound
            rows.append((f"P{person}", "conflict", f"{clip}", "", answer, picture, sound))
            right = picture if rng.random() < 0.9 else sound
            rows.append((f"P{person}", "plain", f"{clip}", picture, right, picture, picture))
    columns = ["observer", "condition", "clip", "label", "response"]
    return responses_of(
        pd.DataFrame(rows, columns=[*columns, "picture_label", "sound_label"]), names
    )


def test_who_follows_the_picture_is_seen_to():
    numbers = compare(incongruent(0.7), n_resamples=100).numbers
    assert holds(numbers, "answers that follow the picture", 0.7)
    assert holds(numbers, "answers that follow the sound", 0.3)
    assert holds(numbers, "picture less sound", 0.4)


def test_without_a_right_answer_there_is_no_accuracy():
    numbers = compare(incongruent(0.7), n_resamples=20).numbers
    of_conflict = numbers[numbers["condition"] == "conflict"]
    assert "accuracy" not in set(of_conflict["measure"])


def test_the_congruence_effect_compares_right_answers():
    responses = incongruent(0.7)
    rows = responses.rows.assign(label=responses.rows["picture_label"])
    numbers = compare(responses_of(rows, responses.classes), n_resamples=100).numbers
    assert holds(numbers, "congruence effect", 0.2)


def test_equal_confusions_have_no_distance_and_disjoint_ones_have_1():
    rows = smoothed_rows(np.array([[5.0, 1.0, 0.0], [2.0, 4.0, 0.0]]))
    assert confusion_distance(rows, rows) == pytest.approx(0)
    assert confusion_distance(np.eye(2), np.eye(2)[::-1]) == pytest.approx(1)


def test_difficulty_that_is_shared_is_seen_and_corrected_for_few_people():
    rng = np.random.default_rng(3)
    names, label = class_names(4), np.arange(300) % 4
    ease = rng.uniform(0.3, 0.95, 300)
    rows = []
    for person in range(8):
        for clip in range(300):
            right = names[label[clip]]
            wrong = names[(label[clip] + 1) % 4]
            answer = right if rng.random() < ease[clip] else wrong
            rows.append(("people", f"P{person}", "c", f"{clip}", right, answer))
    given = np.full((len(rows) + 300, 4), np.nan)
    for clip in range(300):
        rows.append(("networks", "GRU", "c", f"{clip}", names[label[clip]], names[label[clip]]))
        given[len(rows) - 1] = (1 - ease[clip]) / 3
        given[len(rows) - 1, label[clip]] = ease[clip]
    columns = ["group", "observer", "condition", "clip", "label", "response"]
    numbers = compare(
        responses_of(pd.DataFrame(rows, columns=columns), names, given), n_resamples=100
    ).numbers
    (row,) = numbers[numbers["measure"] == "difficulty correlation"].to_dict("records")
    corrected = float(row["note"].split("corrected ")[1])
    assert 0.5 < row["value"] < 0.95
    assert corrected == pytest.approx(1, abs=0.1)


def test_the_same_seed_gives_the_same_numbers():
    responses = planted("product", n_clips=64, n_people=4)
    first, second, other = (
        compare(responses, n_resamples=30, seed=seed).numbers for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(first, second)
    assert not first.equals(other)
