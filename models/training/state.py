"""The state of a training: weights, optimizer, best weights and history."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from models.network.parameters import Array, Trainable, Weights
from models.network.spec import Epoch, Schedule


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
