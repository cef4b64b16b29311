import shutil
import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import pytest
from typer.testing import CliRunner

from models.__main__ import app
from models.checkpoints.checkpoint_files import find_prefix, read_layers
from models.checkpoints.correspondence import correspondence_answers
from models.checkpoints.importing import import_checkpoint
from models.network.keras import keras
from models.network.predict import log_probabilities
from models.saving.card import read_card
from models.saving.saved import load_correspondence, load_model
from study.errors import ConfigError
from tests.paths import SHARED, TESTS
from tests.references.recurrent_network import Reference

# Keras 3.15 asks its variables for arrays in the way of numpy 1.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

NOW = datetime(2026, 11, 22, tzinfo=UTC)
RELEASED = SHARED / "data" / "avmit_gru_checkpoint"

# A program that runs the command line with room for small files only.
FULL_DISK = """
from models.__main__ import main
from tests.worlds.full_disk import full_disk
with full_disk():
    main()
"""

needs_released = pytest.mark.skipif(
    not RELEASED.is_dir(), reason="the authors' checkpoint is not at hand"
)


ACTIONS = [("frnn", "action"), ("gru", "action"), ("lstm", "action")]
PAIRS = [("frnn", "correspondence"), ("gru", "correspondence")]


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    """Checkpoints as the library of the originals writes them, in one process of its own."""
    folders = {of: tmp_path_factory.mktemp("_".join(of)) for of in [*ACTIONS, *PAIRS]}
    words = [word for of, folder in folders.items() for word in (folder, *of)]
    command = [sys.executable, TESTS / "references/write_checkpoint.py", *words]
    subprocess.run(command, check=True, capture_output=True, timeout=250)
    return folders


@pytest.fixture(params=ACTIONS, ids=[rnn for rnn, _ in ACTIONS])
def written(request, checkpoints):
    return checkpoints[request.param]


@pytest.fixture(params=PAIRS, ids=[rnn for rnn, _ in PAIRS])
def written_of_pairs(request, checkpoints):
    return checkpoints[request.param]


def test_a_checkpoint_of_every_recurrent_layer_gives_what_its_library_gives(written, tmp_path):
    result = CliRunner().invoke(
        app, ["import-checkpoint", str(written), "--out", str(tmp_path / "model")]
    )
    assert result.exit_code == 0, result.output
    expected = np.load(written / "expected.npz")
    model = load_model(tmp_path / "model")
    rows = np.concatenate([expected["audio"], expected["visual"]], axis=-1)
    ours = np.exp(log_probabilities(model.weights, rows, model.card.architecture))
    np.testing.assert_allclose(ours, expected["probabilities"], atol=1e-5)
    keras_model = keras.saving.load_model(tmp_path / "model" / "model.keras", compile=False)
    predicted = keras_model.predict([expected["audio"], expected["visual"]], verbose=0)
    np.testing.assert_allclose(predicted, expected["probabilities"], atol=1e-5)
    assert model.card.training_set == "MIT 16"
    assert model.card.classes == ("barking", "diving", "drumming", "frying")


def test_a_correspondence_network_gives_what_its_library_gives(written_of_pairs, tmp_path):
    out = tmp_path / "model"
    result = CliRunner().invoke(
        app, ["import-checkpoint", str(written_of_pairs), "--out", str(out)]
    )
    assert result.exit_code == 0, result.output
    assert "of MIT 16 (correspondence), 2 classes" in result.output
    expected = np.load(written_of_pairs / "expected.npz")
    keras_model = keras.saving.load_model(out / "model.keras", compile=False)
    predicted = keras_model.predict([expected["audio"], expected["visual"]], verbose=0)
    np.testing.assert_allclose(predicted, expected["probabilities"], atol=1e-5)
    assert np.ptp(predicted[:, 1]) > 1e-4  # it does not say the same of every clip
    saved = load_correspondence(out)
    rows = np.concatenate([expected["audio"], expected["visual"]], axis=-1)
    said = np.exp(correspondence_answers(saved.card, saved.weights, rows))
    np.testing.assert_allclose(said, expected["probabilities"], atol=1e-5)
    card = read_card(out)
    assert (card.classes, card.timesteps) == (("incongruent", "congruent"), 4)
    with pytest.raises(ConfigError, match=r"correspondence task, which names no action"):
        load_model(out)


def test_of_several_checkpoints_the_one_that_keras_names_last_is_meant(written, tmp_path):
    folder = tmp_path / "released"
    shutil.copytree(written, folder)
    for suffix in ("index", "data-00000-of-00001"):
        later = folder / f"weights.12-0.34.ckpt.{suffix}"
        (folder / f"weights.03-0.90.ckpt.{suffix}").write_bytes(later.read_bytes())
    # Of another machine, as Keras writes it.
    said = 'model_checkpoint_path: "/home/someone/runs/weights.03-0.90.ckpt"\n'
    (folder / "checkpoint").write_text(said)
    assert find_prefix(folder).name == "weights.03-0.90.ckpt"
    (folder / "checkpoint").write_text('model_checkpoint_path: "weights.99-0.10.ckpt"\n')
    with pytest.raises(ConfigError, match=r"has 2 checkpoints .* does not say which is meant"):
        find_prefix(folder)


@needs_released
def test_the_released_gru_equals_an_independent_forward_pass():
    card, weights = import_checkpoint(RELEASED, made_at=NOW)
    assert (card.cell.name, card.training_set) == ("yamnet_effnet-gru", "AVMIT")
    assert (card.classes[0], card.classes[-1], len(card.classes)) == ("barking", "whistling", 16)
    layers = read_layers(RELEASED / "weights.64-0.28.ckpt")
    named = {"output_kernel": layers[5]["kernel"], "output_bias": layers[5]["bias"]}
    named |= {"rnn_kernel": layers[4]["kernel"], "rnn_bias": layers[4]["bias"]}
    named["rnn_recurrent"] = layers[4]["recurrent_kernel"]
    for place, name in ((0, "audio"), (1, "visual")):
        named[f"{name}_kernel"] = layers[place]["kernel"][0, 0]
        named[f"{name}_bias"] = layers[place]["bias"]
        norm = layers[place + 2]
        named |= {f"{name}_{part}": norm[part] for part in ("gamma", "beta")}
        named |= {f"{name}_{part}": norm[f"moving_{part}"] for part in ("mean", "variance")}
    rows = np.random.default_rng(2).random((9, 7, 2304), dtype=np.float32)
    expected = Reference(named, "gru", "swish", 0.5).probabilities(
        rows[..., :1024], rows[..., 1024:]
    )
    ours = np.exp(log_probabilities(weights, rows, card.architecture))
    np.testing.assert_allclose(ours, expected, atol=1e-5)


@needs_released
def test_a_disk_that_is_full_leaves_no_model(tmp_path):
    command = [sys.executable, "-c", FULL_DISK, "import-checkpoint", RELEASED, "--out", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 1
    # One line, and nothing of what TensorFlow says as it loads.
    assert done.stderr == (
        f"error: {tmp_path}/model.keras: File too large. Make room, give access or name another "
        "place, then run again\n"
    )
    assert list(tmp_path.iterdir()) == []


@needs_released
@pytest.mark.parametrize(
    ("breakage", "message"),
    [
        (lambda folder: (folder / "train.yaml").unlink(), "no train.yaml in"),
        (
            lambda folder: next(folder.glob("*.data-*")).unlink(),
            r"weights.64-0.28.ckpt.data-00000-of-00001 is missing",
        ),
        (
            lambda folder: next(folder.glob("*.data-*")).write_bytes(b"x" * 1000),
            "cannot be read as a checkpoint",
        ),
        (
            lambda folder: next(folder.glob("*.index")).unlink(),
            r"has no checkpoint: no file ends in .index",
        ),
        (
            lambda folder: _edit(folder / "train.yaml", "units: 128", "units: 64"),
            r"recurrent kernel have shape \(128, 384\), and train.yaml asks for \(128, 192\)",
        ),
        (
            lambda folder: _edit(folder / "train.yaml", "layers.GRU", "layers.QRNN"),
            r"does not describe a released network: the function QRNN, expected one of SimpleRNN",
        ),
        (
            lambda folder: _edit(folder / "train.yaml", "swish", "gelu"),
            r"the activation gelu, expected relu or swish",
        ),
        (
            lambda folder: _edit(folder / "train.yaml", "whistling: 15", "whistling: 16"),
            r"label_to_int does not count from 0",
        ),
        (
            lambda folder: _edit(folder / "train.yaml", "units: 128", "units: .inf"),
            r"cannot convert float infinity to integer",
        ),
        (lambda folder: (folder / "train.yaml").write_text(""), "a value is not of the kind"),
        (
            lambda folder: _edit(folder / "train.yaml", "bottleneck_size", "width"),
            r"'bottleneck_size' is missing",
        ),
        (
            lambda folder: (folder / "train.yaml").write_bytes(b"\x84\x9a" * 300),
            r"train.yaml, line 1: byte 0x84 is not UTF-8 text\. Save it as UTF-8$",
        ),
    ],
)
def test_a_folder_that_is_no_network_says_why(breakage, message, tmp_path):
    folder = tmp_path / "released"
    folder.mkdir()
    for path in RELEASED.iterdir():
        shutil.copyfile(path, folder / path.name)
    breakage(folder)
    with pytest.raises(ConfigError, match=message):
        import_checkpoint(folder, made_at=NOW)


def _edit(path, old, new):
    path.write_text(path.read_text().replace(old, new))
