"""Clips that show, or sound, nearly the same: hashes a few bits apart."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from curation.tally import clip_keys

# Scaling or encoding a clip again changes a few of its 320 and 128 bits; other clips differ in
# about half of them.
MAX_FRAME_BITS = 24
MAX_SOUND_BITS = 14
_WORD_DIGITS = 16
_BLOCK_WORDS = 1 << 22

Words = npt.NDArray[np.uint64]


def near_groups(audits: pd.DataFrame, column: str, max_bits: int) -> dict[tuple[str, str], int]:
    """Group clips whose hashes are close, directly or through others.

    Parameters
    ----------
    audits : DataFrame
        With ``video_location, filename`` and the hashes.
    column : {"frame_hash", "sound_hash"}
        Which hashes.
    max_bits : int
        In how many bits two of a group may differ.

    Returns
    -------
    dict of tuple of str to int
        Group by location and filename; clips without a hash, or close to no other, are absent.
    """
    hashed = audits.loc[audits[column] != ""]
    keys = [(str(key[0]), str(key[1])) for key in clip_keys(hashed)]
    groups: dict[tuple[str, str], int] = {}
    for number, members in enumerate(_close(_words(hashed[column].tolist()), max_bits), start=1):
        groups |= {keys[member]: number for member in members}
    return groups


def _words(hashes: Sequence[str]) -> Words:
    if not hashes:
        return np.zeros((0, 1), dtype=np.uint64)
    n_words = len(hashes[0]) // _WORD_DIGITS
    cut = [[text[i * 16 : i * 16 + 16] for i in range(n_words)] for text in hashes]
    return np.array([[int(word, 16) for word in row] for row in cut], dtype=np.uint64)


def _close(words: Words, max_bits: int) -> list[list[int]]:
    # Every pair is compared: 57,177 clips are 1.6 billion pairs, some minutes on one core.
    group = np.arange(len(words))
    block = max(_BLOCK_WORDS // max(words.size, 1), 1)
    for first in range(0, len(words), block):
        rows = words[first : first + block]
        distance = np.zeros((len(rows), len(words) - first), dtype=np.uint16)
        for word in range(words.shape[1]):
            distance += np.bitwise_count(rows[:, word, None] ^ words[None, first:, word])
        for one, other in np.argwhere(distance <= max_bits):
            if one < other:
                _merge(group, first + one, first + other)
    members: dict[int, list[int]] = {}
    for place in range(len(words)):
        members.setdefault(_root(group, place), []).append(place)
    return [clips for clips in members.values() if len(clips) > 1]


def _root(group: npt.NDArray[np.int64], place: int) -> int:
    while group[place] != place:
        group[place] = group[group[place]]
        place = int(group[place])
    return int(place)


def _merge(group: npt.NDArray[np.int64], one: int, other: int) -> None:
    first, second = sorted((_root(group, one), _root(group, other)))
    group[second] = first
