"""Training as in the paper: decay, early stopping, best weights, one state after every epoch."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from models.data.dataset import Dataset
from models.network.forward import Architecture, Weights, initial_weights
from models.network.hyperparameters import Cell, Hyperparameters
from models.training.loop import Batches, Learner, Pace, Tally, learn, new_learner, predict_batch

# Clips that are in memory at once, beside the mapped file. Larger chunks take fresh pages from the
# system every time, which cost a fifth of the smallest network's epoch.
CHUNK = 256
DECAY = 0.1  # per epoch; found in the published checkpoints, not stated in the paper


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and in which steps to train; the defaults are the paper's.

    Parameters
    ----------
    batch_size : int
        Clips per step; the last batch of an epoch may be smaller.
    patience : int
        Epochs without improvement of the validation loss before training stops.

    Notes
    -----
    Paper: Hyperparameter Search and Training; `min_delta` is the published script's.
    """

    n_epochs: int = 200
    batch_size: int = 16
    patience: int = 20
    min_delta: float = 0.001

    def learning_rate(self, start: float, epoch: int) -> float:
        """Return the learning rate of an epoch; the first one is decayed already.

        Parameters
        ----------
        epoch : int
            From 1.

        Returns
        -------
        float
            ``start * exp(-0.1 * epoch)``, as in the published checkpoints.
        """
        return float(start * np.exp(-DECAY * epoch))


@dataclass(frozen=True, slots=True)
class Epoch:
    """One line of the history."""

    epoch: int
    learning_rate: float
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    precision: str = "float32"


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Training after some epoch: all that the next one depends on.

    Parameters
    ----------
    best : Weights
        Weights of the best epoch.
    best_epoch : int
        Its number; 0 before the first.
    """

    learner: Learner
    best: Weights
    best_epoch: int = 0
    history: tuple[Epoch, ...] = ()

    def is_over(self, schedule: Schedule) -> bool:
        """Tell whether training has come to its end.

        Returns
        -------
        bool
            True after the last epoch, when patience has run out, or when the losses are no
            numbers any more.
        """
        n_done = len(self.history)
        out_of_patience = n_done - self.best_epoch >= schedule.patience
        return n_done >= schedule.n_epochs or out_of_patience or self.has_diverged

    @property
    def has_diverged(self) -> bool:
        """Whether the last epoch's losses are no numbers."""
        if not self.history:
            return False
        last = self.history[-1]
        return not bool(np.isfinite([last.loss, last.val_loss]).all())


def new_course(
    cell: Cell,
    hyperparameters: Hyperparameters,
    *,
    audio_size: int,
    visual_size: int,
    n_classes: int,
    seed: int,
) -> Course:
    """Return training before its first epoch."""
    weights = initial_weights(
        np.random.default_rng([seed, 0]),
        cell.rnn,
        hyperparameters,
        audio_size=audio_size,
        visual_size=visual_size,
        n_classes=n_classes,
    )
    return Course(new_learner(weights), jax.tree.map(jnp.array, weights))


def epochs(
    course: Course,
    train: Dataset,
    validation: Dataset,
    *,
    architecture: Architecture,
    hyperparameters: Hyperparameters,
    schedule: Schedule,
    seed: int,
    on_step: Callable[[int], None] | None = None,
) -> Iterator[Course]:
    """Train epoch by epoch until the end.

    What an epoch does depends on the course before it, the seed and its number alone, so that
    training that was interrupted goes on as if it had not been.

    Parameters
    ----------
    course : Course
        Where to go on from; its learner's memory is used again.
    train, validation : Dataset
        What to learn from, and what decides when to stop.
    architecture : Architecture
        How to run the weights; validation is always in float32, as the saved network is.
    seed : int
        Order of the clips and dropout follow from it.
    on_step : callable or None
        Called with a number of clips when they have been handed to the network.

    Notes
    -----
    Paper: Hyperparameter Search and Training.
    """
    whole = architecture._replace(mixed_precision=False)
    while not course.is_over(schedule):
        number = len(course.history) + 1
        rate = schedule.learning_rate(hyperparameters.learning_rate, number)
        pace = Pace(
            jnp.float32(rate),
            jnp.float32(hyperparameters.dropout),
            jax.random.fold_in(jax.random.key(seed), number),
        )
        order = np.random.default_rng([seed, number]).permutation(len(train))
        learner, tally = _learn_epoch(
            course.learner, train, order, pace, architecture, schedule.batch_size, on_step
        )
        val_loss, val_accuracy = score(learner.weights, validation, whole)
        epoch = Epoch(
            number,
            rate,
            float(tally.loss) / len(train),
            int(tally.n_right) / len(train),
            val_loss,
            val_accuracy,
            "mixed_bfloat16" if architecture.mixed_precision else "float32",
        )
        course = _advanced(course, learner, epoch, schedule)
        yield course


def _advanced(course: Course, learner: Learner, epoch: Epoch, schedule: Schedule) -> Course:
    history = (*course.history, epoch)
    if course.best_epoch:
        to_beat = course.history[course.best_epoch - 1].val_loss - schedule.min_delta
        if not epoch.val_loss < to_beat:
            return replace(course, learner=learner, history=history)
    # A copy, because the next epoch uses the learner's memory again.
    best = jax.tree.map(jnp.copy, learner.weights)
    return Course(learner, best, epoch.epoch, history)


def _learn_epoch(
    learner: Learner,
    train: Dataset,
    order: npt.NDArray[np.intp],
    pace: Pace,
    architecture: Architecture,
    batch_size: int,
    on_step: Callable[[int], None] | None,
) -> tuple[Learner, Tally]:
    tally = Tally(jnp.float32(0), jnp.int32(0))
    first = 0
    for batches, n_batches in _chunks(train, order, batch_size):
        learner, tally = learn(
            learner,
            tally,
            batches,
            jnp.int32(first),
            jnp.int32(n_batches),
            pace,
            architecture=architecture,
        )
        first += n_batches
        if on_step is not None:
            on_step(n_batches * batches.targets.shape[1])
    return learner, tally


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


def score(weights: Weights, dataset: Dataset, architecture: Architecture) -> tuple[float, float]:
    """Return loss and accuracy of a network.

    Returns
    -------
    loss : float
        Mean cross-entropy over clips, in nats.
    accuracy : float
        Share of clips whose class got the highest score.
    """
    logarithms = log_probabilities(weights, dataset.rows, architecture)
    loss = -logarithms[np.arange(len(dataset)), dataset.targets].mean()
    accuracy = (logarithms.argmax(axis=1) == dataset.targets).mean()
    return float(loss), float(accuracy)


def log_probabilities(
    weights: Weights,
    rows: npt.NDArray[np.float32],
    architecture: Architecture,
    *,
    heard: bool = True,
    seen: bool = True,
) -> npt.NDArray[np.float64]:
    """Run a network on any number of clips.

    Parameters
    ----------
    rows : ndarray of float32, shape (n_clips, n_timesteps, size)
        Embeddings.

    Returns
    -------
    ndarray of float64, shape (n_clips, n_classes)
        Natural logarithms of the probabilities.
    """
    size = min(CHUNK, len(rows))
    scores = []
    for first in range(0, len(rows), size):
        chunk = np.asarray(rows[first : first + size])
        padded = np.zeros((size, *chunk.shape[1:]), np.float32)
        padded[: len(chunk)] = chunk
        batch = predict_batch(weights, padded, architecture=architecture, heard=heard, seen=seen)
        scores.append(np.asarray(batch, dtype=np.float64)[: len(chunk)])
    found = np.concatenate(scores)
    with np.errstate(invalid="ignore"):  # scores of a training that diverged; the caller tells
        return np.asarray(found - np.logaddexp.reduce(found, axis=1, keepdims=True))
