"""The weights in a file that Keras wrote, read for their numbers only.

A ``.keras`` file is an archive of a description of the model and of its weights. Keras builds
whatever the description says, which can be a program, and keeps drawn weights where the file has
none; here the card says what the network is, and each of its weights must be there.
"""

import tempfile
import zipfile
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from models.network.parameters import (
    CorrespondenceWeights,
    Dense,
    Moving,
    OutputLayer,
    Recurrent,
    Squeeze,
    Trainable,
    Weights,
)
from models.network.spec import N_GATES, Rnn
from models.saving.card import Card
from study.errors import ConfigError
from study.reading.bounded import ZIP_ERRORS, LimitError, copy_member, open_file
from study.reading.hdf5 import numbers_in

_WEIGHTS_NAME = "model.weights.h5"  # in the archive
_ROOM, _OVERHEAD = 2, 10_000_000  # of a file beyond its weights
_RNN = "rnn"

Shapes = dict[tuple[str, int], tuple[int, ...]]


def read_weights(path: Path, card: Card) -> Weights:
    """Read the float32 weights of a network from the file that was saved with its card.

    Parameters
    ----------
    path : Path
        A ``.keras`` file.
    """
    return _sorted(_arrays_of(path, _shapes(card)))


def read_correspondence_weights(path: Path, card: Card) -> CorrespondenceWeights:
    """Read the float32 weights of a correspondence network, likewise.

    Parameters
    ----------
    path : Path
        A ``.keras`` file.
    """
    arrays = _arrays_of(path, _correspondence_shapes(card))

    def dense(name: str) -> Dense:
        return Dense(arrays[name, 0], arrays[name, 1])

    return CorrespondenceWeights(
        (dense("audio_dense_1"), dense("audio_dense_2")),
        (dense("visual_dense_1"), dense("visual_dense_2")),
        Recurrent(*(arrays[_RNN, place] for place in range(3))),
        OutputLayer(*dense("probability")),
    )


def _arrays_of(path: Path, shapes: Shapes) -> dict[tuple[str, int], npt.NDArray[np.float32]]:
    n_bytes = sum(4 * int(np.prod(shape)) for shape in shapes.values())
    try:
        with (
            open_file(path, _ROOM * n_bytes + _OVERHEAD) as file,
            zipfile.ZipFile(file) as packed,
            tempfile.TemporaryFile() as weights,
        ):
            copy_member(packed, _WEIGHTS_NAME, weights, _ROOM * n_bytes + _OVERHEAD)
            with h5py.File(weights) as arrays:
                return _read(arrays, shapes, n_bytes)
    except (*ZIP_ERRORS, OSError, TypeError, MemoryError) as error:
        reason = str(error).partition("\n")[0][:300]
        raise ConfigError(
            f"{path} does not hold the network that its card describes: {reason}. Train it again"
        ) from error


def _shapes(card: Card) -> Shapes:
    width = card.hyperparameters.bottleneck_units
    layers = _last_layers(card, 2 * width)
    for name, size in (("audio", card.audio_size), ("visual", card.visual_size)):
        layers[f"{name}_bottleneck"] = ((size, width), (width,))
        layers[f"{name}_norm"] = ((width,),) * 4
    return _numbered(layers)


def _correspondence_shapes(card: Card) -> Shapes:
    width = card.hyperparameters.bottleneck_units
    layers = _last_layers(card, 1)  # of the two modalities' distance
    for name, size in (("audio", card.audio_size), ("visual", card.visual_size)):
        layers[f"{name}_dense_1"] = ((size, width), (width,))
        layers[f"{name}_dense_2"] = ((width, width), (width,))
    return _numbered(layers)


def _last_layers(card: Card, n_inputs: int) -> dict[str, tuple[tuple[int, ...], ...]]:
    units = card.hyperparameters.rnn_units
    columns = N_GATES[card.cell.rnn] * units
    bias = (2, columns) if card.cell.rnn is Rnn.GRU else (columns,)
    return {
        _RNN: ((n_inputs, columns), (units, columns), bias),
        "probability": ((units, len(card.classes)), (len(card.classes),)),
    }


def _numbered(layers: dict[str, tuple[tuple[int, ...], ...]]) -> Shapes:
    return {(name, i): shape for name, part in layers.items() for i, shape in enumerate(part)}


def _read(
    arrays: h5py.File, shapes: Shapes, n_bytes: int
) -> dict[tuple[str, int], npt.NDArray[np.float32]]:
    found = {}
    for item in numbers_in(arrays, n_bytes):
        owner, _, number = ("", "", *item.name.split("/"))[-3:]
        # Keras names a recurrent layer's cell in its own way.
        name = _RNN if owner == "cell" else item.parent.attrs.get("name")
        key = (name, int(number)) if number.isascii() and number.isdecimal() else None
        if key not in shapes or key in found:
            raise LimitError(f"it has {item.name[:200]!r}, which the network has not")
        if item.shape != shapes[key] or item.dtype != np.float32:
            raise LimitError(
                f"{item.name} is {item.dtype} of shape {item.shape}, "
                f"expected float32 of shape {shapes[key]}"
            )
        found[key] = np.asarray(item)
        if not np.isfinite(found[key]).all():
            raise LimitError(f"{item.name} is not finite")
    if len(found) < len(shapes):
        raise LimitError(f"it lacks {len(shapes) - len(found)} of {len(shapes)} arrays")
    return found


def _sorted(arrays: dict[tuple[str, int], npt.NDArray[np.float32]]) -> Weights:
    def of(name: str, *numbers: int) -> list[npt.NDArray[np.float32]]:
        return [arrays[name, number] for number in numbers]

    units = {
        name: Squeeze(*of(f"{name}_bottleneck", 0, 1), *of(f"{name}_norm", 0, 1))
        for name in ("audio", "visual")
    }
    moving = {name: Moving(*of(f"{name}_norm", 2, 3)) for name in ("audio", "visual")}
    trainable = Trainable(
        units["audio"],
        units["visual"],
        Recurrent(*of(_RNN, 0, 1, 2)),
        OutputLayer(*of("probability", 0, 1)),
    )
    return Weights(trainable, moving["audio"], moving["visual"])
