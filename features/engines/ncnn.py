"""Networks as ncnn graphs, written down and run by ncnn (docs/adr/0042).

Its 3 x 3 convolutions need fewer multiplications (Winograd's way), in single precision too.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from features.engines.graph import INPUT, OUTPUT, GraphValue, files_of
from features.networks.layers import Floats, Network, Weights, checked_kernel, same_padding
from study.errors import ConfigError
from study.tools.files import written_atomically

_MAGIC = 7767517  # ncnn's mark of a graph file
_FLOAT32 = np.uint32(0)  # its mark of weights in single precision
_RELU = 1
_ADD, _MULTIPLY = 0, 2
_CHANNELS_FASTEST = 3
# What makes ncnn calculate in less than single precision, as it does where it can.
_REDUCED = (
    "use_fp16_packed",
    "use_fp16_storage",
    "use_fp16_arithmetic",
    "use_bf16_packed",
    "use_bf16_storage",
)


def write_ncnn_graph(
    network: Network, weights: Weights, input_shape: tuple[int, int, int], path: Path
) -> None:
    """Write a network as an ncnn graph, its weights beside it.

    Raises RecordError if a layer's weights are missing or have another shape.

    Parameters
    ----------
    input_shape : tuple of int
        Height, width and channels; the graph takes one input at a time, channels first.
    path : Path
        Where to write the graph; completely or not at all.
    """
    writer = NcnnWriter(weights)
    embedding = network(writer, writer.begin(input_shape))
    writer.emit("Noop", [embedding], (), embedding.shape, output=OUTPUT)
    _, weights_path = files_of(path)
    with written_atomically(weights_path) as part, part.open("wb") as file:
        for array in writer.arrays:
            file.write(array.tobytes())
    with written_atomically(path) as part:
        part.write_text(_text(writer.nodes), encoding="ascii")


@dataclass(frozen=True, slots=True)
class Node:
    """A layer of the graph: what it is, what it takes and gives, and ncnn's numbered settings."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    settings: tuple[tuple[int, int], ...] = ()


class NcnnWriter:
    """Performs layers by writing them down, as ncnn wants them."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.nodes: list[Node] = []
        self.arrays: list[np.ndarray] = []

    def begin(self, shape: tuple[int, int, int]) -> GraphValue:
        """Return the graph's input, channels first."""
        height, width, n_channels = shape
        settings = ((0, width), (1, height), (2, n_channels))
        return self.emit("Input", [], settings, shape, output=INPUT)

    def conv(
        self, x: GraphValue, name: str, n_filters: int, size: int, stride: int = 1
    ) -> GraphValue:
        """Convolve with square windows and add a bias."""
        kernel = checked_kernel(self.weights, name, (size, size, x.shape[2], n_filters))
        self._keep(kernel.transpose(3, 2, 0, 1), self.weights[name].bias)
        return self._convolve("Convolution", x, n_filters, size, stride, kernel.size)

    def depthwise(self, x: GraphValue, name: str, size: int, stride: int = 1) -> GraphValue:
        """Convolve every channel on its own and add a bias."""
        n_channels = x.shape[2]
        kernel = checked_kernel(self.weights, name, (size, size, n_channels, 1))
        self._keep(kernel.transpose(2, 3, 0, 1), self.weights[name].bias)
        return self._convolve(
            "ConvolutionDepthWise", x, n_channels, size, stride, kernel.size, ((7, n_channels),)
        )

    def dense(self, x: GraphValue, name: str, n_units: int) -> GraphValue:
        """Connect everything with everything and add a bias."""
        kernel = checked_kernel(self.weights, name, (x.shape[0], n_units))
        self._keep(kernel.T, self.weights[name].bias)
        settings = ((0, n_units), (1, 1), (2, kernel.size))
        return self.emit("InnerProduct", [x], settings, (n_units,))

    def relu(self, x: GraphValue) -> GraphValue:
        """Set negative values to 0."""
        producer = self.nodes[-1]
        if producer.outputs == (x.name,) and producer.kind != "ReLU":
            # Done by the convolution itself, while the value is at hand; x exists no more.
            fused = GraphValue(f"{x.name}r", x.shape)
            settings = (*producer.settings, (9, _RELU))
            self.nodes[-1] = replace(producer, outputs=(fused.name,), settings=settings)
            return fused
        return self.emit("ReLU", [x], (), x.shape)

    def sigmoid(self, x: GraphValue) -> GraphValue:
        """Squeeze values between 0 and 1."""
        return self.emit("Sigmoid", [x], (), x.shape)

    def multiply(self, x: GraphValue, y: GraphValue) -> GraphValue:
        """Multiply element by element."""
        return self.emit("BinaryOp", [x, y], ((0, _MULTIPLY),), x.shape)

    def add(self, x: GraphValue, y: GraphValue) -> GraphValue:
        """Add element by element."""
        return self.emit("BinaryOp", [x, y], ((0, _ADD),), x.shape)

    def max_pool(self, x: GraphValue) -> GraphValue:
        """Keep the largest of each 2 by 2 square."""
        height, width, n_channels = x.shape
        shape = (height // 2, width // 2, n_channels)
        return self.emit("Pooling", [x], ((0, 0), (1, 2), (2, 2), (5, 1)), shape)

    def mean(self, x: GraphValue) -> GraphValue:
        """Average over height and width, which stay as 1 by 1."""
        pooled = self.emit("Pooling", [x], ((0, 1), (4, 1)), x.shape[2:])
        return self.emit("Reshape", [pooled], ((0, 1), (1, 1), (2, x.shape[2])), (1, 1, x.shape[2]))

    def flatten(self, x: GraphValue) -> GraphValue:
        """Put height, width and channels into one axis, channels fastest."""
        last = self.emit("Permute", [x], ((0, _CHANNELS_FASTEST),), x.shape)
        size = int(np.prod(x.shape))
        return self.emit("Reshape", [last], ((0, size),), (size,))

    def emit(
        self,
        kind: str,
        inputs: list[GraphValue],
        settings: tuple[tuple[int, int], ...],
        shape: tuple[int, ...],
        *,
        output: str | None = None,
    ) -> GraphValue:
        """Add a layer and return its output."""
        name = output or f"t{len(self.nodes)}"
        self.nodes.append(Node(kind, tuple(x.name for x in inputs), (name,), settings))
        return GraphValue(name, shape)

    def _convolve(
        self,
        kind: str,
        x: GraphValue,
        n_filters: int,
        size: int,
        stride: int,
        n_weights: int,
        more: tuple[tuple[int, int], ...] = (),
    ) -> GraphValue:
        top, bottom = same_padding(x.shape[0], size, stride)
        left, right = same_padding(x.shape[1], size, stride)
        shape = (-(-x.shape[0] // stride), -(-x.shape[1] // stride), n_filters)
        settings = (
            (0, n_filters), (1, size), (3, stride), (4, left), (14, top), (15, right),
            (16, bottom), (5, 1), (6, n_weights), *more,
        )  # fmt: skip
        return self.emit(kind, [x], settings, shape)

    def _keep(self, kernel: Floats, bias: Floats) -> None:
        self.arrays += [
            np.array(_FLOAT32),
            np.ascontiguousarray(kernel, dtype=np.float32),
            np.ascontiguousarray(bias, dtype=np.float32),
        ]


def _text(nodes: list[Node]) -> str:
    nodes = _with_splits(nodes)
    n_values = sum(len(node.outputs) for node in nodes)
    lines = [str(_MAGIC), f"{len(nodes)} {n_values}"]
    for number, node in enumerate(nodes):
        values = [str(len(node.inputs)), str(len(node.outputs)), *node.inputs, *node.outputs]
        settings = [f"{key}={value}" for key, value in node.settings]
        lines.append(" ".join([node.kind, f"n{number}", *values, *settings]))
    return "\n".join(lines) + "\n"


def _with_splits(nodes: list[Node]) -> list[Node]:
    # ncnn lets a value be taken once: where several take it, a layer hands out copies.
    n_takers: dict[str, int] = {}
    for node in nodes:
        for name in node.inputs:
            n_takers[name] = n_takers.get(name, 0) + 1
    n_taken: dict[str, int] = {}
    found = []
    for node in nodes:
        inputs = []
        for name in node.inputs:
            if n_takers[name] > 1:
                inputs.append(f"{name}_{n_taken.get(name, 0)}")
                n_taken[name] = n_taken.get(name, 0) + 1
            else:
                inputs.append(name)
        found.append(replace(node, inputs=tuple(inputs)))
        for name in node.outputs:
            if n_takers.get(name, 0) > 1:
                copies = tuple(f"{name}_{number}" for number in range(n_takers[name]))
                found.append(Node("Split", (name,), copies))
    return found


class NcnnEngine:
    """A graph in ncnn."""

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
        """Return the embeddings of a batch."""
        return np.stack([self._run_one(one) for one in inputs])

    def _run_one(self, one: Floats) -> Floats:
        channels_first = np.ascontiguousarray(one.transpose(2, 0, 1))  # ncnn borrows its memory
        extractor = self._net.create_extractor()
        extractor.input(INPUT, self._ncnn.Mat(channels_first))
        failed, embedding = extractor.extract(OUTPUT)
        if failed:
            raise ConfigError("a network does not fit into memory. Use fewer --processes")
        return np.array(embedding, dtype=np.float32)
