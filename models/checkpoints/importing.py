"""The authors' released checkpoints as models of ours."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from features.embedding_set import EMBEDDING_SETS, EmbeddingSet
from models.checkpoints.checkpoint_files import Layer, data_files, find_prefix, read_layers
from models.checkpoints.config import CONFIG_NAME, CheckpointConfig, read_config
from models.network.parameters import (
    CorrespondenceWeights,
    Dense,
    Moving,
    OutputLayer,
    Recurrent,
    Squeeze,
    Trainable,
    Weights,
)
from models.network.spec import N_GATES, Rnn
from models.saving.card import SOFTWARE, Card
from study.errors import ConfigError
from study.tools.files import sha256_of
from study.tools.versions import versions

_OTHER = "Name the folder of a released network"


def weights_of(layers: list[Layer], config: CheckpointConfig) -> tuple[Weights, EmbeddingSet]:
    """Sort the layers of a checkpoint into a network of the paper.

    Parameters
    ----------
    layers : list of mapping of str to ndarray
        From `read_layers`.
    config : CheckpointConfig
        What `train.yaml` says.
    """
    convolutions = [layer for layer in layers if _dimensions(layer) == 4]
    norms = [layer for layer in layers if "gamma" in layer]
    recurrent = [layer for layer in layers if "recurrent_kernel" in layer]
    dense = [
        layer for layer in layers if _dimensions(layer) == 2 and "recurrent_kernel" not in layer
    ]
    found = [len(part) for part in (convolutions, norms, recurrent, dense)]
    if found != [2, 2, 1, 1]:
        raise ConfigError(
            f"the checkpoint has {found} convolutions, batch norms, recurrent and dense layers, "
            f"expected [2, 2, 1, 1]. {_OTHER}"
        )
    sizes = tuple(layer["kernel"].shape[2] for layer in convolutions)
    embedding_set = _set_of(sizes)
    units = [_squeeze(*pair) for pair in zip(convolutions, norms, strict=True)]
    weights = Weights(
        Trainable(units[0], units[1], _recurrent(recurrent[0]), _output(dense[0])),
        *(Moving(norm["moving_mean"], norm["moving_variance"]) for norm in norms),
    )
    _require_shapes(weights, config)
    return weights, embedding_set


def correspondence_weights_of(
    layers: list[Layer], config: CheckpointConfig
) -> tuple[CorrespondenceWeights, EmbeddingSet]:
    """Sort the layers of a checkpoint into a correspondence network.

    Parameters
    ----------
    layers : list of mapping of str to ndarray
        From `read_layers`.
    config : CheckpointConfig
        What `train.yaml` says.
    """
    recurrent = [layer for layer in layers if "recurrent_kernel" in layer]
    dense = [
        layer for layer in layers if _dimensions(layer) == 2 and "recurrent_kernel" not in layer
    ]
    found = [len(dense), len(recurrent), len(layers)]
    if found != [5, 1, 6]:
        raise ConfigError(
            f"the checkpoint has {found} dense, recurrent and layers in all, expected "
            f"[5, 1, 6]. {_OTHER}"
        )
    # Both first layers stand before both second ones.
    audio_1, visual_1, audio_2, visual_2 = (
        Dense(each["kernel"], each["bias"]) for each in dense[:4]
    )
    embedding_set = _set_of((audio_1.kernel.shape[0], visual_1.kernel.shape[0]))
    weights = CorrespondenceWeights(
        (audio_1, audio_2), (visual_1, visual_2), _recurrent(recurrent[0]), _output(dense[4])
    )
    width = config.hyperparameters.bottleneck_units
    _require(
        {
            "second dense layers": (
                (audio_2.kernel.shape, visual_2.kernel.shape),
                ((width, width), (width, width)),
            ),
            **_expected(weights.rnn, weights.output, 1, config),
        }
    )
    return weights, embedding_set


def _dimensions(layer: Layer) -> int:
    return layer["kernel"].ndim if "kernel" in layer else 0


def _set_of(sizes: tuple[int, ...]) -> EmbeddingSet:
    for embedding_set in EMBEDDING_SETS.values():
        if sizes == (embedding_set.audio_size, embedding_set.visual_size):
            return embedding_set
    raise ConfigError(
        f"the checkpoint takes {sizes} values, which is neither embedding set. "
        "Name a checkpoint of the authors"
    )


def _squeeze(convolution: Layer, norm: Layer) -> Squeeze:
    # A 1x1 convolution (1, 1, size, width) is a product with a matrix (size, width).
    kernel = convolution["kernel"]
    return Squeeze(
        kernel.reshape(kernel.shape[2:]), convolution["bias"], norm["gamma"], norm["beta"]
    )


def _recurrent(layer: Layer) -> Recurrent:
    return Recurrent(layer["kernel"], layer["recurrent_kernel"], layer["bias"])


def _output(layer: Layer) -> OutputLayer:
    return OutputLayer(layer["kernel"], layer["bias"])


def _require_shapes(weights: Weights, config: CheckpointConfig) -> None:
    trainable, width = weights.trainable, config.hyperparameters.bottleneck_units
    _require(
        {
            "squeeze units": (_widths(weights), {(width,)}),
            "squeeze kernels": (
                {unit.kernel.shape[1:] for unit in (trainable.audio, trainable.visual)},
                {(width,)},
            ),
            **_expected(trainable.rnn, trainable.output, 2 * width, config),
        }
    )


def _widths(weights: Weights) -> set[tuple[int, ...]]:
    trainable = weights.trainable
    vectors = [*trainable.audio[1:], *trainable.visual[1:], *weights.audio, *weights.visual]
    return {vector.shape for vector in vectors}


def _expected(
    rnn: Recurrent, output: OutputLayer, n_inputs: int, config: CheckpointConfig
) -> dict[str, tuple[object, object]]:
    columns = N_GATES[config.rnn] * config.hyperparameters.rnn_units
    return {
        "recurrent kernel": (rnn.kernel.shape, (n_inputs, columns)),
        "recurrent bias": (rnn.bias.shape, (2, columns) if config.rnn is Rnn.GRU else (columns,)),
        "second recurrent kernel": (
            rnn.recurrent_kernel.shape,
            (config.hyperparameters.rnn_units, columns),
        ),
        "outputs": (output.bias.shape, (len(config.classes),)),
        "output kernel": (
            output.kernel.shape,
            (config.hyperparameters.rnn_units, len(config.classes)),
        ),
    }


def _require(shapes: Mapping[str, tuple[object, object]]) -> None:
    for name, (found, wanted) in shapes.items():
        if found != wanted:
            raise ConfigError(
                f"the checkpoint's {name} have shape {found}, and {CONFIG_NAME} asks for {wanted}. "
                f"Take the {CONFIG_NAME} that belongs to it"
            )


def import_checkpoint(
    folder: Path, *, made_at: datetime
) -> tuple[Card, Weights | CorrespondenceWeights]:
    """Read one of the authors' released networks: its card and its weights.

    Parameters
    ----------
    folder : Path
        With a TensorFlow checkpoint and its `train.yaml`.
    made_at : datetime
        For the card, in UTC.
    """
    config, prefix = read_config(folder), find_prefix(folder)
    sort_layers = correspondence_weights_of if config.task == "correspondence" else weights_of
    layers = read_layers(prefix)
    try:
        weights, embedding_set = sort_layers(layers, config)
    except (KeyError, ValueError, IndexError) as error:
        raise ConfigError(
            f"{prefix} holds no released network: a layer lacks {error}. Download it again"
        ) from error
    card = Card(
        origin=f"imported from {prefix.name}, sha256 {sha256_of(data_files(prefix)[0])}",
        task=config.task,
        embedding_set=embedding_set.name,
        rnn=str(config.rnn),
        audio_size=embedding_set.audio_size,
        visual_size=embedding_set.visual_size,
        timesteps=config.timesteps,
        classes=config.classes,
        hyperparameters=config.hyperparameters,
        training_set=config.training_set,
        software=versions(*SOFTWARE),
        made_at=made_at,
    )
    return card, weights
