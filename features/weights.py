"""Where the weights of the networks come from, and the graphs that are made of them."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from features.networks import NETWORKS
from study.errors import ConfigError
from study.files import sha256_of

CACHE_VARIABLE = "AVMIT_CACHE"
_SUFFIXES = (".h5", ".keras")
# Part of the name of a cached graph: raise it when definitions or untrained weights change.
_GRAPH_VERSION = 3


@dataclass(frozen=True, slots=True)
class WeightsSource:
    """The weights of one network, before they are read.

    Parameters
    ----------
    network : str
        A key of `NETWORKS`.
    path : Path or None
        File or folder; None for untrained weights.
    seed : int or None
        What untrained weights are drawn from; None for real ones.
    sha256 : str
        Of the file, of the folder's files, or of the seed's description.
    """

    network: str
    path: Path | None
    seed: int | None
    sha256: str

    @property
    def is_untrained(self) -> bool:
        """Whether the network has learnt nothing."""
        return self.path is None

    @property
    def description(self) -> str:
        """What a person reads about them."""
        title = NETWORKS[self.network].title
        if self.path is None:
            return f"{title}: UNTRAINED, drawn from seed {self.seed}"
        return f"{title}: {self.path.name} (sha256 {self.sha256[:12]})"


def cache_folder() -> Path:
    """Return the folder of downloaded weights and of graphs made from them.

    Returns
    -------
    Path
        ``$AVMIT_CACHE``, else `avmit-lab` in the user's cache.
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "avmit-lab"


def find_weights(
    network: str, folder: Path | None = None, untrained_seed: int | None = None
) -> WeightsSource:
    """Find the weights of a network.

    Parameters
    ----------
    network : str
        A key of `NETWORKS`.
    folder : Path or None
        Where to look; None for the downloaded ones.
    untrained_seed : int or None
        Takes the place of weights that are not there; None to refuse.

    Returns
    -------
    WeightsSource
        Real weights where there are any, else untrained ones.

    Raises
    ------
    ConfigError
        If there are none, or more than one file could be meant.
    """
    if folder is not None and not folder.is_dir():
        raise ConfigError(f"there is no weights folder {folder}. Name an existing one")
    folder = folder or cache_folder() / "weights"
    found = sorted(path for path in folder.glob("*") if _could_be(path, network))
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise ConfigError(
            f"{folder} holds more than one file of {NETWORKS[network].title}: {names}. Keep one"
        )
    if found:
        return WeightsSource(network, found[0], None, hash_of(found[0]))
    if untrained_seed is None:
        raise ConfigError(
            f"no weights of {NETWORKS[network].title} in {folder}. Fetch them: python -m features "
            "weights fetch. Or pass --untrained SEED for a rehearsal"
        )
    about = f"untrained {network} seed {untrained_seed} version {_GRAPH_VERSION}"
    digest = hashlib.sha256(about.encode()).hexdigest()
    return WeightsSource(network, None, untrained_seed, digest)


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file, or of all files of a folder in the order of their names.

    Parameters
    ----------
    path : Path
        File or folder.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    if path.is_file():
        return sha256_of(path)
    digest = hashlib.sha256()
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        digest.update(f"{file.relative_to(path)} {sha256_of(file)}\n".encode())
    return digest.hexdigest()


def prepare_graph(source: WeightsSource) -> Path:
    """Return the ONNX graph of a network with its weights; make it where it is not cached.

    Parameters
    ----------
    source : WeightsSource
        The network and its weights.

    Returns
    -------
    Path
        The graph.

    Raises
    ------
    ConfigError
        If the weights cannot be read or belong to another network.
    """
    path = (
        cache_folder() / "graphs" / f"{source.network}-v{_GRAPH_VERSION}-{source.sha256[:16]}.onnx"
    )
    if path.is_file():
        return path
    from features.graph import write_graph  # onnx, h5py and TensorFlow: only for the first run
    from features.untrained import untrained_weights
    from features.weight_files import read_weights

    spec = NETWORKS[source.network]
    if source.path is None:
        weights = untrained_weights(spec, source.seed or 0)
    else:
        weights = read_weights(source.path, spec)
    write_graph(spec.definition, weights, spec.input_shape, path)
    return path


def _could_be(path: Path, network: str) -> bool:
    if not path.name.lower().startswith(network):
        return False
    return path.suffix in _SUFFIXES or (path / "saved_model.pb").is_file()
