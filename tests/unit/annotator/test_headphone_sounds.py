import numpy as np
import pytest
from scipy.stats import binom

from annotator.headphones.sounds import (
    CALIBRATION_DB,
    calibration_noise,
    headphone_trials,
    huggins_noise,
    plain_noise,
)
from sessions.exercises.headphones import N_INTERVALS, N_TRIALS, PASS_MARK, n_right, passed
from study.config.headphones import STIMULI
from study.errors import ConfigError

RATE = 48_000


def band_power(sound, low_hz, high_hz):
    frequency = np.fft.rfftfreq(len(sound), 1 / RATE)
    band = (frequency >= low_hz) & (frequency < high_hz)
    return (np.abs(np.fft.rfft(sound, axis=0)) ** 2)[band].sum(axis=0)


def test_each_ear_alone_hears_plain_noise_and_the_difference_is_at_600_hz():
    sound = huggins_noise(RATE, 1.0, np.random.default_rng(1)).astype(float)
    left, right = sound.T
    in_band, outside = band_power(sound, 585, 615), band_power(sound, 2000, 2030)
    assert in_band[0] == pytest.approx(in_band[1], rel=0.05)
    difference, total = left - right, left + right
    assert band_power(difference, 585, 615) > 0.5 * band_power(total, 585, 615)
    assert band_power(difference, 2000, 2030) < 0.01 * outside[0]


def test_plain_noise_is_alike_in_both_ears():
    left, right = plain_noise(RATE, 0.5, np.random.default_rng(1)).T
    np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("stimulus", STIMULI)
def test_trials_are_balanced_seeded_and_never_loud(stimulus):
    trials = headphone_trials(stimulus, RATE, np.random.default_rng(7))
    again = headphone_trials(stimulus, RATE, np.random.default_rng(7))
    assert sorted(trial.target for trial in trials) == [1, 1, 2, 2, 3, 3]
    for one, other in zip(trials, again, strict=True):
        np.testing.assert_array_equal(one.sounds, other.sounds)
        assert [sound.shape for sound in one.sounds] == [(RATE, 2)] * 3
        assert np.abs(one.sounds).max() <= 0.2 + 1e-6


def rms_db(samples):
    return 20 * np.log10(np.sqrt(np.mean(np.square(samples.astype(float)))) + 1e-12)


def test_the_softest_tone_on_headphones_is_not_the_softest_from_loudspeakers():
    for trial in headphone_trials("antiphase", RATE, np.random.default_rng(3)):
        one_ear = [rms_db(sound[:, 1]) for sound in trial.sounds]
        assert int(np.argmin(one_ear)) + 1 == trial.target
        assert sorted(one_ear)[1] - min(one_ear) == pytest.approx(6.0, abs=0.01)
        # Loudspeakers add the ears up: the tone in opposite phase is gone.
        mixed = [rms_db(sound.sum(axis=1)) for sound in trial.sounds]
        assert int(np.argmin(mixed)) + 1 != trial.target
        assert min(mixed) < -100


def test_a_pitch_that_only_two_ears_hear_is_gone_when_they_are_mixed():
    trial = headphone_trials("huggins", RATE, np.random.default_rng(3))[0]
    for number, sound in enumerate(trial.sounds, start=1):
        for ear in (0, 1):  # no peak at 600 Hz in one ear alone
            ratio = band_power(sound, 585, 615)[ear] / band_power(sound, 800, 830)[ear]
            assert 0.3 < ratio < 3
        difference = sound[:, :1].astype(float) - sound[:, 1:]
        has_pitch = band_power(difference, 585, 615)[0] > 0
        assert has_pitch == (number == trial.target)
        mixed = sound.sum(axis=1, keepdims=True).astype(float)
        # What is left of the band is no more than what stands beside it.
        assert band_power(mixed, 585, 615)[0] < 3 * band_power(mixed, 800, 830)[0]


def test_the_level_is_set_with_a_steady_pink_noise():
    noise = calibration_noise(RATE, np.random.default_rng(1))
    assert rms_db(noise[RATE:-RATE, 0]) == pytest.approx(CALIBRATION_DB, abs=0.3)
    assert np.abs(noise).max() < 1
    np.testing.assert_array_equal(noise[:, 0], noise[:, 1])
    # Pink: every octave has the same power.
    octaves = [band_power(noise, low, 2 * low)[0] for low in (250, 500, 1000, 2000)]
    assert max(octaves) / min(octaves) < 1.2


def test_five_of_six_pass_and_guessing_seldom_does():
    assert passed(n_right([1, 2, 3, 1, 2, 3], [1, 2, 3, 1, 2, 1]))
    assert not passed(n_right([1, 2, 3, 1, 2, 3], [1, 2, 3, 1, 1, 1]))
    assert binom.sf(PASS_MARK - 1, N_TRIALS, 1 / N_INTERVALS) < 0.02


@pytest.mark.parametrize("answers", [[1, 2, 3], [1, 2, 3, 1, 2, 4], [0, 2, 3, 1, 2, 3]])
def test_answers_that_are_none_are_refused(answers):
    with pytest.raises(ConfigError, match="6 numbers from 1 to 3 are expected"):
        n_right([1, 2, 3, 1, 2, 3], answers)
