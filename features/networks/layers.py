"""The layers that the four networks are made of, and what a network is made with.

A network is a function that says which layers follow one another. Who performs the layers
decides what comes of it: an ONNX graph (`features.engines.onnx`) or seeded, calibrated
weights (`features.networks.untrained`).
"""

from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from study.errors import RecordError

Value = TypeVar("Value")
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """Weights of one layer, batch normalisation folded in.

    Parameters
    ----------
    kernel : ndarray of float32
        Shape (height, width, n_inputs, n_outputs) of a convolution, (height, width, n_channels,
        1) of a depthwise one, (n_inputs, n_outputs) of a dense layer.
    bias : ndarray of float32, shape (n_outputs,)
        Added to each output.
    """

    kernel: Floats
    bias: Floats


Weights = dict[str, Layer]


class Layers(Protocol[Value]):
    """Whoever performs the layers of a network; windows are padded as TensorFlow's "SAME"."""

    def conv(self, x: Value, name: str, n_filters: int, size: int, stride: int = 1) -> Value:
        """Convolve with square windows and add a bias."""

    def depthwise(self, x: Value, name: str, size: int, stride: int = 1) -> Value:
        """Convolve every channel on its own and add a bias."""

    def dense(self, x: Value, name: str, n_units: int) -> Value:
        """Connect everything with everything and add a bias."""

    def relu(self, x: Value) -> Value:
        """Set negative values to 0."""

    def sigmoid(self, x: Value) -> Value:
        """Squeeze values between 0 and 1."""

    def multiply(self, x: Value, y: Value) -> Value:
        """Multiply element by element."""

    def add(self, x: Value, y: Value) -> Value:
        """Add element by element."""

    def max_pool(self, x: Value) -> Value:
        """Keep the largest of each 2 by 2 square."""

    def mean(self, x: Value) -> Value:
        """Average over height and width, which stay as 1 by 1."""

    def flatten(self, x: Value) -> Value:
        """Put height, width and channels into one axis, channels fastest."""


class Network(Protocol):
    """A definition: the layers of a network, from its input to the embedding."""

    def __call__(self, layers: Layers[Value], x: Value) -> Value:
        """Return the embedding."""


def checked_kernel(weights: Weights, name: str, shape: tuple[int, ...]) -> Floats:
    """Return the kernel of a layer that is there and fits.

    Parameters
    ----------
    shape : tuple of int
        What its kernel must have, axes as in `Layer`.
    """
    layer = weights.get(name)
    if layer is None:
        raise RecordError(
            f"the weights lack the layer {name!r}; they are of another network. "
            "Name those of this one"
        )
    if layer.kernel.shape != shape:
        raise RecordError(
            f"layer {name!r} has a kernel of shape {layer.kernel.shape}, expected {shape}; "
            "the weights are of another network. "
            "Name those of this one"
        )
    return layer.kernel


def same_padding(length: int, size: int, stride: int) -> tuple[int, int]:
    """Return how many zeros stand before and after, so that windows cover the length.

    TensorFlow's "SAME": an odd one goes to the end.

    Parameters
    ----------
    length, size, stride : int
        Length of the axis, of the window, and of a step.

    Examples
    --------
    >>> same_padding(224, 3, 2)
    (0, 1)
    """
    n_windows = -(-length // stride)
    total = max((n_windows - 1) * stride + size - length, 0)
    return total // 2, total - total // 2
