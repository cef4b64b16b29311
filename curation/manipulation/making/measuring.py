"""What a finished file turns out to be, measured from its samples, pictures and time stamps."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, next_fast_len, rfft

from curation.manipulation.making.picture import Pictures, StimulusPictures, Values
from curation.manipulation.making.sound import (
    RATE_HZ,
    Samples,
    Track,
    band_power,
    band_product,
    band_spectrum,
)
from study.clips.display import PlayableClip

UNIQUE, SEVERAL, SILENT = "unique", "several peaks", "silent"
_RIVAL = 0.95  # share of the highest peak from which another one makes it doubtful
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_FLAT = 1.0  # variance of a picture in which no contrast can be measured
_WHITE = 255.0


@dataclass(frozen=True, slots=True)
class SoundFigures:
    """Sound of a finished file.

    Parameters
    ----------
    snr_db : float or None
        Power of the clip's sound over that of the noise; None without noise.
    lag : int or None
        Place in the file of the sound's own beginning, in samples; None where it is not known.
    peaks : {"unique", "several peaks", "silent"}
        Why it is not known.
    peak : float
        Largest sample.
    """

    snr_db: float | None
    lag: int | None
    peaks: str
    peak: float


@dataclass(frozen=True, slots=True)
class PictureFigures:
    """Contrast and noise of five pictures, planned and finished.

    Parameters
    ----------
    contrast : float or None
        Of what it was; None where the pictures are flat.
    noise : float
        Standard deviation of what was added, of full scale.
    """

    contrast: float | None
    noise: float


def sound_figures(track: Track, finished: Samples) -> SoundFigures:
    """Measure the sound of a finished file.

    Parameters
    ----------
    finished : ndarray of float32, shape (n_samples, 2)
        What was decoded.
    """
    heard = np.zeros_like(track.samples)
    n_both = min(len(heard), len(finished))
    heard[:n_both] = finished[:n_both]
    peak = float(np.abs(finished).max(initial=0.0))
    lag, peaks = lag_of(finished, track.whole, track.origin)
    return SoundFigures(_snr_db(track, heard), lag, peaks, peak)


def _snr_db(track: Track, heard: Samples) -> float | None:
    # What was decoded as so much of the known sound and so much of the known noise.
    if track.noise is None:
        return None
    sound, noise, found = map(band_spectrum, (track.source, track.noise, heard))
    products = np.array(
        [
            [band_product(sound, sound), band_product(sound, noise)],
            [band_product(sound, noise), band_product(noise, noise)],
        ]
    )
    shares = np.linalg.solve(products, [band_product(sound, found), band_product(noise, found)])
    power = shares**2 * np.diag(products)
    return 10 * float(np.log10(power[0] / power[1]))


def lag_of(finished: Samples, whole: Samples, origin: int) -> tuple[int | None, str]:
    """Return at which sample of a file a sound has its own beginning, by cross-correlation.

    Parameters
    ----------
    whole : ndarray of float32, shape (n_whole, 2)
        The sound as it was made, without loss.
    origin : int
        The place of its beginning in `whole`.

    Returns
    -------
    lag : int or None
        None where another peak comes within 5 % of the highest.
    peaks : {"unique", "several peaks", "silent"}
        What the peak is.
    """
    if not band_power(whole) or not band_power(finished):
        return None, SILENT
    n_fft = next_fast_len(len(finished) + len(whole), real=True)
    product = np.zeros(n_fft // 2 + 1, np.complex64)
    for ear in range(whole.shape[1]):
        product += rfft(finished[:, ear], n_fft) * np.conj(rfft(whole[:, ear], n_fft))
    likeness = irfft(product, n_fft)
    before, after = np.roll(likeness, 1), np.roll(likeness, -1)
    summits = np.flatnonzero((likeness >= before) & (likeness > after))
    best = int(summits[np.argmax(likeness[summits])])
    rivals = likeness[summits[summits != best]]
    if len(rivals) and rivals.max() >= _RIVAL * likeness[best]:
        return None, SEVERAL
    lag = best if best < len(finished) else best - n_fft
    return lag + origin, UNIQUE


def picture_figures(film: StimulusPictures, pictures: Pictures) -> PictureFigures:
    """Measure contrast and noise of the pictures that a film samples.

    `pictures`: these five, planned or finished, in the film's size.
    """
    plain, clean, seen = (each @ _LUMA for each in (film.plain, film.clean, _values(pictures)))
    about = plain - plain.mean(axis=(1, 2), keepdims=True)
    spread = float(np.mean(about**2))
    noise = float(np.std(seen - clean)) / _WHITE
    return PictureFigures(float(np.mean(about * seen)) / spread if spread > _FLAT else None, noise)


def psnr_db(planned: Pictures, finished: Pictures) -> float | None:
    """Return the peak signal-to-noise ratio of luminance; None where pictures are the same.

    Of colours H.264 keeps a value for every four pixels, as nearly all clips do.
    """
    error = float(np.mean(np.square((_values(planned) - _values(finished)) @ _LUMA)))
    return 10 * float(np.log10(_WHITE**2 / error)) if error else None


def time_error_ms(planned_s: npt.NDArray[np.float64], finished: PlayableClip) -> float:
    """Return by how much a picture is shown at another time than planned, at most.

    Infinite where there are fewer pictures or more.
    """
    if len(planned_s) != len(finished.times_s):
        return float("inf")
    return float(np.abs(planned_s - finished.times_s).max()) * 1000


def picture_origin_s(clip_times_s: npt.NDArray[np.float64], finished: PlayableClip) -> float:
    """Return when the pictures' own beginning would be in a file, by its time stamps.

    `clip_times_s`: of the pictures that are left, on the time of the clip.
    """
    steps = finished.times_s - clip_times_s
    # The first picture of a part may have begun before it.
    steps = steps[1:] if len(steps) > 1 else steps
    # Time stamps are rounded: the middle of what all of them allow.
    return float(steps.min() + steps.max()) / 2


def asynchrony_samples(lag: int, origin_s: float) -> float:
    """Return by how many samples the sound is later than the picture."""
    return lag - origin_s * RATE_HZ


def _values(pictures: Pictures) -> Values:
    return pictures.astype(np.float32)
