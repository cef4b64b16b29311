"""Sound decoded by pydub on request: the published path, and the proof that ours equals it."""

import shutil
import subprocess

import numpy as np
import pytest

import features
from features.extraction.prepare import prepare
from features.inputs import waveform
from features.inputs.published_decoder import decode_with_pydub
from features.records.manifest import recipe_from
from study.clips.sampling import decode_for_extraction
from study.errors import ClipError, ConfigError
from tests.references.clips import write_colourful_clip

pytestmark = [
    pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not here"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    return write_colourful_clip(tmp_path_factory.mktemp("clip") / "picture.mp4", n_frames=75)


def with_sound(picture, path, *, codec, rate_hz, n_channels):
    sources = "+".join(f"0.3*sin({210 * (n + 1)}*t*2*PI)*(1+0.5*sin({n + 2}*t))" for n in range(2))
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[n_channels]
    channels = "|".join(f"({sources})*{1 - n / 10:.1f}" for n in range(n_channels))
    made = f"aevalsrc='{channels}':s={rate_hz}:d=3:c={layout}"
    command = ["ffmpeg", "-v", "error", "-y", "-i", picture, "-f", "lavfi", "-i", made]
    command += ["-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", codec, path]
    subprocess.run([str(part) for part in command], check=True)
    return path


def ours(path):
    clip = decode_for_extraction(path, choose=lambda times: [], keep=lambda image: image)
    return clip.samples, clip.sample_rate_hz


@pytest.mark.parametrize("n_channels", [1, 2, 6])
@pytest.mark.parametrize(
    ("codec", "rate_hz", "suffix", "most"),
    [("pcm_s16le", 44100, ".mkv", 0), ("flac", 48000, ".mkv", 0), ("aac", 44100, ".mp4", 1)],
)
def test_our_samples_are_those_of_pydub(
    picture, tmp_path, codec, rate_hz, suffix, most, n_channels
):
    path = tmp_path / f"clip{suffix}"
    with_sound(picture, path, codec=codec, rate_hz=rate_hz, n_channels=n_channels)
    theirs, their_rate = decode_with_pydub(path)
    samples, our_rate = ours(path)
    mixed = waveform.pcm16_to_waveform(samples) * 32768
    assert their_rate == our_rate == rate_hz
    assert len(theirs) == len(mixed)
    # Two builds of FFmpeg round single samples of a lossy sound otherwise.
    assert np.abs(theirs[:, 0] - mixed).max() <= most
    assert np.abs(theirs).max() > 1000


def test_embeddings_with_pydub_are_those_without(picture, tmp_path):
    path = with_sound(
        picture, tmp_path / "clip.mkv", codec="pcm_s16le", rate_hz=44100, n_channels=2
    )
    one, other = (
        features.embed(path, untrained=1, audio_decoder=decoder) for decoder in ("pyav", "pydub")
    )
    np.testing.assert_array_equal(one.audio, other.audio)
    np.testing.assert_array_equal(one.visual, other.visual)
    assert (one.recipe.audio_decoder, other.recipe.audio_decoder) == ("pyav", "pydub")


def test_the_recipe_says_who_decoded_and_old_ones_are_read(tmp_path):
    job, _ = prepare(
        "yamnet_effnet",
        grid="paper",
        normalisation="keras3",
        silence_for_missing_audio=False,
        weights_folder=None,
        untrained_seed=1,
        out=tmp_path,
        audio_decoder="pydub",
    )
    assert job.recipe.audio_decoder == "pydub"
    old = (
        '{"embedding_set": "vggish_vgg16", "grid": "paper", "normalisation": null, "precision":'
        ' "float32", "silence_for_missing_audio": false, "audio": {"network": "vggish", "weights":'
        ' "a.h5", "sha256": "a", "untrained_seed": null}, "visual": {"network": "vgg16",'
        ' "weights": "b.h5", "sha256": "b", "untrained_seed": null}}'
    )
    assert recipe_from(old).audio_decoder == "pyav"


def test_a_clip_that_pydub_cannot_decode_and_a_missing_program_are_one_line(
    picture, tmp_path, monkeypatch
):
    (tmp_path / "no.mp4").write_bytes(b"no clip at all")
    with pytest.raises(ClipError, match="cannot be decoded by pydub"):
        decode_with_pydub(tmp_path / "no.mp4")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="pydub needs the programs ffmpeg and ffprobe"):
        decode_with_pydub(picture)
