"""Sound of a stimulus: shifted by samples, with noise at a ratio, at its own level."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

from study.errors import ClipError

RATE_HZ = 48_000
BAND_HZ = (50.0, 15_000.0)  # where noise is made, and its ratio to the sound measured
FAINTEST_DB = -60.0  # of full scale, in the band: below, a sound is taken for silence
HIGHEST_PEAK = 10 ** (-1 / 20)  # a decoder of AAC overshoots what was encoded by a little
_PINK = -1.0  # power falls with the frequency, 3 dB an octave

Samples = npt.NDArray[np.float32]
Spectrum = npt.NDArray[np.float64]  # power at equal steps from 0 Hz to half the rate
Colour = Literal["white", "pink"] | Spectrum


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """The sound of a stimulus, and what it was made of.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples, 2)
        What is heard, from the beginning of the file.
    source : ndarray of float32, shape (n_samples, 2)
        The part of it that is the clip's sound.
    noise : ndarray of float32 or None, shape (n_samples, 2)
        The part of it that is noise.
    whole : ndarray of float32, shape (n_whole, 2)
        The mixture on the sound's own time, with what the file does not have.
    origin : int
        The place of the sound's own beginning in `whole`.
    gain_db : float
        By how much the sound is louder or softer than in its clip.
    """

    samples: Samples
    source: Samples
    noise: Samples | None
    whole: Samples
    origin: int
    gain_db: float


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """Noise to mix in.

    Parameters
    ----------
    colour : {"white", "pink"} or ndarray of float64
        Its power over frequency.
    snr_db : float
        Power of the sound over that of the noise, between 50 Hz and 15 kHz.
    """

    colour: Colour
    snr_db: float


@dataclass(frozen=True, slots=True)
class Shift:
    """Which part of the sound's own time a file holds, in samples.

    Parameters
    ----------
    first : int
        The sample of the sound that is heard first; negative where silence comes before it.
    length : int
        Samples of the file.
    picture_first : int
        How much of the pictures is cut at the beginning.
    """

    first: int
    length: int
    picture_first: int


def shift_of(n_total: int, n_late: int, edge: str) -> Shift:
    """Return which part of sound and pictures is left when the sound is shifted.

    Raises ClipError if nothing is left.

    Parameters
    ----------
    n_total : int
        Samples of the clip.
    n_late : int
        By how many the sound is late.
    edge : {"silence", "cut"}
        What becomes of the rest.
    """
    if abs(n_late) >= n_total:
        raise ClipError(
            f"the clip lasts {n_total / RATE_HZ:.2f} s and its sound cannot be moved by "
            f"{n_late / RATE_HZ:.2f} s. Leave it out, or shorten the asynchrony",
            "too_short",
        )
    if edge == "silence":
        return Shift(-n_late, n_total, 0)
    return Shift(max(-n_late, 0), n_total - abs(n_late), max(n_late, 0))


def mixed(
    sound: Samples,
    shift: Shift,
    *,
    noise: Noise | None = None,
    rng: np.random.Generator,
) -> Track:
    """Return the sound of a stimulus.

    The mixture has the level that the sound alone has; where that would take a sample above -1 dB
    of full scale, all of it is softer.

    Raises ClipError if there is nothing to hold noise against.

    Parameters
    ----------
    sound : ndarray of float32, shape (n_total, 2)
        As long as the clip.
    noise : Noise or None
        What is mixed in.
    """
    low, high = min(shift.first, 0), max(shift.first + shift.length, len(sound))
    source = np.zeros((high - low, 2), np.float32)
    source[-low : -low + len(sound)] = sound
    part = slice(shift.first - low, shift.first - low + shift.length)
    added: Samples | None = None
    mixture, gain = source, 1.0
    if noise is not None:
        added = _noise_at(source, part, noise, rng)
        mixture = source + added
        gain = _rms(source[part]) / _rms(mixture[part])
    peak = float(np.abs(mixture[part]).max(initial=0.0)) * gain
    gain *= min(1.0, HIGHEST_PEAK / peak) if peak else 1.0
    factor = np.float32(gain)
    return Track(
        samples=mixture[part] * factor,
        source=source[part] * factor,
        noise=None if added is None else added[part] * factor,
        whole=mixture * factor,
        origin=-low,
        gain_db=20 * float(np.log10(gain)),
    )


def _noise_at(source: Samples, part: slice, noise: Noise, rng: np.random.Generator) -> Samples:
    one_ear = coloured_noise(len(source), noise.colour, rng)
    drawn = np.repeat(one_ear[:, None], 2, axis=1)  # the same on both ears
    power = band_power(source[part])
    if power == 0:
        raise ClipError("what is left of its sound is silent. Leave it out", "silent")
    ratio = power / band_power(drawn[part])
    return np.asarray(drawn * np.sqrt(ratio * 10 ** (-noise.snr_db / 10)), np.float32)


def coloured_noise(n_samples: int, colour: Colour, rng: np.random.Generator) -> Samples:
    """Return Gaussian noise between 50 Hz and 15 kHz, of some power.

    Parameters
    ----------
    colour : {"white", "pink"} or ndarray of float64
        The power over frequency: the same everywhere, 3 dB less an octave, or as given.
    """
    n_fft = next_fast_len(n_samples, real=True)
    hertz = rfftfreq(n_fft, 1 / RATE_HZ)
    drawn = rng.standard_normal((2, len(hertz)))
    spectrum = (drawn[0] + 1j * drawn[1]) * np.sqrt(_power(colour, hertz)) * _in_band(hertz)
    return np.asarray(irfft(spectrum, n_fft)[:n_samples], np.float32)


def _power(colour: Colour, hertz: Spectrum) -> Spectrum:
    if isinstance(colour, str):
        return np.maximum(hertz, 1.0) ** (_PINK if colour == "pink" else 0.0)
    return np.interp(hertz, np.linspace(0, RATE_HZ / 2, len(colour)), colour)


def band_power(samples: Samples) -> float:
    """Return the mean power of a sound between 50 Hz and 15 kHz, over both ears."""
    return band_product(band_spectrum(samples), band_spectrum(samples))


def level_db(samples: Samples) -> float:
    """Return the level of a sound between 50 Hz and 15 kHz, in dB of full scale."""
    power = band_power(samples)
    return 10 * float(np.log10(power)) if power else float("-inf")


def band_spectrum(samples: Samples) -> npt.NDArray[np.complex64]:
    """Return the spectrum of a sound between 50 Hz and 15 kHz, for `band_product`.

    `samples`: shape (n_samples, 2).
    """
    n_fft = next_fast_len(len(samples), real=True)
    inside = _in_band(rfftfreq(n_fft, 1 / RATE_HZ))
    spectrum = rfft(samples, n_fft, axis=0)[inside]
    return np.asarray(spectrum * np.sqrt(2 / (n_fft * samples.size)), np.complex64)


def band_product(one: npt.NDArray[np.complex64], other: npt.NDArray[np.complex64]) -> float:
    """Return the mean product of two sounds between 50 Hz and 15 kHz."""
    return float(np.vdot(one, other).real)


def _in_band(hertz: Spectrum) -> npt.NDArray[np.bool_]:
    return np.asarray((hertz >= BAND_HZ[0]) & (hertz <= BAND_HZ[1]))


def _rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
