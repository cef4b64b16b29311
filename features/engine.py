"""Run graphs, one thread per process (docs/adr/0040).

ONNX Runtime calculates in single precision and is the default. OpenVINO calculates in bfloat16
where that is asked for: several times faster on processors that can, and not the same numbers.
"""

from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime

from features.embedding_set import Precision
from features.graph_names import INPUT, OUTPUT
from features.layers import Floats


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
        From `features.weights.prepare_graph`.
    precision : {"float32", "bfloat16"}
        What to calculate in.
    n_threads : int
        How many cores it may use.

    Returns
    -------
    Engine
        The network.
    """
    if precision == "bfloat16":
        return _OpenVino(graph, n_threads)
    return _OnnxRuntime(graph, n_threads)


def providers() -> list[str]:
    """Return what graphs run on: a GPU where ONNX Runtime sees one, and the processor.

    Returns
    -------
    list of str
        ONNX Runtime's names, best first.
    """
    wanted = ("CUDAExecutionProvider", "CPUExecutionProvider")
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
