"""The weights of a network before training."""

import numpy as np

from models.network.parameters import (
    Array,
    Moving,
    OutputLayer,
    Recurrent,
    Squeeze,
    Trainable,
    Weights,
)
from models.network.spec import N_GATES, Hyperparameters, Rnn


def initial_weights(
    rng: np.random.Generator,
    rnn: Rnn,
    hyperparameters: Hyperparameters,
    *,
    audio_size: int,
    visual_size: int,
    n_classes: int,
) -> Weights:
    """Draw the weights of a network before training, as Keras' defaults do.

    Returns
    -------
    Weights
        Glorot-uniform kernels, orthogonal recurrent kernel, zero biases (one for the LSTM's
        forget gate), as float32.
    """
    units, width = hyperparameters.rnn_units, hyperparameters.bottleneck_units
    n_gates = N_GATES[rnn]
    trainable = Trainable(
        audio=_initial_squeeze(rng, audio_size, width),
        visual=_initial_squeeze(rng, visual_size, width),
        rnn=Recurrent(
            _glorot(rng, 2 * width, n_gates * units),
            _orthogonal(rng, units, n_gates * units),
            _initial_bias(rnn, units),
        ),
        output=OutputLayer(_glorot(rng, units, n_classes), np.zeros(n_classes, np.float32)),
    )
    still = Moving(np.zeros(width, np.float32), np.ones(width, np.float32))
    return Weights(trainable, audio=still, visual=still)


def _initial_squeeze(rng: np.random.Generator, size: int, width: int) -> Squeeze:
    zeros, ones = np.zeros(width, np.float32), np.ones(width, np.float32)
    return Squeeze(_glorot(rng, size, width), bias=zeros, gamma=ones, beta=zeros)


def _initial_bias(rnn: Rnn, units: int) -> Array:
    if rnn is Rnn.GRU:  # one for the inputs, one for the state
        return np.zeros((2, 3 * units), np.float32)
    bias = np.zeros(N_GATES[rnn] * units, np.float32)
    if rnn is Rnn.LSTM:
        bias[units : 2 * units] = 1.0
    return bias


def _glorot(rng: np.random.Generator, n_in: int, n_out: int) -> Array:
    limit = np.sqrt(6.0 / (n_in + n_out))
    return rng.uniform(-limit, limit, (n_in, n_out)).astype(np.float32)


def _orthogonal(rng: np.random.Generator, n_rows: int, n_columns: int) -> Array:
    q, r = np.linalg.qr(rng.standard_normal((n_columns, n_rows)))
    return (q * np.sign(np.diag(r))).T.astype(np.float32)
