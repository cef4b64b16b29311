"""EfficientNetB0: the visual network beside YAMNet, and how it wants its frames."""

import numpy as np
import numpy.typing as npt

from features.embedding_set import Normalisation
from features.inputs.frames import SIZE_PX
from features.networks.layers import Floats, Layers, Value

INPUT_SHAPE = (SIZE_PX, SIZE_PX, 3)

# ImageNet's mean colour and its spread, red first, on 0..1.
_MEAN_RGB = np.array([0.485, 0.456, 0.406])
_STD_RGB = np.array([0.229, 0.224, 0.225])

# Window, repeats, filters, widening and first stride of the seven blocks.
_BLOCKS = (
    (3, 1, 16, 1, 1),
    (3, 2, 24, 6, 2),
    (5, 2, 40, 6, 2),
    (3, 3, 80, 6, 2),
    (5, 3, 112, 6, 1),
    (5, 4, 192, 6, 2),
    (3, 1, 320, 6, 1),
)


def normalised(frames: npt.NDArray[np.uint8], normalisation: Normalisation) -> Floats:
    """Prepare frames for EfficientNetB0: scaled to 0..1, then normalised.

    The trained network holds ImageNet's spread where a variance belongs. TensorFlow 2.3, with
    which the published embeddings were probably made, divides by its root; Keras today divides
    by the root twice, which is the spread.

    Parameters
    ----------
    frames : ndarray of uint8, shape (timesteps, 224, 224, 3)
        Frames, red first.
    normalisation : {"keras3", "tf2.3"}
        Which of them to do.

    Returns
    -------
    ndarray of float32, shape (timesteps, 224, 224, 3)
        The padding with zeros follows within the network.

    Notes
    -----
    Paper: Neural Network Embeddings.
    """
    spread = _STD_RGB if normalisation == "keras3" else np.sqrt(_STD_RGB)
    scale = (1 / (255 * spread)).astype(np.float32)
    prepared: Floats = frames * scale - (_MEAN_RGB / spread).astype(np.float32)
    return prepared


def efficientnetb0(layers: Layers[Value], x: Value) -> Value:
    """Define EfficientNetB0 from frame to embedding.

    Parameters
    ----------
    x : Value
        Frames of shape (224, 224, 3), prepared by `normalised`.

    Returns
    -------
    Value
        Embeddings of size 1,280: the last activations, averaged over the frame.

    Notes
    -----
    Paper: Neural Network Embeddings.
    """
    x = _swish(layers, layers.conv(x, "stem_conv", 32, size=3, stride=2))
    n_channels = 32
    for block, (size, repeats, n_filters, widening, stride) in enumerate(_BLOCKS, start=1):
        for repeat in range(repeats):
            name = f"block{block}{'abcd'[repeat]}_"
            step = stride if repeat == 0 else 1
            y = _widened(layers, x, name, n_channels, widening, size, step)
            y = layers.conv(y, f"{name}project_conv", n_filters, size=1)
            x = layers.add(y, x) if step == 1 and n_channels == n_filters else y
            n_channels = n_filters
    x = _swish(layers, layers.conv(x, "top_conv", 1280, size=1))
    return layers.flatten(layers.mean(x))


def _widened(
    layers: Layers[Value],
    x: Value,
    name: str,
    n_channels: int,
    widening: int,
    size: int,
    stride: int,
) -> Value:
    n_wide = n_channels * widening
    if widening > 1:
        x = _swish(layers, layers.conv(x, f"{name}expand_conv", n_wide, size=1))
    x = _swish(layers, layers.depthwise(x, f"{name}dwconv", size, stride))
    # Squeeze and excite: each channel is weighed by what all of them hold.
    gate = _swish(layers, layers.conv(layers.mean(x), f"{name}se_reduce", n_channels // 4, size=1))
    gate = layers.sigmoid(layers.conv(gate, f"{name}se_expand", n_wide, size=1))
    return layers.multiply(x, gate)


def _swish(layers: Layers[Value], x: Value) -> Value:
    return layers.multiply(x, layers.sigmoid(x))
