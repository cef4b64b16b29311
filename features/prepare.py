"""From what a person asks for to a job that processes can start with."""

from pathlib import Path

from features.embedding_set import Grid, Normalisation, Precision, find_embedding_set
from features.engine import graph_format
from features.job import Job
from features.manifest import NetworkNote, Recipe
from features.weights import WeightsSource, find_weights, prepare_graph


def prepare(
    embedding_set_name: str,
    *,
    grid: Grid,
    normalisation: Normalisation,
    silence_for_missing_audio: bool,
    precision: Precision = "float32",
    weights_folder: Path | None,
    untrained_seed: int | None,
    out: Path,
) -> tuple[Job, list[str]]:
    """Find the weights of a set, make its graphs, and state what decides the embeddings.

    Parameters
    ----------
    embedding_set_name : str
        The set.
    grid : {"paper", "released"}
        Which frames to take.
    normalisation : {"keras3", "tf2.3"}
        Of EfficientNetB0's frames; no matter for the other set.
    silence_for_missing_audio : bool
        Whether 3 s of zeros stand in for a missing audio stream.
    precision : {"float32", "bfloat16"}
        What the networks calculate in.
    weights_folder : Path or None
        Where weights lie; None for the downloaded ones.
    untrained_seed : int or None
        Untrained networks where weights are missing; None to refuse.
    out : Path
        Where the folder of the set is to lie.

    Returns
    -------
    job : Job
        For `features.extract.extract_all`.
    notes : list of str
        One line per network, for the screen.

    Raises
    ------
    ConfigError
        If weights are missing or cannot be used.
    """
    embedding_set = find_embedding_set(embedding_set_name)
    audio = find_weights(embedding_set.audio_network, weights_folder, untrained_seed)
    visual = find_weights(embedding_set.visual_network, weights_folder, untrained_seed)
    is_efficientnet = embedding_set.visual_network == "efficientnetb0"
    recipe = Recipe(
        embedding_set=embedding_set.name,
        grid=grid,
        normalisation=normalisation if is_efficientnet else None,
        precision=precision,
        silence_for_missing_audio=silence_for_missing_audio,
        audio=_note(audio),
        visual=_note(visual),
    )
    job = Job(
        recipe, _graph(audio, precision), _graph(visual, precision), out / embedding_set.folder
    )
    return job, [audio.description, visual.description]


def _note(source: WeightsSource) -> NetworkNote:
    name = "untrained" if source.path is None else source.path.name
    return NetworkNote(source.network, name, source.sha256, source.seed)


def _graph(source: WeightsSource, precision: Precision) -> Path:
    return prepare_graph(source, graph_format(source.network, precision))
