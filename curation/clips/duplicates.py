"""Clips that show, or sound, nearly the same: hashes a few bits apart."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from curation.clips.families import merge, roots

# Scaling or encoding a clip again changes a few of its 320 and 128 bits; other clips differ in
# about half of them.
MAX_FRAME_BITS = 24
MAX_SOUND_BITS = 14
_WORD_BITS = 64
_SEED = 1

Words = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]


def near_groups(words: Words, max_bits: int) -> Ints:
    """Group hashes that are close, directly or through others.

    Parameters
    ----------
    words : ndarray of uint64, shape (n_clips, n_words)
        The hashes.
    max_bits : int
        In how many bits two neighbours of a group may differ.

    Returns
    -------
    ndarray of int64, shape (n_clips,)
        Groups, counted from 1 in the order of their first clips; 0 for clips close to no other.

    Notes
    -----
    The bits are dealt into bands, more than half as many as `max_bits`: of two hashes that differ
    in no more than `max_bits`, at least one band differs in one bit at most (pigeonholes). So only
    hashes that share a band but for one bit are compared, and no close pair is missed.
    """
    if not len(words):
        return np.zeros(0, dtype=np.int64)
    distinct, place = np.unique(words, axis=0, return_inverse=True)
    parent = np.arange(len(distinct))
    for band in _bands(distinct, max_bits):
        for one, other in _meetings(band):
            near = _differing(distinct[one], distinct[other]) <= max_bits
            one, other = one[near], other[near]
            apart = roots(parent, one) != roots(parent, other)
            for pair in zip(one[apart].tolist(), other[apart].tolist(), strict=True):
                merge(parent, *pair)
    return _numbered(roots(parent, place.ravel()))


def _bands(words: Words, max_bits: int) -> Iterator[Words]:
    # Bits side by side depend on one another (a dark sky), and so does one bit of the five frames
    # (nothing moves). So a band gets its bits from all over the frame, each from another frame.
    n_words = words.shape[1]
    shifts = np.random.default_rng(_SEED).permutation(_WORD_BITS)
    dealt = [
        ((turn + place) % n_words, int(shift))
        for turn in range(n_words)
        for place, shift in enumerate(shifts)
    ]
    n_bands = max(max_bits // 2 + 1, n_words)
    for bits in np.array_split(np.array(dealt), n_bands):
        band = np.zeros(len(words), dtype=np.uint64)
        for place, (word, shift) in enumerate(bits.tolist()):
            band |= ((words[:, word] >> np.uint64(shift)) & np.uint64(1)) << np.uint64(place)
        yield band


def _meetings(band: Words) -> Iterator[tuple[Ints, Ints]]:
    # Pairs of places whose bands are equal, then those that differ in one bit.
    yield from _equal(band, band)
    for place in range(int(np.bitwise_or.reduce(band)).bit_length()):
        yield from _equal(band & ~(np.uint64(1) << np.uint64(place)), band, differ=True)


def _equal(key: Words, band: Words, *, differ: bool = False) -> Iterator[tuple[Ints, Ints]]:
    order = np.argsort(key)
    ordered = key[order]
    step, first = 1, np.arange(len(order))
    while True:
        # Equal keys stand side by side: once a place has no equal so far ahead, it has none.
        first = first[first + step < len(order)]
        first = first[ordered[first] == ordered[first + step]]
        if not len(first):
            return
        one, other = order[first], order[first + step]
        if differ:
            unequal = band[one] != band[other]
            one, other = one[unequal], other[unequal]
        yield one, other
        step += 1


def _differing(one: Words, other: Words) -> Ints:
    differing: Ints = np.bitwise_count(one ^ other).sum(axis=1, dtype=np.int64)
    return differing


def _numbered(found: Ints) -> Ints:
    _, first, member, sizes = np.unique(
        found, return_index=True, return_inverse=True, return_counts=True
    )
    is_group = sizes > 1
    number = np.zeros(len(sizes), dtype=np.int64)
    by_first = np.argsort(first[is_group])
    number[np.flatnonzero(is_group)[by_first]] = np.arange(1, int(is_group.sum()) + 1)
    groups: Ints = number[member]
    return groups
