"""Pictures of a stimulus: filtered, of less contrast, with noise, or black."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.fft import dctn, idctn

from curation.manipulation.planning.conditions import Condition
from study.clips.contents import spread

_WHITE = 255.0
_CHUNK_VALUES = (
    600_000  # of pictures that are worked on at once: they stay in the processor's cache
)
_STEEPNESS = 8  # of the filters' flanks

Pictures = npt.NDArray[np.uint8]
Values = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class StimulusPictures:
    """The pictures of a stimulus, and what some of them were made of.

    Parameters
    ----------
    pictures : ndarray of uint8, shape (n_pictures, height_px, width_px, 3)
        RGB.
    times_s : ndarray of float64, shape (n_pictures,)
        When each is shown, from the beginning of the file.
    end_s : float
        When the last one is gone.
    sampled : tuple of int
        Five of them, from which contrast and noise are measured.
    plain, clean : ndarray of float32, shape (n_sampled, height_px, width_px, 3)
        These five with their full contrast, and as they were before noise.
    """

    pictures: Pictures
    times_s: npt.NDArray[np.float64]
    end_s: float
    sampled: tuple[int, ...]
    plain: Values
    clean: Values


def film_of(
    pictures: Pictures,
    times_s: npt.NDArray[np.float64],
    end_s: float,
    condition: Condition,
    rng: np.random.Generator,
) -> StimulusPictures:
    """Return the pictures of a stimulus.

    Parameters
    ----------
    pictures : ndarray of uint8, shape (n_pictures, height_px, width_px, 3)
        RGB, upright.
    """
    sampled = spread(len(pictures))
    chosen = pictures[list(sampled)].astype(np.float32)
    if condition.modality == "audio":
        black = np.zeros_like(pictures)
        return StimulusPictures(
            black, times_s, end_s, sampled, np.zeros_like(chosen), np.zeros_like(chosen)
        )
    if not condition.changes_picture:
        return StimulusPictures(pictures, times_s, end_s, sampled, chosen, chosen)
    means = _means(pictures)
    plain = _filtered(chosen, condition)
    return StimulusPictures(
        pictures=_changed(pictures, condition, means, rng),
        times_s=times_s,
        end_s=end_s,
        sampled=sampled,
        plain=plain,
        clean=_with_contrast(plain.copy(), condition, means),
    )


def _changed(
    pictures: Pictures, condition: Condition, means: Values, rng: np.random.Generator
) -> Pictures:
    changed = np.empty_like(pictures)
    if not condition.is_filtered and not condition.pixel_noise:
        for colour, table in enumerate(_contrast_tables(condition, means)):
            changed[..., colour] = table[pictures[..., colour]]
        return changed
    n_at_once = max(1, _CHUNK_VALUES // pictures[0].size)
    for first in range(0, len(pictures), n_at_once):
        part = pictures[first : first + n_at_once]
        values = _filtered(part.astype(np.float32), condition)
        values = _with_contrast(values, condition, means)
        if condition.pixel_noise:
            # Of the luminance: the same in all three colours.
            noise = rng.standard_normal(part.shape[:3], dtype=np.float32)
            noise *= np.float32(condition.pixel_noise * _WHITE)
            values += noise[..., None]
        np.rint(values, out=values)
        np.clip(values, 0, _WHITE, out=values)
        changed[first : first + n_at_once] = values
    return changed


def _means(pictures: Pictures) -> Values:
    # Row upon row, which is four times as fast as colour by colour.
    width = pictures.shape[2]
    sums = pictures.reshape(-1, 3 * width).sum(axis=0, dtype=np.uint64)
    total = sums.reshape(width, 3).sum(axis=0)
    return np.asarray(total / (pictures.size / 3), np.float32)


def _contrast_tables(condition: Condition, means: Values) -> Pictures:
    # What each of the 256 levels becomes, colour by colour.
    levels = np.repeat(np.arange(256, dtype=np.float32)[:, None], 3, axis=1)
    left = np.clip(np.rint(_with_contrast(levels, condition, means)), 0, _WHITE)
    return np.ascontiguousarray(left.T.astype(np.uint8))


def _with_contrast(values: Values, condition: Condition, means: Values) -> Values:
    if condition.contrast != 1:
        values -= means
        values *= np.float32(condition.contrast)
        values += means
    return values


def _filtered(values: Values, condition: Condition) -> Values:
    if not condition.is_filtered:
        return values
    gain = _gain(values.shape[1], values.shape[2], condition)
    # A cosine transform reflects the picture at its edges, where a Fourier transform would wrap it.
    waves = dctn(values, axes=(1, 2), norm="ortho", overwrite_x=True)
    waves *= gain[..., None]
    back: Values = idctn(waves, axes=(1, 2), norm="ortho", overwrite_x=True)
    return back


@lru_cache(maxsize=8)  # the pictures of a set are of few sizes
def _gain(height_px: int, width_px: int, condition: Condition) -> Values:
    # Of a wave k along a side there are k / 2 cycles on it.
    down = np.arange(height_px)[:, None] / (2 * height_px)
    along = np.arange(width_px)[None, :] / (2 * width_px)
    per_px = np.hypot(down, along)
    gain = np.exp(-2 * (np.pi * condition.blur_px * per_px) ** 2)
    cycles = per_px * height_px
    if condition.low_pass_cpp:
        gain /= 1 + (cycles / condition.low_pass_cpp) ** _STEEPNESS
    if condition.high_pass_cpp:
        gain *= 1 - 1 / (1 + (cycles / condition.high_pass_cpp) ** _STEEPNESS)
    gain[0, 0] = 1  # the mean of the picture stays
    return np.asarray(gain, np.float32)


def after_cut(
    pictures: Pictures, times_s: npt.NDArray[np.float64], begin_s: float, end_s: float
) -> tuple[Pictures, npt.NDArray[np.float64]]:
    """Return the pictures of a part of a clip, and their times from its beginning.

    The picture that stands when the part begins is shown from its beginning.

    `begin_s`, `end_s`: of the part, on the clip's time.
    """
    first = max(0, int(np.searchsorted(times_s, begin_s + 1e-9, side="right")) - 1)
    last = max(first + 1, int(np.searchsorted(times_s, end_s - 1e-9)))
    return pictures[first:last], np.maximum(times_s[first:last] - begin_s, 0.0)
