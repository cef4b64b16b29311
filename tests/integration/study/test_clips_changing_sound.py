"""Clips whose sound changes its channels half-way, which PyAV's own resampler refuses."""

import numpy as np
import pytest

from study.clips.contents import inspect, spread
from study.clips.display import decode_for_display
from study.clips.probe import is_silent
from tests.references.clips import write_changing_sound

LAYOUTS = pytest.mark.parametrize("layouts", [("mono", "stereo"), ("stereo", "mono")])


@LAYOUTS
def test_it_is_shown_with_all_of_its_sound(layouts, tmp_path):
    path = write_changing_sound(tmp_path / "clip.ts", layouts)
    clip = decode_for_display(path, box_px=(64, 64), sample_rate_hz=48000)
    level = np.abs(clip.sound[: 23 * 4096]).reshape(23, 4096, 2).max(axis=1)
    assert (level > 0.1).all()


@LAYOUTS
def test_it_is_audited_to_its_end(layouts, tmp_path):
    path = write_changing_sound(tmp_path / "clip.ts", layouts)
    seen = inspect(path, hashed_frames=spread(50))
    assert seen.n_frames == 50
    assert 2 * 48000 <= seen.n_samples < 2.1 * 48000
    assert len(seen.sound_hash) == 32
    assert seen.loudness_lufs is not None


@LAYOUTS
def test_it_is_silent_only_where_both_parts_are(layouts, tmp_path):
    assert is_silent(write_changing_sound(tmp_path / "clip.ts", layouts, amplitude=0))
    assert not is_silent(write_changing_sound(tmp_path / "tone.ts", layouts))
