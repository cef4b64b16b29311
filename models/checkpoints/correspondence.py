"""The authors' correspondence network, which says whether sound and picture belong together.

It is not a network of the paper; the authors released it beside those, and its checkpoints can be
imported and used in Keras.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from models.network.keras import RECURRENT_LAYERS, keras
from models.network.parameters import CorrespondenceWeights, Dense
from models.saving.card import Card

_MIN_SQUARE = 1e-7  # Keras' epsilon, below which a squared distance does not fall

Floats = npt.NDArray[np.float32]
KerasModel = Any


def build_correspondence(card: Card, weights: CorrespondenceWeights) -> KerasModel:
    """Build a correspondence network as a Keras model.

    Returns
    -------
    keras.Model
        Takes audio ``(n_clips, timesteps, audio_size)`` and visual ``(n_clips, timesteps,
        visual_size)``, gives the probabilities of incongruent and congruent ``(n_clips, 2)``.

    Notes
    -----
    At every timestep both embeddings go through two linear layers to vectors of length one; the
    recurrent layer sees nothing but the distance of the two.
    """
    layers, ops = keras.layers, keras.ops
    audio = keras.Input((card.timesteps, card.audio_size), name="audio")
    visual = keras.Input((card.timesteps, card.visual_size), name="visual")
    apart = _direction(layers, audio, weights.audio) - _direction(layers, visual, weights.visual)
    square = ops.sum(ops.square(apart), axis=-1, keepdims=True)
    distance = ops.sqrt(ops.maximum(square, _MIN_SQUARE))
    kept = layers.Dropout(card.hyperparameters.dropout, name="dropout")(distance)
    state = RECURRENT_LAYERS[card.cell.rnn](card.hyperparameters.rnn_units, name="rnn")(kept)
    head = layers.Dense(len(card.classes), activation="softmax", name="probability")
    model = keras.Model([audio, visual], head(state), name=f"{card.rnn}_correspondence")
    for name, pair in (("audio", weights.audio), ("visual", weights.visual)):
        for number, dense in enumerate(pair, start=1):
            model.get_layer(f"{name}_dense_{number}").set_weights(list(dense))
    model.get_layer("rnn").set_weights(list(weights.rnn))
    model.get_layer("probability").set_weights(list(weights.output))
    return model


def correspondence_answers(
    card: Card, weights: CorrespondenceWeights, rows: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    """Return what a correspondence network says of clips: logarithms of the probabilities.

    Parameters
    ----------
    rows : ndarray of float32, shape (n_clips, n_timesteps, audio_size + visual_size)
        Embeddings; the network sees as many timesteps as it was trained with.
    """
    seen = np.asarray(rows[:, : card.timesteps], np.float32)
    model = build_correspondence(card, weights)
    shares = model.predict(
        [seen[..., : card.audio_size], seen[..., card.audio_size :]], batch_size=256, verbose=0
    )
    return np.asarray(np.log(np.maximum(np.asarray(shares, np.float64), np.finfo(float).tiny)))


def _direction(layers: Any, embedding: Any, pair: tuple[Dense, Dense]) -> Any:  # noqa: ANN401
    x = embedding
    for number, dense in enumerate(pair, start=1):
        x = layers.Dense(dense.bias.size, name=f"{embedding.name}_dense_{number}")(x)
    return layers.UnitNormalization(name=f"{embedding.name}_direction")(x)
