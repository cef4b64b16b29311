"""The network as a Keras model: to look at, to save, and to use elsewhere."""

import math
import tempfile
import zipfile
from collections import deque
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from models.network.forward import (
    BN_EPSILON,
    BN_MOMENTUM,
    Moving,
    Output,
    Recurrent,
    Squeeze,
    Trainable,
    Weights,
)
from models.network.hyperparameters import TIMESTEPS, Hyperparameters, Rnn
from study.errors import ConfigError
from study.tools.bounded import ZIP_ERRORS, copy_member, open_file
from study.tools.files import written_atomically
from study.tools.hdf5 import numbers_in

KerasModel = Any
_WEIGHTS_NAME = "model.weights.h5"  # in a `.keras` archive
_ROOM, _OVERHEAD = 2, 10_000_000  # of a file beyond its weights


def build_classifier(
    rnn: Rnn,
    hyperparameters: Hyperparameters,
    *,
    audio_size: int,
    visual_size: int,
    n_classes: int,
    timesteps: int = TIMESTEPS,
) -> KerasModel:
    """Build a network of the paper as a Keras model.

    Parameters
    ----------
    rnn : Rnn
        The recurrent layer.
    hyperparameters : Hyperparameters
        Widths, activation and dropout.
    audio_size, visual_size : int
        Lengths of the embeddings.
    n_classes : int
        Number of classes.
    timesteps : int
        Rows that the network sees of each embedding.

    Returns
    -------
    keras.Model
        Takes audio ``(n_clips, timesteps, audio_size)`` and visual ``(n_clips, timesteps,
        visual_size)``, gives probabilities ``(n_clips, n_classes)``.

    Notes
    -----
    A 1x1 convolution is a dense layer per timestep, and its batch norm takes its statistics over
    clips and timesteps; Keras 3's ``TimeDistributed`` would take them per timestep. Dropout is a
    layer before the recurrent one, which draws a mask for every timestep; Keras 3's own
    ``dropout`` argument would draw one for all. Paper: DNN Architectures, Figure 3.
    """
    from models.network.backend import keras

    layers = keras.layers
    recurrent = {Rnn.FRNN: layers.SimpleRNN, Rnn.GRU: layers.GRU, Rnn.LSTM: layers.LSTM}[rnn]
    audio = keras.Input((timesteps, audio_size), name="audio")
    visual = keras.Input((timesteps, visual_size), name="visual")
    joint = layers.Concatenate(name="audiovisual")(
        [
            _squeeze(layers, audio, hyperparameters, "audio"),
            _squeeze(layers, visual, hyperparameters, "visual"),
        ]
    )
    kept = layers.Dropout(hyperparameters.dropout, name="dropout")(joint)
    state = recurrent(hyperparameters.rnn_units, name="rnn")(kept)
    probability = layers.Dense(n_classes, activation="softmax", name="probability")(state)
    return keras.Model([audio, visual], probability, name=str(rnn))


def _squeeze(layers: Any, embedding: Any, hyperparameters: Hyperparameters, name: str) -> Any:  # noqa: ANN401
    # Both modalities are squeezed to one width, so that the recurrent layer has as many
    # connections to either.
    x = layers.Dense(hyperparameters.bottleneck_units, name=f"{name}_bottleneck")(embedding)
    x = layers.BatchNormalization(momentum=BN_MOMENTUM, epsilon=BN_EPSILON, name=f"{name}_norm")(x)
    return layers.Activation(hyperparameters.activation, name=f"{name}_activation")(x)


def set_weights(model: KerasModel, weights: Weights) -> None:
    """Put weights into a Keras model.

    Parameters
    ----------
    model : keras.Model
        From `build_classifier`.
    weights : Weights
        The weights.
    """
    trainable = weights.trainable
    for name, unit, moving in (
        ("audio", trainable.audio, weights.audio),
        ("visual", trainable.visual, weights.visual),
    ):
        model.get_layer(f"{name}_bottleneck").set_weights(_arrays(unit.kernel, unit.bias))
        model.get_layer(f"{name}_norm").set_weights(_arrays(unit.gamma, unit.beta, *moving))
    model.get_layer("rnn").set_weights(_arrays(*trainable.rnn))
    model.get_layer("probability").set_weights(_arrays(*trainable.output))


def get_weights(model: KerasModel) -> Weights:
    """Take the weights out of a Keras model.

    Parameters
    ----------
    model : keras.Model
        From `build_classifier`.

    Returns
    -------
    Weights
        As float32 arrays.
    """
    units, moving = {}, {}
    for name in ("audio", "visual"):
        kernel, bias = model.get_layer(f"{name}_bottleneck").get_weights()
        gamma, beta, mean, variance = model.get_layer(f"{name}_norm").get_weights()
        units[name] = Squeeze(kernel, bias, gamma, beta)
        moving[name] = Moving(mean, variance)
    trainable = Trainable(
        units["audio"],
        units["visual"],
        Recurrent(*model.get_layer("rnn").get_weights()),
        Output(*model.get_layer("probability").get_weights()),
    )
    return Weights(trainable, moving["audio"], moving["visual"])


def save_classifier(model: KerasModel, path: Path) -> None:
    """Save a Keras model under its name at once or not at all.

    Parameters
    ----------
    model : keras.Model
        What to save.
    path : Path
        A path ending in ``.keras``.
    """
    from models.network.backend import without_tensorflow

    with written_atomically(path) as part, without_tensorflow():
        model.save(part)


def load_weights(model: KerasModel, path: Path) -> None:
    """Put the weights of a file that `save_classifier` wrote into a model of the same kind.

    What the file says of the model itself is not read: Keras would build whatever stands there,
    and a description can be a program.

    Parameters
    ----------
    model : keras.Model
        From `build_classifier`.
    path : Path
        A ``.keras`` file.

    Raises
    ------
    ConfigError
        If the file is missing, or holds other weights.
    """
    from models.network.backend import without_tensorflow

    if not path.is_file():
        raise ConfigError(f"no model at {path}. Name a folder written by the train command")
    at_most = sum(4 * math.prod(variable.shape) for variable in model.weights)
    try:
        with (
            open_file(path, _ROOM * at_most + _OVERHEAD) as file,
            zipfile.ZipFile(file) as packed,
            tempfile.NamedTemporaryFile(suffix=".weights.h5") as weights,
        ):
            copy_member(packed, _WEIGHTS_NAME, weights, _ROOM * at_most + _OVERHEAD)
            weights.flush()
            with h5py.File(weights.name) as arrays:
                deque(numbers_in(arrays, at_most), maxlen=0)
            with without_tensorflow():
                model.load_weights(weights.name)
    except (*ZIP_ERRORS, OSError, TypeError, AttributeError, MemoryError) as error:
        reason = str(error).partition("\n")[0][:300]
        raise ConfigError(
            f"{path} does not hold the network that its card describes: {reason}. Train it again"
        ) from error


def _arrays(*values: Any) -> list[np.ndarray[Any, Any]]:  # noqa: ANN401
    return [np.asarray(value) for value in values]
