"""The state of a training, and one epoch as one compiled loop."""

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from models.network.forward import Dropout, training_logits
from models.network.parameters import Array, Moving, Trainable, Weights
from models.network.spec import Architecture, Epoch, Schedule

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7  # Keras' defaults for Adam


class AdamState(NamedTuple):
    """What Adam remembers of the gradients.

    Parameters
    ----------
    n_steps : Array of int32, shape ()
        Steps taken.
    mean, square : Trainable
        Moving averages of the gradients and of their squares.
    """

    n_steps: Array
    mean: Trainable
    square: Trainable


class OptimizerState(NamedTuple):
    """Weights and what Adam remembers, as they go from step to step."""

    weights: Weights
    adam: AdamState


@dataclass(frozen=True, slots=True, eq=False)
class TrainingState:
    """Training after some epoch: all that the next one depends on.

    Parameters
    ----------
    best : Weights
        Weights of the best epoch.
    best_epoch : int
        Its number; 0 before the first.
    """

    optimizer: OptimizerState
    best: Weights
    best_epoch: int = 0
    history: tuple[Epoch, ...] = ()

    def is_over(self, schedule: Schedule) -> bool:
        """Return whether all epochs are done, patience has run out, or the loss has diverged."""
        n_done = len(self.history)
        out_of_patience = n_done - self.best_epoch >= schedule.patience
        return n_done >= schedule.n_epochs or out_of_patience or self.has_diverged

    @property
    def has_diverged(self) -> bool:
        """Whether a loss of the last epoch is NaN or infinite."""
        if not self.history:
            return False
        last = self.history[-1]
        return not bool(np.isfinite([last.loss, last.val_loss]).all())


def new_training(weights: Weights) -> TrainingState:
    """Return training before its first epoch."""
    start = jax.tree.map(jnp.array, weights)
    zeros = jax.tree.map(jnp.zeros_like, start.trainable)
    adam = AdamState(jnp.int32(0), zeros, jax.tree.map(jnp.copy, zeros))
    return TrainingState(OptimizerState(start, adam), jax.tree.map(jnp.array, weights))


class Metrics(NamedTuple):
    """Sums over the clips of an epoch so far: the loss, and how many were right."""

    loss: Array
    n_right: Array


class Batches(NamedTuple):
    """Batches that are in memory at once.

    Parameters
    ----------
    rows : Array of float32, shape (n_batches, batch_size, timesteps, size)
        Embeddings.
    targets : Array of int32, shape (n_batches, batch_size)
        Classes.
    """

    rows: Array
    targets: Array


class EpochSettings(NamedTuple):
    """What is the same for all steps of an epoch.

    Parameters
    ----------
    learning_rate : Array of float32, shape ()
        After decay.
    dropout : Array of float32, shape ()
        Rate.
    key : Array
        The epoch's random key; a step's is derived from it and the step's place in the epoch.
    """

    learning_rate: Array
    dropout: Array
    key: Array


@partial(jax.jit, static_argnames="architecture", donate_argnames=("state", "metrics"))
def learn(
    state: OptimizerState,
    metrics: Metrics,
    batches: Batches,
    first: Array,
    n_batches: Array,
    settings: EpochSettings,
    *,
    architecture: Architecture,
) -> tuple[OptimizerState, Metrics]:
    """Take one Adam step per batch, all in one compiled loop.

    Parameters
    ----------
    state : OptimizerState
        Before; its memory is used again.
    metrics : Metrics
        Of the epoch so far; its memory is used again.
    batches : Batches
        What to learn from; only the first `n_batches` are.
    first : Array of int32, shape ()
        Place of the first batch in the epoch.
    n_batches : Array of int32, shape ()
        How many to take.

    Notes
    -----
    Paper: Hyperparameter Search and Training (cross-entropy, Adam).
    """

    def step(i: Array, carried: tuple[OptimizerState, Metrics]) -> tuple[OptimizerState, Metrics]:
        state, metrics = carried
        rows, targets = batches.rows[i], batches.targets[i]
        dropout = Dropout(jax.random.fold_in(settings.key, first + i), settings.dropout)
        moved, gradients, here = _differentiate(state.weights, rows, targets, architecture, dropout)
        adam, trainable = _adam(state.adam, state.weights.trainable, gradients, settings)
        state = OptimizerState(Weights(trainable, *moved), adam)
        return state, Metrics(metrics.loss + here.loss, metrics.n_right + here.n_right)

    return jax.lax.fori_loop(0, n_batches, step, (state, metrics))  # type: ignore[no-any-return]


def _differentiate(
    weights: Weights, rows: Array, targets: Array, architecture: Architecture, dropout: Dropout
) -> tuple[tuple[Moving, Moving], Trainable, Metrics]:
    def loss(trainable: Trainable) -> tuple[Array, tuple[Any, Metrics]]:
        moving = weights._replace(trainable=trainable)
        scores, moved = training_logits(moving, rows, architecture, dropout)
        mean = cross_entropy(scores, targets).mean()
        n_right = jnp.sum(jnp.argmax(scores, axis=-1) == targets, dtype=jnp.int32)
        return mean, (moved, Metrics(mean * len(targets), n_right))

    gradients, (moved, metrics) = jax.grad(loss, has_aux=True)(weights.trainable)
    return moved, gradients, metrics


def cross_entropy(scores: Array, targets: Array) -> Array:
    """Return the cross-entropy of each clip.

    Parameters
    ----------
    scores : Array of float32, shape (n_clips, n_classes)
        Scores before the softmax.
    targets : Array of int32, shape (n_clips,)
        Classes.

    Returns
    -------
    Array of float32, shape (n_clips,)
        In nats.
    """
    chosen = jnp.take_along_axis(jax.nn.log_softmax(scores), targets[:, None], axis=-1)
    return -chosen[:, 0]


def _adam(
    adam: AdamState, trainable: Trainable, gradients: Trainable, settings: EpochSettings
) -> tuple[AdamState, Trainable]:
    n_steps = adam.n_steps + 1
    t = n_steps.astype(settings.learning_rate.dtype)
    rate = settings.learning_rate * jnp.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)

    mean = jax.tree.map(lambda m, g: m + (g - m) * (1 - BETA_1), adam.mean, gradients)
    square = jax.tree.map(
        lambda v, g: v + (jnp.square(g) - v) * (1 - BETA_2), adam.square, gradients
    )
    trainable = jax.tree.map(
        lambda w, m, v: w - rate * m / (jnp.sqrt(v) + EPSILON), trainable, mean, square
    )
    return AdamState(n_steps, mean, square), trainable
