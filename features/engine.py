"""Run graphs: ONNX Runtime, one thread per process (docs/adr/0040)."""

from pathlib import Path

import numpy as np
import onnxruntime

from features.graph_names import INPUT, OUTPUT
from features.layers import Floats


class Engine:
    """A network that is ready to run.

    Parameters
    ----------
    graph : Path
        From `prepare_graph`.
    n_threads : int
        How many cores it may use.
    """

    def __init__(self, graph: Path, n_threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = n_threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(graph, options, providers=providers())

    def run(self, inputs: Floats) -> Floats:
        """Return the embeddings of a batch.

        Parameters
        ----------
        inputs : ndarray of float32, shape (n, height, width, n_channels)
            Patches or frames; the embeddings do not depend on what else is in the batch.

        Returns
        -------
        ndarray of float32, shape (n, size)
            One embedding per input.
        """
        (embeddings,) = self.session.run([OUTPUT], {INPUT: inputs})
        return np.asarray(embeddings, dtype=np.float32)


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
