"""What those who write a graph and those who run it share."""

from pathlib import Path
from typing import Literal

GraphFormat = Literal["onnx", "ncnn"]
INPUT, OUTPUT = "input", "embedding"


def files_of(graph: Path) -> tuple[Path, ...]:
    """Return the files of a graph.

    Returns
    -------
    tuple of Path
        The graph itself and, where it is ncnn's, its weights beside it.
    """
    return (graph, graph.with_suffix(".weights")) if graph.suffix == ".ncnn" else (graph,)
