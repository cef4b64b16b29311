"""VGGish: the audio network of VGGish+VGG-16."""

from features.networks.layers import Layers, Value

INPUT_SHAPE = (96, 64, 1)  # a log-mel patch

# Filters of the convolutions of each stage; a 2 by 2 pool ends it.
STAGES = (
    ("conv1", (("conv1", 64),)),
    ("conv2", (("conv2", 128),)),
    ("conv3", (("conv3/conv3_1", 256), ("conv3/conv3_2", 256))),
    ("conv4", (("conv4/conv4_1", 512), ("conv4/conv4_2", 512))),
)
DENSE = ("fc1/fc1_1", "fc1/fc1_2")
EMBEDDING = "fc2"


def vggish(layers: Layers[Value], x: Value) -> Value:
    """Define VGGish from log-mel patch to embedding.

    Returns embeddings of size 128, before any activation, PCA or quantisation.

    Parameters
    ----------
    x : Value
        Patches of shape (96, 64, 1).

    Notes
    -----
    Paper: Neural Network Embeddings.
    """
    for _, convolutions in STAGES:
        for name, n_filters in convolutions:
            x = layers.relu(layers.conv(x, name, n_filters, size=3))
        x = layers.max_pool(x)
    x = layers.flatten(x)
    for name in DENSE:
        x = layers.relu(layers.dense(x, name, 4096))
    return layers.dense(x, EMBEDDING, 128)
