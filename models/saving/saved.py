"""Load a saved network."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from features.records.dataset import Records
from models.data.embeddings import Embeddings
from models.network.parameters import CorrespondenceWeights, Weights
from models.saving.card import Card, read_card
from models.saving.keras_file import read_correspondence_weights, read_weights
from models.saving.model_folder import MODEL_NAME
from study.errors import ConfigError
from study.tools.files import sha256_of


@dataclass(frozen=True, slots=True, eq=False)
class SavedModel:
    """A network with its card."""

    folder: Path
    card: Card = field(repr=False)
    weights: Weights = field(repr=False)

    def predict(
        self,
        clips: Records | Embeddings | Sequence[Embeddings],
        *,
        cache: Path | None = None,
        allow_untrained: bool = False,
    ) -> pd.DataFrame:
        """Return the probability of each class for each clip.

        Parameters
        ----------
        clips : Records, or one or several of what `features.embed` and `features.read` return
            The embeddings; of longer clips the first timesteps count, shorter ones are padded.
        cache : Path or None
            Folder for packed rows of `Records`; None for the user's cache.
        allow_untrained : bool
            Whether embeddings may come from untrained networks.

        Returns
        -------
        DataFrame
            A row a clip, indexed by its filename, and a column a class; each row adds up to 1.

        Raises
        ------
        RecordError
            If embeddings are of another set or broken, or of untrained networks.
        """
        from models.evaluation.predictions import predict  # starts JAX

        return predict(self, clips, cache=cache, allow_untrained=allow_untrained)


def load_model(folder: Path | str) -> SavedModel:
    """Load a network.

    Parameters
    ----------
    folder : Path or str
        Where `train` or `import-checkpoint` put it.

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
    folder = Path(folder)
    card = read_card(folder)
    path = folder / MODEL_NAME
    if card.task != "action":
        raise ConfigError(
            f"{folder} holds a network of the {card.task} task, which names no action, expected "
            f"one of the action task. Load {path} with Keras"
        )
    _require_file_of(card, path)
    return SavedModel(folder, card, read_weights(path, card))


@dataclass(frozen=True, slots=True, eq=False)
class SavedCorrespondence:
    """A correspondence network with its card."""

    folder: Path
    card: Card
    weights: CorrespondenceWeights


def load_correspondence(folder: Path) -> SavedCorrespondence:
    """Load a network that says whether sound and picture belong together.

    Raises ConfigError if the folder holds none, or a file that its card does not describe.
    """
    card = read_card(folder)
    path = folder / MODEL_NAME
    if card.task != "correspondence":
        raise ConfigError(f"{folder} holds a network of the {card.task} task. Load it as such")
    _require_file_of(card, path)
    return SavedCorrespondence(folder, card, read_correspondence_weights(path, card))


def _require_file_of(card: Card, path: Path) -> None:
    if not path.is_file():
        raise ConfigError(f"no model at {path}. Name a folder written by the train command")
    if sha256_of(path) != card.model_sha256:
        raise ConfigError(f"{path} is not the file that its card describes. Train it again")
