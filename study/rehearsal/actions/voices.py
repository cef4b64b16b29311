"""What one beat sounds like, and how beats add up to a sound."""

from collections.abc import Callable

import numpy as np
from scipy import signal

from study.rehearsal.actions.beats import Beats, Floats

# strength and length of one beat, and where it happens -> its samples
Voice = Callable[[np.random.Generator, float, float, float], Floats]

SAMPLE_RATE_HZ = 44_100


def sound_of(beats: Beats, voice: Voice, rng: np.random.Generator, n_samples: int) -> Floats:
    """Sound every beat at its time.

    Returns
    -------
    ndarray of float64, shape (n_samples,)
        The sound with its largest value at 1.
    """
    sound = np.zeros(n_samples)
    for time_s, strength, length_s, place in zip(
        beats.times_s, beats.strengths, beats.lengths_s, beats.places, strict=True
    ):
        first = round(time_s * SAMPLE_RATE_HZ)
        grain = voice(rng, strength, length_s, place[0])[: n_samples - first]
        sound[first : first + len(grain)] += grain
    peak = np.abs(sound).max()
    return sound / peak if peak > 0 else sound


def cry(from_hz: float, to_hz: float, n_harmonics: int, breath: float = 0.1) -> Voice:
    """Return a voice with harmonics that glides from one pitch to another.

    Parameters
    ----------
    from_hz, to_hz : float
        Pitch at the start and at the end of a beat.
    n_harmonics : int
        How many, each weaker than the one below.
    """

    def voice(rng: np.random.Generator, strength: float, length_s: float, place: float) -> Floats:
        time_s = _times(length_s)
        pitch = np.linspace(from_hz, to_hz, len(time_s)) * (0.96 + 0.08 * place)
        phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE_HZ
        tone = sum(np.sin(k * phase) / k for k in range(1, n_harmonics + 1))
        noise = breath * rng.normal(size=len(time_s))
        return np.asarray(strength * _swell(len(time_s)) * (tone + noise))

    return voice


def knock(pitch_hz: float, decay_s: float, click: float) -> Voice:
    """Return the sound of a struck thing: a tone that dies away, and a click.

    Parameters
    ----------
    decay_s : float
        Time in which it falls to a third.
    """

    def voice(rng: np.random.Generator, strength: float, length_s: float, place: float) -> Floats:
        time_s = _times(6 * decay_s)
        pitch = pitch_hz * (0.97 + 0.06 * place)
        tone = np.sin(2 * np.pi * pitch * time_s) + 0.4 * np.sin(2 * np.pi * 2.3 * pitch * time_s)
        noise = click * rng.normal(size=len(time_s)) * np.exp(-time_s / 0.004)
        return np.asarray(strength * (tone * np.exp(-time_s / decay_s) + noise))

    return voice


def hiss(low_hz: float, high_hz: float) -> Voice:
    """Return a grain of noise within a band, as of a drop or a bubble of fat."""
    band = signal.butter(3, (low_hz, high_hz), "bandpass", fs=SAMPLE_RATE_HZ, output="sos")

    def voice(rng: np.random.Generator, strength: float, length_s: float, place: float) -> Floats:
        time_s = _times(length_s)
        noise = signal.sosfilt(band, rng.normal(size=len(time_s)))
        return np.asarray(strength * noise * np.exp(-4 * time_s / length_s))

    return voice


def glug(low_hz: float, high_hz: float) -> Voice:
    """Return a bubble in water, whose pitch rises while it lasts.

    Parameters
    ----------
    low_hz, high_hz : float
        Range of pitches; each bubble has its own.
    """

    def voice(rng: np.random.Generator, strength: float, length_s: float, place: float) -> Floats:
        time_s = _times(length_s)
        start_hz = low_hz + place * (high_hz - low_hz)
        pitch = start_hz * (1 + 0.6 * time_s / length_s)
        tone = np.sin(2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE_HZ)
        return np.asarray(strength * tone * np.exp(-3 * time_s / length_s))

    return voice


def _times(length_s: float) -> Floats:
    return np.arange(max(8, round(length_s * SAMPLE_RATE_HZ))) / SAMPLE_RATE_HZ


def _swell(n_samples: int) -> Floats:
    rise = np.minimum(1, np.arange(n_samples) / max(1, 0.12 * n_samples))
    return np.asarray(rise * np.linspace(1, 0, n_samples) ** 0.5)
