"""Waveforms for the audio networks: mono, 16 bit, 16 kHz."""

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

PCM16_FULL_SCALE = 32768.0  # 2 ** 15, one bit of 16 being the sign
SAMPLE_RATE_HZ = 16000  # of both audio networks

# The filter of resampy's "kaiser_best": a sinc under a Kaiser window, from its middle outwards.
_N_ZERO_CROSSINGS = 50
_PER_CROSSING = 8192
_ROLLOFF = 0.9173473712608761
_BETA = 12.984585250325171

_MAX_PHASES = 2048  # above, a matrix of all phases would not fit the cache
_MIN_BLOCK = 128  # output samples per matrix product, so that the product is not too narrow


def pcm16_to_waveform(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.float32]:
    r"""Mix 16-bit samples down to one channel and scale them to [-1, 1).

    Raises TypeError if the samples are not 16 bits wide. Raises ValueError if the samples have no
    channel axis.

    Parameters
    ----------
    samples : ndarray of int16, shape (n_samples, n_channels)
        Any number of channels.

    Returns
    -------
    ndarray of float32, shape (n_samples,)
        The integer mean of the channels in units of full scale: rounded down for one and two
        channels; with more, each channel's share is rounded down before they are added.

    Notes
    -----
    pydub mixes so, and the published embeddings were made with it.
    Paper: Neural Network Embeddings, Equation 1,
    :math:`S_{new} = 0.5 \cdot S_L + 0.5 \cdot S_R`.

    Examples
    --------
    >>> stereo = np.array([[16384, 0], [-32768, -32768]], dtype=np.int16)
    >>> pcm16_to_waveform(stereo).tolist()
    [0.25, -1.0]
    """
    if samples.dtype != np.int16:
        raise TypeError(f"samples are {samples.dtype}, expected int16")
    if samples.ndim != 2 or samples.shape[1] == 0:
        raise ValueError(f"samples have shape {samples.shape}, expected (n_samples, n_channels)")
    n_channels = samples.shape[1]
    mono = np.zeros(len(samples), np.int32)
    for channel in samples.T:
        mono += channel if n_channels == 2 else channel // n_channels
    if n_channels == 2:
        mono //= 2
    # Exact: 24 bits hold every sample, and the scale is a power of 2.
    return mono.astype(np.float32) / np.float32(PCM16_FULL_SCALE)


def resample(
    waveform: npt.NDArray[np.float32], rate_hz: int, to_hz: int = SAMPLE_RATE_HZ
) -> npt.NDArray[np.float32]:
    """Bring a waveform to 16 kHz or another rate, as resampy's ``kaiser_best`` does.

    Input and output rate are as M to L, so the filter takes only L shapes; they are the rows of
    a matrix, and a block of output samples is one matrix product.

    Parameters
    ----------
    waveform : ndarray of float32, shape (n_samples,)
        The sound.

    Returns
    -------
    ndarray of float32, shape (floor(n_samples * to_hz / rate_hz),)
        The sound at the other rate.

    Notes
    -----
    Equal to resampy within rounding; soxr and other resamplers are not.
    Paper: Neural Network Embeddings.
    """
    if rate_hz == to_hz:
        return waveform.copy()
    n_out = int(len(waveform) * float(to_hz) / float(rate_hz))
    divisor = math.gcd(rate_hz, to_hz)
    n_phases, n_steps = to_hz // divisor, rate_hz // divisor
    if n_out == 0 or n_phases > _MAX_PHASES:
        return _resample_unusual(waveform, rate_hz / to_hz, n_out)
    repeats = math.ceil(_MIN_BLOCK / n_phases)
    matrix = _phase_matrix(n_phases * repeats, n_steps * repeats)
    hop, reach = n_steps * repeats, _reach(n_steps / n_phases)
    n_blocks = math.ceil(n_out / len(matrix))
    padded = np.zeros((n_blocks - 1) * hop + matrix.shape[1], np.float32)
    copied = waveform[: len(padded) - reach]
    padded[reach : reach + len(copied)] = copied
    blocks = np.lib.stride_tricks.sliding_window_view(padded, matrix.shape[1])[::hop]
    return (blocks @ matrix.T).reshape(-1)[:n_out]


@lru_cache(maxsize=8)
def _phase_matrix(n_rows: int, hop: int) -> npt.NDArray[np.float32]:
    # Row p: what output sample p takes from the input samples -reach .. hop + reach.
    step = hop / n_rows
    reach = _reach(step)
    positions = np.arange(n_rows, dtype=np.float64) * step
    matrix = np.zeros((n_rows, hop + 2 * reach))
    for row, position, weights in zip(matrix, positions, _weights(positions, step), strict=True):
        first = int(position) + 1
        row[first : first + 2 * reach] = weights
    return matrix.astype(np.float32)


def _resample_unusual(
    waveform: npt.NDArray[np.float32], step: float, n_out: int, chunk: int = 1024
) -> npt.NDArray[np.float32]:
    # Rates such as 44,101 Hz have as many shapes as there are samples: weigh each on its own.
    reach = _reach(step)
    padded = np.concatenate([np.zeros(reach), waveform, np.zeros(2 * reach)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach)
    out = np.empty(n_out, np.float32)
    for begin in range(0, n_out, chunk):
        positions = np.arange(begin, min(begin + chunk, n_out), dtype=np.float64) * step
        taken = windows[positions.astype(int) + 1]
        out[begin : begin + chunk] = (taken * _weights(positions, step)).sum(axis=1)
    return out


def _reach(step: float) -> int:
    # Samples to either side that the filter can touch, and one to spare.
    return _N_ZERO_CROSSINGS * _PER_CROSSING // _stride(step) + 2


def _stride(step: float) -> int:
    # From one input sample to the next in points of the filter; resampy truncates it.
    return int(min(1.0, 1 / step) * _PER_CROSSING)


def _weights(positions: npt.NDArray[np.float64], step: float) -> npt.NDArray[np.float64]:
    # Weights of the samples floor(t) + 1 - reach .. floor(t) + reach for output positions t.
    scale = min(1.0, 1 / step)
    wing = _half_filter() * scale
    fraction = scale * (positions - np.floor(positions))
    left = _wing_weights(wing, fraction, step)[:, ::-1]
    right = _wing_weights(wing, scale - fraction, step)
    return np.concatenate([left, right], axis=1)


def _wing_weights(
    wing: npt.NDArray[np.float64], fraction: npt.NDArray[np.float64], step: float
) -> npt.NDArray[np.float64]:
    # The filter is stored at 8,192 points per zero crossing and read between them linearly.
    index = fraction * _PER_CROSSING
    offset = index.astype(int)
    stride, taps = _stride(step), np.arange(_reach(step))
    points = offset[:, None] + stride * taps
    # A wing ends with its last whole step, even where a point of it is left.
    valid = taps < ((len(wing) - offset) // stride)[:, None]
    below = wing[np.minimum(points, len(wing) - 1)]
    above = wing[np.minimum(points + 1, len(wing) - 1)]
    weights = below + (index - offset)[:, None] * (above - below)
    return np.where(valid, weights, 0.0)


@lru_cache(maxsize=1)
def _half_filter() -> npt.NDArray[np.float64]:
    n_points = _N_ZERO_CROSSINGS * _PER_CROSSING
    crossings = np.linspace(0, _N_ZERO_CROSSINGS, n_points + 1)
    window = np.kaiser(2 * n_points + 1, _BETA)[n_points:]
    half: npt.NDArray[np.float64] = _ROLLOFF * np.sinc(_ROLLOFF * crossings) * window
    return half
