"""Error consistency against its definition, written as loops, and against planted values."""

import itertools

import numpy as np
import pandas as pd
import pytest

from lab.compare.measures.consistency import kappa_interval, kappa_range, pair_table
from lab.compare.measures.group_consistency import ALL, group_table
from lab.compare.resampling import resample
from tests.worlds.observers import class_names, responses_of


def random_rows(seed, n_people=5, n_networks=2, n_clips=40):
    """Rows of a design in which not everybody answers everything, and one condition is easy."""
    rng = np.random.default_rng(seed)
    names = class_names(4)
    who = [("people", f"P{i}") for i in range(n_people)]
    who += [("networks", f"N{i}") for i in range(n_networks)]
    rows = []
    for (group, name), condition in itertools.product(who, ("clean", "noisy", "trivial")):
        for clip in range(n_clips):
            if rng.random() < 0.3:
                continue
            is_right = condition == "trivial" or rng.random() < 0.7
            label = names[clip % 4]
            wrong = names[(clip + 1) % 4] if rng.random() < 0.9 else ""
            answer = label if is_right else wrong
            rows.append((group, name, condition, f"{clip}.mp4", label, answer))
    columns = ["group", "observer", "condition", "clip", "label", "response"]
    return responses_of(pd.DataFrame(rows, columns=columns), names)


def by_definition(rows):
    """Return the error consistency of each pair and condition, from the definition."""
    found = {}
    for condition, part in rows.groupby("condition"):
        observers = {
            who: dict(zip(one["clip"], one["response"] == one["label"], strict=True))
            for who, one in part.groupby(["group", "observer"])
        }
        for first, second in itertools.combinations(observers, 2):
            shared = [clip for clip in observers[first] if clip in observers[second]]
            right = [[observers[who][clip] for clip in shared] for who in (first, second)]
            n = len(shared)
            p_1, p_2 = sum(right[0]) / n, sum(right[1]) / n
            observed = sum(a == b for a, b in zip(*right, strict=True)) / n
            expected = p_1 * p_2 + (1 - p_1) * (1 - p_2)
            value = (observed - expected) / (1 - expected) if expected < 1 else None
            found[condition, frozenset([first[1], second[1]])] = value
    return found


@pytest.mark.parametrize("seed", range(5))
def test_it_is_what_the_definition_says(seed):
    responses = random_rows(seed)
    expected = by_definition(responses.rows)
    table = pair_table(responses)
    assert len(table) == len(expected)
    for row in table.to_dict("records"):
        value = expected[row["condition"], frozenset([row["first"], row["second"]])]
        if value is None:
            assert np.isnan(row["value"])
            assert np.isnan(row["low"])
        else:
            assert row["value"] == pytest.approx(value, abs=1e-12)
            assert row["least"] - 1e-12 <= row["value"] <= row["greatest"] + 1e-12
            assert row["low"] <= row["value"] <= row["high"]


def test_the_mean_is_that_over_conditions_of_the_mean_over_pairs():
    responses = random_rows(3)
    pairs = pair_table(responses)
    table = group_table(responses, resample(responses, 20, 1))
    people = pairs[pairs["kind"] == "people"].groupby("condition")["value"].mean()
    found = table[table["kind"] == "people"].set_index("condition")["value"]
    assert found["clean"] == pytest.approx(people["clean"], abs=1e-12)
    assert np.isnan(found["trivial"])
    assert found[ALL] == pytest.approx(people.mean(), abs=1e-12)
    with_n0 = pairs["kind"].eq("people-networks") & (
        pairs["first"].eq("N0") | pairs["second"].eq("N0")
    )
    mean = pairs[with_n0].groupby("condition")["value"].mean()["noisy"]
    of_n0 = table[(table["observer"] == "N0") & (table["condition"] == "noisy")]
    assert of_n0["value"].item() == pytest.approx(mean, abs=1e-12)


def test_a_person_drawn_twice_is_not_a_pair():
    # All agree in half of the clips only: kappa 0. A person with him- or herself would make 1.
    responses = random_rows(4, n_people=6, n_networks=0, n_clips=400)
    table = group_table(responses, resample(responses, 200, 1))
    noisy = table[table["condition"] == "noisy"].iloc[0]
    assert noisy["low"] < 0 < noisy["high"]
    assert noisy["high"] < 0.1


def test_two_people_give_no_interval_over_people():
    responses = random_rows(5, n_people=2, n_networks=0)
    table = group_table(responses, resample(responses, 100, 1))
    assert table["low"].isna().all()
    assert table["value"].notna().any()


@pytest.mark.parametrize(("p_1", "p_2"), [(0.6, 0.6), (0.75, 0.9), (0.9, 0.9)])
@pytest.mark.parametrize("value", [0.0, 0.3])
@pytest.mark.parametrize("n", [320, 960])
def test_intervals_hold_the_planted_value_as_often_as_they_say(p_1, p_2, value, n):
    expected = p_1 * p_2 + (1 - p_1) * (1 - p_2)
    both = (expected + value * (1 - expected) - 1 + p_1 + p_2) / 2
    cells = [both, p_1 - both, p_2 - both, 1 - p_1 - p_2 + both]
    drawn = np.random.default_rng(1).multinomial(n, cells, size=5000).astype(float)
    low, high = kappa_interval(
        drawn[:, 0], drawn[:, 0] + drawn[:, 1], drawn[:, 0] + drawn[:, 2], np.full(5000, float(n))
    )
    assert 0.94 <= np.mean((low <= value) & (value <= high)) <= 0.96


def test_accuracies_bound_it():
    low, high = kappa_range(np.array([0.5, 0.9, 1.0]), np.array([0.5, 0.9, 1.0]))
    assert low[:2] == pytest.approx([-1.0, (0.8 - 0.82) / 0.18])
    assert high[:2] == pytest.approx([1.0, 1.0])
    assert np.isnan(low[2])
    assert np.isnan(high[2])
