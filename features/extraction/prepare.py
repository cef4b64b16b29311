"""From what a person asks for to a job that processes can start with."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from features.embedding_set import (
    EmbeddingSet,
    Grid,
    Normalisation,
    find_embedding_set,
)
from features.engines.running import graph_format, open_engine
from features.extraction.extractor import Job
from features.networks.specs import NETWORKS
from features.records.manifest import NetworkNote, Recipe
from features.weights.find import WeightsSource, find_weights, prepare_graph
from study.errors import ConfigError

MAX_RELATIVE_DIFFERENCE = 1e-4  # of fewer multiplications against all of them, in single precision


def prepare(
    embedding_set_name: str,
    *,
    grid: Grid,
    normalisation: Normalisation,
    silence_for_missing_audio: bool,
    weights_folder: Path | None,
    weights_of: Mapping[str, Path] | None = None,
    untrained_seed: int | None,
    out: Path,
) -> tuple[Job, list[str]]:
    """Find the weights of a set, make its graphs, and state what decides the embeddings.

    Parameters
    ----------
    grid : {"paper", "released"}
        Which frames to take.
    normalisation : {"keras3", "tf2.3"}
        Of EfficientNetB0's frames; no matter for the other set.
    silence_for_missing_audio : bool
        Whether 3 s of zeros stand in for a missing audio stream.
    weights_folder : Path or None
        Where weights lie; None for the downloaded ones.
    weights_of : dict of str to Path or None
        Files or folders of single networks, whatever they are called.
    untrained_seed : int or None
        Untrained networks where weights are missing; None to refuse.
    out : Path
        Where the folder of the set is to lie.
    """
    embedding_set = find_embedding_set(embedding_set_name)
    named = dict(weights_of or {})
    _refuse_foreign(named, embedding_set)
    audio, visual = (
        find_weights(network, weights_folder, untrained_seed, named.get(network))
        for network in (embedding_set.audio_network, embedding_set.visual_network)
    )
    is_efficientnet = embedding_set.visual_network == "efficientnetb0"
    recipe = Recipe(
        embedding_set=embedding_set.name,
        grid=grid,
        normalisation=normalisation if is_efficientnet else None,
        precision="float32",
        silence_for_missing_audio=silence_for_missing_audio,
        audio=_note(audio),
        visual=_note(visual),
    )
    notes = [audio.description, visual.description]
    job = Job(
        recipe,
        audio_graph=_graph(audio, notes),
        visual_graph=_graph(visual, notes),
        folder=out / embedding_set.folder,
    )
    return job, notes


def difference_of(graph: Path, reference: Path, network: str) -> float:
    """Run two graphs of a network on one made-up input and compare their embeddings.

    The largest difference, relative to the largest value of the reference.
    """
    spec = NETWORKS[network]
    height, width, n_channels = spec.input_shape
    coarse = np.random.default_rng(0).standard_normal((1, height // 8, width // 8, n_channels))
    standard = coarse.repeat(8, axis=1).repeat(8, axis=2).astype(np.float32)
    probe = np.float32(spec.input_mean) + np.float32(spec.input_spread) * standard
    found, expected = (open_engine(path).run(probe) for path in (graph, reference))
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def _refuse_foreign(named: Mapping[str, Path], embedding_set: EmbeddingSet) -> None:
    networks = (embedding_set.audio_network, embedding_set.visual_network)
    foreign = sorted(named.keys() - set(networks))
    if foreign:
        raise ConfigError(
            f"{embedding_set.folder} has no network {foreign[0]!r}: its networks are "
            f"{' and '.join(networks)}"
        )


def _note(source: WeightsSource) -> NetworkNote:
    name = "untrained" if source.path is None else source.path.name
    return NetworkNote(source.network, name, source.sha256, source.seed)


def _graph(source: WeightsSource, notes: list[str]) -> Path:
    graph = prepare_graph(source, graph_format(source.network))
    if graph.suffix == ".onnx":
        return graph
    # How much is lost by fewer multiplications hangs on the weights and on the processor.
    reference = prepare_graph(source)
    difference = difference_of(graph, reference, source.network)
    if difference <= MAX_RELATIVE_DIFFERENCE:  # and is not NaN
        return graph
    notes.append(
        f"{NETWORKS[source.network].title}: computed with all multiplications, at half the speed, "
        f"because with fewer ones it is off by {difference:.0e} of the largest value"
    )
    return reference
