"""An embedding set of another package: from clips over records to networks and a search."""

import dataclasses
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec

import jax
import numpy as np
import onnxruntime
import pandas as pd
import pytest
from typer.testing import CliRunner

import features
import models
from features.__main__ import app
from features.embedding_set import find_embedding_set
from features.extraction import embed as embedding
from features.plugged_sets import plugged_sets
from features.records.check_records import check_records
from features.records.manifest import read_manifest
from features.records.records import read_record
from models.__main__ import app as models_app
from models.training.device import use_device
from study.errors import ConfigError, RecordError
from study.rehearsal.odd import make_odd_clip
from tests.paths import ROOT
from tests.references.clips import write_colourful_clip
from tests.worlds.plugged import documented_set, install_set

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

needs_openwakeword = pytest.mark.skipif(
    find_spec("openwakeword") is None, reason="openwakeword is not installed: run scripts/setup"
)

SAME_NETWORKS = """
from dataclasses import replace

import numpy as np
import onnxruntime

from features.embedding_set import EMBEDDING_SETS
from features.inputs.mel import log_mel, pad_for_yamnet

YAMNET = EMBEDDING_SETS["yamnet_effnet"]


def load(weights, run):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = run.n_threads
    network = onnxruntime.InferenceSession(weights[0], options)

    def embed(waveform):
        frames = log_mel(pad_for_yamnet(waveform), 0.001)
        windows = np.lib.stride_tricks.sliding_window_view(frames, 96, axis=0)[::48]
        patches = np.ascontiguousarray(windows.transpose(0, 2, 1))[..., None]
        return network.run(None, {"input": patches})[0]

    return embed


SET = replace(
    YAMNET, name="my_yamnet", folder="My_YamNet", audio=replace(YAMNET.audio, load=load)
)
"""


@pytest.fixture(autouse=True)
def forget():
    """Let no test see the packages of another one."""
    yield
    plugged_sets.cache_clear()


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    root = tmp_path_factory.mktemp("clips")
    for index, label in enumerate(("barking", "raining")):
        (root / label).mkdir()
        for number in range(3):
            path = root / label / f"{label}-{number}_1.mp4"
            write_colourful_clip(path, rate=25 + 5 * index + number, n_frames=75 + number)
    make_odd_clip("no_audio", root / "raining" / "silent_1.mp4")
    return root


def invoke(command, *arguments, exit_code=0):
    result = CliRunner().invoke(command, [str(part) for part in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == exit_code, result.output
    return result.output


def write_lists(folder, records):
    rows = [
        (f"{label}/{label}-{number}_1.mp4", label, f"{label}/{label}-{number}_1.tfrecord", number)
        for label in ("barking", "raining")
        for number in range(3)
    ]
    table = pd.DataFrame(rows, columns=["filename", "AVMIT_label", "tfrecord_filename", "n"])
    for name, chosen in (("train", table["n"] < 2), ("validation", table["n"] == 2)):
        table[chosen].drop(columns="n").to_csv(folder / f"AVMIT_{name}.csv", index=False)


@needs_openwakeword
def test_the_documented_set_goes_from_clips_to_networks_and_a_search(clips, tmp_path, monkeypatch):
    install_set(tmp_path / "site", monkeypatch, documented_set())
    listed = invoke(app, "sets")
    assert (
        "wakeword_motion (my-sets 1.2): openwakeword 96 every 0.48 s, motion 384 every 0.48 s"
        in listed
    )
    extract = ("extract", "--ratings", clips, "--set", "wakeword_motion", "--out", tmp_path)
    assert "6 clips extracted" in invoke(app, *extract, "--processes", 1, exit_code=1)
    folder = tmp_path / "WakeWord_Motion"
    manifest = read_manifest(folder)
    assert manifest.recipe.plugged.package == "my-sets 1.2"
    assert manifest.recipe.plugged.audio_grid == (0.782, 0.48)
    assert "melspectrogram.onnx, embedding_model.onnx" in manifest.recipe.audio.weights
    row = manifest.rows.set_index("filename").loc["barking/barking-0_1.mp4"]
    record = read_record(folder / "barking/barking-0_1.tfrecord")
    # 3 s: 5 windows of 0.782 s fit, and 6 of 0.4 s.
    assert (record.audio.shape, record.visual.shape) == ((5, 96), (5, 384))
    np.testing.assert_allclose(row["audio_times_s"], [0, 0.48, 0.96, 1.44, 1.92], atol=1e-6)
    np.testing.assert_allclose(row["visual_times_s"], row["audio_times_s"], atol=0.041)
    assert check_records(folder) == []
    assert "0 clips extracted" in invoke(app, *extract, "--processes", 1, exit_code=1)

    write_lists(tmp_path, folder)
    lists = ["--train", tmp_path / "AVMIT_train.csv"]
    lists += ["--validation", tmp_path / "AVMIT_validation.csv"]
    search = ("--out", tmp_path / "search")
    cell = ("--cell", "wakeword_motion-gru", "--n", 2, "--epochs", 1, "--processes", 1)
    invoke(models_app, "search", "run", "--embeddings", tmp_path, *lists, *search, *cell)
    assert "wakeword_motion" in invoke(models_app, "search", "best", *search)
    train = ("train", "--embeddings", folder, *lists, "--set", "wakeword_motion", "--epochs", 1)
    best = tmp_path / "search" / "best.json"
    invoke(models_app, *train, "--preset", best, "--out", tmp_path / "model")
    model = models.load(tmp_path / "model")
    assert model.card.embedding_set == "wakeword_motion"
    found = model.predict(features.embed(clips / "raining/raining-2_1.mp4", "wakeword_motion"))
    assert list(found.columns) == ["barking", "raining"]
    with pytest.raises(ConfigError, match="the paper has no hyperparameters of wakeword_motion"):
        invoke(models_app, *train, "--out", tmp_path / "other")
    invoke(models_app, *train, "--preset", "yamnet_effnet-gru", "--out", tmp_path / "other")


@needs_openwakeword
def test_several_processes_and_another_version_of_the_package(clips, tmp_path, monkeypatch):
    install_set(tmp_path / "site", monkeypatch, documented_set())
    extract = ["extract", "--ratings", clips, "--set", "wakeword_motion", "--out", tmp_path]
    command = [sys.executable, "-m", "features", *map(str, extract), "--processes", "2"]
    paths = os.pathsep.join([str(tmp_path / "site"), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "6 clips extracted" in done.stdout, done.stderr
    shutil.rmtree(tmp_path / "site")
    install_set(tmp_path / "newer", monkeypatch, documented_set(), version="1.3")
    with pytest.raises(RecordError, match="overwrite"):
        invoke(app, *extract)


def test_yamnet_of_a_package_equals_the_built_in_one_exactly(clips, tmp_path, monkeypatch):
    install_set(tmp_path / "site", monkeypatch, SAME_NETWORKS)
    weights = ROOT.parent / "shared" / "weights"
    real = {"yamnet": weights / "yamnet_int8_dequantised.h5"} if weights.is_dir() else None
    clip = clips / "barking" / "barking-0_1.mp4"
    for options in ({}, {"grid": "paper"}):
        ours = features.embed(clip, "yamnet_effnet", untrained=3, weights_of=real, **options)
        theirs = features.embed(clip, "my_yamnet", untrained=3, weights_of=real, **options)
        np.testing.assert_array_equal(theirs.audio, ours.audio)
        np.testing.assert_array_equal(theirs.visual, ours.visual)
        assert theirs.audio_times_s == ours.audio_times_s
        assert theirs.recipe.audio == ours.recipe.audio
    assert find_embedding_set("My_YamNet").name == "my_yamnet"
    with pytest.raises(ConfigError, match="has one grid"):
        features.embed(clip, "my_yamnet", untrained=3, grid="released")


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("SET = 1 / 0", "ZeroDivisionError: division by zero"),
        ("SET = 'yamnet'", "it is a str, expected a features.embedding_set.EmbeddingSet"),
        (f"{SAME_NETWORKS}\nSET = replace(SET, folder='../x')", "its folder is '../x'"),
        (f"{SAME_NETWORKS}\nSET = replace(SET, name='My Set')", "its name is 'My Set'"),
        (
            f"{SAME_NETWORKS}\nSET = replace(SET, audio=replace(SET.audio, size=0))",
            "yamnet has the size 0",
        ),
        (
            f"{SAME_NETWORKS}\nSET = replace(SET, audio=replace(SET.audio, stride_s=0.0))",
            "every 0.0 s",
        ),
        (f"{SAME_NETWORKS}\nSET = YAMNET", "both bring an embedding set"),
    ],
)
def test_a_package_that_brings_no_set_is_named(tmp_path, monkeypatch, program, says):
    install_set(tmp_path / "site", monkeypatch, program)
    with pytest.raises(ConfigError) as caught:
        find_embedding_set("other")
    assert says in str(caught.value)
    assert "my-sets 1.2" in str(caught.value)
    assert find_embedding_set("yamnet_effnet").audio_size == 1024


@pytest.mark.parametrize(
    ("returned", "says"),
    [
        ("np.zeros((6, 5))", r"audio embeddings of shape \(6, 5\), expected \(timesteps, 1024\)"),
        ("np.zeros((9, 1024))", "gave 9 audio and 7 visual timesteps, expected at most 7 and 7"),
        ("np.zeros(1024)", r"shape \(1024,\)"),
    ],
)
def test_a_set_that_returns_other_than_it_states_is_refused(
    clips, tmp_path, monkeypatch, returned, says
):
    program = SAME_NETWORKS.replace('network.run(None, {"input": patches})[0]', returned)
    install_set(tmp_path / "site", monkeypatch, program)
    embedding._extractor.cache_clear()
    with pytest.raises(ConfigError, match=says):
        features.embed(clips / "barking" / "barking-0_1.mp4", "my_yamnet", untrained=3)


def test_sets_can_be_named_without_any_package():
    plugged_sets.cache_clear()
    with pytest.raises(ConfigError, match=r"there is no embedding set 'nothing'\. Choose one of"):
        find_embedding_set("nothing")
    assert dataclasses.is_dataclass(find_embedding_set("vggish_vgg16"))


def test_a_gpu_that_is_not_there_is_refused_with_what_to_install(clips, tmp_path):
    clip = clips / "barking" / "barking-0_1.mp4"
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        with pytest.raises(ConfigError, match="pip install onnxruntime-gpu; or pass --device cpu"):
            features.embed(clip, untrained=3, device="gpu")
    if jax.default_backend() == "cpu":
        with pytest.raises(ConfigError, match=r"JAX sees no GPU\. .*jax\[cuda13\]"):
            use_device("gpu")
    use_device("cpu")
    assert jax.numpy.ones(1).device.platform == "cpu"
    ours = features.embed(clip, untrained=3, device="cpu")
    np.testing.assert_array_equal(ours.audio, features.embed(clip, untrained=3).audio)
