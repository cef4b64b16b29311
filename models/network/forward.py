"""The network as pure functions of its weights, in JAX.

Training calls these inside one compiled loop; `models.network.keras` holds the same network as a
Keras model, for saving, and a test holds both against a plain numpy reference.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from models.network.hyperparameters import Hyperparameters, Rnn

Array = Any  # a numpy or a JAX array: the functions take both

BN_EPSILON = 1e-3  # Keras' defaults, with which the paper's networks were trained
BN_MOMENTUM = 0.99
N_GATES = {Rnn.FRNN: 1, Rnn.GRU: 3, Rnn.LSTM: 4}
ACTIVATIONS: dict[str, Callable[[Array], Array]] = {"relu": jax.nn.relu, "swish": jax.nn.silu}


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


class Output(NamedTuple):
    """Weights of the last layer."""

    kernel: Array
    bias: Array


class Trainable(NamedTuple):
    """All that the optimiser moves."""

    audio: Squeeze
    visual: Squeeze
    rnn: Recurrent
    output: Output


class Moving(NamedTuple):
    """Moving statistics of one batch norm."""

    mean: Array
    variance: Array


class Weights(NamedTuple):
    """All weights of a network."""

    trainable: Trainable
    audio: Moving
    visual: Moving


class Architecture(NamedTuple):
    """What has to be known to run weights.

    Parameters
    ----------
    activation : str
        Activation of the squeeze units.
    audio_size : int
        Length of an audio embedding; the rest of a row is the visual one.
    mixed_precision : bool
        Whether products take their factors in bfloat16. They are summed up in float32, and
        weights, norms and all else stay in float32.
    """

    rnn: Rnn
    activation: str
    audio_size: int
    mixed_precision: bool = False


class Dropout(NamedTuple):
    """What to drop from the recurrent layer's inputs."""

    key: Array
    rate: Array


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
        output=Output(_glorot(rng, units, n_classes), np.zeros(n_classes, np.float32)),
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


def logits(
    weights: Weights,
    rows: Array,
    architecture: Architecture,
    *,
    heard: bool = True,
    seen: bool = True,
) -> Array:
    """Run a trained network.

    Parameters
    ----------
    weights : Weights
        The weights; batch norms use their moving statistics.
    rows : Array of float32, shape (n_clips, n_timesteps, audio_size + visual_size)
        Audio and visual embeddings side by side.
    heard, seen : bool
        False for a neutral branch: its batch norm gives beta, whatever the embeddings are.

    Returns
    -------
    Array of float32, shape (n_clips, n_classes)
        Scores before the softmax.
    """
    trainable, short = weights.trainable, architecture.mixed_precision
    joint = jnp.concatenate(
        [
            _squeezed(trainable.audio, weights.audio, _audio(rows, architecture), short, heard),
            _squeezed(trainable.visual, weights.visual, _visual(rows, architecture), short, seen),
        ],
        axis=-1,
    )
    joint = ACTIVATIONS[architecture.activation](joint)
    state = _last_state(trainable.rnn, joint, architecture.rnn, short)
    return state @ trainable.output.kernel + trainable.output.bias


def _squeezed(unit: Squeeze, moving: Moving, embedding: Array, short: bool, present: bool) -> Array:
    if not present:
        shape = (*embedding.shape[:2], unit.beta.shape[0])
        return jnp.broadcast_to(unit.beta, shape)
    scale = unit.gamma / jnp.sqrt(moving.variance + BN_EPSILON)
    return (_times(embedding, unit.kernel, short) + unit.bias - moving.mean) * scale + unit.beta


def training_logits(
    weights: Weights, rows: Array, architecture: Architecture, dropout: Dropout
) -> tuple[Array, tuple[Moving, Moving]]:
    """Run a network as it is run in training.

    Parameters
    ----------
    rows : Array of float32, shape (batch_size, n_timesteps, audio_size + visual_size)
        Audio and visual embeddings side by side.
    dropout : Dropout
        What to drop; a new mask for every timestep, as the paper's Keras 2 drew it.

    Returns
    -------
    logits : Array of float32, shape (batch_size, n_classes)
        Scores before the softmax.
    moving : tuple of Moving
        Moving statistics of the audio and the visual batch norm after this batch. The statistics
        of a batch are taken over its clips and timesteps, padded timesteps included.

    Notes
    -----
    Paper: DNN Architectures, Figure 3. The pooling over a 1x1 map changes nothing and is left out.
    """
    trainable, short = weights.trainable, architecture.mixed_precision
    audio, visual = _audio(rows, architecture), _visual(rows, architecture)
    audio, audio_moving = _normed(trainable.audio, weights.audio, audio, short)
    visual, visual_moving = _normed(trainable.visual, weights.visual, visual, short)
    joint = jnp.concatenate([audio, visual], axis=-1)
    joint = ACTIVATIONS[architecture.activation](joint)
    joint = jnp.where(dropout_mask(dropout, joint.shape), joint / (1 - dropout.rate), 0)
    state = _last_state(trainable.rnn, joint, architecture.rnn, short)
    output = state @ trainable.output.kernel + trainable.output.bias
    return output, (audio_moving, visual_moving)


def dropout_mask(dropout: Dropout, shape: tuple[int, ...]) -> Array:
    """Draw what stays of the recurrent layer's inputs.

    Parameters
    ----------
    shape : tuple of int
        Shape of the inputs: clips, timesteps, units.
    """
    return jax.random.uniform(dropout.key, shape, dtype=jnp.float32) >= dropout.rate


def _normed(unit: Squeeze, moving: Moving, embedding: Array, short: bool) -> tuple[Array, Moving]:
    squeezed = _times(embedding, unit.kernel, short) + unit.bias
    mean = jnp.mean(squeezed, axis=(0, 1))
    variance = jnp.mean(jnp.square(squeezed - mean), axis=(0, 1))
    normed = (squeezed - mean) * (unit.gamma / jnp.sqrt(variance + BN_EPSILON)) + unit.beta
    after = Moving(_moved(moving.mean, mean), _moved(moving.variance, variance))
    return normed, jax.lax.stop_gradient(after)


def _moved(moving: Array, now: Array) -> Array:
    return moving * BN_MOMENTUM + now * (1 - BN_MOMENTUM)


def _audio(rows: Array, architecture: Architecture) -> Array:
    return rows[..., : architecture.audio_size]


def _visual(rows: Array, architecture: Architecture) -> Array:
    return rows[..., architecture.audio_size :]


def _times(sequence: Array, kernel: Array, short: bool) -> Array:
    # One large product over clips and timesteps; (clips, timesteps, size) in and out.
    flat = _product(sequence.reshape(-1, sequence.shape[-1]), kernel, short)
    return flat.reshape(*sequence.shape[:2], -1)


def _dot(one: Array, other: Array, short: bool) -> Array:
    if not short:
        return one @ other
    one, other = one.astype(jnp.bfloat16), other.astype(jnp.bfloat16)
    return jnp.matmul(one, other, preferred_element_type=jnp.float32)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _product(rows: Array, kernel: Array, short: bool) -> Array:
    return _dot(rows, kernel, short)


def _product_forwards(rows: Array, kernel: Array, short: bool) -> tuple[Array, tuple[Array, Array]]:
    return _dot(rows, kernel, short), (rows, kernel)


def _product_backwards(
    short: bool, kept: tuple[Array, Array], gradient: Array
) -> tuple[Array, Array]:
    rows, kernel = kept
    return _dot(gradient, kernel.T, short), _dot(_turned(rows), gradient, short)


_product.defvjp(_product_forwards, _product_backwards)


def _turned(matrix: Array) -> Array:
    # Transposed in memory. XLA would make the transposition a part of the product, which then
    # takes up to twice the time.
    return jax.lax.optimization_barrier(matrix.T)


def _last_state(layer: Recurrent, sequence: Array, rnn: Rnn, short: bool) -> Array:
    # The inputs of all timesteps are multiplied at once; only the state goes step by step.
    bias = layer.bias[0] if rnn is Rnn.GRU else layer.bias
    inputs = _times(sequence, layer.kernel, short) + bias
    return _recur(inputs, layer.recurrent_kernel, layer.bias, rnn, short)


@partial(jax.custom_vjp, nondiff_argnums=(3, 4))
def _recur(inputs: Array, kernel: Array, bias: Array, rnn: Rnn, short: bool) -> Array:
    nothing = jnp.zeros((*inputs.shape[:2], kernel.shape[1]), inputs.dtype)
    return _steps(inputs, bias, nothing, lambda state: _dot(state, kernel, short), rnn)[0]


def _steps(
    inputs: Array, bias: Array, extra: Array, times_kernel: Callable[[Array], Array], rnn: Rnn
) -> tuple[Array, Array]:
    # Before the first timestep the state is zero, and so is its product.
    state = memory = jnp.zeros((inputs.shape[0], inputs.shape[2] // N_GATES[rnn]), inputs.dtype)
    inner, states = extra[:, 0], []
    for timestep in range(inputs.shape[1]):
        if timestep:
            states.append(state)
            inner = times_kernel(state) + extra[:, timestep]
        state, memory = _STEPS[rnn](inputs[:, timestep], inner, bias, state, memory)
        # Each step's gradient from the one after it, not from all of them over again.
        state, memory = jax.lax.optimization_barrier((state, memory))
    return state, jnp.stack(states, axis=1)


def _recur_forwards(
    inputs: Array, kernel: Array, bias: Array, rnn: Rnn, short: bool
) -> tuple[Array, tuple[Callable[[Array], tuple[Array, Array, Array]], Array]]:
    # Differentiating the steps would multiply the recurrent kernel's gradient together timestep
    # by timestep. The gradient of a zero added to each step's product gives it in one product.
    extra = jnp.zeros((*inputs.shape[:2], kernel.shape[1]), inputs.dtype)
    turned = _turned(kernel)  # once for the gradients of all timesteps

    def times_kernel(state: Array) -> Array:
        return _state_product(state, kernel, turned, short)

    state, backwards, states = jax.vjp(
        lambda inputs, bias, extra: _steps(inputs, bias, extra, times_kernel, rnn),
        inputs,
        bias,
        extra,
        has_aux=True,
    )
    return state, (backwards, states)


def _recur_backwards(
    _: Rnn,
    short: bool,
    kept: tuple[Callable[[Array], tuple[Array, Array, Array]], Array],
    gradient: Array,
) -> tuple[Array, Array, Array]:
    backwards, states = kept
    to_inputs, to_bias, to_products = backwards(gradient)
    n_units, n_columns = states.shape[-1], to_products.shape[-1]
    to_products = to_products[:, 1:].reshape(-1, n_columns)
    to_kernel = _dot(_turned(states.reshape(-1, n_units)), to_products, short)
    return to_inputs, to_kernel, to_bias


_recur.defvjp(_recur_forwards, _recur_backwards)


@partial(jax.custom_vjp, nondiff_argnums=(3,))
def _state_product(state: Array, kernel: Array, _turned_kernel: Array, short: bool) -> Array:
    return _dot(state, kernel, short)


def _state_product_forwards(
    state: Array, kernel: Array, turned_kernel: Array, short: bool
) -> tuple[Array, Array]:
    return _dot(state, kernel, short), turned_kernel


def _state_product_backwards(
    short: bool, turned_kernel: Array, gradient: Array
) -> tuple[Array, None, None]:
    # The kernel's own gradient comes from `_recur_backwards`.
    return _dot(gradient, turned_kernel, short), None, None


_state_product.defvjp(_state_product_forwards, _state_product_backwards)


def _frnn_step(
    inputs: Array, inner: Array, _bias: Array, _state: Array, _memory: Array
) -> tuple[Array, Array]:
    state = jnp.tanh(inputs + inner)
    return state, state


def _gru_step(
    inputs: Array, inner: Array, bias: Array, state: Array, _memory: Array
) -> tuple[Array, Array]:
    update_in, reset_in, candidate_in = jnp.split(inputs, 3, axis=-1)
    update_inner, reset_inner, candidate_inner = jnp.split(inner + bias[1], 3, axis=-1)
    update = jax.nn.sigmoid(update_in + update_inner)
    reset = jax.nn.sigmoid(reset_in + reset_inner)
    candidate = jnp.tanh(candidate_in + reset * candidate_inner)
    state = update * state + (1 - update) * candidate
    return state, state


def _lstm_step(
    inputs: Array, inner: Array, _bias: Array, _state: Array, memory: Array
) -> tuple[Array, Array]:
    let_in, keep, candidate, let_out = jnp.split(inputs + inner, 4, axis=-1)
    memory = jax.nn.sigmoid(keep) * memory + jax.nn.sigmoid(let_in) * jnp.tanh(candidate)
    return jax.nn.sigmoid(let_out) * jnp.tanh(memory), memory


_STEPS: dict[Rnn, Callable[[Array, Array, Array, Array, Array], tuple[Array, Array]]] = {
    Rnn.FRNN: _frnn_step,
    Rnn.GRU: _gru_step,
    Rnn.LSTM: _lstm_step,
}
