import numpy as np
import pytest
from scipy.stats import binom

from sessions.headphones import (
    N_INTERVALS,
    N_TRIALS,
    PASS_MARK,
    headphone_trials,
    huggins_noise,
    n_right,
    passed,
    plain_noise,
)
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


def test_trials_are_balanced_seeded_and_never_loud():
    trials = headphone_trials(RATE, np.random.default_rng(7))
    again = headphone_trials(RATE, np.random.default_rng(7))
    assert sorted(trial.target for trial in trials) == [1, 1, 2, 2, 3, 3]
    for one, other in zip(trials, again, strict=True):
        np.testing.assert_array_equal(one.sound, other.sound)
        assert one.sound.shape == (RATE * 4, 2)
        assert np.abs(one.sound).max() <= 0.2 + 1e-6


def test_five_of_six_pass_and_guessing_seldom_does():
    assert passed(n_right([1, 2, 3, 1, 2, 3], [1, 2, 3, 1, 2, 1]))
    assert not passed(n_right([1, 2, 3, 1, 2, 3], [1, 2, 3, 1, 1, 1]))
    assert binom.sf(PASS_MARK - 1, N_TRIALS, 1 / N_INTERVALS) < 0.02


@pytest.mark.parametrize("answers", [[1, 2, 3], [1, 2, 3, 1, 2, 4], [0, 2, 3, 1, 2, 3]])
def test_answers_that_are_none_are_refused(answers):
    with pytest.raises(ConfigError, match="6 numbers from 1 to 3 are expected"):
        n_right([1, 2, 3, 1, 2, 3], answers)
