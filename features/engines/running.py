"""Run graphs, one thread per process (docs/adr/0040).

ONNX Runtime calculates in single precision and is the default. ncnn does VGG-16's 3 x 3
convolutions with fewer multiplications, in single precision too. OpenVINO calculates in bfloat16
where that is asked for: several times faster on processors that can, and not the same numbers.
"""

from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime

from features.embedding_set import Precision
from features.engines.formats import INPUT, OUTPUT, GraphFormat, files_of
from features.networks.layers import Floats
from study.errors import ConfigError

_CPU = "CPUExecutionProvider"
# Where Winograd's way of convolving pays; the others gain nothing by it.
_WINOGRAD = frozenset({"vgg16"})
# What makes ncnn calculate in less than single precision, as it does where it can.
_REDUCED = (
    "use_fp16_packed",
    "use_fp16_storage",
    "use_fp16_arithmetic",
    "use_bf16_packed",
    "use_bf16_storage",
)


class Engine(Protocol):
    """A network that is ready to run."""

    def run(self, inputs: Floats) -> Floats:
        """Return the embeddings of a batch.

        Parameters
        ----------
        inputs : ndarray of float32, shape (n, height, width, n_channels)
            Patches or frames; an embedding does not depend on what else is in the batch.

        Returns
        -------
        ndarray of float32, shape (n, size)
            One embedding per input.
        """


def open_engine(graph: Path, precision: Precision = "float32", n_threads: int = 1) -> Engine:
    """Load a network.

    Parameters
    ----------
    graph : Path
        From `features.weights.sources.prepare_graph`.
    precision : {"float32", "bfloat16"}
        What to calculate in.

    Raises
    ------
    ConfigError
        If the graph is broken.
    """
    try:
        if graph.suffix == ".ncnn":
            return _Ncnn(graph, n_threads)
        if precision == "bfloat16":
            return _OpenVino(graph, n_threads)
        return _OnnxRuntime(graph, n_threads)
    except Exception as error:  # each engine has exceptions of its own
        found = str(error).split("\n")[0]
        raise ConfigError(f"{graph} is broken. Delete it; it is made again ({found})") from error


def graph_format(network: str, precision: Precision) -> GraphFormat:
    """Return the form in which a network runs fastest on this machine.

    Parameters
    ----------
    precision : {"float32", "bfloat16"}
        What to calculate in.

    Returns
    -------
    {"onnx", "ncnn"}
        What to ask `features.weights.sources.prepare_graph` for.
    """
    on_gpu = providers()[0] != _CPU
    return "ncnn" if network in _WINOGRAD and precision == "float32" and not on_gpu else "onnx"


def providers() -> list[str]:
    """Return what graphs run on: a GPU where ONNX Runtime sees one, and the processor."""
    wanted = ("CUDAExecutionProvider", _CPU)
    available = onnxruntime.get_available_providers()
    return [name for name in wanted if name in available]


class _OnnxRuntime:
    def __init__(self, graph: Path, n_threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = n_threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(graph, options, providers=providers())

    def run(self, inputs: Floats) -> Floats:
        (embeddings,) = self._session.run([OUTPUT], {INPUT: inputs})
        return np.asarray(embeddings, dtype=np.float32)


class _Ncnn:
    def __init__(self, graph: Path, n_threads: int) -> None:
        import ncnn  # only those who need it wait for it

        self._ncnn, self._net = ncnn, ncnn.Net()
        self._net.opt.num_threads = n_threads
        self._net.opt.use_winograd63_convolution = False  # no faster, and more memory
        for option in _REDUCED:
            setattr(self._net.opt, option, False)
        layers, weights = (str(path) for path in files_of(graph))
        if self._net.load_param(layers) or self._net.load_model(weights):
            raise ValueError("ncnn cannot read it")

    def run(self, inputs: Floats) -> Floats:
        return np.stack([self._run_one(one) for one in inputs])

    def _run_one(self, one: Floats) -> Floats:
        channels_first = np.ascontiguousarray(one.transpose(2, 0, 1))  # ncnn borrows its memory
        extractor = self._net.create_extractor()
        extractor.input(INPUT, self._ncnn.Mat(channels_first))
        failed, embedding = extractor.extract(OUTPUT)
        if failed:
            raise ConfigError("a network does not fit into memory. Use fewer --processes")
        return np.array(embedding, dtype=np.float32)


class _OpenVino:
    def __init__(self, graph: Path, n_threads: int) -> None:
        import openvino  # only those who ask for it wait for it

        core = openvino.Core()
        settings = {
            "INFERENCE_PRECISION_HINT": "bf16",
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": 1,
            "INFERENCE_NUM_THREADS": n_threads,
            "ENABLE_CPU_PINNING": False,  # all processes would be pinned to the first core
        }
        self._request = core.compile_model(graph, "CPU", settings).create_infer_request()

    def run(self, inputs: Floats) -> Floats:
        result = self._request.infer({INPUT: inputs}, share_inputs=True)
        return np.array(result[OUTPUT], dtype=np.float32)
