"""What is known of a network apart from its weights."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from features.networks.layers import Network

_KERAS_EPSILON = 1e-3  # of batch normalisation, where a definition says nothing


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """What is known of a network apart from its weights.

    Parameters
    ----------
    title : str
        The name that people read.
    input_shape : tuple of int
        Height, width and channels of one input.
    norm_of : callable
        Takes the name of a convolution and returns that of its batch normalisation, which
        weight files may hold.
    norm_epsilon : float
        What batch normalisation adds to the variance.
    input_mean, input_spread : float
        Roughly, of real inputs; untrained weights are made for such.
    """

    title: str
    definition: Network
    input_shape: tuple[int, int, int]
    norm_of: Callable[[str], str | None] = field(default=lambda name: None)
    norm_epsilon: float = _KERAS_EPSILON
    input_mean: float = 0.0
    input_spread: float = 1.0

    @property
    def hears(self) -> bool:
        """Whether its inputs are spectrograms."""
        return self.input_shape[2] == 1

    @property
    def layer_names(self) -> list[str]:
        """Names of the layers that have weights."""
        names = _Names()
        self.definition(names, None)
        return names.found


class _Names:
    """Performs nothing and notes the names of the layers."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def conv(self, x: Any, name: str, n_filters: int, size: int, stride: int = 1) -> None:  # noqa: ANN401
        self.found.append(name)

    def depthwise(self, x: Any, name: str, size: int, stride: int = 1) -> None:  # noqa: ANN401
        self.found.append(name)

    def dense(self, x: Any, name: str, n_units: int) -> None:  # noqa: ANN401
        self.found.append(name)

    def relu(self, x: Any) -> None:  # noqa: ANN401
        """Nothing to note."""

    def multiply(self, x: Any, y: Any) -> None:  # noqa: ANN401
        """Nothing to note."""

    sigmoid = max_pool = mean = flatten = relu
    add = multiply
