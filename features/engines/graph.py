"""What the engines share: names, files and values of a graph, and what runs one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

GraphFormat = Literal["onnx", "ncnn"]
INPUT, OUTPUT = "input", "embedding"


def files_of(graph: Path) -> tuple[Path, ...]:
    """Return the files of a graph: itself and, where it is ncnn's, its weights beside it."""
    return (graph, graph.with_suffix(".weights")) if graph.suffix == ".ncnn" else (graph,)


@dataclass(frozen=True, slots=True)
class GraphValue:
    """A value of the graph: its name, and its shape without the batch axis, channels last."""

    name: str
    shape: tuple[int, ...]


class Engine(Protocol):
    """A network that is ready to run."""

    def run(self, inputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
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
