"""How loud a clip is from moment to moment."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from study.clips.containers import open_clip
from study.clips.probe import PCM16_FULL_SCALE, pcm16_blocks

Floats = npt.NDArray[np.float32]


def sound_envelope(path: Path, n_parts: int) -> Floats:
    """Return the level of a clip's sound over equal parts of its length.

    Raises ClipError if the sound cannot be decoded, or with reason ``"no_audio"`` where there is
    none.

    `n_parts`: into how many parts the sound is cut.

    Returns
    -------
    ndarray of float32, shape (n_parts,)
        Root mean square over all channels of the first audio stream, 0 to 1; 0 in parts without
        a sample.
    """
    with open_clip(path) as container:
        powers = [
            np.square(block / np.float32(PCM16_FULL_SCALE)).mean(axis=1, dtype=np.float32)
            for block in pcm16_blocks(container, path)
        ]
    power = np.concatenate(powers) if powers else np.zeros(0, dtype=np.float32)
    parts = np.array_split(power, n_parts)
    return np.array([np.sqrt(part.mean()) if len(part) else 0 for part in parts], dtype=np.float32)
