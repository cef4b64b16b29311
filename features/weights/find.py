"""Where the weights of the networks come from, and the graphs that are made of them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from features.engines.graph import GraphFormat
from features.engines.ncnn import write_ncnn_graph
from features.engines.onnx import OnnxWriter, write_onnx_graph
from features.networks.layers import Weights
from features.networks.network_spec import NetworkSpec
from features.networks.specs import NETWORKS
from features.networks.untrained import untrained_weights
from features.weights.formats import read_weights
from study.errors import ConfigError, RecordError
from study.reading.text import LARGEST_SETTINGS, read_bytes
from study.tools.files import cache_folder, own_folder, sha256_of

CHECKSUMS_NAME = "checksums.json"
_SUFFIXES = (".h5", ".keras")
# Part of the name of a cached graph: raise it when definitions or untrained weights change.
_GRAPH_VERSION = 3


@dataclass(frozen=True, slots=True)
class Checksum:
    """What was noted of a download."""

    sha256: str
    url: str


_CHECKSUMS = TypeAdapter(dict[str, Checksum])


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


def weights_folder() -> Path:
    """Return the folder of downloaded weights."""
    return cache_folder() / "weights"


def find_weights(
    network: str,
    folder: Path | None = None,
    untrained_seed: int | None = None,
    file: Path | None = None,
) -> WeightsSource:
    """Find the weights of a network: real ones where there are any, else untrained ones.

    Parameters
    ----------
    network : str
        A key of `NETWORKS`.
    folder : Path or None
        Where to look; None for the downloaded ones.
    untrained_seed : int or None
        Takes the place of weights that are not there; None to refuse.
    file : Path or None
        The file or SavedModel itself, whatever it is called; None to look in the folder.
    """
    if file is not None:
        if not _holds_weights(file):
            raise ConfigError(
                f"{file} holds no weights. Name an .h5 or .keras file, or the folder of a "
                "SavedModel"
            )
        return WeightsSource(network, file, None, verified_hash(file))
    if folder is not None and folder.is_file():
        raise ConfigError(
            f"{folder} is a file. Name its folder, or pass --weights-of {network}={folder}"
        )
    if folder is not None and not folder.is_dir():
        raise ConfigError(f"there is no weights folder {folder}. Name an existing one")
    folder = folder or weights_folder()
    path = find_file(network, folder)
    if path is not None:
        return WeightsSource(network, path, None, verified_hash(path))
    if untrained_seed is None:
        raise ConfigError(
            f"no weights of {NETWORKS[network].title} in {folder}. Fetch them: python -m features "
            "weights fetch. Or pass --untrained SEED for a rehearsal"
        )
    about = f"untrained {network} seed {untrained_seed} version {_GRAPH_VERSION}"
    digest = hashlib.sha256(about.encode()).hexdigest()
    return WeightsSource(network, None, untrained_seed, digest)


def find_file(network: str, folder: Path) -> Path | None:
    """Return the weights file of a network.

    A file, or the folder of a SavedModel, whose name begins with that of the network.
    """
    found = sorted(path for path in folder.glob("*") if _could_be(path, network))
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise ConfigError(
            f"{folder} holds more than one file of {NETWORKS[network].title}: {names}. Keep one"
        )
    return found[0] if found else None


def verified_hash(path: Path) -> str:
    """Return the SHA-256 of weights, once they are known to be what was downloaded."""
    found = hash_of(path)
    noted = read_checksums(path.parent).get(path.name)
    if noted is not None and noted.sha256 != found:
        raise ConfigError(
            f"{path} has changed since it was fetched (sha256 {found[:12]}, expected "
            f"{noted.sha256[:12]}). Delete it and run: python -m features weights fetch"
        )
    return found


def read_checksums(folder: Path) -> dict[str, Checksum]:
    """Return by file name the checksums that were noted when weights were downloaded."""
    path = folder / CHECKSUMS_NAME
    if not path.is_file():
        return {}
    try:
        return _CHECKSUMS.validate_json(read_bytes(path, largest=LARGEST_SETTINGS))
    except ValueError as error:
        raise ConfigError(
            f"{path} is broken: it is not a list of checksums. Delete it and fetch again"
        ) from error


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file, or of all files of a folder in the order of their names."""
    if path.is_file():
        return sha256_of(path)
    digest = hashlib.sha256()
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        digest.update(f"{file.relative_to(path)} {sha256_of(file)}\n".encode())
    return digest.hexdigest()


def prepare_graph(source: WeightsSource, form: GraphFormat = "onnx") -> Path:
    """Return the graph of a network with its weights; make it where it is not cached."""
    name = f"{source.network}-v{_GRAPH_VERSION}-{source.sha256[:16]}.{form}"
    path = own_folder("graphs") / name
    if path.is_file():
        return path
    spec = NETWORKS[source.network]
    if source.path is None:
        weights = untrained_weights(spec, source.seed or 0)
    else:
        weights = read_weights(source.path, spec)
    write = write_onnx_graph if form == "onnx" else write_ncnn_graph
    try:
        write(spec.definition, weights, spec.input_shape, path)
    except RecordError as error:
        raise ConfigError(
            f"{source.path} cannot be used: {error}. "
            "Fetch it again: python -m features weights fetch"
        ) from error
    return path


def require_fit(weights: Weights, spec: NetworkSpec) -> None:
    """Raise if weights are not those of a network."""
    writer = OnnxWriter(weights)
    spec.definition(writer, writer.begin(spec.input_shape))


def _could_be(path: Path, network: str) -> bool:
    return path.name.lower().startswith(network) and _holds_weights(path)


def _holds_weights(path: Path) -> bool:
    is_file = path.suffix in _SUFFIXES and path.is_file()
    return is_file or (path / "saved_model.pb").is_file()
