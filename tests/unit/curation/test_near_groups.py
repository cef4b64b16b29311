"""Groups of near hashes: the same as comparing every two would find."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.clips.duplicates import MAX_FRAME_BITS, MAX_SOUND_BITS, near_groups


def _words(values, n_words=1):
    return np.array(values, dtype=np.uint64).reshape(-1, n_words)


def _all_pairs(words, max_bits):
    """Groups by comparing every two hashes, as lists of places."""
    group = list(range(len(words)))
    for i in range(len(words)):
        for j in range(i):
            if int(np.bitwise_count(words[i] ^ words[j]).sum()) <= max_bits:
                old, new = group[i], group[j]
                group = [new if g == old else g for g in group]
    members = {}
    for place, root in enumerate(group):
        members.setdefault(root, []).append(place)
    return sorted(places for places in members.values() if len(places) > 1)


def _as_lists(groups):
    return sorted(np.flatnonzero(groups == g).tolist() for g in range(1, groups.max(initial=0) + 1))


def test_groups_reach_through_others_and_are_numbered_in_order():
    words = _words([2**60 - 1, 0, 0b11, 2**63 + 2**50 + 7, 0b1111, 2**60 - 2, 2**63])
    assert near_groups(words, 2).tolist() == [1, 2, 2, 0, 2, 1, 2]
    assert near_groups(words[:0], 2).tolist() == []
    assert near_groups(words[:1], 2).tolist() == [0]


def test_equal_hashes_are_one_group_however_many_they_are():
    words = np.repeat(_words([7, 7 << 40]), 5_000, axis=0)
    assert near_groups(words, 1).tolist() == [1] * 5_000 + [2] * 5_000


@pytest.mark.parametrize(("n_words", "max_bits"), [(5, MAX_FRAME_BITS), (2, MAX_SOUND_BITS)])
@pytest.mark.parametrize("extra", [0, 1])
def test_a_pair_at_the_limit_is_found_and_one_beyond_it_is_not(n_words, max_bits, extra):
    rng = np.random.default_rng(n_words)
    for _ in range(200):
        one = rng.integers(0, 2**63, n_words, dtype=np.uint64)
        other = one.copy()
        for bit in rng.choice(64 * n_words, max_bits + extra, replace=False):
            other[bit // 64] ^= np.uint64(1 << int(bit % 64))
        assert near_groups(np.stack([one, other]), max_bits).tolist() == [1 - extra] * 2


@st.composite
def _hashes(draw):
    n_words = draw(st.integers(1, 5))
    whole = st.integers(0, 2 ** (64 * n_words) - 1)
    seeds = draw(st.lists(whole, min_size=1, max_size=6))
    flips = st.sets(st.integers(0, 64 * n_words - 1), max_size=16)
    members = draw(st.lists(st.tuples(st.sampled_from(seeds), flips), max_size=30))
    values = [value ^ sum(1 << bit for bit in bits) for value, bits in members]
    cut = [[v >> (64 * w) & (2**64 - 1) for w in range(n_words)] for v in values]
    return np.array(cut, dtype=np.uint64).reshape(-1, n_words)


@settings(max_examples=300)
@given(words=_hashes(), max_bits=st.integers(0, 30))
def test_bands_find_what_comparing_every_two_finds(words, max_bits):
    assert _as_lists(near_groups(words, max_bits)) == _all_pairs(words, max_bits)
