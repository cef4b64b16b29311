"""A model on disk: its folder, card and weights, and the state of a training on its way."""

import json
import shutil
import zipfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from models.checkpoints.correspondence import CorrespondenceWeights, build_correspondence
from models.network.forward import Weights
from models.network.keras import (
    KerasModel,
    build_classifier,
    save_classifier,
    set_weights,
)
from models.saving.card import CARD_NAME, Card, read_card, write_card
from models.saving.keras_file import read_weights
from models.training.schedule import Course, Epoch
from study.errors import ConfigError
from study.reading.arrays import read_array
from study.reading.bounded import ZIP_ERRORS, open_file
from study.tools.files import sha256_of, written_atomically

MODEL_NAME = "model.keras"
STATE_NAME = "training.npz"
_MOST_SAID_BYTES = 64_000_000
LISTS_NAME, EVALUATIONS_NAME = "lists", "evaluations"


@dataclass(frozen=True, slots=True, eq=False)
class SavedModel:
    """A network with its card."""

    folder: Path
    card: Card
    weights: Weights


def save_model(folder: Path, card: Card, weights: Weights | CorrespondenceWeights) -> None:
    """Save a network; the card is written last and makes the folder a model."""
    save_classifier(_keras_model(card, weights), folder / MODEL_NAME)
    card = card.model_copy(update={"model_sha256": sha256_of(folder / MODEL_NAME)})
    write_card(card, folder)


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


def load_model(folder: Path) -> SavedModel:
    """Load a network.

    Parameters
    ----------
    folder : Path
        Where `save_model` put it.

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


def require_place(folder: Path, *, resume: bool, overwrite: bool) -> None:
    """Raise if a training must not start in a folder.

    Parameters
    ----------
    resume : bool
        Whether to go on with a training that was interrupted.

    Raises
    ------
    ConfigError
        If a model or an interrupted training is there that neither flag covers.
    """
    if overwrite:
        return
    if (folder / CARD_NAME).exists():
        raise ConfigError(f"{folder} holds a finished model. To replace it, pass --overwrite")
    if (folder / STATE_NAME).exists() and not resume:
        raise ConfigError(
            f"{folder} holds a training that was interrupted. Go on with --resume, or start "
            "afresh with --overwrite"
        )


def clear_place(folder: Path) -> None:
    """Remove a model that is to be replaced, with its lists, history and evaluations.

    Parameters
    ----------
    folder : Path
        The model's folder; the state of a training and files of others stay.
    """
    (folder / CARD_NAME).unlink(missing_ok=True)  # first: without it the rest is no model
    for name in (LISTS_NAME, EVALUATIONS_NAME):
        shutil.rmtree(folder / name, ignore_errors=True)
    for path in folder.glob("history.*"):
        path.unlink()


def write_course(course: Course, plan: str, folder: Path) -> None:
    """Keep a training after an epoch, so that it can go on from there.

    Parameters
    ----------
    plan : str
        What is being trained on what; only the same plan may go on.
    """
    leaves = jax.tree.leaves((course.learner, course.best))
    history = [asdict(epoch) for epoch in course.history]
    said = json.dumps({"plan": plan, "best_epoch": course.best_epoch, "history": history})
    with written_atomically(folder / STATE_NAME) as part, part.open("wb") as file:
        named = {f"leaf_{i}": np.asarray(leaf) for i, leaf in enumerate(leaves)}
        np.savez(file, allow_pickle=False, said=np.asarray(said), **named)


def read_course(start: Course, plan: str, folder: Path) -> Course:
    """Read a training that was interrupted.

    Parameters
    ----------
    start : Course
        The same training before its first epoch: gives the shapes.

    Returns
    -------
    Course
        Training after the last whole epoch; `start` if none was finished.

    Raises
    ------
    ConfigError
        If what is there was another training, or cannot be read.
    """
    path = folder / STATE_NAME
    if not path.is_file():
        return start
    leaves, structure = jax.tree.flatten((start.learner, start.best))
    try:
        with (
            open_file(path, sum(leaf.nbytes for leaf in leaves) + _MOST_SAID_BYTES) as file,
            zipfile.ZipFile(file) as kept,
        ):
            said = _read_said(kept)
            if said.plan != plan:
                raise ConfigError(
                    f"{path} belongs to another training. Pass the same lists, embeddings and "
                    "options, or start afresh with --overwrite"
                )
            arrays = [_read_leaf(kept, number, leaf) for number, leaf in enumerate(leaves)]
    except (*ZIP_ERRORS, OSError) as error:
        raise ConfigError(
            f"{path} is no whole state of a training. Start afresh with --overwrite"
        ) from error
    learner, best = jax.tree.unflatten(structure, arrays)
    return Course(learner, best, said.best_epoch, said.history)


class _Said(BaseModel):
    """What the state of a training says beside its arrays."""

    model_config = ConfigDict(extra="forbid")

    plan: str
    best_epoch: int
    history: tuple[Epoch, ...]


def _read_said(kept: zipfile.ZipFile) -> _Said:
    with kept.open("said.npy") as member:
        text = read_array(member, "U", (), _MOST_SAID_BYTES)
    said = _Said.model_validate_json(str(text[()]))
    if not 0 <= said.best_epoch <= len(said.history):
        raise ValueError("the best epoch is not in the history")
    return said


def _read_leaf(kept: zipfile.ZipFile, number: int, leaf: jax.Array) -> jax.Array:
    like = np.asarray(leaf)
    with kept.open(f"leaf_{number}.npy") as member:
        return jnp.asarray(read_array(member, like.dtype.str, like.shape, like.nbytes))


def write_history(history: Iterable[Epoch], folder: Path) -> None:
    """Write the epochs as a table and as a plot."""
    from models.evaluation.figures import new_figure, plot_history, save_figure

    frame = pd.DataFrame([asdict(epoch) for epoch in history])
    with written_atomically(folder / "history.csv") as part:
        frame.to_csv(part, index=False)
    figure, axes = new_figure(1, 2)
    plot_history(frame, axes[0, 0], axes[0, 1])
    save_figure(figure, folder, "history")
