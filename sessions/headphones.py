"""Headphone check: a pitch that only two separate ears can hear."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from study.errors import ConfigError

N_TRIALS, N_INTERVALS, PASS_MARK = 6, 3, 5
INTERVAL_S, GAP_S = 1.0, 0.5
PITCH_HZ, BAND_SHARE = 600.0, 0.06
PEAK = 0.2
RAMP_S = 0.02

Sound = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class HeadphoneTrial:
    """Three intervals of noise, one of them with a faint pitch.

    Parameters
    ----------
    target : int
        Which interval has the pitch, from 1.
    sound : ndarray of float32, shape (n_samples, 2)
        Left and right; -1 to 1.
    """

    target: int
    sound: Sound


def headphone_trials(sample_rate_hz: int, rng: np.random.Generator) -> list[HeadphoneTrial]:
    """Make the trials of a headphone check.

    The noise is the same in both ears but for a narrow band around 600 Hz, whose phase is turned
    by half a period in one ear. Each ear alone hears plain noise; only the two together hear a
    pitch (Huggins). Loudspeakers mix the two before they reach an ear, and nothing is left of it.

    Parameters
    ----------
    sample_rate_hz : int
        Of the sound device.
    rng : Generator
        Source of chance.

    Returns
    -------
    list of HeadphoneTrial
        Six trials; each interval has the pitch in two of them.
    """
    targets = rng.permutation(np.repeat(np.arange(1, N_INTERVALS + 1), N_TRIALS // N_INTERVALS))
    return [
        HeadphoneTrial(int(target), _three_intervals(int(target), sample_rate_hz, rng))
        for target in targets
    ]


def n_right(targets: Sequence[int], answers: Sequence[int]) -> int:
    """Count the intervals that were found.

    Parameters
    ----------
    targets, answers : sequence of int
        Which interval has the pitch, and which was named, from 1.

    Returns
    -------
    int
        How many are the same.

    Raises
    ------
    ConfigError
        If an answer is missing or names no interval.
    """
    if len(targets) != len(answers) or any(not 1 <= answer <= N_INTERVALS for answer in answers):
        raise ConfigError(
            f"the answers are {list(answers)}; {len(targets)} numbers from 1 to {N_INTERVALS} are "
            "expected. Do the check again"
        )
    return sum(target == answer for target, answer in zip(targets, answers, strict=True))


def passed(n_found: int) -> bool:
    """Return whether a check is passed.

    Parameters
    ----------
    n_found : int
        From `n_right`.

    Returns
    -------
    bool
        True for five of six or more, which guessing reaches in 2 % of all cases.
    """
    return n_found >= PASS_MARK


def huggins_noise(sample_rate_hz: int, duration_s: float, rng: np.random.Generator) -> Sound:
    """Make noise with a Huggins pitch.

    Parameters
    ----------
    sample_rate_hz : int
        Samples per second.
    duration_s : float
        Length.
    rng : Generator
        Source of chance.

    Returns
    -------
    ndarray of float32, shape (n_samples, 2)
        The same power at every frequency in both ears; the phase differs around 600 Hz.
    """
    spectrum = _noise_spectrum(sample_rate_hz, duration_s, rng)
    n_samples = round(sample_rate_hz * duration_s)
    frequency_hz = np.fft.rfftfreq(n_samples, 1 / sample_rate_hz)
    half_width_hz = PITCH_HZ * BAND_SHARE / 2
    # The phase turns once around over the band, half a period in its middle.
    turn = np.clip((frequency_hz - PITCH_HZ + half_width_hz) / (2 * half_width_hz), 0, 1)
    left = np.fft.irfft(spectrum, n_samples)
    right = np.fft.irfft(spectrum * np.exp(2j * np.pi * turn), n_samples)
    return _levelled(np.column_stack([left, right]), sample_rate_hz)


def plain_noise(sample_rate_hz: int, duration_s: float, rng: np.random.Generator) -> Sound:
    """Make the same noise without a pitch.

    Parameters
    ----------
    sample_rate_hz : int
        Samples per second.
    duration_s : float
        Length.
    rng : Generator
        Source of chance.

    Returns
    -------
    ndarray of float32, shape (n_samples, 2)
        Alike in both ears.
    """
    n_samples = round(sample_rate_hz * duration_s)
    noise = np.fft.irfft(_noise_spectrum(sample_rate_hz, duration_s, rng), n_samples)
    return _levelled(np.column_stack([noise, noise]), sample_rate_hz)


def _three_intervals(target: int, sample_rate_hz: int, rng: np.random.Generator) -> Sound:
    silence = np.zeros((round(sample_rate_hz * GAP_S), 2), dtype=np.float32)
    parts: list[Sound] = []
    for number in range(1, N_INTERVALS + 1):
        make = huggins_noise if number == target else plain_noise
        parts += [make(sample_rate_hz, INTERVAL_S, rng), silence]
    return np.concatenate(parts[:-1])


def _noise_spectrum(
    sample_rate_hz: int, duration_s: float, rng: np.random.Generator
) -> npt.NDArray[np.complex128]:
    n_frequencies = round(sample_rate_hz * duration_s) // 2 + 1
    spectrum = rng.normal(size=n_frequencies) + 1j * rng.normal(size=n_frequencies)
    spectrum[0] = spectrum[-1] = 0
    return spectrum


def _levelled(sound: npt.NDArray[np.float64], sample_rate_hz: int) -> Sound:
    ramp = np.minimum(1, np.arange(len(sound)) / (RAMP_S * sample_rate_hz))
    shaped = sound * (ramp * ramp[::-1])[:, None]
    return np.asarray(shaped * PEAK / np.abs(shaped).max(), dtype=np.float32)
