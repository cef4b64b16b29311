"""Read weights from the files that others publish."""

import re
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from features.networks.layers import Layer, Weights
from features.networks.network_spec import NetworkSpec
from study.errors import ConfigError
from study.reading.bounded import ZIP_ERRORS, LimitError, copy_member, open_file
from study.reading.hdf5 import numbers_in
from study.reading.text import read_bytes

# VGG-16 with its top and an optimiser's state has 1.7 GB.
_MOST_FILE_BYTES = 2_500_000_000
_MOST_ARRAY_BYTES = 1_000_000_000
_MOST_GRAPH_BYTES = 200_000_000
_KERAS_WEIGHTS = "model.weights.h5"  # of a `.keras` archive
# Operations of TensorFlow that read or write other files, or run Python.
_HARMFUL = re.compile(
    r"^(ReadFile|WriteFile|MatchingFiles|.*PyFunc.*|.*Dataset.*|.*Reader.*|Rpc.*)$"
)
_OPTIMISERS = frozenset({"optimizer", "optimizer_weights"})

Arrays = Mapping[str, npt.NDArray[np.float32]]

# The variables of Keras 3's layers in the order in which `.weights.h5` files number them.
_NUMBERED = {
    1: ("kernel",),
    2: ("kernel", "bias"),
    3: ("beta", "moving_mean", "moving_variance"),  # YAMNet's have no gamma
    4: ("gamma", "beta", "moving_mean", "moving_variance"),
}

# What a file's variable is, by its name; the last ones are those of old Keras and TF-Slim.
_ROLES = {
    "kernel": "kernel",
    "depthwise_kernel": "kernel",
    "weights": "kernel",
    "w_1": "kernel",
    "bias": "bias",
    "biases": "bias",
    "b_1": "bias",
    "gamma": "gamma",
    "beta": "beta",
    "moving_mean": "mean",
    "moving_variance": "variance",
}


def read_weights(path: Path, spec: NetworkSpec) -> Weights:
    """Read the weights of a network, batch normalisation folded in.

    Layers that the network does not name are left out.

    Parameters
    ----------
    path : Path
        An `.h5` or `.weights.h5` file with Keras weights, a `.keras` model, or the folder of a
        SavedModel.
    """
    arrays = read_arrays(path)
    named = _by_layer(arrays, spec)
    missing = [name for name in spec.layer_names if "kernel" not in named.get(name, {})]
    if missing:
        raise ConfigError(
            f"{path} lacks {len(missing)} of {len(spec.layer_names)} layers of {spec.title}, the "
            f"first is {missing[0]!r}. Name a file with the weights of {spec.title}"
        )
    foreign = _foreign_convolutions(arrays, spec)
    if foreign:
        raise ConfigError(
            f"{path} has {len(foreign)} convolutions that {spec.title} has not, the first is "
            f"{foreign[0]!r}. Name a file with the weights of {spec.title}"
        )
    return {name: _folded(name, named, spec) for name in spec.layer_names}


def read_arrays(path: Path) -> Arrays:
    """Read all variables of a file by their names."""
    if path.is_dir():
        return _saved_model_arrays(path)
    try:
        return _keras_arrays(path) if path.suffix == ".keras" else _h5_arrays(path)
    except (*ZIP_ERRORS, OSError, MemoryError) as error:  # h5py's too, by where a file is damaged
        kind = "a Keras model" if path.suffix == ".keras" else "an HDF5 file"
        reason = str(error).partition("\n")[0][:300]
        raise ConfigError(
            f"{path} cannot be read as {kind}: {reason}. Fetch it again: "
            "python -m features weights fetch"
        ) from error


def _h5_arrays(path: Path) -> Arrays:
    found: dict[str, npt.NDArray[np.float32]] = {}
    with open_file(path, _MOST_FILE_BYTES):
        pass  # h5py would wait for a pipe
    with h5py.File(path) as file:
        # Beside a whole model's weights stand those of its optimiser, under the same names.
        group = file.get("model_weights", file)
        if not isinstance(group, h5py.Group):
            raise LimitError("model_weights is not a group")
        for item in numbers_in(group, _MOST_ARRAY_BYTES, skip=_OPTIMISERS):
            name = item.name.removeprefix(group.name).removeprefix("/")
            found[_name_of(name, item)] = np.asarray(item, dtype=np.float32)
    return found


def _keras_arrays(path: Path) -> Arrays:
    # Keras would build the model that the archive describes, and a description can be a program.
    with (
        open_file(path, _MOST_FILE_BYTES) as file,
        zipfile.ZipFile(file) as packed,
        tempfile.NamedTemporaryFile(suffix=".h5") as weights,
    ):
        copy_member(packed, _KERAS_WEIGHTS, weights, _MOST_FILE_BYTES)
        weights.flush()
        return _h5_arrays(Path(weights.name))


def _name_of(name: str, item: h5py.Dataset) -> str:
    # Keras 3 numbers a layer's variables and names the layer in an attribute of their group.
    layer, number = item.parent.attrs.get("name"), name.rsplit("/", 1)[-1]
    roles = _NUMBERED.get(len(item.parent))
    if not isinstance(layer, str) or roles is None or number not in map(str, range(len(roles))):
        return name
    return f"{layer}/{roles[int(number)]}"


def _saved_model_arrays(path: Path) -> Arrays:
    try:
        return {each.name: each.numpy() for each in _variables(load_saved_model(path))}
    except (TypeError, AttributeError) as error:
        raise _no_saved_model(path, error) from error


def load_saved_model(path: Path) -> Any:  # noqa: ANN401
    """Load a SavedModel, once it is known to do nothing but calculate."""
    import tensorflow as tf  # slow to import, and only SavedModels need it

    if not (path / "saved_model.pb").is_file():
        raise ConfigError(f"{path} holds no saved_model.pb. Name the folder of a SavedModel")
    _require_harmless(path)
    try:
        return tf.saved_model.load(str(path))
    except (tf.errors.OpError, OSError, *ZIP_ERRORS, TypeError, AttributeError) as error:
        raise _no_saved_model(path, error) from error


def _no_saved_model(path: Path, error: Exception) -> ConfigError:
    reason = str(error).partition("\n")[0][:300]
    return ConfigError(
        f"{path} cannot be read as a SavedModel: {reason}. "
        "Fetch it again: python -m features weights fetch"
    )


def _require_harmless(path: Path) -> None:
    # Loading runs what a model does to set itself up, and a model can do what a program can.
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    try:
        graphs = saved_model_pb2.SavedModel.FromString(
            read_bytes(path / "saved_model.pb", largest=_MOST_GRAPH_BYTES)
        )
    except DecodeError as error:
        raise ConfigError(
            f"{path} cannot be read as a SavedModel: {error}. "
            "Fetch it again: python -m features weights fetch"
        ) from error
    for meta in graphs.meta_graphs:
        functions = [node for each in meta.graph_def.library.function for node in each.node_def]
        for node in [*meta.graph_def.node, *functions]:
            if _HARMFUL.search(node.op):
                raise ConfigError(
                    f"{path} holds the operation {node.op[:100]!r}, which no network needs. Fetch "
                    "it from its publisher: python -m features weights fetch"
                )


def _variables(model: Any) -> Iterable[Any]:  # noqa: ANN401
    # Wherever an exporter keeps its variables, the functions that it offers use all of them.
    functions = list(model.signatures.values())
    functions += model.__call__.concrete_functions if callable(model) else []
    return [variable for function in functions for variable in function.variables]


def _by_layer(arrays: Arrays, spec: NetworkSpec) -> dict[str, dict[str, npt.NDArray[np.float32]]]:
    known = _known_names(spec)
    found: dict[str, dict[str, npt.NDArray[np.float32]]] = {}
    for name, array in arrays.items():
        parts = _parts(name)
        role = _role(parts[-1])
        layer = _layer(parts[:-1], known)
        if role is not None and layer is not None:
            found.setdefault(layer, {})[role] = array
    return found


def _foreign_convolutions(arrays: Arrays, spec: NetworkSpec) -> list[str]:
    known = _known_names(spec)
    convolutions = [_parts(name) for name, array in arrays.items() if array.ndim == 4]
    return [
        parts[-2] if len(parts) > 1 else parts[0]
        for parts in convolutions
        if _role(parts[-1]) == "kernel" and _layer(parts[:-1], known) is None
    ]


def _known_names(spec: NetworkSpec) -> dict[str, str]:
    # Keras 3 allows no "/" in the name of a layer: models that it made have "_" there.
    names = [name for layer in spec.layer_names for name in (layer, spec.norm_of(layer)) if name]
    return {name.replace("/", "_"): name for name in names}


def _parts(name: str) -> list[str]:
    # Keras' public port of VGGish writes "vggish_fc2" for "fc2".
    return [part.removeprefix("vggish_") for part in re.sub(r":\d+$", "", name).split("/")]


def _role(leaf: str) -> str | None:
    leaf = leaf.lower()
    return _ROLES.get(leaf) or next(
        (_ROLES[old] for old in ("w_1", "b_1") if leaf.endswith(f"_{old}")), None
    )


def _layer(parts: list[str], known: Mapping[str, str]) -> str | None:
    # Groups repeat the layer's name and stand in groups of their own: take the longest end
    # that is a name, so that "layer1/conv/bn" is not taken for "layer1/conv".
    for begin in range(len(parts)):
        name = known.get("_".join(parts[begin:]))
        if name is not None:
            return name
    return None


def _folded(
    name: str, named: dict[str, dict[str, npt.NDArray[np.float32]]], spec: NetworkSpec
) -> Layer:
    kernel = named[name]["kernel"]
    depthwise = kernel.ndim == 4 and kernel.shape[3] == 1 and kernel.shape[2] > 1
    n_outputs = kernel.shape[2] if depthwise else kernel.shape[-1]
    bias = named[name].get("bias", np.zeros(n_outputs, np.float32))
    norm = named.get(spec.norm_of(name) or "")
    if norm is not None:
        scale = norm.get("gamma", np.ones(n_outputs)) / np.sqrt(
            norm["variance"].astype(np.float64) + spec.norm_epsilon
        )
        kernel = kernel.astype(np.float64) * (scale[:, None] if depthwise else scale)
        bias = (bias.astype(np.float64) - norm["mean"]) * scale + norm["beta"]
    if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
        raise ConfigError(
            f"layer {name!r} of {spec.title} has weights that are not finite. "
            "Fetch them again: python -m features weights fetch"
        )
    return Layer(kernel.astype(np.float32, copy=False), bias.astype(np.float32, copy=False))
