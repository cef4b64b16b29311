"""The files of a TensorFlow checkpoint: which one is meant, and its variables by layer."""

import glob
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from study.errors import ConfigError

_LATEST = re.compile(r'model_checkpoint_path: "(?:.*[/\\])?([^"/\\]+)"')
_VARIABLE = re.compile(
    r"layer_with_weights-(\d+)/(?:layer/|cell/)?(\w+)/\.ATTRIBUTES/VARIABLE_VALUE"
)

Layer = Mapping[str, npt.NDArray[np.float32]]


def find_prefix(folder: Path) -> Path:
    """Find the checkpoint in a folder.

    Parameters
    ----------
    folder : Path
        The released folder of one network.

    Returns
    -------
    Path
        The checkpoint's name without ``.index``.

    Raises
    ------
    ConfigError
        If there is none, it is not clear which, or its data are missing.
    """
    names = [path.name.removesuffix(".index") for path in sorted(folder.glob("*.index"))]
    if not names:
        raise ConfigError(
            f"{folder} has no checkpoint: no file ends in .index. Name the folder of a released "
            "network, with all its files"
        )
    latest = _latest(folder)
    if len(names) > 1 and latest not in names:
        raise ConfigError(
            f"{folder} has {len(names)} checkpoints ({', '.join(names)}), and the file checkpoint "
            "does not say which is meant. Move the others elsewhere"
        )
    prefix = folder / (names[0] if len(names) == 1 else str(latest))
    if not data_files(prefix):
        raise ConfigError(
            f"{prefix}.data-00000-of-00001 is missing. The weights are in that file; "
            "download it from the authors' repository"
        )
    return prefix


def _latest(folder: Path) -> str | None:
    # Keras writes the path on the machine where it trained; only the name counts here.
    path = folder / "checkpoint"
    found = _LATEST.search(path.read_text(errors="replace")) if path.is_file() else None
    return found[1] if found else None


def data_files(prefix: Path) -> list[Path]:
    """Return the files with a checkpoint's values.

    Parameters
    ----------
    prefix : Path
        The checkpoint's name without ``.index``.

    Returns
    -------
    list of Path
        In their order; none where they are missing.
    """
    return sorted(prefix.parent.glob(f"{glob.escape(prefix.name)}.data-*"))


def read_layers(prefix: Path) -> list[Layer]:
    """Read the variables of a TensorFlow checkpoint, layer by layer.

    Parameters
    ----------
    prefix : Path
        The checkpoint's name without ``.index``.

    Returns
    -------
    list of mapping of str to ndarray
        Variables by name, in the order of the layers.

    Raises
    ------
    ConfigError
        If TensorFlow cannot read it.
    """
    from models.network.backend import import_tensorflow

    tf = import_tensorflow()
    layers: dict[int, dict[str, npt.NDArray[np.float32]]] = {}
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        for key in reader.get_variable_to_shape_map():
            if match := _VARIABLE.fullmatch(key):
                layer = layers.setdefault(int(match[1]), {})
                layer[match[2]] = reader.get_tensor(key)
    except (tf.errors.OpError, RuntimeError, IndexError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"{prefix} cannot be read as a checkpoint: {reason}") from error
    return [layers[number] for number in sorted(layers)]
