"""The authors' released checkpoints as models of ours."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from features.embedding_set import EMBEDDING_SETS, EmbeddingSet
from models.card import Card, software_versions
from models.hyperparameters import TIMESTEPS, Hyperparameters, Rnn
from models.network import N_GATES, Moving, Output, Recurrent, Squeeze, Trainable, Weights
from study.errors import ConfigError
from study.files import sha256_of

CONFIG_NAME = "train.yaml"
_RNN_OF = {"SimpleRNN": Rnn.FRNN, "GRU": Rnn.GRU, "LSTM": Rnn.LSTM}
_VARIABLE = re.compile(
    r"layer_with_weights-(\d+)/(?:layer/|cell/)?(\w+)/\.ATTRIBUTES/VARIABLE_VALUE"
)

Layer = Mapping[str, npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class CheckpointConfig:
    """What `train.yaml` says about a network.

    Parameters
    ----------
    rnn : Rnn
        The recurrent layer.
    hyperparameters : Hyperparameters
        Its numbers.
    classes : tuple of str
        In the order of the outputs.
    training_set : str
        What it was trained on, as Table 5 has it.
    """

    rnn: Rnn
    hyperparameters: Hyperparameters
    classes: tuple[str, ...]
    training_set: str


def read_config(folder: Path) -> CheckpointConfig:
    """Read the `train.yaml` beside a checkpoint.

    Parameters
    ----------
    folder : Path
        The released folder of one network.

    Returns
    -------
    CheckpointConfig
        The network.

    Raises
    ------
    ConfigError
        If the file is missing, or says something that no network of the paper has.
    """
    path = folder / CONFIG_NAME
    if not path.is_file():
        raise ConfigError(f"no {CONFIG_NAME} in {folder}. Name the folder of a released network")
    try:
        return _parsed(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML: {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{path} does not describe a network of the paper: {error!r}") from error


def _parsed(said: Any) -> CheckpointConfig:  # noqa: ANN401
    if said["data"]["timesteps"] != TIMESTEPS:
        raise ValueError(f"{said['data']['timesteps']} timesteps, expected {TIMESTEPS}")
    index_of = said["label_to_int"]
    classes = tuple(sorted(index_of, key=lambda label: int(index_of[label])))
    if sorted(map(int, index_of.values())) != list(range(len(classes))):
        raise ValueError("label_to_int does not count from 0")
    hyperparameters = Hyperparameters(
        rnn_units=int(said["rnn"]["units"]),
        bottleneck_units=int(said["bottleneck_size"]),
        activation=str(said["bottleneck_activation"]),
        dropout=float(said["rnn"]["dropout"]),
        learning_rate=float(said["training"]["learning_rate"]),
    )
    rnn = _RNN_OF[str(said["rnn"]["function"]).rsplit(".", 1)[-1]]
    name = str(said["model_path"]).rstrip("/").rpartition(f"_{str(rnn).upper()}_")[2]
    return CheckpointConfig(rnn, hyperparameters, classes, name.replace("_", " "))


def find_prefix(folder: Path) -> Path:
    """Find the checkpoint in a folder.

    Parameters
    ----------
    folder : Path
        The released folder of one network.

    Returns
    -------
    Path
        The checkpoint's name without ``.index``.

    Raises
    ------
    ConfigError
        If there is not exactly one, or its data are missing.
    """
    prefixes = [path.with_suffix("") for path in sorted(folder.glob("*.index"))]
    if len(prefixes) != 1:
        raise ConfigError(f"{folder} has {len(prefixes)} checkpoints (.index), expected one")
    if not list(folder.glob(f"{prefixes[0].name}.data-*")):
        raise ConfigError(
            f"{prefixes[0]}.data-00000-of-00001 is missing. The weights are in that file; "
            "download it from the authors' repository"
        )
    return prefixes[0]


def read_layers(prefix: Path) -> list[Layer]:
    """Read the variables of a TensorFlow checkpoint, layer by layer.

    Parameters
    ----------
    prefix : Path
        The checkpoint's name without ``.index``.

    Returns
    -------
    list of mapping of str to ndarray
        Variables by name, in the order of the layers.

    Raises
    ------
    ConfigError
        If TensorFlow cannot read it.
    """
    from models.backend import import_tensorflow

    tf = import_tensorflow()
    layers: dict[int, dict[str, npt.NDArray[np.float32]]] = {}
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        for key in reader.get_variable_to_shape_map():
            if match := _VARIABLE.fullmatch(key):
                layer = layers.setdefault(int(match[1]), {})
                layer[match[2]] = reader.get_tensor(key)
    except (tf.errors.OpError, RuntimeError, IndexError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"{prefix} cannot be read as a checkpoint: {reason}") from error
    return [layers[number] for number in sorted(layers)]


def weights_of(layers: list[Layer], config: CheckpointConfig) -> tuple[Weights, EmbeddingSet]:
    """Sort the layers of a checkpoint into a network.

    Parameters
    ----------
    layers : list of mapping of str to ndarray
        From `read_layers`.
    config : CheckpointConfig
        What `train.yaml` says.

    Returns
    -------
    weights : Weights
        The weights.
    embedding_set : EmbeddingSet
        The set whose sizes the network takes.

    Raises
    ------
    ConfigError
        If the layers are not those of such a network.
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
            "expected [2, 2, 1, 1]"
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


def _dimensions(layer: Layer) -> int:
    return layer["kernel"].ndim if "kernel" in layer else 0


def _set_of(sizes: tuple[int, ...]) -> EmbeddingSet:
    for embedding_set in EMBEDDING_SETS.values():
        if sizes == (embedding_set.audio_size, embedding_set.visual_size):
            return embedding_set
    raise ConfigError(f"the checkpoint takes {sizes} values, which is neither embedding set")


def _squeeze(convolution: Layer, norm: Layer) -> Squeeze:
    # A 1x1 convolution (1, 1, size, width) is a product with a matrix (size, width).
    kernel = convolution["kernel"]
    return Squeeze(
        kernel.reshape(kernel.shape[2:]), convolution["bias"], norm["gamma"], norm["beta"]
    )


def _recurrent(layer: Layer) -> Recurrent:
    return Recurrent(layer["kernel"], layer["recurrent_kernel"], layer["bias"])


def _output(layer: Layer) -> Output:
    return Output(layer["kernel"], layer["bias"])


def _require_shapes(weights: Weights, config: CheckpointConfig) -> None:
    chosen, trainable = config.hyperparameters, weights.trainable
    columns = N_GATES[config.rnn] * chosen.rnn_units
    expected = {
        "squeeze units": (trainable.audio.bias.shape, (chosen.bottleneck_units,)),
        "recurrent kernel": (trainable.rnn.kernel.shape, (2 * chosen.bottleneck_units, columns)),
        "recurrent bias": (
            trainable.rnn.bias.shape,
            (2, columns) if config.rnn is Rnn.GRU else (columns,),
        ),
        "outputs": (trainable.output.bias.shape, (len(config.classes),)),
    }
    for name, (found, wanted) in expected.items():
        if found != wanted:
            raise ConfigError(
                f"the checkpoint's {name} have shape {found}, and {CONFIG_NAME} asks for {wanted}"
            )


def import_checkpoint(folder: Path, *, made_at: datetime) -> tuple[Card, Weights]:
    """Read one of the authors' released networks.

    Parameters
    ----------
    folder : Path
        With a TensorFlow checkpoint and its `train.yaml`.
    made_at : datetime
        For the card, in UTC.

    Returns
    -------
    card : Card
        What it is; what it was trained on is known by name only.
    weights : Weights
        Its weights.

    Raises
    ------
    ConfigError
        If the folder does not hold a network of the paper.
    """
    config, prefix = read_config(folder), find_prefix(folder)
    weights, embedding_set = weights_of(read_layers(prefix), config)
    data = sorted(folder.glob(f"{prefix.name}.data-*"))[0]
    card = Card(
        origin=f"imported from {prefix.name}, sha256 {sha256_of(data)}",
        embedding_set=embedding_set.name,
        rnn=str(config.rnn),
        audio_size=embedding_set.audio_size,
        visual_size=embedding_set.visual_size,
        classes=config.classes,
        hyperparameters=config.hyperparameters,
        training_set=config.training_set,
        software=software_versions(),
        made_at=made_at,
    )
    return card, weights
