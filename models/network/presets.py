"""Hyperparameters that were chosen for each cell: the paper's, or those of a search."""

from pathlib import Path

from models.network.spec import Cell, Hyperparameters, Rnn, checked
from study.errors import ConfigError
from study.reading.text import read_json

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
        ``"paper"``, or the path of a ``best.json`` that a search wrote.

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
