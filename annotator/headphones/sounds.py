"""Sounds for the headphones: one to set the level with, and two checks that they are worn."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sessions.exercises.headphones import N_INTERVALS, N_TRIALS

INTERVAL_S, GAP_S = 1.0, 0.5
PITCH_HZ, BAND_SHARE = 600.0, 0.06
PEAK = 0.2
RAMP_S = 0.02
# As Woods and others (2017) have it: a low tone, one of three quieter, one in opposite phase.
TONE_HZ, TONE_PEAK, TONE_RAMP_S = 200.0, 0.1, 0.1
QUIET_DB = -6.0
CALIBRATION_S, CALIBRATION_DB = 10.0, -23.0  # EBU R 128: as loud as a programme is meant to be
CALIBRATION_BAND_HZ = (100.0, 8000.0)

Sound = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class HeadphoneTrial:
    """Three sounds, one of which is to be found.

    Parameters
    ----------
    target : int
        Which one, from 1: the one with a pitch, or the quietest.
    sounds : tuple of ndarray of float32, shape (n_samples, 2)
        Left and right; -1 to 1.
    """

    target: int
    sounds: tuple[Sound, ...]


def headphone_trials(
    stimulus: str, sample_rate_hz: int, rng: np.random.Generator
) -> list[HeadphoneTrial]:
    """Make the trials of a headphone check.

    ``"huggins"``: noise that is the same in both ears but for a narrow band around 600 Hz, whose
    phase is turned by half a period in one ear. Each ear alone hears plain noise; only the two
    together hear a pitch (Huggins). Loudspeakers mix the two before they reach an ear, and
    nothing is left of it.

    ``"antiphase"``: three low tones, one of them quieter. Another one is in opposite phase in the
    two ears: headphones play it as loud as the third, from loudspeakers it cancels itself out and
    seems the quietest.

    Returns six trials; each place has the target in two of them.

    Parameters
    ----------
    stimulus : {"huggins", "antiphase"}
        Which sounds.
    """
    make = {"huggins": _huggins_sounds, "antiphase": _antiphase_sounds}[stimulus]
    targets = rng.permutation(np.repeat(np.arange(1, N_INTERVALS + 1), N_TRIALS // N_INTERVALS))
    return [
        HeadphoneTrial(int(target), make(int(target), sample_rate_hz, rng)) for target in targets
    ]


def example_trial(stimulus: str, sample_rate_hz: int, rng: np.random.Generator) -> HeadphoneTrial:
    """Make a trial that is shown before the others and does not count.

    `stimulus`: as `headphone_trials` takes it.
    """
    return headphone_trials(stimulus, sample_rate_hz, rng)[0]


def huggins_noise(sample_rate_hz: int, duration_s: float, rng: np.random.Generator) -> Sound:
    """Make noise with a Huggins pitch.

    Parameters
    ----------
    sample_rate_hz : int
        Samples per second.

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

    Returns
    -------
    ndarray of float32, shape (n_samples, 2)
        Alike in both ears.
    """
    n_samples = round(sample_rate_hz * duration_s)
    noise = np.fft.irfft(_noise_spectrum(sample_rate_hz, duration_s, rng), n_samples)
    return _levelled(np.column_stack([noise, noise]), sample_rate_hz)


def tone(sample_rate_hz: int, *, gain_db: float = 0.0, opposite: bool = False) -> Sound:
    """Make a low tone.

    Parameters
    ----------
    sample_rate_hz : int
        Samples per second.
    opposite : bool
        Whether the right ear gets it in opposite phase.

    Returns
    -------
    ndarray of float32, shape (n_samples, 2)
        One interval long.
    """
    t_s = np.arange(round(INTERVAL_S * sample_rate_hz)) / sample_rate_hz
    left = TONE_PEAK * 10 ** (gain_db / 20) * np.sin(2 * np.pi * TONE_HZ * t_s)
    both = np.column_stack([left, -left if opposite else left])
    return np.asarray(_ramped(both, sample_rate_hz, TONE_RAMP_S), dtype=np.float32)


def calibration_noise(sample_rate_hz: int, rng: np.random.Generator) -> Sound:
    """Make the sound that the level is set with: pink noise, alike in both ears.

    Parameters
    ----------
    sample_rate_hz : int
        Samples per second.

    Returns
    -------
    ndarray of float32, shape (n_samples, 2)
        Ten seconds with a mean power of -23 dB of full scale, which a sound level meter can read.
    """
    n_samples = round(sample_rate_hz * CALIBRATION_S)
    frequency_hz = np.fft.rfftfreq(n_samples, 1 / sample_rate_hz)
    low_hz, high_hz = CALIBRATION_BAND_HZ
    in_band = (frequency_hz >= low_hz) & (frequency_hz <= high_hz)
    pink = np.where(in_band, 1 / np.sqrt(np.maximum(frequency_hz, low_hz)), 0.0)
    noise = np.fft.irfft(_noise_spectrum(sample_rate_hz, CALIBRATION_S, rng) * pink, n_samples)
    noise *= 10 ** (CALIBRATION_DB / 20) / np.sqrt(np.mean(noise**2))
    both = _ramped(np.column_stack([noise, noise]), sample_rate_hz, RAMP_S)
    return np.asarray(both.clip(-1, 1), dtype=np.float32)


def _huggins_sounds(
    target: int, sample_rate_hz: int, rng: np.random.Generator
) -> tuple[Sound, ...]:
    return tuple(
        (huggins_noise if number == target else plain_noise)(sample_rate_hz, INTERVAL_S, rng)
        for number in range(1, N_INTERVALS + 1)
    )


def _antiphase_sounds(
    target: int, sample_rate_hz: int, rng: np.random.Generator
) -> tuple[Sound, ...]:
    others = [tone(sample_rate_hz, opposite=True), tone(sample_rate_hz)]
    sounds = [others[i] for i in rng.permutation(len(others))]
    sounds.insert(target - 1, tone(sample_rate_hz, gain_db=QUIET_DB))
    return tuple(sounds)


def _noise_spectrum(
    sample_rate_hz: int, duration_s: float, rng: np.random.Generator
) -> npt.NDArray[np.complex128]:
    n_frequencies = round(sample_rate_hz * duration_s) // 2 + 1
    spectrum = rng.normal(size=n_frequencies) + 1j * rng.normal(size=n_frequencies)
    spectrum[0] = spectrum[-1] = 0
    return spectrum


def _levelled(sound: npt.NDArray[np.float64], sample_rate_hz: int) -> Sound:
    shaped = _ramped(sound, sample_rate_hz, RAMP_S)
    return np.asarray(shaped * PEAK / np.abs(shaped).max(), dtype=np.float32)


def _ramped(
    sound: npt.NDArray[np.float64], sample_rate_hz: int, ramp_s: float
) -> npt.NDArray[np.float64]:
    ramp = np.minimum(1, np.arange(len(sound)) / (ramp_s * sample_rate_hz))
    shape: npt.NDArray[np.float64] = ramp * ramp[::-1]
    return sound * shape[:, None]
