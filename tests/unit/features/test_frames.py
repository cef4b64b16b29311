"""Frames are those of the published loop."""

import numpy as np
import pytest

from features.inputs.frames import choose_frames, shrink


def times_ms(rate_hz, n_frames):
    return [1000 * index / rate_hz for index in range(n_frames)]


TABLE = [
    # frame rate, frames of the clip, 480 ms, 960 ms
    (30, 90, [0, 16, 31, 46, 61, 76], [0, 30, 59, 88]),
    (30, 91, [0, 16, 31, 46, 61, 76], [0, 30, 59, 88]),
    (30, 92, [0, 16, 31, 46, 61, 76, 91], [0, 30, 59, 88]),
    (30000 / 1001, 90, [0, 16, 31, 46, 61, 76], [0, 30, 59, 88]),
    (25, 75, [0, 13, 25, 37, 49, 61, 73], [0, 25, 49, 73]),
    (24, 72, [0, 13, 25, 37, 49, 61], [0, 25, 49]),
    (60, 180, [0, 30, 59, 88, 117, 146, 175], [0, 59, 117, 175]),
    (15, 45, [0, 9, 17, 25, 33, 41], [0, 16, 31]),
]


@pytest.mark.parametrize(("rate_hz", "n_frames", "released", "paper"), TABLE)
def test_the_measured_table_of_frames(rate_hz, n_frames, released, paper):
    times = times_ms(rate_hz, n_frames)
    assert choose_frames(times, 480) == released
    assert choose_frames(times, 960) == paper


def test_other_lengths_and_none():
    assert len(choose_frames(times_ms(30, 150), 480)) == 10
    assert len(choose_frames(times_ms(30, 30), 480)) == 2
    assert choose_frames(times_ms(30, 15), 480) == [0]
    assert choose_frames(times_ms(30, 1), 480) == [0]
    assert choose_frames([], 480) == []


def test_uneven_frames_are_chosen_by_their_times():
    assert choose_frames([0, 33, 700, 733, 1100, 1133, 1200, 3000], 480) == [0, 3, 7]


def test_a_frame_is_turned_to_red_first_and_squeezed_to_a_square():
    blue = np.zeros((100, 300, 3), np.uint8)
    blue[..., 0] = 200
    small = shrink(blue)
    assert small.shape == (224, 224, 3)
    assert small.dtype == np.uint8
    np.testing.assert_array_equal(np.unique(small.reshape(-1, 3), axis=0), [[0, 0, 200]])
