"""Seeded untrained weights that let signals through, for rehearsals and tests.

Random weights alone let a signal of 13 or more layers fade, burst or turn into a constant. So
every layer is scaled while examples pass through it, until its outputs have mean 1 and spread
1 over the examples: different clips then give different embeddings of order 1.
"""

import zlib
from dataclasses import dataclass, field

import numpy as np

from features.networks.layers import Floats, Layer, Weights, same_padding
from features.networks.network_spec import NetworkSpec
from study.tools.seeding import generator

N_EXAMPLES = 12
# Around 1 activations are nearly straight: weak clips do not fade, and strong ones not burst.
_LEVEL = 1.0
_EXAMPLE_PX = 128  # smaller than a frame: the scales are nearly the same and it takes a second


def untrained_weights(spec: NetworkSpec, seed: int) -> Weights:
    """Return weights of a network that has learnt nothing."""
    height, width, n_channels = spec.input_shape
    if n_channels > 1:
        height, width = min(height, _EXAMPLE_PX), min(width, _EXAMPLE_PX)
    calibrator = Calibrator(seed)
    standard = examples((height, width, n_channels), seed)
    inputs = np.float32(spec.input_mean) + np.float32(spec.input_spread) * standard
    spec.definition(calibrator, inputs)
    return calibrator.weights


def examples(shape: tuple[int, int, int], seed: int) -> Floats:
    """Return inputs with large and small structure, as spectrograms and frames have.

    Parameters
    ----------
    shape : tuple of int
        Height, width and channels.

    Returns
    -------
    ndarray of float32, shape (12, height, width, n_channels)
        Values of order 1.
    """
    rng = generator(seed, 0)
    total = np.zeros((N_EXAMPLES // 2, *shape), np.float32)
    for size in (1, 8, 32, max(shape)):
        coarse = rng.standard_normal(
            (len(total), -(-shape[0] // size), -(-shape[1] // size), shape[2]), np.float32
        )
        total += coarse.repeat(size, axis=1).repeat(size, axis=2)[:, : shape[0], : shape[1]]
    # Each with its negative, so that no layer takes the chance mean of a few for its own.
    both = np.concatenate([total, -total])
    scaled: Floats = both / both.std()
    return scaled


@dataclass
class Calibrator:
    """Performs layers in numpy, making up their weights as it goes.

    Parameters
    ----------
    seed : int
        What the weights are drawn from.
    """

    seed: int
    weights: Weights = field(default_factory=dict)

    def conv(self, x: Floats, name: str, n_filters: int, size: int, stride: int = 1) -> Floats:
        """Convolve with square windows and add a bias."""
        kernel = self._draw(name, (size, size, x.shape[3], n_filters), size * size * x.shape[3])
        windows = _windows(x, size, stride)
        flat = windows.reshape(-1, size * size * x.shape[3])
        out = (flat @ kernel.reshape(-1, n_filters)).reshape(*windows.shape[:3], n_filters)
        return self._calibrated(name, kernel, out)

    def depthwise(self, x: Floats, name: str, size: int, stride: int = 1) -> Floats:
        """Convolve every channel on its own and add a bias."""
        kernel = self._draw(name, (size, size, x.shape[3], 1), size * size)
        out = np.einsum("nhwijc,ijc->nhwc", _windows(x, size, stride), kernel[..., 0])
        return self._calibrated(name, kernel.swapaxes(2, 3), out, swap=True)

    def dense(self, x: Floats, name: str, n_units: int) -> Floats:
        """Connect everything with everything and add a bias."""
        kernel = self._draw(name, (x.shape[1], n_units), x.shape[1])
        return self._calibrated(name, kernel, x @ kernel)

    def relu(self, x: Floats) -> Floats:
        """Set negative values to 0."""
        return np.maximum(x, 0)

    def sigmoid(self, x: Floats) -> Floats:
        """Squeeze values between 0 and 1."""
        # Written so, it has no exponential of a large number.
        squeezed: Floats = (0.5 * (1 + np.tanh(0.5 * x))).astype(np.float32)
        return squeezed

    def multiply(self, x: Floats, y: Floats) -> Floats:
        """Multiply element by element."""
        return x * y

    def add(self, x: Floats, y: Floats) -> Floats:
        """Add element by element."""
        return x + y

    def max_pool(self, x: Floats) -> Floats:
        """Keep the largest of each 2 by 2 square."""
        n, height, width, n_channels = x.shape
        squares = x[:, : height // 2 * 2, : width // 2 * 2].reshape(
            n, height // 2, 2, width // 2, 2, n_channels
        )
        largest: Floats = squares.max(axis=(2, 4))
        return largest

    def mean(self, x: Floats) -> Floats:
        """Average over height and width, which stay as 1 by 1."""
        average: Floats = x.mean(axis=(1, 2), keepdims=True)
        return average

    def flatten(self, x: Floats) -> Floats:
        """Put height, width and channels into one axis, channels fastest."""
        return x.reshape(len(x), -1)

    def _draw(self, name: str, shape: tuple[int, ...], n_inputs: int) -> Floats:
        # Each layer has a stream of its own, so that the order of layers does not matter.
        rng = generator(self.seed, 1, zlib.crc32(name.encode()))
        return rng.standard_normal(shape, np.float32) * np.float32(np.sqrt(2 / n_inputs))

    def _calibrated(self, name: str, kernel: Floats, out: Floats, *, swap: bool = False) -> Floats:
        axes = tuple(range(out.ndim - 1))
        mean = out.mean(axis=axes, dtype=np.float64)
        if out.ndim == 4 and out.shape[1] * out.shape[2] == 1:
            # A squeezed channel hardly varies between examples: centring it would blow up what
            # little there is, and another clip would drive the gates to their ends.
            mean = np.zeros_like(mean)
        # One spread for the layer: that of a single channel may be tiny by chance.
        spread = np.sqrt(np.mean([np.mean(np.square(each - mean)) for each in out]))
        # Rounded, so that the last bits of another machine's sums make no other network.
        scale = np.round(1 / np.maximum(spread, 1e-6), 4)
        shift = np.round(_LEVEL - mean * scale, 4)
        scaled = (kernel * scale).astype(np.float32)
        self.weights[name] = Layer(
            kernel=scaled.swapaxes(2, 3) if swap else scaled,
            bias=np.broadcast_to(shift, out.shape[-1:]).astype(np.float32),
        )
        calibrated: Floats = np.stack([(each * scale + shift).astype(np.float32) for each in out])
        return calibrated


def _windows(x: Floats, size: int, stride: int) -> Floats:
    # shape (n, rows, columns, size, size, channels)
    padding = [(0, 0), *(same_padding(length, size, stride) for length in x.shape[1:3]), (0, 0)]
    padded = np.pad(x, padding)
    rows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)[:, ::stride]
    windows = np.lib.stride_tricks.sliding_window_view(rows, size, axis=2)[:, :, ::stride]
    return windows.transpose(0, 1, 2, 4, 5, 3)
