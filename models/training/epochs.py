"""Train a network epoch by epoch as in the paper: decay, early stopping, best weights."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from models.data.dataset import Dataset
from models.network.initial import initial_weights
from models.network.predict import CHUNK, score
from models.network.spec import Architecture, Epoch, Schedule
from models.training.description import Training, TrainingData
from models.training.loop import (
    Batches,
    EpochSettings,
    Metrics,
    OptimizerState,
    TrainingState,
    learn,
    new_training,
)
from study.tools.seeding import generator


def first_state(training: Training, n_classes: int) -> TrainingState:
    """Return a training before its first epoch."""
    embedding_set = training.embedding_set
    weights = initial_weights(
        generator(training.seed, 0),
        training.cell.rnn,
        training.hyperparameters,
        audio_size=embedding_set.audio_size,
        visual_size=embedding_set.visual_size,
        n_classes=n_classes,
    )
    return new_training(weights)


def epochs(
    training: Training,
    data: TrainingData,
    state: TrainingState | None = None,
    *,
    on_step: Callable[[int], None] | None = None,
) -> Iterator[TrainingState]:
    """Train epoch by epoch until the end.

    What an epoch does depends on the state before it, the seed and its number alone, so that
    training that was interrupted goes on as if it had not been.

    Parameters
    ----------
    state : TrainingState or None
        Where to go on from, whose memory is used again; None for the beginning.
    on_step : callable or None
        Called with a number of clips when they have been handed to the network.

    Notes
    -----
    Paper: Hyperparameter Search and Training. Validation is always in float32, as the saved network
    is.
    """
    architecture, schedule = training.architecture, training.schedule
    state = state or first_state(training, len(data.train.clips.classes))
    while not state.is_over(schedule):
        number = len(state.history) + 1
        rate = schedule.learning_rate(training.hyperparameters.learning_rate, number)
        settings = EpochSettings(
            jnp.float32(rate),
            jnp.float32(training.hyperparameters.dropout),
            jax.random.fold_in(jax.random.key(training.seed), number),
        )
        order = generator(training.seed, number).permutation(len(data.train))
        optimizer, metrics = _learn_epoch(
            state.optimizer, data.train, order, settings, architecture, schedule.batch_size, on_step
        )
        val_loss, val_accuracy = score(
            optimizer.weights, data.validation, architecture._replace(mixed_precision=False)
        )
        epoch = Epoch(
            number,
            rate,
            float(metrics.loss) / len(data.train),
            int(metrics.n_right) / len(data.train),
            val_loss,
            val_accuracy,
            "mixed_bfloat16" if architecture.mixed_precision else "float32",
        )
        state = _advanced(state, optimizer, epoch, schedule)
        yield state


def _advanced(
    state: TrainingState, optimizer: OptimizerState, epoch: Epoch, schedule: Schedule
) -> TrainingState:
    history = (*state.history, epoch)
    if state.best_epoch:
        to_beat = state.history[state.best_epoch - 1].val_loss - schedule.min_delta
        if not epoch.val_loss < to_beat:
            return replace(state, optimizer=optimizer, history=history)
    # A copy, because the next epoch uses the optimizer's memory again.
    best = jax.tree.map(jnp.copy, optimizer.weights)
    return TrainingState(optimizer, best, epoch.epoch, history)


def _learn_epoch(
    optimizer: OptimizerState,
    train: Dataset,
    order: npt.NDArray[np.intp],
    settings: EpochSettings,
    architecture: Architecture,
    batch_size: int,
    on_step: Callable[[int], None] | None,
) -> tuple[OptimizerState, Metrics]:
    metrics = Metrics(jnp.float32(0), jnp.int32(0))
    first = 0
    for batches, n_batches in _chunks(train, order, batch_size):
        optimizer, metrics = learn(
            optimizer,
            metrics,
            batches,
            jnp.int32(first),
            jnp.int32(n_batches),
            settings,
            architecture=architecture,
        )
        first += n_batches
        if on_step is not None:
            on_step(n_batches * batches.targets.shape[1])
    return optimizer, metrics


def _chunks(
    dataset: Dataset, order: npt.NDArray[np.intp], batch_size: int
) -> Iterator[tuple[Batches, int]]:
    # Chunks of one shape, so that the loop is compiled once; the last one is filled up with
    # batches that are not taken. The remainder is a batch of its own size.
    n_full = len(order) // batch_size
    per_chunk = min(max(CHUNK // batch_size, 1), max(n_full, 1))
    for first in range(0, n_full, per_chunk):
        n_batches = min(per_chunk, n_full - first)
        chosen = order[first * batch_size : (first + n_batches) * batch_size]
        padded = np.resize(chosen, per_chunk * batch_size)
        yield _batches(dataset, padded, batch_size), n_batches
    remainder = order[n_full * batch_size :]
    if len(remainder):
        yield _batches(dataset, remainder, len(remainder)), 1


def _batches(dataset: Dataset, chosen: npt.NDArray[np.intp], batch_size: int) -> Batches:
    rows, targets = dataset.rows[chosen], dataset.targets[chosen]
    return Batches(rows.reshape(-1, batch_size, *rows.shape[1:]), targets.reshape(-1, batch_size))
