"""One epoch of training as one compiled loop."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from models.network.forward import (
    Architecture,
    Array,
    Dropout,
    Moving,
    Trainable,
    Weights,
    logits,
    training_logits,
)

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7  # Keras' defaults for Adam


class Adam(NamedTuple):
    """State of the optimiser.

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


class Tally(NamedTuple):
    """What an epoch sums up: loss over clips, and clips that were right."""

    loss: Array
    n_right: Array


class Learner(NamedTuple):
    """Weights and optimiser, as they go from step to step."""

    weights: Weights
    adam: Adam


class Batches(NamedTuple):
    """Batches that are in memory at once.

    Parameters
    ----------
    rows : Array of float32, shape (n_batches, batch_size, n_timesteps, size)
        Embeddings.
    targets : Array of int32, shape (n_batches, batch_size)
        Classes.
    """

    rows: Array
    targets: Array


class Pace(NamedTuple):
    """How an epoch learns.

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


def new_learner(weights: Weights) -> Learner:
    """Return a learner before its first step."""
    weights = jax.tree.map(jnp.array, weights)
    zeros = jax.tree.map(jnp.zeros_like, weights.trainable)
    return Learner(weights, Adam(jnp.int32(0), zeros, jax.tree.map(jnp.copy, zeros)))


@partial(jax.jit, static_argnames="architecture", donate_argnames=("learner", "tally"))
def learn(
    learner: Learner,
    tally: Tally,
    batches: Batches,
    first: Array,
    n_batches: Array,
    pace: Pace,
    *,
    architecture: Architecture,
) -> tuple[Learner, Tally]:
    """Take one Adam step per batch, all in one compiled loop.

    Parameters
    ----------
    learner : Learner
        Before; its memory is used again.
    tally : Tally
        Of the epoch so far; its memory is used again.
    batches : Batches
        What to learn from; only the first `n_batches` are.
    first : Array of int32, shape ()
        Place of the first batch in the epoch.
    n_batches : Array of int32, shape ()
        How many to take.

    Returns
    -------
    learner : Learner
        After.
    tally : Tally
        With these batches.

    Notes
    -----
    Paper: Hyperparameter Search and Training (cross-entropy, Adam).
    """

    def step(i: Array, carried: tuple[Learner, Tally]) -> tuple[Learner, Tally]:
        learner, tally = carried
        rows, targets = batches.rows[i], batches.targets[i]
        dropout = Dropout(jax.random.fold_in(pace.key, first + i), pace.dropout)
        moved, gradients, here = _differentiate(
            learner.weights, rows, targets, architecture, dropout
        )
        adam, trainable = _adam(learner.adam, learner.weights.trainable, gradients, pace)
        learner = Learner(Weights(trainable, *moved), adam)
        return learner, Tally(tally.loss + here.loss, tally.n_right + here.n_right)

    return jax.lax.fori_loop(0, n_batches, step, (learner, tally))  # type: ignore[no-any-return]


def _differentiate(
    weights: Weights, rows: Array, targets: Array, architecture: Architecture, dropout: Dropout
) -> tuple[tuple[Moving, Moving], Trainable, Tally]:
    def loss(trainable: Trainable) -> tuple[Array, tuple[Any, Tally]]:
        moving = weights._replace(trainable=trainable)
        scores, moved = training_logits(moving, rows, architecture, dropout)
        mean = cross_entropy(scores, targets).mean()
        n_right = jnp.sum(jnp.argmax(scores, axis=-1) == targets, dtype=jnp.int32)
        return mean, (moved, Tally(mean * len(targets), n_right))

    gradients, (moved, tally) = jax.grad(loss, has_aux=True)(weights.trainable)
    return moved, gradients, tally


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
    adam: Adam, trainable: Trainable, gradients: Trainable, pace: Pace
) -> tuple[Adam, Trainable]:
    n_steps = adam.n_steps + 1
    t = n_steps.astype(pace.learning_rate.dtype)
    rate = pace.learning_rate * jnp.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)

    mean = jax.tree.map(lambda m, g: m + (g - m) * (1 - BETA_1), adam.mean, gradients)
    square = jax.tree.map(
        lambda v, g: v + (jnp.square(g) - v) * (1 - BETA_2), adam.square, gradients
    )
    trainable = jax.tree.map(
        lambda w, m, v: w - rate * m / (jnp.sqrt(v) + EPSILON), trainable, mean, square
    )
    return Adam(n_steps, mean, square), trainable


@partial(jax.jit, static_argnames=("architecture", "heard", "seen"))
def predict_batch(
    weights: Weights,
    rows: Array,
    *,
    architecture: Architecture,
    heard: bool = True,
    seen: bool = True,
) -> Array:
    """Run a trained network on a batch; compiled once per shape.

    Parameters
    ----------
    rows : Array of float32, shape (n_clips, n_timesteps, size)
        Embeddings.

    Returns
    -------
    Array of float32, shape (n_clips, n_classes)
        Scores before the softmax.
    """
    return logits(weights, rows, architecture, heard=heard, seen=seen)
