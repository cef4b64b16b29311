"""The network as a Keras model: to look at, to save, and to use elsewhere.

The arithmetic of training and evaluation is JAX's own (`models.network.forward`), so a Keras that
was started with another backend serves as well.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from models.network.parameters import Weights
from models.network.spec import BN_EPSILON, BN_MOMENTUM, TIMESTEPS, Hyperparameters, Rnn
from study.tools.files import written_atomically

if "keras" not in sys.modules:
    os.environ.setdefault("KERAS_BACKEND", "jax")  # chosen once per process

import keras

__all__ = [
    "RECURRENT_LAYERS",
    "KerasModel",
    "build_classifier",
    "keras",
    "save_classifier",
    "set_weights",
]

KerasModel = Any
RECURRENT_LAYERS = {
    Rnn.FRNN: keras.layers.SimpleRNN,
    Rnn.GRU: keras.layers.GRU,
    Rnn.LSTM: keras.layers.LSTM,
}


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
    layers = keras.layers
    audio = keras.Input((timesteps, audio_size), name="audio")
    visual = keras.Input((timesteps, visual_size), name="visual")
    joint = layers.Concatenate(name="audiovisual")(
        [
            _squeeze(layers, audio, hyperparameters, "audio"),
            _squeeze(layers, visual, hyperparameters, "visual"),
        ]
    )
    kept = layers.Dropout(hyperparameters.dropout, name="dropout")(joint)
    state = RECURRENT_LAYERS[rnn](hyperparameters.rnn_units, name="rnn")(kept)
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


def save_classifier(model: KerasModel, path: Path) -> None:
    """Save a Keras model under its name at once or not at all.

    Parameters
    ----------
    path : Path
        A path ending in ``.keras``.
    """
    with written_atomically(path) as part, _without_tensorflow():
        model.save(part)


@contextmanager
def _without_tensorflow() -> Iterator[None]:
    """Keep Keras from importing TensorFlow in this block, unless it has been already.

    Saving and loading look whether there is one, which takes seconds; networks of ours need none.
    """
    if "tensorflow" in sys.modules:
        yield
        return
    sys.modules["tensorflow"] = None  # type: ignore[assignment] # Python's way to say: there is none
    try:
        yield
    finally:
        del sys.modules["tensorflow"]


def _arrays(*values: Any) -> list[np.ndarray[Any, Any]]:  # noqa: ANN401
    return [np.asarray(value) for value in values]
