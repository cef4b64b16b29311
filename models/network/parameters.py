"""The parameters of a network, by layer; numpy's arrays or JAX's."""

from typing import Any, NamedTuple

Array = Any  # a numpy or a JAX array


class Squeeze(NamedTuple):
    """Trainable weights of one squeeze unit: a 1x1 convolution and a batch norm."""

    kernel: Array
    bias: Array
    gamma: Array
    beta: Array


class Recurrent(NamedTuple):
    """Weights of the recurrent layer, gates side by side in the order of Keras."""

    kernel: Array
    recurrent_kernel: Array
    bias: Array


class OutputLayer(NamedTuple):
    """Weights of the last layer."""

    kernel: Array
    bias: Array


class Trainable(NamedTuple):
    """All that the optimiser changes."""

    audio: Squeeze
    visual: Squeeze
    rnn: Recurrent
    output: OutputLayer


class Moving(NamedTuple):
    """Moving statistics of one batch norm."""

    mean: Array
    variance: Array


class Weights(NamedTuple):
    """All weights of a network."""

    trainable: Trainable
    audio: Moving
    visual: Moving


class Dense(NamedTuple):
    """Weights of a dense layer."""

    kernel: Array
    bias: Array


class CorrespondenceWeights(NamedTuple):
    """All weights of a correspondence network, the dense layers in their order."""

    audio: tuple[Dense, Dense]
    visual: tuple[Dense, Dense]
    rnn: Recurrent
    output: OutputLayer
