"""What a network is and how it is trained, as plain data: nothing here starts JAX or Keras."""

import math
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import numpy as np

from features.plugged_sets import plugged_sets
from study.errors import ConfigError
from study.reading.text import read_json

_MOST_UNITS = 16_384  # of a layer; the paper's search goes up to 256
_DECAY = 0.1  # per epoch; found in the published checkpoints, not stated in the paper

TIMESTEPS = 7  # Paper: Neural Network Embeddings; longer records are cut, shorter ones padded


class Rnn(StrEnum):
    """The recurrent layer of a network (Paper: DNN Architectures)."""

    FRNN = "frnn"
    GRU = "gru"
    LSTM = "lstm"


N_GATES = {Rnn.FRNN: 1, Rnn.GRU: 3, Rnn.LSTM: 4}
BN_EPSILON, BN_MOMENTUM = 1e-3, 0.99  # Keras' defaults, with which the paper's were trained
ACTIVATIONS = ("relu", "swish")  # of the squeeze units; Paper: Hyperparameter Search and Training


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """An embedding set and a recurrent layer; the paper compares six.

    Parameters
    ----------
    embedding_set : str
        Name of the set, such as ``"yamnet_effnet"``.
    """

    embedding_set: str
    rnn: Rnn

    @property
    def name(self) -> str:
        """Name for folders and tables, such as ``"yamnet_effnet-gru"``."""
        return f"{self.embedding_set}-{self.rnn}"


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """What the paper's random search chose.

    Parameters
    ----------
    rnn_units : int
        Units of the recurrent layer.
    bottleneck_units : int
        Width to which each modality is squeezed.
    activation : {"relu", "swish"}
        Activation of the squeeze units.
    dropout : float
        Share of the recurrent layer's inputs that is dropped, anew at every timestep.
    """

    rnn_units: int
    bottleneck_units: int
    activation: str
    dropout: float
    learning_rate: float


CELLS = tuple(
    Cell(embedding_set, rnn) for embedding_set in ("yamnet_effnet", "vggish_vgg16") for rnn in Rnn
)
TITLES = {"yamnet_effnet": "YamNet + EffNetB0", "vggish_vgg16": "VGGish + VGG-16"}  # Table 5's


def cell_of(embedding_set: str, rnn: str) -> Cell:
    """Return the cell with these names."""
    return cell_named(f"{embedding_set}-{rnn}")


def cell_named(name: str) -> Cell:
    """Return the cell of a name.

    Parameters
    ----------
    name : str
        Such as ``"yamnet_effnet-gru"``.
    """
    for cell in CELLS:
        if cell.name == name:
            return cell
    embedding_set, _, rnn = name.rpartition("-")
    brought = [each.embedding_set.name for each in plugged_sets()]
    if embedding_set in brought and rnn in list(Rnn):
        return Cell(embedding_set, Rnn(rnn))
    names = ", ".join([*(cell.name for cell in CELLS), *(f"{each}-RNN" for each in brought)])
    raise ConfigError(f"no cell {name!r}. Choose one of {names}")


def title_of(embedding_set: str) -> str:
    """Return the name of a set in tables: Table 5's, or its own."""
    return TITLES.get(embedding_set, embedding_set)


class Architecture(NamedTuple):
    """What has to be known to run weights.

    Parameters
    ----------
    activation : str
        Activation of the squeeze units.
    audio_size : int
        Length of an audio embedding; the rest of a row is the visual one.
    mixed_precision : bool
        Whether products take their factors in bfloat16. They are summed up in float32, and
        weights, norms and all else stay in float32.
    """

    rnn: Rnn
    activation: str
    audio_size: int
    mixed_precision: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and in which steps to train; the defaults are the paper's.

    Parameters
    ----------
    batch_size : int
        Clips per step; the last batch of an epoch may be smaller.
    patience : int
        Epochs without improvement of the validation loss before training stops.

    Notes
    -----
    Paper: Hyperparameter Search and Training; `min_delta` is the published script's.
    """

    n_epochs: int = 200
    batch_size: int = 16
    patience: int = 20
    min_delta: float = 0.001

    def learning_rate(self, start: float, epoch: int) -> float:
        """Return ``start * exp(-0.1 * epoch)``, as in the published checkpoints; from epoch 1.

        Parameters
        ----------
        epoch : int
            From 1.
        """
        return float(start * np.exp(-_DECAY * epoch))


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch of the training.

    Parameters
    ----------
    epoch : int
        Its number, from 0.
    learning_rate : float
        After decay.
    loss, accuracy : float
        On the training clips: mean cross-entropy in nats, and the share that was right.
    val_loss, val_accuracy : float
        The same on the validation clips.
    precision : str
        Of the arithmetic: ``float32``, or ``bfloat16`` in mixed precision.
    """

    epoch: int
    learning_rate: float
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    precision: str = "float32"


def checked(chosen: Hyperparameters) -> Hyperparameters:
    """Return hyperparameters that came from a file, once they can be those of a network.

    Raises
    ------
    ValueError
        If no network can have them.
    """
    for name in ("rnn_units", "bottleneck_units"):
        value = getattr(chosen, name)
        if type(value) is not int:
            raise ValueError(f"{name} {repr(value)[:40]}, expected a whole number")
        if not 1 <= value <= _MOST_UNITS:
            raise ValueError(f"{name} {value:.6g}, expected 1 to {_MOST_UNITS}")
    if chosen.activation not in ACTIVATIONS:
        raise ValueError(f"activation {chosen.activation!r}, expected {' or '.join(ACTIVATIONS)}")
    if not 0 <= chosen.dropout < 1:
        raise ValueError(f"dropout {chosen.dropout}, expected a share below 1")
    if not 0 < chosen.learning_rate < math.inf:
        raise ValueError(f"learning rate {chosen.learning_rate}, expected more than 0")
    return chosen


# Paper: Table 4; the learning rates with all the digits of the published configurations.
PAPER = {
    Cell("yamnet_effnet", Rnn.FRNN): Hyperparameters(128, 256, "swish", 0.3, 7.0479e-5),
    Cell("yamnet_effnet", Rnn.GRU): Hyperparameters(128, 64, "swish", 0.5, 7.2503e-5),
    Cell("yamnet_effnet", Rnn.LSTM): Hyperparameters(64, 256, "swish", 0.3, 4.1010e-5),
    Cell("vggish_vgg16", Rnn.FRNN): Hyperparameters(256, 256, "swish", 0.4, 1.0468e-4),
    Cell("vggish_vgg16", Rnn.GRU): Hyperparameters(128, 256, "relu", 0.5, 3.9178e-4),
    Cell("vggish_vgg16", Rnn.LSTM): Hyperparameters(256, 256, "swish", 0.5, 1.7409e-4),
}
PRESETS = {"paper": PAPER}


def preset(name: str, cell: Cell) -> Hyperparameters:
    """Return the hyperparameters of a preset, such as those of Table 4, for one cell.

    Parameters
    ----------
    name : str
        ``"paper"``, a cell of the paper whose row is to be taken, or the path of a ``best.json``
        that a search wrote.

    Notes
    -----
    Paper: Hyperparameter Search and Training, Table 4.
    """
    if name in PRESETS:
        if cell not in PRESETS[name]:
            raise ConfigError(
                f"the paper has no hyperparameters of {cell.name}. Pass the best.json of a search "
                f"(python -m models search run --cell {cell.name}), or a cell of the paper whose "
                f"row is to be taken, such as yamnet_effnet-{cell.rnn}"
            )
        return PRESETS[name][cell]
    for known, chosen in PAPER.items():
        if known.name == name:
            return chosen
    if name.endswith(".json"):
        return _read_preset(Path(name), cell)
    raise ConfigError(
        f"no preset {name!r}. Choose one of {', '.join(PRESETS)}, or name the best.json of a search"
    )


def _read_preset(path: Path, cell: Cell) -> Hyperparameters:
    said = read_json(path, missing="Run: python -m models search best")
    try:
        return checked(Hyperparameters(**said[cell.name]))
    except (ValueError, TypeError, KeyError) as error:
        reason = str(error)[:300]
        raise ConfigError(
            f"{path} has no hyperparameters of {cell.name}: {reason}. "
            "Name the best.json of a finished search"
        ) from error
