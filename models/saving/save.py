"""Save a network: its weights as a Keras model, and its card."""

import math
from pathlib import Path

from models.checkpoints.correspondence import build_correspondence
from models.network.keras import KerasModel, build_classifier, save_classifier, set_weights
from models.network.parameters import CorrespondenceWeights, Weights
from models.saving.card import Card, write_card
from models.saving.model_folder import MODEL_NAME
from study.tools.files import sha256_of


def save_model(folder: Path, card: Card, weights: Weights | CorrespondenceWeights) -> None:
    """Save a network; the card is written last and makes the folder a model."""
    model = _keras_model(card, weights)
    save_classifier(model, folder / MODEL_NAME)
    known = {
        "n_trainable": sum(math.prod(each.shape) for each in model.trainable_weights),
        "n_parameters": model.count_params(),
        "model_sha256": sha256_of(folder / MODEL_NAME),
    }
    write_card(card.model_copy(update=known), folder)


def _keras_model(card: Card, weights: Weights | CorrespondenceWeights) -> KerasModel:
    if isinstance(weights, CorrespondenceWeights):
        return build_correspondence(card, weights)
    model = build_classifier(
        card.cell.rnn,
        card.hyperparameters,
        audio_size=card.audio_size,
        visual_size=card.visual_size,
        n_classes=len(card.classes),
        timesteps=card.timesteps,
    )
    set_weights(model, weights)
    return model
