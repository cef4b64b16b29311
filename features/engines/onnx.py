"""Networks as ONNX graphs, written down and run by ONNX Runtime (docs/adr/0040)."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from features.embedding_set import Device
from features.engines.graph import INPUT, OUTPUT, GraphValue
from features.networks.layers import Floats, Network, Weights, checked_kernel, same_padding
from study.errors import ConfigError
from study.tools.files import written_atomically

PROCESSOR = "CPUExecutionProvider"
_GPU = "CUDAExecutionProvider"
_OPSET = 17
_IR_VERSION = 9


def write_onnx_graph(
    network: Network, weights: Weights, input_shape: tuple[int, int, int], path: Path
) -> None:
    """Write a network as an ONNX graph.

    Parameters
    ----------
    input_shape : tuple of int
        Height, width and channels; the graph takes any number of inputs, channels last.
    path : Path
        Where to write; completely or not at all.
    """
    writer = OnnxWriter(weights)
    x = writer.begin(input_shape)
    embedding = network(writer, x)
    writer.emit("Identity", [embedding.name], embedding.shape, output=OUTPUT)
    graph = helper.make_graph(
        writer.nodes,
        "network",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["n", *input_shape])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n", *embedding.shape])],
        writer.initialisers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)])
    model.ir_version = _IR_VERSION
    with written_atomically(path) as part:
        onnx.save(model, part)


class OnnxWriter:
    """Performs layers by writing them down, channels first, as ONNX wants them."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.initialisers: list[onnx.TensorProto] = []

    def begin(self, shape: tuple[int, int, int]) -> GraphValue:
        """Return the graph's input, channels first."""
        return self.emit("Transpose", [INPUT], shape, perm=[0, 3, 1, 2])

    def conv(
        self, x: GraphValue, name: str, n_filters: int, size: int, stride: int = 1
    ) -> GraphValue:
        """Convolve with square windows and add a bias."""
        kernel = checked_kernel(self.weights, name, (size, size, x.shape[2], n_filters))
        return self._convolve(x, name, kernel.transpose(3, 2, 0, 1), size, stride, groups=1)

    def depthwise(self, x: GraphValue, name: str, size: int, stride: int = 1) -> GraphValue:
        """Convolve every channel on its own and add a bias."""
        kernel = checked_kernel(self.weights, name, (size, size, x.shape[2], 1))
        return self._convolve(
            x, name, kernel.transpose(2, 3, 0, 1), size, stride, groups=x.shape[2]
        )

    def dense(self, x: GraphValue, name: str, n_units: int) -> GraphValue:
        """Connect everything with everything and add a bias."""
        kernel = checked_kernel(self.weights, name, (x.shape[0], n_units))
        inputs = [x.name, *self._constants(name, kernel, self.weights[name].bias)]
        return self.emit("Gemm", inputs, (n_units,))

    def relu(self, x: GraphValue) -> GraphValue:
        """Set negative values to 0."""
        return self.emit("Relu", [x.name], x.shape)

    def sigmoid(self, x: GraphValue) -> GraphValue:
        """Squeeze values between 0 and 1."""
        return self.emit("Sigmoid", [x.name], x.shape)

    def multiply(self, x: GraphValue, y: GraphValue) -> GraphValue:
        """Multiply element by element."""
        return self.emit("Mul", [x.name, y.name], x.shape)

    def add(self, x: GraphValue, y: GraphValue) -> GraphValue:
        """Add element by element."""
        return self.emit("Add", [x.name, y.name], x.shape)

    def max_pool(self, x: GraphValue) -> GraphValue:
        """Keep the largest of each 2 by 2 square."""
        height, width, n_channels = x.shape
        shape = (height // 2, width // 2, n_channels)
        return self.emit("MaxPool", [x.name], shape, kernel_shape=[2, 2], strides=[2, 2])

    def mean(self, x: GraphValue) -> GraphValue:
        """Average over height and width, which stay as 1 by 1."""
        return self.emit("GlobalAveragePool", [x.name], (1, 1, x.shape[2]))

    def flatten(self, x: GraphValue) -> GraphValue:
        """Put height, width and channels into one axis, channels fastest."""
        last = self.emit("Transpose", [x.name], x.shape, perm=[0, 2, 3, 1])
        return self.emit("Flatten", [last.name], (int(np.prod(x.shape)),), axis=1)

    def emit(
        self,
        kind: str,
        inputs: list[str],
        shape: tuple[int, ...],
        *,
        output: str | None = None,
        **attributes: int | list[int],
    ) -> GraphValue:
        """Add a node and return its output."""
        name = output or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return GraphValue(name, shape)

    def _convolve(
        self, x: GraphValue, name: str, kernel: Floats, size: int, stride: int, groups: int
    ) -> GraphValue:
        top, bottom = same_padding(x.shape[0], size, stride)
        left, right = same_padding(x.shape[1], size, stride)
        shape = (-(-x.shape[0] // stride), -(-x.shape[1] // stride), len(kernel))
        return self.emit(
            "Conv",
            [x.name, *self._constants(name, kernel, self.weights[name].bias)],
            shape,
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[top, left, bottom, right],
            group=groups,
        )

    def _constants(self, name: str, kernel: Floats, bias: Floats) -> list[str]:
        names = [f"{name}/kernel", f"{name}/bias"]
        for constant, array in zip(names, (kernel, bias), strict=True):
            contiguous = np.ascontiguousarray(array, dtype=np.float32)
            self.initialisers.append(numpy_helper.from_array(contiguous, constant))
        return names


def providers(device: Device = "auto") -> list[str]:
    """Return what graphs run on: a GPU where it is wanted and there, and the processor.

    Raises ConfigError if a GPU is asked for and ONNX Runtime sees none.
    """
    if device == "cpu":
        return [PROCESSOR]
    available = onnxruntime.get_available_providers()
    if device == "gpu" and _GPU not in available:
        raise ConfigError(
            "ONNX Runtime sees no GPU. Install its CUDA build in the place of the other: pip "
            "uninstall onnxruntime, then pip install onnxruntime-gpu; or pass --device cpu"
        )
    return [name for name in (_GPU, PROCESSOR) if name in available]


class OnnxEngine:
    """A graph in ONNX Runtime."""

    def __init__(self, graph: Path, n_threads: int, wanted: list[str] | None = None) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = n_threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            graph, options, providers=wanted or providers()
        )

    def run(self, inputs: Floats) -> Floats:
        """Return the embeddings of a batch."""
        (embeddings,) = self._session.run([OUTPUT], {INPUT: inputs})
        return np.asarray(embeddings, dtype=np.float32)
