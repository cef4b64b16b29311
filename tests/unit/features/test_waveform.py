"""Sound is mixed and resampled as in the published script."""

import audioop

import numpy as np
import pytest

from features.inputs.waveform import pcm16_to_waveform, resample


@pytest.fixture(scope="module")
def rng():
    return np.random.default_rng(7)


def test_two_channels_are_averaged_and_rounded_down_as_audioop_does_it(rng):
    stereo = rng.integers(-32768, 32768, (5000, 2), dtype=np.int16)
    mono = np.frombuffer(audioop.tomono(stereo.tobytes(), 2, 0.5, 0.5), np.int16)
    np.testing.assert_array_equal(pcm16_to_waveform(stereo), mono / np.float32(32768))


@pytest.mark.parametrize("n_channels", [1, 2, 6])
def test_channels_are_mixed_as_pydub_does_it(rng, n_channels):
    pydub = pytest.importorskip("pydub")
    samples = rng.integers(-32768, 32768, (800, n_channels), dtype=np.int16)
    segment = pydub.AudioSegment(
        samples.tobytes(), frame_rate=44100, sample_width=2, channels=n_channels
    )
    expected = np.asarray(segment.set_channels(1).get_array_of_samples(), "float32") / 32768
    np.testing.assert_array_equal(pcm16_to_waveform(samples), expected)


def test_full_scale_is_one():
    loudest = np.array([[-32768, -32768], [32767, 32767]], np.int16)
    assert pcm16_to_waveform(loudest).tolist() == [-1.0, 32767 / 32768]


def test_samples_that_are_not_16_bit_or_have_no_channels_are_refused():
    with pytest.raises(TypeError, match="float32"):
        pcm16_to_waveform(np.zeros((3, 2), np.float32))
    with pytest.raises(ValueError, match=r"\(3,\)"):
        pcm16_to_waveform(np.zeros(3, np.int16))


@pytest.mark.parametrize(
    "rate_hz",
    [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44056, 44100, 44101, 48000, 96000, 192000],
)
def test_resampling_equals_resampy(rng, rate_hz):
    resampy = pytest.importorskip("resampy")
    waveform = (rng.normal(size=rate_hz // 2 + 17) * 0.3).astype(np.float32)
    expected = resampy.resample(waveform, rate_hz, 16000)
    resampled = resample(waveform, rate_hz)
    assert resampled.dtype == expected.dtype
    assert resampled.shape == expected.shape
    np.testing.assert_allclose(resampled, expected, atol=1e-6)


@pytest.mark.parametrize("n_samples", [0, 1, 2, 3, 5, 100, 441])
def test_very_short_sounds_are_resampled_too(rng, n_samples):
    resampy = pytest.importorskip("resampy")
    waveform = rng.normal(size=n_samples).astype(np.float32)
    resampled = resample(waveform, 44100)
    assert len(resampled) == int(n_samples * 16000 / 44100)
    if len(resampled):
        expected = resampy.resample(waveform, 44100, 16000)
        np.testing.assert_allclose(resampled, expected, atol=1e-6)


def test_a_tone_keeps_its_pitch_and_loudness():
    seconds = np.arange(44100) / 44100
    tone = np.sin(2 * np.pi * 440 * seconds).astype(np.float32)
    expected = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    inner = slice(500, -500)
    np.testing.assert_allclose(resample(tone, 44100)[inner], expected[inner], atol=1e-3)
