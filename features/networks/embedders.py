"""The paper's networks as an embedding set has them: from waveform or frames to embeddings."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from features.embedding_set import AudioEmbedder, FrameEmbedder, Run
from features.engines.graph import Engine
from features.engines.open_engine import open_engine
from features.inputs.mel import patches_of
from features.networks.efficientnetb0 import normalised
from features.networks.layers import Floats
from features.networks.vgg16 import zero_centred

# EfficientNetB0 runs faster frame by frame, in the cache. The others take a clip of 3 s at a time;
# longer clips are cut, so that memory does not grow with them.
_BATCH = {"efficientnetb0": 1, "vgg16": 8, "yamnet": 24, "vggish": 24}


def audio_embedder(network: str, weights: tuple[Path, ...], run: Run) -> AudioEmbedder:
    """Load YAMNet or VGGish from its graph."""
    engine = open_engine(weights[0], run.n_threads, run.device)

    def embed(waveform: Floats) -> Floats:
        return _run(engine, patches_of(waveform, network)[..., None], network)

    return embed


def frame_embedder(network: str, weights: tuple[Path, ...], run: Run) -> FrameEmbedder:
    """Load EfficientNetB0 or VGG-16 from its graph."""
    engine = open_engine(weights[0], run.n_threads, run.device)

    def embed(frames: npt.NDArray[np.uint8]) -> Floats:
        if run.normalisation is None:
            return _run(engine, zero_centred(frames), network)
        return _run(engine, normalised(frames, run.normalisation), network)

    return embed


def _run(engine: Engine, inputs: Floats, network: str) -> Floats:
    size = _BATCH[network]
    batches = [inputs[at : at + size] for at in range(0, len(inputs), size)]
    return np.concatenate([engine.run(batch) for batch in batches])
