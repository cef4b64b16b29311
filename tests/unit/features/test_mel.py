"""Log-mel patches against scipy and against the definitions written another way."""

import math

import numpy as np
import pytest
import scipy.signal

from features.embedding_set import EMBEDDING_SETS
from features.inputs import mel

YAMNET = EMBEDDING_SETS["yamnet_effnet"]
VGGISH = EMBEDDING_SETS["vggish_vgg16"]


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(3).normal(size=48123).astype(np.float32) * np.float32(0.1)


def test_magnitudes_equal_scipy(noise):
    *_, spectrum = scipy.signal.stft(
        noise.astype(np.float64),
        window="hann",
        nperseg=400,
        noverlap=240,
        nfft=512,
        boundary=None,
        padded=False,
        scaling="spectrum",
    )
    # scipy divides by the sum of its (periodic) window.
    expected = np.abs(spectrum.T) * scipy.signal.get_window("hann", 400).sum()
    np.testing.assert_allclose(mel.magnitudes(noise), expected, atol=1e-10)


def test_mel_matrix_equals_the_definition_band_by_band():
    def to_mel(hz):
        return 1127.0 * math.log(1.0 + hz / 700.0)

    lowest, highest = to_mel(125.0), to_mel(7500.0)
    width = (highest - lowest) / 65
    expected = np.zeros((257, 64))
    for band in range(64):
        centre = lowest + (band + 1) * width
        for index in range(1, 257):
            distance = abs(to_mel(index * 16000 / 512) - centre)
            expected[index, band] = max(0.0, 1.0 - distance / width)
    np.testing.assert_allclose(mel.mel_matrix(), expected, atol=1e-12)


def test_offset_is_added_before_the_logarithm_and_is_each_networks_own():
    silence = np.zeros(16000, np.float32)
    assert mel.LOG_OFFSET == {"yamnet": 0.001, "vggish": 0.01}
    for embedding_set, offset in ((YAMNET, 0.001), (VGGISH, 0.01)):
        found = mel.patches(silence, embedding_set)
        np.testing.assert_allclose(found, math.log(offset), rtol=1e-6)


@pytest.mark.parametrize(
    ("n_samples", "n_patches"),
    [
        (1, 1),
        (15600, 1),
        (16000, 2),
        (46320, 5),
        (46321, 6),
        (48000, 6),
        (48297, 6),
        (53999, 6),
        (54000, 7),
        (54001, 7),
        (80000, 10),
    ],
)
def test_yamnet_sees_every_sample(n_samples, n_patches):
    assert mel.patches(np.ones(n_samples, np.float32), YAMNET).shape == (n_patches, 96, 64)


@pytest.mark.parametrize(
    ("n_samples", "n_patches"),
    [(100, 1), (15600, 1), (30959, 1), (30960, 2), (48000, 3), (48297, 3), (61680, 4)],
)
def test_vggish_drops_what_does_not_fill_a_patch(n_samples, n_patches):
    assert mel.patches(np.ones(n_samples, np.float32), VGGISH).shape == (n_patches, 96, 64)


@pytest.mark.parametrize(("embedding_set", "hop"), [(YAMNET, 48), (VGGISH, 96)])
def test_patches_are_cut_from_the_spectrogram_in_steps(noise, embedding_set, hop):
    found = mel.patches(noise, embedding_set)
    sound = mel.pad_for_yamnet(noise) if embedding_set is YAMNET else noise
    spectrogram = mel.log_mel(sound, mel.LOG_OFFSET[embedding_set.audio_network])
    for step, patch in enumerate(found):
        np.testing.assert_array_equal(patch, spectrogram[step * hop : step * hop + 96])
