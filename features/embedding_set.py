"""The two sets of embeddings: their networks, sizes, names and grids."""

from dataclasses import dataclass
from typing import Literal

from study.errors import ConfigError

SetName = Literal["vggish_vgg16", "yamnet_effnet"]
Grid = Literal["paper", "released"]
Normalisation = Literal["keras3", "tf2.3"]
Precision = Literal["float32", "bfloat16"]

RELEASED_STEP_MS = 480  # the published extraction script samples frames so for both sets
MAX_TIMESTEPS = 7  # the published networks see this many and pad with zeros


@dataclass(frozen=True, slots=True)
class EmbeddingSet:
    """One pair of an audio and a visual network.

    Parameters
    ----------
    name : str
        The name on command lines.
    folder : str
        The released name, also of the folder that holds the records.
    audio_step_ms : int
        From one audio window to the next; each is 960 ms long.
    paper_visual_step_ms : int
        From one frame to the next on the paper's grid.

    Notes
    -----
    Paper: Neural Network Embeddings; Data Description.
    """

    name: SetName
    folder: str
    audio_network: Literal["yamnet", "vggish"]
    visual_network: Literal["efficientnetb0", "vgg16"]
    audio_size: int
    visual_size: int
    audio_step_ms: int
    paper_visual_step_ms: int

    def visual_step_ms(self, grid: Grid) -> int:
        """Return the distance of two frames on a grid, in milliseconds."""
        return self.paper_visual_step_ms if grid == "paper" else RELEASED_STEP_MS


EMBEDDING_SETS = {
    "vggish_vgg16": EmbeddingSet(
        name="vggish_vgg16",
        folder="VGGish_VGG16",
        audio_network="vggish",
        visual_network="vgg16",
        audio_size=128,
        visual_size=512,
        audio_step_ms=960,
        paper_visual_step_ms=960,
    ),
    "yamnet_effnet": EmbeddingSet(
        name="yamnet_effnet",
        folder="YamNet_EffNetB0",
        audio_network="yamnet",
        visual_network="efficientnetb0",
        audio_size=1024,
        visual_size=1280,
        audio_step_ms=480,
        paper_visual_step_ms=480,
    ),
}


def find_embedding_set(name: str) -> EmbeddingSet:
    """Return the embedding set of a name.

    Examples
    --------
    >>> find_embedding_set("YamNet_EffNetB0").audio_size
    1024
    """
    for embedding_set in EMBEDDING_SETS.values():
        if name in (embedding_set.name, embedding_set.folder):
            return embedding_set
    raise ConfigError(
        f"there is no embedding set {name!r}. Choose one of {', '.join(EMBEDDING_SETS)}"
    )
