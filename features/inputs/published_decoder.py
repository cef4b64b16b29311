"""Sound decoded by pydub, as the published extraction did it."""

import shutil
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt

from study.errors import ClipError, ConfigError


def decode_with_pydub(path: Path) -> tuple[npt.NDArray[np.int16], int]:
    """Return the 16-bit samples of a clip, mixed down to one channel by pydub, and their rate.

    It runs the program ``ffmpeg``. Raises ClipError with the reason ``"no_audio"`` or
    ``"unreadable"``, and ConfigError if the program is not there.

    Returns
    -------
    samples : ndarray of int16, shape (n_samples, 1)
        The mixed sound.
    rate_hz : int
        Its sample rate.

    Notes
    -----
    Paper: Neural Network Embeddings.
    """
    if shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None:
        raise ConfigError(
            "pydub needs the programs ffmpeg and ffprobe. Install them (Debian: apt-get install "
            "ffmpeg), or leave --audio-decoder out"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of audioop, which pydub imports
            from pydub import AudioSegment  # only where it is asked for
            from pydub.exceptions import CouldntDecodeError

            # Whole, so that no name is taken for an option or an address.
            sound = AudioSegment.from_file(str(path.resolve()))
    except (CouldntDecodeError, IndexError, KeyError) as error:
        raise ClipError(f"{path} cannot be decoded by pydub. Leave it out", "unreadable") from error
    mixed = sound.set_sample_width(2).set_channels(1)
    samples = np.array(mixed.get_array_of_samples(), dtype=np.int16)[:, None]
    return samples, int(mixed.frame_rate)
