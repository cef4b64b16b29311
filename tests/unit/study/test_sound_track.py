from fractions import Fraction

import av
import numpy as np

from study.clips.sound.track import SoundTrack


def frame(n_samples, rate_hz):
    made = av.AudioFrame.from_ndarray(
        np.full((1, n_samples), 16384, np.int16), format="s16", layout="mono"
    )
    made.sample_rate, made.time_base = rate_hz, Fraction(1, rate_hz)
    return made


def test_sound_that_is_too_short_for_a_sample_at_the_new_rate_is_silence():
    track = SoundTrack(48000)
    for at_s in (0.0, 1.0):
        track.add(frame(1, 192000), at_s)
    track.finish()
    assert track.samples(0.0, 2.0).shape == (96000, 2)
    assert not track.samples(0.0, 2.0).any()


def test_sound_that_changes_its_rate_goes_on_without_a_gap():
    track = SoundTrack(48000)
    track.add(frame(48000, 48000), 0.0)
    track.add(frame(44100, 44100), 1.0)
    track.finish()
    sound = track.samples(0.0, 2.0)
    assert abs(track.end_s - 2.0) < 0.001
    assert np.abs(sound[100:-100] - 0.5).max() < 0.1
