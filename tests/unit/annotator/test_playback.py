from pathlib import Path

import numpy as np
import pytest

from annotator.task.layout import Rectangle
from annotator.window.playback import Playback, next_start
from study.clips.display import PlayableClip

PERIOD_S = 1 / 60
PLACE = Rectangle(40, 40, 4, 2)


def clip(times_s, duration_s):
    frames = np.zeros((len(times_s), 2, 4, 3), dtype=np.uint8)
    sound = np.zeros((round(duration_s * 100), 2), dtype=np.float32)
    return PlayableClip(
        Path("a.mp4"), "f" * 64, frames, np.array(times_s), sound, 100, duration_s, scale=0.5
    )


def steady(rate_hz=30, duration_s=1.0):
    return clip([i / rate_hz for i in range(round(rate_hz * duration_s))], duration_s)


def play(playback, flips_s):
    """Show what is due at each flip, which happens 2 ms after it is due."""
    frames = []
    for flip_s in flips_s:
        frame = playback.frame_due(flip_s)
        frames.append(frame)
        if frame is not None:
            playback.flipped(flip_s + 0.002, frame)
    return frames


def evidence(playback, offset_s=11.0, interrupted=False):
    return playback.presentation(offset_s=offset_s, interrupted=interrupted, n_xruns=0, place=PLACE)


def test_each_frame_of_a_30_hz_clip_stands_for_two_flips_at_60_hz():
    playback = Playback(steady(), requested_s=10.0, period_s=PERIOD_S)
    flips_s = [10.0 + i * PERIOD_S for i in range(-2, 6)]
    assert play(playback, flips_s) == [None, None, 0, 0, 1, 1, 2, 2]


def test_all_frames_are_shown_and_none_is_late():
    playback = Playback(steady(), requested_s=10.0, period_s=PERIOD_S)
    playback.sound_started(9.999)
    play(playback, [10.0 + i * PERIOD_S for i in range(60)])
    shown = evidence(playback)
    assert (shown.n_frames_shown, shown.n_frames_dropped, shown.n_frames_late) == (30, 0, 0)
    assert shown.av_offset_s == pytest.approx(-0.003)
    assert (shown.left_px, shown.width_px, shown.scale) == (40, 4, 0.5)


def test_a_late_flip_is_counted_and_drops_the_frame_it_missed():
    playback = Playback(steady(), requested_s=10.0, period_s=PERIOD_S)
    play(playback, [10.0 + i * PERIOD_S for i in range(60) if not 10 <= i < 14])
    shown = evidence(playback)
    assert (shown.n_frames_dropped, shown.n_frames_late) == (2, 1)


def test_frames_follow_a_sound_that_started_late():
    playback = Playback(steady(), requested_s=10.0, period_s=PERIOD_S)
    playback.flipped(10.002, 0)
    playback.sound_started(10.5)
    assert playback.frame_due(10.4) == 0
    assert playback.frame_due(10.6) == 3
    assert playback.end_s == 11.5


def test_frames_of_a_variable_rate_are_shown_by_their_own_times():
    playback = Playback(clip([0.0, 0.1, 0.5], 1.0), requested_s=0.0, period_s=0.01)
    playback.flipped(0.0, 0)
    assert [playback.frame_due(t) for t in (0.05, 0.1, 0.45, 0.5, 3.0)] == [0, 1, 1, 2, 2]


def test_a_clip_that_was_cut_short_has_dropped_only_what_was_due():
    playback = Playback(steady(), requested_s=10.0, period_s=PERIOD_S)
    play(playback, [10.0 + i * PERIOD_S for i in range(12)])
    shown = evidence(playback, offset_s=10.2, interrupted=True)
    assert (shown.n_frames_shown, shown.n_frames_dropped) == (6, 0)


def test_a_playing_without_a_frame_is_no_presentation():
    assert evidence(Playback(steady(), requested_s=10.0, period_s=PERIOD_S)) is None


def test_the_sound_gets_its_lead_and_starts_at_a_flip():
    start_s = next_start(100.0, next_flip_s=100.005, period_s=PERIOD_S, lead_s=0.03)
    assert start_s == pytest.approx(100.005 + 2 * PERIOD_S)
    assert next_start(1.0, next_flip_s=1.05, period_s=PERIOD_S, lead_s=0.03) == 1.05


def test_the_evidence_holds_who_asked_and_that_it_was_disturbed():
    playback = Playback(steady(), requested_s=10.0, period_s=PERIOD_S, asked_s=9.9)
    play(playback, [10.0])
    playback.disturb()
    shown = evidence(playback, interrupted=True)
    assert (shown.asked_s, shown.disturbed, shown.interrupted) == (9.9, True, True)


def test_a_machine_that_stands_still_for_a_whole_clip_shows_late_and_ends_not_before_it_began():
    playback = Playback(steady(duration_s=0.2), requested_s=10.0, period_s=PERIOD_S)
    playback.sound_started(10.001)
    assert playback.delay_s == pytest.approx(0.001)
    play(playback, [10.5])
    assert playback.delay_s == pytest.approx(0.502)
    assert playback.end_s == playback.onset_s == pytest.approx(10.502)


def test_the_later_one_of_picture_and_sound_is_the_delay():
    playback = Playback(steady(), requested_s=10.0, period_s=PERIOD_S)
    play(playback, [10.0])
    assert playback.delay_s == pytest.approx(0.002)
    playback.sound_started(10.25)
    assert playback.delay_s == pytest.approx(0.25)
    assert playback.end_s == pytest.approx(11.25)


def test_how_long_the_picture_stood_still_is_known():
    playback = Playback(steady(), requested_s=10.0, period_s=PERIOD_S)
    flips_s = [10.0 + i * PERIOD_S for i in range(60) if not 10 <= i < 45]
    play(playback, flips_s)
    assert playback.longest_gap_s == pytest.approx(36 * PERIOD_S)
