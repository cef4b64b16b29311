"""The state of a training on disk, so that one that was interrupted goes on."""

import json
import zipfile
from dataclasses import asdict
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import BaseModel, ConfigDict

from models.network.spec import Epoch
from models.saving.model_folder import STATE_NAME
from models.training.loop import TrainingState
from study.errors import ConfigError
from study.reading.arrays import read_array
from study.reading.bounded import ZIP_ERRORS, open_file
from study.tools.files import written_atomically

_MOST_SAID_BYTES = 64_000_000


def write_state(state: TrainingState, plan: str, folder: Path) -> None:
    """Write the state of a training after an epoch, so that it can go on from there.

    Parameters
    ----------
    plan : str
        What is being trained on what; only the same plan may go on.
    """
    leaves = jax.tree.leaves((state.optimizer, state.best))
    history = [asdict(epoch) for epoch in state.history]
    said = json.dumps({"plan": plan, "best_epoch": state.best_epoch, "history": history})
    with written_atomically(folder / STATE_NAME) as part, part.open("wb") as file:
        named = {f"leaf_{i}": np.asarray(leaf) for i, leaf in enumerate(leaves)}
        np.savez(file, allow_pickle=False, said=np.asarray(said), **named)


def read_state(start: TrainingState, plan: str, folder: Path) -> TrainingState:
    """Read a training that was interrupted; `start` if no epoch was finished.

    Parameters
    ----------
    start : TrainingState
        The same training before its first epoch: gives the shapes.
    """
    path = folder / STATE_NAME
    if not path.is_file():
        return start
    leaves, structure = jax.tree.flatten((start.optimizer, start.best))
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
            f"{path} is not a whole state of a training. Start afresh with --overwrite"
        ) from error
    optimizer, best = jax.tree.unflatten(structure, arrays)
    return TrainingState(optimizer, best, said.best_epoch, said.history)


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
