import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from model_worlds import FULL_DISK
from reference_network import Reference
from typer.testing import CliRunner

from models.__main__ import app
from models.checkpoints import import_checkpoint, read_layers
from models.classifier import load_classifier
from models.saved import load_model
from models.training import log_probabilities
from study.errors import ConfigError

# Keras 3.15 asks its variables for arrays in the way of numpy 1.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TESTS = Path(__file__).parents[1]
RELEASED = TESTS.parents[1] / "shared" / "data" / "avmit_gru_checkpoint"

needs_released = pytest.mark.skipif(
    not RELEASED.is_dir(), reason="the authors' checkpoint is not at hand"
)


@pytest.fixture(scope="module", params=["frnn", "gru", "lstm"])
def written(request, tmp_path_factory):
    """A checkpoint as the library of the originals writes it."""
    folder = tmp_path_factory.mktemp(request.param)
    command = [sys.executable, TESTS / "write_checkpoint.py", folder, request.param]
    subprocess.run(command, check=True, capture_output=True, timeout=250)
    return folder


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
    keras_model = load_classifier(tmp_path / "model" / "model.keras")
    predicted = keras_model.predict([expected["audio"], expected["visual"]], verbose=0)
    np.testing.assert_allclose(predicted, expected["probabilities"], atol=1e-5)
    assert model.card.training_set == "MIT 16"
    assert model.card.classes == ("barking", "diving", "drumming", "frying")


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
        (lambda folder: next(folder.glob("*.index")).unlink(), r"has 0 checkpoints"),
        (
            lambda folder: _edit(folder / "train.yaml", "units: 128", "units: 64"),
            r"recurrent kernel have shape \(128, 384\), and train.yaml asks for \(128, 192\)",
        ),
        (
            lambda folder: _edit(folder / "train.yaml", "layers.GRU", "layers.QRNN"),
            "does not describe a network of the paper",
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
