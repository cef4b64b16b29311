"""Load a saved network."""

from dataclasses import dataclass
from pathlib import Path

from models.network.parameters import Weights
from models.saving.card import Card, read_card
from models.saving.keras_file import read_weights
from models.saving.model_folder import MODEL_NAME
from study.errors import ConfigError
from study.tools.files import sha256_of


@dataclass(frozen=True, slots=True, eq=False)
class SavedModel:
    """A network with its card."""

    folder: Path
    card: Card
    weights: Weights


def load_model(folder: Path) -> SavedModel:
    """Load a network.

    Parameters
    ----------
    folder : Path
        Where `save_model` put it.

    Returns
    -------
    SavedModel
        Its card and its weights, float32.

    Raises
    ------
    ConfigError
        If the folder holds no model, one that names no actions, or a file that its card does not
        describe.
    """
    card = read_card(folder)
    path = folder / MODEL_NAME
    if card.task != "action":
        raise ConfigError(
            f"{folder} holds a network of the {card.task} task, which names no action, expected "
            f"one of the action task. Load {path} with Keras"
        )
    if not path.is_file():
        raise ConfigError(f"no model at {path}. Name a folder written by the train command")
    if sha256_of(path) != card.model_sha256:
        raise ConfigError(f"{path} is not the file that its card describes. Train it again")
    return SavedModel(folder, card, read_weights(path, card))
