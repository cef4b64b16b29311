"""Run a published SavedModel itself, and compare its answer with ours on test sounds."""

from pathlib import Path

import numpy as np

from features.engines.open_engine import open_engine
from features.inputs.mel import patches_of
from features.inputs.waveform import SAMPLE_RATE_HZ
from features.networks.layers import Floats
from features.weights.find import WeightsSource, prepare_graph
from features.weights.formats import load_saved_model
from study.errors import ConfigError

MAX_DIFFERENCE = 1e-3  # relative to the largest value; single precision gives 1e-5 to 1e-4


def difference_from_published(source: WeightsSource) -> float | None:
    """Return the largest difference between a SavedModel's embeddings and ours.

    Relative to the largest value of the SavedModel's. None where it takes no waveform, as networks
    that were saved by Keras, which have no spectrogram of their own.

    Parameters
    ----------
    source : WeightsSource
        Weights of an audio network in the folder of a SavedModel.
    """
    if source.path is None:
        return None
    engine = open_engine(prepare_graph(source))
    differences = []
    for sound in sounds():
        theirs = _published(source.path, sound)
        if theirs is None:
            return None
        ours = engine.run(patches_of(sound, source.network)[..., None])
        if theirs.shape != ours.shape:
            raise ConfigError(
                f"{source.path} gives embeddings of shape {theirs.shape}, expected {ours.shape}. "
                "Fetch it from its publisher: python -m features weights fetch"
            )
        differences.append(float(np.abs(theirs - ours).max() / np.abs(theirs).max()))
    return max(differences)


def sounds() -> list[Floats]:
    """Return the test sounds: 3 s of a rising tone, of noise, and of clicks; 16 kHz."""
    times_s = np.arange(3 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    rising = 0.5 * np.sin(2 * np.pi * (100 + 1000 * times_s) * times_s)
    noise = 0.1 * np.random.default_rng(0).standard_normal(len(times_s))
    clicks = np.zeros(len(times_s))
    clicks[::4000] = 0.9
    return [sound.astype(np.float32) for sound in (rising, noise, clicks)]


def _published(path: Path, sound: Floats) -> Floats | None:
    import tensorflow as tf  # slow to import, and only SavedModels need it

    model = load_saved_model(path)
    if not callable(model):
        return None
    try:
        answer = model(tf.constant(sound))
    except (ValueError, TypeError, tf.errors.OpError):  # it takes something else
        return None
    # YAMNet answers with scores, embeddings and its spectrogram, VGGish with embeddings.
    parts = answer if isinstance(answer, (tuple, list)) else [None, answer]
    return np.asarray(parts[1], dtype=np.float32) if len(parts) > 1 else None
