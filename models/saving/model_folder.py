"""The folder of a model: the names in it, and whether a training may start there."""

import shutil
from pathlib import Path

from study.errors import ConfigError

CARD_NAME = "model_card.json"  # what makes the folder a model
MODEL_NAME = "model.keras"
STATE_NAME = "training.npz"
LISTS_NAME, EVALUATIONS_NAME = "lists", "evaluations"


def require_place(folder: Path, *, resume: bool, overwrite: bool) -> None:
    """Raise if a training must not start in a folder.

    Parameters
    ----------
    resume : bool
        Whether to go on with a training that was interrupted.
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
    (folder / CARD_NAME).unlink(missing_ok=True)  # first: without it the rest is not a model
    for name in (LISTS_NAME, EVALUATIONS_NAME):
        shutil.rmtree(folder / name, ignore_errors=True)
    for path in folder.glob("history.*"):
        path.unlink()
