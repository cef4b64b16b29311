"""YAMNet: the audio network of YamNet+EfficientNetB0."""

import numpy as np
import numpy.typing as npt

from features.networks.layers import Layer, Layers, Value

INPUT_SHAPE = (96, 64, 1)  # a log-mel patch
BATCH_NORM_EPSILON = 1e-4

# Stride and filters of the separable layers 2 to 14.
SEPARABLE = (
    (1, 64),
    (2, 128),
    (1, 128),
    (2, 256),
    (1, 256),
    (2, 512),
    *[(1, 512)] * 5,
    (2, 1024),
    (1, 1024),
)


def yamnet(layers: Layers[Value], x: Value) -> Value:
    """Define YAMNet from log-mel patch to embedding.

    Returns embeddings of size 1,024: the last activations, averaged over time and frequency.

    Parameters
    ----------
    x : Value
        Patches of shape (96, 64, 1).

    Notes
    -----
    Paper: Neural Network Embeddings.
    """
    x = layers.relu(layers.conv(x, "layer1/conv", 32, size=3, stride=2))
    for number, (stride, n_filters) in enumerate(SEPARABLE, start=2):
        x = layers.relu(layers.depthwise(x, f"layer{number}/depthwise_conv", 3, stride))
        x = layers.relu(layers.conv(x, f"layer{number}/pointwise_conv", n_filters, size=1))
    return layers.flatten(layers.mean(x))


def scores(embeddings: npt.NDArray[np.float32], classifier: Layer) -> npt.NDArray[np.float32]:
    """Return how much of each of AudioSet's 521 classes YAMNet hears.

    Parameters
    ----------
    embeddings : ndarray of float32, shape (timesteps, 1024)
        YAMNet's embeddings.
    classifier : Layer
        Its last layer, ``logits``.

    Returns
    -------
    ndarray of float32, shape (timesteps, 521)
        Scores between 0 and 1.
    """
    logits = embeddings @ classifier.kernel + classifier.bias
    # A sigmoid, written without the exponential of a large number.
    heard: npt.NDArray[np.float32] = 0.5 * (1 + np.tanh(0.5 * logits))
    return heard
