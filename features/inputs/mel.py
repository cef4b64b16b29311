"""Log-mel patches: what the audio networks see."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from features.embedding_set import EmbeddingSet
from features.inputs.waveform import SAMPLE_RATE_HZ

WINDOW = 400  # samples, 25 ms
HOP = 160  # samples, 10 ms
FFT_SIZE = 512
N_MELS = 64
LOWEST_HZ, HIGHEST_HZ = 125.0, 7500.0
PATCH_FRAMES = 96  # 960 ms
PATCH_SAMPLES = 15600  # samples that give the frames of one patch

# Each network's own training value; Equation 2 states VGGish's.
LOG_OFFSET = {"yamnet": 0.001, "vggish": 0.01}
PATCH_STEP = {"yamnet": 48, "vggish": 96}  # frames of 10 ms from one patch to the next


def patches(
    waveform: npt.NDArray[np.float32], embedding_set: EmbeddingSet
) -> npt.NDArray[np.float32]:
    """Cut a waveform into the log-mel patches of an audio network.

    Parameters
    ----------
    waveform : ndarray of float32, shape (n_samples,)
        Mono sound at 16 kHz.

    Returns
    -------
    ndarray of float32, shape (timesteps, 96, 64)
        One patch of 960 ms per timestep.

    Notes
    -----
    Paper: Neural Network Embeddings.
    """
    return patches_of(waveform, embedding_set.audio_network)


def patches_of(waveform: npt.NDArray[np.float32], network: str) -> npt.NDArray[np.float32]:
    """Cut a waveform into the patches of ``"yamnet"`` or ``"vggish"``; as `patches`."""
    if network == "yamnet":
        waveform = pad_for_yamnet(waveform)
    elif len(waveform) < PATCH_SAMPLES:
        waveform = pad_to_one_patch(waveform)
    spectrogram = log_mel(waveform, LOG_OFFSET[network])
    step = PATCH_STEP[network]
    windows = np.lib.stride_tricks.sliding_window_view(spectrogram, PATCH_FRAMES, axis=0)
    return np.ascontiguousarray(windows[::step].transpose(0, 2, 1))


def pad_for_yamnet(waveform: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Add zeros at the end so that the last samples fill a patch too.

    Parameters
    ----------
    waveform : ndarray of float32, shape (n_samples,)
        Mono sound at 16 kHz.

    Returns
    -------
    ndarray of float32, shape (15600 + 7680 * k,)
        The padded waveform; 3 s become 54,000 samples and six patches.

    Notes
    -----
    The published graph counts the steps in single precision, so that sounds whose length is
    a whole number of steps may get one more.
    """
    step = PATCH_SAMPLES - 7920  # 7,680 samples, 480 ms
    beyond = np.float32(max(len(waveform) - PATCH_SAMPLES, 0))
    n_steps = int(np.ceil(beyond * (np.float32(1) / np.float32(step))))
    return np.pad(waveform, (0, PATCH_SAMPLES + n_steps * step - len(waveform)))


def pad_to_one_patch(waveform: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Add zeros at the end of a sound that is shorter than one patch.

    VGGish pads nothing: it drops what does not fill a patch, and has no embedding for less than
    one. Such a sound is filled up here, so that every clip has at least one timestep.

    Parameters
    ----------
    waveform : ndarray of float32, shape (n_samples,)
        Less than 15,600 samples at 16 kHz.

    Returns
    -------
    ndarray of float32, shape (15600,)
        The padded waveform.
    """
    return np.pad(waveform, (0, PATCH_SAMPLES - len(waveform)))


def log_mel(waveform: npt.NDArray[np.float32], offset: float) -> npt.NDArray[np.float32]:
    """Return the log-mel spectrogram of a waveform.

    Parameters
    ----------
    waveform : ndarray of float32, shape (n_samples,)
        Mono sound at 16 kHz.

    Returns
    -------
    ndarray of float32, shape (n_frames, 64)
        ``log(mel + offset)``, one frame per 10 ms; no frame reaches beyond the last sample.

    Notes
    -----
    Paper: Neural Network Embeddings, Equation 2.
    """
    mel = magnitudes(waveform) @ mel_matrix()
    return np.log(mel + offset).astype(np.float32)


def magnitudes(waveform: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return the magnitudes of a waveform's short-time Fourier transform.

    Parameters
    ----------
    waveform : ndarray of float32, shape (n_samples,)
        Mono sound at 16 kHz.

    Returns
    -------
    ndarray of float64, shape (n_frames, 257)
        Magnitudes (not powers) of 25-ms frames under a periodic Hann window, every 10 ms.
    """
    frames = np.lib.stride_tricks.sliding_window_view(waveform, WINDOW)[::HOP]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    return np.abs(np.fft.rfft(frames * hann, FFT_SIZE))


@lru_cache(maxsize=1)
def mel_matrix() -> npt.NDArray[np.float64]:
    """Return the weights that gather 257 frequencies into 64 mel bands.

    Returns
    -------
    ndarray of float64, shape (257, 64)
        Triangles on the mel scale ``1127 ln(1 + f / 700)``, each with a height of 1; the
        constant part of the sound has no weight.
    """
    bins = _hz_to_mel(np.linspace(0, SAMPLE_RATE_HZ / 2, FFT_SIZE // 2 + 1))[1:, None]
    lowest, highest = _hz_to_mel(np.array([LOWEST_HZ, HIGHEST_HZ]))
    edges = np.linspace(lowest, highest, N_MELS + 2)
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    rising = (bins - lower) / (centre - lower)
    falling = (upper - bins) / (upper - centre)
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return np.vstack([np.zeros(N_MELS), triangles])


def _hz_to_mel(hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return 1127.0 * np.log1p(hz / 700.0)
