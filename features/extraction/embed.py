"""Embed one clip, for a notebook: the networks that `extract` runs, loaded once."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from features.embedding_set import AudioDecoder, Device, Grid, Normalisation
from features.extraction.extractor import Extraction, Extractor, load
from features.extraction.prepare import prepare


def embed(
    clip: Path | str,
    embedding_set: str = "yamnet_effnet",
    *,
    grid: Grid = "paper",
    normalisation: Normalisation = "keras3",
    silence_for_missing_audio: bool = False,
    weights: Path | str | None = None,
    weights_of: Mapping[str, Path | str] | None = None,
    untrained: int | None = None,
    device: Device = "auto",
    audio_decoder: AudioDecoder = "pyav",
) -> Extraction:
    """Compute the embeddings of one clip, as ``python -m features extract`` does for many.

    Parameters
    ----------
    clip : Path or str
        A clip with sound and picture.
    embedding_set : str
        ``"yamnet_effnet"``, ``"vggish_vgg16"``, or a set that a package brings.
    grid : {"paper", "released"}
        Which frames to take.
    normalisation : {"keras3", "tf2.3"}
        Of EfficientNetB0's frames.
    silence_for_missing_audio : bool
        Whether 3 s of zeros stand in for a missing audio stream.
    weights : Path, str or None
        Folder with weights; None for the downloaded ones.
    weights_of : dict of str to Path or str, or None
        Files of single networks, such as ``{"yamnet": "yamnet.h5"}``.
    untrained : int or None
        Seed of untrained networks where weights are missing; their embeddings mean nothing.
    device : {"auto", "cpu", "gpu"}
        Where networks calculate.
    audio_decoder : {"pyav", "pydub"}
        What decodes the sound; the published extraction had pydub.

    Returns
    -------
    Extraction
        ``audio`` (timesteps, size), ``visual`` (timesteps, size), the times of their rows and
        what a modeller should know of the clip.

    Raises
    ------
    ClipError
        If the clip cannot be used, with a reason.
    ConfigError
        If there is no such set, or weights are missing.
    """
    extractor = _extractor(
        embedding_set,
        grid,
        normalisation,
        silence_for_missing_audio,
        None if weights is None else Path(weights),
        tuple((network, Path(path)) for network, path in (weights_of or {}).items()),
        untrained,
        device,
        audio_decoder,
    )
    return extractor.extract(Path(clip))


@lru_cache(maxsize=2)  # one of each set of the paper
def _extractor(
    name: str,
    grid: Grid,
    normalisation: Normalisation,
    silence: bool,
    weights_folder: Path | None,
    weights_of: tuple[tuple[str, Path], ...],
    untrained_seed: int | None,
    device: Device,
    audio_decoder: AudioDecoder,
) -> Extractor:
    job, _ = prepare(
        name,
        grid=grid,
        normalisation=normalisation,
        silence_for_missing_audio=silence,
        weights_folder=weights_folder,
        weights_of=dict(weights_of),
        untrained_seed=untrained_seed,
        out=Path(),
        device=device,
        audio_decoder=audio_decoder,
    )
    return load(job)
