"""Choose and open the engine of a network; one thread per process (docs/adr/0040)."""

from pathlib import Path

from features.embedding_set import Device
from features.engines.graph import Engine, GraphFormat
from features.engines.ncnn import NcnnEngine
from features.engines.onnx import PROCESSOR, OnnxEngine, providers
from study.errors import ConfigError

# Where Winograd's way of convolving pays; the others gain nothing by it.
_WINOGRAD = frozenset({"vgg16"})


def open_engine(graph: Path, n_threads: int = 1, device: Device = "auto") -> Engine:
    """Load a network from the graph that `features.weights.find.prepare_graph` made."""
    wanted = providers(device)
    try:
        if graph.suffix == ".ncnn":
            return NcnnEngine(graph, n_threads)
        return OnnxEngine(graph, n_threads, wanted)
    except Exception as error:  # each engine has exceptions of its own
        found = str(error).split("\n")[0]
        raise ConfigError(f"{graph} is broken. Delete it; it is made again ({found})") from error


def graph_format(network: str, device: Device = "auto") -> GraphFormat:
    """Return the form in which a network runs fastest on this machine."""
    on_gpu = providers(device)[0] != PROCESSOR
    return "ncnn" if network in _WINOGRAD and not on_gpu else "onnx"
