"""Run a network on any number of clips, and say what to do where the memory ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import jax
import numpy as np
import numpy.typing as npt

from models.data.dataset import Dataset
from models.network.forward import logits
from models.network.parameters import Array, Weights
from models.network.spec import Architecture
from study.errors import StudyError

# Clips that are in memory at once, beside the mapped file. Larger chunks take fresh pages from the
# system every time, which cost a fifth of the smallest network's epoch.
CHUNK = 256


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
    rows : ndarray of float32, shape (n_clips, timesteps, size)
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
    with np.errstate(invalid="ignore"):  # scores of a training that diverged; the caller says so
        return np.asarray(found - np.logaddexp.reduce(found, axis=1, keepdims=True))


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
    rows : Array of float32, shape (n_clips, timesteps, size)
        Embeddings.

    Returns
    -------
    Array of float32, shape (n_clips, n_classes)
        Scores before the softmax.
    """
    return logits(weights, rows, architecture, heard=heard, seen=seen)


@contextmanager
def memory_errors(folder: Path) -> Iterator[None]:
    """Turn a want of memory in this block into an error with a way out.

    Parameters
    ----------
    folder : Path
        The model or result on which the block works; the message names it.
    """
    try:
        yield
    except (jax.errors.JaxRuntimeError, MemoryError) as error:
        if isinstance(error, jax.errors.JaxRuntimeError) and "RESOURCE_EXHAUSTED" not in str(error):
            raise
        device = jax.default_backend().upper()
        raise StudyError(
            f"{folder}: the {device} has no memory left. Close what else runs on it, or set "
            "JAX_PLATFORMS=cpu, then run the command again (train with --resume): what was "
            "finished is kept"
        ) from error
