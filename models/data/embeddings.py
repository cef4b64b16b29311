"""Embeddings of single clips, as `features.embed` and `features.read` give them."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from features.embedding_set import EmbeddingSet
from models.network.spec import TIMESTEPS
from study.errors import RecordError

Floats = npt.NDArray[np.float32]


class Embeddings(Protocol):
    """What both have: the name of a clip and its embeddings."""

    @property
    def filename(self) -> str:
        """The clip."""

    @property
    def audio(self) -> Floats:
        """The audio embeddings, shape (audio_timesteps, audio_size)."""

    @property
    def visual(self) -> Floats:
        """The visual embeddings, shape (visual_timesteps, visual_size)."""


def rows_of(clips: Sequence[Embeddings], embedding_set: EmbeddingSet) -> Floats:
    """Return clips as rows of a network's input, cut or padded with zeros to its timesteps.

    Raises RecordError if one is of another set.
    """
    sizes = embedding_set.audio_size, embedding_set.visual_size
    rows = np.zeros((len(clips), TIMESTEPS, sum(sizes)), np.float32)
    for row, clip in zip(rows, clips, strict=True):
        found = clip.audio.shape[-1], clip.visual.shape[-1]
        if found != sizes:
            raise RecordError(
                f"the embeddings of {clip.filename} have {found[0]} audio and {found[1]} visual "
                f"values, and the network takes those of {embedding_set.folder}: {sizes[0]} and "
                f"{sizes[1]}. "
                "Give embeddings of that set"
            )
        for part, begin in ((clip.audio, 0), (clip.visual, sizes[0])):
            seen = part[:TIMESTEPS]
            row[: len(seen), begin : begin + seen.shape[1]] = seen
    return rows
