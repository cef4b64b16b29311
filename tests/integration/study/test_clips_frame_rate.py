"""The rate that most frames have, and how many steps differ."""

import subprocess

import pytest

from study.clips.probe import probe, usual_rate
from study.rehearsal.odd import make_odd_clip

TICK_S = 1 / 90_000


def _times_s(*runs):
    times_s = [0.0]
    for n_steps, rate_hz in runs:
        times_s += [times_s[-1] + (n + 1) / rate_hz for n in range(n_steps)]
    return times_s


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([(89, 30)], (30.0, 0)),
        ([(40, 30), (1, 7), (40, 30)], (30.0, 1)),
        ([(60, 30), (20, 25)], (30.0, 20)),
        ([(60, 30), (20, 24)], (30.0, 20)),
        ([(60, 25), (20, 30)], (25.0, 20)),
        ([(1, 60), (80, 30000 / 1001)], (30000 / 1001, 1)),
        ([(1, 30)], (30.0, 0)),
        ([], (0.0, 0)),
    ],
)
def test_the_usual_rate_is_that_of_the_steps_that_are_not_odd(runs, expected):
    rate_hz, n_odd = usual_rate(_times_s(*runs), TICK_S)
    assert (rate_hz, n_odd) == (pytest.approx(expected[0], abs=1e-6), expected[1])


@pytest.mark.parametrize("rate_hz", [24, 25, 30, 50, 60, 120, 240])
def test_rounding_to_a_coarse_clock_makes_no_step_odd(rate_hz):
    times_s = [round(t, 3) for t in _times_s((3 * rate_hz, rate_hz))]
    found_hz, n_odd = usual_rate(times_s, 0.001)
    assert n_odd == 0
    assert found_hz == pytest.approx(rate_hz, rel=0.001)


def test_a_cut_that_copied_its_stream_has_one_odd_step_at_most(tmp_path):
    plain = make_odd_clip("plain", tmp_path / "plain.mp4")
    cut = tmp_path / "cut.mp4"
    command = ["ffmpeg", "-v", "error", "-ss", "0.71", "-i", plain, "-c", "copy", cut]
    subprocess.run(command, check=True)
    told = probe(cut)
    assert told.usual_frame_rate_hz == pytest.approx(30.0, abs=0.05)
    assert told.n_odd_steps <= 1


def test_a_clip_of_a_changing_rate_has_many_odd_steps(tmp_path):
    told = probe(make_odd_clip("vfr", tmp_path / "vfr.mp4"))
    assert told.usual_frame_rate_hz == pytest.approx(30.0, abs=0.05)
    assert told.n_odd_steps == 15
