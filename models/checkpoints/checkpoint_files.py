"""The files of a TensorFlow checkpoint: which one is meant, and its variables by layer."""

import glob
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.checkpoints.bundle import read_index, read_values
from study.errors import ConfigError, RecordError
from study.reading.bounded import LimitError
from study.reading.text import read_bytes

_MOST_BYTES = 200_000_000
_MOST_NOTE_BYTES = 100_000
_LATEST = re.compile(r'model_checkpoint_path: "(?:.*[/\\])?([^"/\\]+)"')
_VARIABLE = re.compile(
    r"layer_with_weights-(\d{1,4})/(?:layer/|cell/)?(\w+)/\.ATTRIBUTES/VARIABLE_VALUE"
)

Layer = Mapping[str, npt.NDArray[np.float32]]


def find_prefix(folder: Path) -> Path:
    """Return the name, without ``.index``, of the checkpoint in a folder."""
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
    try:
        said = read_bytes(path, largest=_MOST_NOTE_BYTES).decode(errors="replace")
    except ConfigError:
        return None
    found = _LATEST.search(said)
    return found[1] if found else None


def data_files(prefix: Path) -> list[Path]:
    """Return the files with a checkpoint's values, in their order; none where they are missing.

    Parameters
    ----------
    prefix : Path
        The checkpoint's name without ``.index``.
    """
    return sorted(prefix.parent.glob(f"{glob.escape(prefix.name)}.data-*"))


def read_layers(prefix: Path) -> list[Layer]:
    """Read the variables of a TensorFlow checkpoint, layer by layer.

    Variables by name, in the order of the layers.

    Parameters
    ----------
    prefix : Path
        The checkpoint's name without ``.index``.
    """
    layers: dict[int, dict[str, npt.NDArray[np.float32]]] = {}
    n_shards, left = len(data_files(prefix)), _MOST_BYTES
    try:
        for key, variable in read_index(prefix.with_name(f"{prefix.name}.index")).items():
            if match := _VARIABLE.fullmatch(key):
                left -= variable.n_bytes
                if left < 0:
                    raise LimitError("its variables are larger than those of any released network")
                layer = layers.setdefault(int(match[1]), {})
                layer[match[2]] = read_values(prefix, variable, n_shards)
    except (LimitError, RecordError, OSError) as error:
        raise ConfigError(
            f"{prefix} cannot be read as a checkpoint: {error}. "
            "Copy its .index and .data files again"
        ) from error
    return [layers[number] for number in sorted(layers)]
