"""From what a person asks for to a job that processes can start with."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from features.embedding_set import (
    AudioDecoder,
    AudioStream,
    Device,
    EmbeddingSet,
    Grid,
    Normalisation,
    VisualStream,
    find_embedding_set,
)
from features.engines.open_engine import graph_format, open_engine
from features.extraction.extractor import Job
from features.networks.specs import NETWORKS
from features.plugged_sets import package_of
from features.records.manifest import NetworkNote, PluggedNote, Recipe
from features.weights.find import WeightsSource, find_weights, prepare_graph
from study.errors import ConfigError
from study.tools.files import sha256_of

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
    device: Device = "auto",
    audio_decoder: AudioDecoder = "pyav",
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
    device : {"auto", "cpu", "gpu"}
        Where networks calculate.
    audio_decoder : {"pyav", "pydub"}
        What decodes the sound; the published extraction had pydub.
    """
    embedding_set = find_embedding_set(embedding_set_name)
    plugged = plugged_note(embedding_set)
    if plugged is not None and grid != "paper":
        raise ConfigError(
            f"{embedding_set.name} has one grid, which its package states. Leave --grid out"
        )
    named = dict(weights_of or {})
    _refuse_foreign(named, embedding_set)
    notes: list[str] = []
    (audio, audio_note), (visual, visual_note) = (
        _brought(stream, named.get(stream.network), notes)
        if stream.weights or stream.network not in NETWORKS
        else _found(stream.network, weights_folder, untrained_seed, named, device, notes)
        for stream in (embedding_set.audio, embedding_set.visual)
    )
    is_efficientnet = embedding_set.visual_network == "efficientnetb0"
    recipe = Recipe(
        embedding_set=embedding_set.name,
        grid=grid,
        normalisation=normalisation if is_efficientnet else None,
        precision="float32",
        silence_for_missing_audio=silence_for_missing_audio,
        audio=audio_note,
        visual=visual_note,
        plugged=plugged,
        audio_decoder=audio_decoder,
    )
    return Job(recipe, audio, visual, out / embedding_set.folder, device), notes


def plugged_note(embedding_set: EmbeddingSet) -> PluggedNote | None:
    """Return what the recipe says of a set that a package brings; None for the paper's."""
    package = package_of(embedding_set.name)
    if package is None:
        return None
    audio, visual = embedding_set.audio, embedding_set.visual
    return PluggedNote(
        package=package,
        audio_grid=(float(audio.window_s), float(audio.stride_s)),
        visual_grid=(float(visual.window_s), float(visual.stride_s)),
        sample_rate_hz=audio.sample_rate_hz,
        n_frames=visual.n_frames,
        frame_px=visual.frame_px,
        equal_lengths=embedding_set.equal_lengths,
    )


def _brought(
    stream: AudioStream | VisualStream, named: Path | None, notes: list[str]
) -> tuple[tuple[Path, ...], NetworkNote]:
    # The set brings its weights, or is told a file of them.
    files = stream.weights if named is None else (named,)
    digest = hashlib.sha256("".join(sha256_of(file) for file in files).encode()).hexdigest()
    name = ", ".join(file.name for file in files) or "none"
    notes.append(f"{stream.network}: {name} (sha256 {digest[:12]})")
    return files, NetworkNote(stream.network, name, digest, None)


def _found(
    network: str,
    folder: Path | None,
    untrained_seed: int | None,
    named: Mapping[str, Path],
    device: Device,
    notes: list[str],
) -> tuple[tuple[Path, ...], NetworkNote]:
    source = find_weights(network, folder, untrained_seed, named.get(network))
    notes.append(source.description)
    return (_graph(source, notes, device),), _note(source)


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
            f"{' and '.join(networks)}. "
            "Correct the name"
        )


def _note(source: WeightsSource) -> NetworkNote:
    name = "untrained" if source.path is None else source.path.name
    return NetworkNote(source.network, name, source.sha256, source.seed)


def _graph(source: WeightsSource, notes: list[str], device: Device) -> Path:
    graph = prepare_graph(source, graph_format(source.network, device))
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
