"""The network as pure functions of its weights, in JAX.

Training calls these inside one compiled loop; `models.network.keras` holds the same network as a
Keras model, for saving, and a test holds both against a plain numpy reference.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from models.network.parameters import Array, Moving, Recurrent, Squeeze, Weights
from models.network.spec import BN_EPSILON, BN_MOMENTUM, Architecture, Rnn

ComputeType = type[jnp.bfloat16] | None  # None for that of the factors
ACTIVATIONS: dict[str, Callable[[Array], Array]] = {"relu": jax.nn.relu, "swish": jax.nn.silu}


class Dropout(NamedTuple):
    """What to drop from the recurrent layer's inputs."""

    key: Array
    rate: Array


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
    rows : Array of float32, shape (n_clips, timesteps, audio_size + visual_size)
        Audio and visual embeddings side by side.
    heard, seen : bool
        False for a neutral branch: its batch norm gives beta, whatever the embeddings are.

    Returns
    -------
    Array of float32, shape (n_clips, n_classes)
        Scores before the softmax.
    """
    trainable, compute_dtype = weights.trainable, _compute_dtype(architecture)
    joint = jnp.concatenate(
        [
            _squeezed(
                trainable.audio, weights.audio, _audio(rows, architecture), compute_dtype, heard
            ),
            _squeezed(
                trainable.visual, weights.visual, _visual(rows, architecture), compute_dtype, seen
            ),
        ],
        axis=-1,
    )
    joint = ACTIVATIONS[architecture.activation](joint)
    state = _last_state(trainable.rnn, joint, architecture.rnn, compute_dtype)
    return state @ trainable.output.kernel + trainable.output.bias


def _squeezed(
    unit: Squeeze, moving: Moving, embedding: Array, compute_dtype: ComputeType, present: bool
) -> Array:
    if not present:
        shape = (*embedding.shape[:2], unit.beta.shape[0])
        return jnp.broadcast_to(unit.beta, shape)
    scale = unit.gamma / jnp.sqrt(moving.variance + BN_EPSILON)
    return (
        _times(embedding, unit.kernel, compute_dtype) + unit.bias - moving.mean
    ) * scale + unit.beta


def training_logits(
    weights: Weights, rows: Array, architecture: Architecture, dropout: Dropout
) -> tuple[Array, tuple[Moving, Moving]]:
    """Run a network as it is run in training.

    Parameters
    ----------
    rows : Array of float32, shape (batch_size, timesteps, audio_size + visual_size)
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
    trainable, compute_dtype = weights.trainable, _compute_dtype(architecture)
    audio, visual = _audio(rows, architecture), _visual(rows, architecture)
    audio, audio_moving = _normed(trainable.audio, weights.audio, audio, compute_dtype)
    visual, visual_moving = _normed(trainable.visual, weights.visual, visual, compute_dtype)
    joint = jnp.concatenate([audio, visual], axis=-1)
    joint = ACTIVATIONS[architecture.activation](joint)
    joint = jnp.where(dropout_mask(dropout, joint.shape), joint / (1 - dropout.rate), 0)
    state = _last_state(trainable.rnn, joint, architecture.rnn, compute_dtype)
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


def _normed(
    unit: Squeeze, moving: Moving, embedding: Array, compute_dtype: ComputeType
) -> tuple[Array, Moving]:
    squeezed = _times(embedding, unit.kernel, compute_dtype) + unit.bias
    mean = jnp.mean(squeezed, axis=(0, 1))
    variance = jnp.mean(jnp.square(squeezed - mean), axis=(0, 1))
    normed = (squeezed - mean) * (unit.gamma / jnp.sqrt(variance + BN_EPSILON)) + unit.beta
    after = Moving(_moved(moving.mean, mean), _moved(moving.variance, variance))
    return normed, jax.lax.stop_gradient(after)


def _moved(moving: Array, now: Array) -> Array:
    return moving * BN_MOMENTUM + now * (1 - BN_MOMENTUM)


def _compute_dtype(architecture: Architecture) -> ComputeType:
    return jnp.bfloat16 if architecture.mixed_precision else None


def _audio(rows: Array, architecture: Architecture) -> Array:
    return rows[..., : architecture.audio_size]


def _visual(rows: Array, architecture: Architecture) -> Array:
    return rows[..., architecture.audio_size :]


def _times(sequence: Array, kernel: Array, compute_dtype: ComputeType) -> Array:
    # One large product over clips and timesteps; (clips, timesteps, size) in and out.
    flat = _dot(sequence.reshape(-1, sequence.shape[-1]), kernel, compute_dtype)
    return flat.reshape(*sequence.shape[:2], -1)


def _dot(one: Array, other: Array, compute_dtype: ComputeType) -> Array:
    if compute_dtype is None:
        return one @ other
    one, other = one.astype(compute_dtype), other.astype(compute_dtype)
    return jnp.matmul(one, other, preferred_element_type=jnp.float32)


def _last_state(layer: Recurrent, sequence: Array, rnn: Rnn, compute_dtype: ComputeType) -> Array:
    # The inputs of all timesteps are multiplied at once; only the state goes step by step.
    inputs = _times(sequence, layer.kernel, compute_dtype)
    inputs += layer.bias[0] if rnn is Rnn.GRU else layer.bias
    state = cell_state = jnp.zeros((len(inputs), layer.recurrent_kernel.shape[0]), inputs.dtype)
    inner = jnp.zeros_like(inputs[:, 0])  # the product of a state that is zero
    for timestep in range(inputs.shape[1]):
        if timestep:
            inner = _dot(state, layer.recurrent_kernel, compute_dtype)
        state, cell_state = _STEPS[rnn](inputs[:, timestep], inner, layer.bias, state, cell_state)
        # Each step's gradient from the one after it, not from all of them over again.
        state, cell_state = jax.lax.optimization_barrier((state, cell_state))
    return state


def _frnn_step(
    inputs: Array, inner: Array, _bias: Array, _state: Array, _cell_state: Array
) -> tuple[Array, Array]:
    state = jnp.tanh(inputs + inner)
    return state, state


def _gru_step(
    inputs: Array, inner: Array, bias: Array, state: Array, _cell_state: Array
) -> tuple[Array, Array]:
    update_in, reset_in, candidate_in = jnp.split(inputs, 3, axis=-1)
    update_inner, reset_inner, candidate_inner = jnp.split(inner + bias[1], 3, axis=-1)
    update = jax.nn.sigmoid(update_in + update_inner)
    reset = jax.nn.sigmoid(reset_in + reset_inner)
    candidate = jnp.tanh(candidate_in + reset * candidate_inner)
    state = update * state + (1 - update) * candidate
    return state, state


def _lstm_step(
    inputs: Array, inner: Array, _bias: Array, _state: Array, cell_state: Array
) -> tuple[Array, Array]:
    input_gate, forget_gate, candidate, output_gate = jnp.split(inputs + inner, 4, axis=-1)
    cell_state = jax.nn.sigmoid(forget_gate) * cell_state + jax.nn.sigmoid(input_gate) * jnp.tanh(
        candidate
    )
    return jax.nn.sigmoid(output_gate) * jnp.tanh(cell_state), cell_state


_STEPS: dict[Rnn, Callable[[Array, Array, Array, Array, Array], tuple[Array, Array]]] = {
    Rnn.FRNN: _frnn_step,
    Rnn.GRU: _gru_step,
    Rnn.LSTM: _lstm_step,
}
