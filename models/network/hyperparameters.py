"""The six cells of the paper and the numbers that were chosen for each."""

import math
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from study.errors import ConfigError
from study.reading.text import read_json

_MOST_UNITS = 16_384  # of a layer; the paper's search goes up to 256

TIMESTEPS = 7  # Paper: Neural Network Embeddings; longer records are cut, shorter ones padded


class Rnn(StrEnum):
    """The recurrent layer of a network (Paper: DNN Architectures)."""

    FRNN = "frnn"
    GRU = "gru"
    LSTM = "lstm"


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


# Paper: Table 4; the learning rates with all the digits of the published configurations.
PAPER = {
    Cell("yamnet_effnet", Rnn.FRNN): Hyperparameters(128, 256, "swish", 0.3, 7.0479e-5),
    Cell("yamnet_effnet", Rnn.GRU): Hyperparameters(128, 64, "swish", 0.5, 7.2503e-5),
    Cell("yamnet_effnet", Rnn.LSTM): Hyperparameters(64, 256, "swish", 0.3, 4.1010e-5),
    Cell("vggish_vgg16", Rnn.FRNN): Hyperparameters(256, 256, "swish", 0.4, 1.0468e-4),
    Cell("vggish_vgg16", Rnn.GRU): Hyperparameters(128, 256, "relu", 0.5, 3.9178e-4),
    Cell("vggish_vgg16", Rnn.LSTM): Hyperparameters(256, 256, "swish", 0.5, 1.7409e-4),
}
CELLS = tuple(PAPER)
PRESETS = {"paper": PAPER}


def cell_of(embedding_set: str, rnn: str) -> Cell:
    """Return the cell with these names.

    Raises
    ------
    ConfigError
        If there is no such cell.
    """
    return cell_named(f"{embedding_set}-{rnn}")


def cell_named(name: str) -> Cell:
    """Return the cell of a name.

    Parameters
    ----------
    name : str
        Such as ``"yamnet_effnet-gru"``.

    Raises
    ------
    ConfigError
        If there is no such cell.
    """
    for cell in CELLS:
        if cell.name == name:
            return cell
    names = ", ".join(cell.name for cell in CELLS)
    raise ConfigError(f"no cell {name!r}. Choose one of {names}")


# Paper: Hyperparameter Search and Training.
UNITS = (32, 64, 128, 256)
ACTIVATIONS = ("relu", "swish")
DROPOUTS = (0.1, 0.2, 0.3, 0.4, 0.5)
LEARNING_RATES = (1.0e-5, 5.0e-3)


def surrogate(seed: int, cell: Cell, number: int) -> Hyperparameters:
    """Draw the hyperparameters of one surrogate of the random search.

    Parameters
    ----------
    number : int
        Which surrogate, from 0.

    Returns
    -------
    Hyperparameters
        A function of the arguments and of nothing else, so that any machine can run any
        surrogate in any order.

    Notes
    -----
    Paper: Hyperparameter Search and Training.
    """
    rng = np.random.default_rng([seed, CELLS.index(cell), number])
    return Hyperparameters(
        rnn_units=int(rng.choice(UNITS)),
        bottleneck_units=int(rng.choice(UNITS)),
        activation=str(rng.choice(ACTIVATIONS)),
        dropout=float(rng.choice(DROPOUTS)),
        learning_rate=float(rng.uniform(*LEARNING_RATES)),
    )


def preset(name: str, cell: Cell) -> Hyperparameters:
    """Return the hyperparameters of a preset for one cell.

    Parameters
    ----------
    name : str
        ``"paper"``, or the path of a ``best.json`` that a search wrote.

    Returns
    -------
    Hyperparameters
        Those of Table 4 for the preset ``"paper"``.

    Raises
    ------
    ConfigError
        If there is no such preset, or it lacks the cell.

    Notes
    -----
    Paper: Hyperparameter Search and Training, Table 4.
    """
    if name in PRESETS:
        return PRESETS[name][cell]
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
        raise ConfigError(f"{path} has no hyperparameters of {cell.name}: {reason}") from error


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
