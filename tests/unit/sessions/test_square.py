import itertools
from collections import Counter

import numpy as np
import pytest

from sessions.recognition.square import Item, rows_for, spread, square


def crossed(n_classes, n_per_class, conditions, *, foreign=()):
    """Return all sources in all conditions; in foreign ones with the sound of the next class."""
    items = []
    names = [(c, k) for c in range(n_classes) for k in range(n_per_class)]
    for (c, k), condition in itertools.product(names, conditions):
        sources = {f"{c}/{k}"}
        if condition in foreign:
            # Another partner in every foreign condition.
            shift = 1 + list(foreign).index(condition)
            sources.add(f"{(c + shift) % n_classes}/{k}")
        items.append(Item(len(items), condition, str(c), frozenset(sources)))
    return items


WORLDS = {
    "five conditions": crossed(4, 10, "abcde"),
    "one condition": crossed(4, 5, "a"),
    "an odd number of sources": crossed(3, 7, "abcd"),
    "foreign sounds": crossed(4, 10, "abcd", foreign="d"),
    "many foreign sounds": crossed(5, 12, "abcdef", foreign="def"),
    "sixteen classes": crossed(16, 20, "abcdef", foreign="f"),
}


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("seed", range(3))
def test_nobody_meets_a_source_twice_and_every_stimulus_is_in_one_row(world, seed):
    rows = square(WORLDS[world], np.random.default_rng(seed))
    for row in rows:
        met = Counter(source for item in row for source in item.sources)
        assert max(met.values()) == 1
    placed = Counter(item.key for row in rows for item in row)
    assert placed == Counter(item.key for item in WORLDS[world])


@pytest.mark.parametrize("world", ["five conditions", "one condition"])
def test_without_foreign_sounds_it_is_a_latin_square(world):
    items = WORLDS[world]
    conditions = {item.condition for item in items}
    rows = square(items, np.random.default_rng(1))
    assert len(rows) == len(conditions)
    for row in rows:
        assert {item.sources for item in row} == {item.sources for item in items}
        counts = Counter((item.condition, item.group) for item in row)
        assert len(counts) == len(conditions) * len({item.group for item in items})
        assert max(counts.values()) == min(counts.values())


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("seed", range(3))
def test_conditions_are_as_frequent_in_every_row(world, seed):
    rows = square(WORLDS[world], np.random.default_rng(seed))
    conditions = {item.condition for item in WORLDS[world]}
    counts = {(i, c): sum(x.condition == c for x in row) for i, row in enumerate(rows)
              for c in conditions}  # fmt: skip
    for condition in conditions:
        of = [counts[i, condition] for i in range(len(rows))]
        assert max(of) - min(of) <= 3, (condition, of)
    sizes = [len(row) for row in rows]
    assert max(sizes) - min(sizes) <= 3


def test_a_foreign_sound_costs_one_row_more():
    rows = square(WORLDS["foreign sounds"], np.random.default_rng(1))
    assert len(rows) == 5  # each source: four pictures and one sound


def test_the_seed_decides_who_meets_what():
    items = WORLDS["five conditions"]
    one, again, other = (
        [[i.key for i in row] for row in square(items, np.random.default_rng(s))] for s in (1, 1, 2)
    )
    assert one == again != other


def test_no_stimuli_make_no_rows():
    assert square([], np.random.default_rng(1)) == []


def test_people_are_spread_over_rows_and_two_are_needed_in_each():
    assert rows_for(3, ["A", "B", "C", "D", "E"], {}) is None
    given = rows_for(3, list("ABCDEFG"), {})
    assert sorted(Counter(given.values()).values()) == [2, 2, 3]
    # Who comes later joins the row with the fewest.
    later = rows_for(3, ["X", "Y"], given)
    assert sorted(Counter((given | later).values()).values()) == [3, 3, 3]


def test_every_condition_is_spread_over_the_whole_session():
    (row, *_) = square(WORLDS["sixteen classes"], np.random.default_rng(1))
    order = spread(row, np.random.default_rng(2))
    assert sorted(item.key for item in order) == sorted(item.key for item in row)
    for condition in {item.condition for item in row}:
        of_half = [sum(i.condition == condition for i in half)
                   for half in (order[: len(order) // 2], order[len(order) // 2 :])]  # fmt: skip
        assert abs(of_half[0] - of_half[1]) <= 2
    assert order != spread(row, np.random.default_rng(3))
