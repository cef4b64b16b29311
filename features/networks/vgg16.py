"""VGG-16: the visual network beside VGGish, and how it wants its frames."""

import numpy as np
import numpy.typing as npt

from features.inputs.frames import SIZE_PX
from features.networks.layers import Floats, Layers, Value

INPUT_SHAPE = (SIZE_PX, SIZE_PX, 3)

# ImageNet's mean colour, blue first, on 0..255: VGG-16 is trained on frames without it.
_MEAN_BGR = np.array([103.939, 116.779, 123.68], np.float32)
# Filters and number of convolutions of the five blocks.
_BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


def zero_centred(frames: npt.NDArray[np.uint8]) -> Floats:
    """Prepare frames for VGG-16: blue first, ImageNet's mean colour taken away.

    Parameters
    ----------
    frames : ndarray of uint8, shape (timesteps, 224, 224, 3)
        Frames, red first.

    Returns
    -------
    ndarray of float32, shape (timesteps, 224, 224, 3)
        Not scaled.

    Notes
    -----
    Paper: Neural Network Embeddings (which says VGGish where it means VGG-16).
    """
    centred: Floats = np.subtract(frames[..., ::-1], _MEAN_BGR, dtype=np.float32)
    return centred


def vgg16(layers: Layers[Value], x: Value) -> Value:
    """Define VGG-16 from frame to embedding.

    Parameters
    ----------
    x : Value
        Frames of shape (224, 224, 3), prepared by `zero_centred`.

    Returns
    -------
    Value
        Embeddings of size 512: the last pooled activations, averaged over the frame.

    Notes
    -----
    Paper: Neural Network Embeddings.
    """
    for block, (n_filters, n_convolutions) in enumerate(_BLOCKS, start=1):
        for number in range(1, n_convolutions + 1):
            x = layers.relu(layers.conv(x, f"block{block}_conv{number}", n_filters, size=3))
        x = layers.max_pool(x)
    return layers.flatten(layers.mean(x))
