"""Embedding sets: what one is, the two of the paper, and those that other packages bring."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from study.errors import ConfigError

Grid = Literal["paper", "released"]
Normalisation = Literal["keras3", "tf2.3"]
Precision = Literal["float32", "bfloat16"]
AudioDecoder = Literal["pyav", "pydub"]
Device = Literal["auto", "cpu", "gpu"]

Floats = npt.NDArray[np.float32]
AudioEmbedder = Callable[[Floats], Floats]
FrameEmbedder = Callable[[npt.NDArray[np.uint8]], Floats]

SET_NAME = r"^[a-z][a-z0-9_]{0,63}$"
RELEASED_STEP_MS = 480.0  # the published extraction script samples frames so for both sets
MAX_TIMESTEPS = 7  # the published networks see this many and pad with zeros


@dataclass(frozen=True, slots=True)
class Run:
    """How a network is to be run.

    Parameters
    ----------
    n_threads : int
        Cores that it may use.
    device : {"auto", "cpu", "gpu"}
        Where it calculates; ``"auto"`` is a GPU where one can be used.
    normalisation : {"keras3", "tf2.3"} or None
        Of EfficientNetB0's frames; None for other networks.
    """

    n_threads: int = 1
    device: Device = "auto"
    normalisation: Normalisation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStream:
    """The audio network of a set.

    Parameters
    ----------
    network : str
        Its name, for the manifest.
    size : int
        Values of an embedding.
    window_s, stride_s : float
        Seconds that an embedding hears, and from the start of one to that of the next.
    load : callable
        Takes the paths of the weights and a `Run`, and returns what takes a waveform, float32 of
        shape (n_samples,) in -1..1, and returns embeddings, float32 of shape (timesteps, size).
    weights : tuple of Path
        Files that the set brings; none where weights are found by the network's name.
    sample_rate_hz : int
        Of the waveform, which is mono.
    """

    network: str
    size: int
    window_s: float
    stride_s: float
    load: Callable[[tuple[Path, ...], Run], AudioEmbedder]
    weights: tuple[Path, ...] = ()
    sample_rate_hz: int = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class VisualStream:
    """The visual network of a set.

    Parameters
    ----------
    network : str
        Its name, for the manifest.
    size : int
        Values of an embedding.
    stride_s : float
        Seconds from the start of an embedding to that of the next.
    load : callable
        Takes the paths of the weights and a `Run`, and returns what takes frames, uint8 of shape
        (timesteps, height, width, 3), red first, or (timesteps, n_frames, height, width, 3) for
        windows of several, and returns embeddings, float32 of shape (timesteps, size).
    weights : tuple of Path
        Files that the set brings; none where weights are found by the network's name.
    window_s, n_frames : float, int
        Seconds that an embedding sees, and frames in them; 0 and 1 for single frames.
    frame_px : tuple of int
        Height and width to which frames are squeezed.
    """

    network: str
    size: int
    stride_s: float
    load: Callable[[tuple[Path, ...], Run], FrameEmbedder]
    weights: tuple[Path, ...] = ()
    window_s: float = 0.0
    n_frames: int = 1
    frame_px: tuple[int, int] = (224, 224)


@dataclass(frozen=True, slots=True)
class EmbeddingSet:
    """An audio and a visual network, and the grid on which they hear and see.

    Parameters
    ----------
    name : str
        The name on command lines.
    folder : str
        The name of the folder that holds the records.
    equal_lengths : bool
        Whether the longer stream is cut to as many timesteps as the shorter one has.

    Notes
    -----
    Paper: Neural Network Embeddings; Data Description.
    """

    name: str
    folder: str
    audio: AudioStream
    visual: VisualStream
    equal_lengths: bool = False

    @property
    def audio_network(self) -> str:
        """Name of the audio network."""
        return self.audio.network

    @property
    def visual_network(self) -> str:
        """Name of the visual network."""
        return self.visual.network

    @property
    def audio_size(self) -> int:
        """Values of an audio embedding."""
        return self.audio.size

    @property
    def visual_size(self) -> int:
        """Values of a visual embedding."""
        return self.visual.size

    @property
    def audio_step_ms(self) -> float:
        """From the start of one audio window to that of the next, in milliseconds."""
        return self.audio.stride_s * 1000

    def visual_step_ms(self, grid: Grid) -> float:
        """Return the distance of two frames on a grid, in milliseconds."""
        return self.visual.stride_s * 1000 if grid == "paper" else RELEASED_STEP_MS


def _load_audio(network: str, weights: tuple[Path, ...], run: Run) -> AudioEmbedder:
    from features.networks.embedders import audio_embedder  # records are read without an engine

    return audio_embedder(network, weights, run)


def _load_frames(network: str, weights: tuple[Path, ...], run: Run) -> FrameEmbedder:
    from features.networks.embedders import frame_embedder  # records are read without an engine

    return frame_embedder(network, weights, run)


# A window of 96 frames of 25 ms, one every 10 ms.
_WINDOW_S = 0.975
EMBEDDING_SETS = {
    "vggish_vgg16": EmbeddingSet(
        name="vggish_vgg16",
        folder="VGGish_VGG16",
        audio=AudioStream(
            network="vggish",
            size=128,
            window_s=_WINDOW_S,
            stride_s=0.96,
            load=partial(_load_audio, "vggish"),
        ),
        visual=VisualStream(
            network="vgg16", size=512, stride_s=0.96, load=partial(_load_frames, "vgg16")
        ),
    ),
    "yamnet_effnet": EmbeddingSet(
        name="yamnet_effnet",
        folder="YamNet_EffNetB0",
        audio=AudioStream(
            network="yamnet",
            size=1024,
            window_s=_WINDOW_S,
            stride_s=0.48,
            load=partial(_load_audio, "yamnet"),
        ),
        visual=VisualStream(
            network="efficientnetb0",
            size=1280,
            stride_s=0.48,
            load=partial(_load_frames, "efficientnetb0"),
        ),
    ),
}


def find_embedding_set(name: str) -> EmbeddingSet:
    """Return the embedding set of a name: one of the paper's, or one that a package brings.

    Examples
    --------
    >>> find_embedding_set("YamNet_EffNetB0").audio_size
    1024
    """
    for embedding_set in EMBEDDING_SETS.values():
        if name in (embedding_set.name, embedding_set.folder):
            return embedding_set
    from features.plugged_sets import plugged_sets  # made of what is above

    brought = [each.embedding_set for each in plugged_sets()]
    for embedding_set in brought:
        if name in (embedding_set.name, embedding_set.folder):
            return embedding_set
    names = ", ".join([*EMBEDDING_SETS, *(each.name for each in brought)])
    raise ConfigError(
        f"there is no embedding set {name[:100]!r}. Choose one of {names}, or install the package "
        "that brings it"
    )
