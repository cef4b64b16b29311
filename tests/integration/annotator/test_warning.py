"""The warning after an early press, on a paced 60 Hz screen, with a clip of the largest size."""

import numpy as np
import pytest

from benchmarks.dated_clip import write_dated_clip
from lab.virtual_station import virtual_station
from tests.worlds.early_presses import early_warnings

pytestmark = pytest.mark.timing

N_PRESSES, N_CHANCES = 12, 3
STUDY_CLIP_PX = (640, 480)
LIMIT_FRAMES = 2
MAX_LATE_SHARE = 0.02  # with more late flips than that there is no 60 Hz to speak of


def test_an_early_press_is_warned_of_within_two_refreshes(tmp_path):
    clip = write_dated_clip(tmp_path / "clip.mp4", STUDY_CLIP_PX, duration_s=3.0)
    seen = []
    # A virtual screen has no scan-out: this is scheduling, and other work of the machine delays it.
    for chance in range(N_CHANCES):
        rng = np.random.default_rng(chance)
        with virtual_station() as station:
            warned, late = early_warnings(tmp_path / str(chance), station, clip, N_PRESSES, rng)
        assert len(warned) == N_PRESSES
        assert warned["delay_frames"].min() > 0
        seen.append((float(warned["delay_frames"].median()), late))
        if seen[-1][0] <= LIMIT_FRAMES:
            return
    if all(late > MAX_LATE_SHARE for _, late in seen):
        pytest.skip(f"the machine was too busy to keep 60 Hz (median frames, late share): {seen}")
    raise AssertionError(f"warned too late (median frames, late share): {seen}")
