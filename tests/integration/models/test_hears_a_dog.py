"""The authors' network on embeddings that this project made: the whole audio path at once."""

import shutil
from datetime import UTC, datetime

import numpy as np
import pytest
from typer.testing import CliRunner

from features.__main__ import app as features_app
from models.__main__ import app
from models.checkpoints.importing import import_checkpoint
from models.network.predict import log_probabilities
from tests.paths import SHARED

# Keras 3.15 asks its variables for arrays in the way of numpy 1.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CHECKPOINT = SHARED / "data" / "avmit_gru_checkpoint"
WEIGHTS, CLIP = SHARED / "weights", SHARED / "clips" / "bento.mp4"

if not (CHECKPOINT.is_dir() and WEIGHTS.is_dir() and CLIP.is_file()):
    pytest.skip("the authors' network or YAMNet's weights are not at hand", allow_module_level=True)


@pytest.fixture(scope="module")
def embeddings(tmp_path_factory):
    """Real YAMNet embeddings of a dog; the visual half comes from an untrained network."""
    root = tmp_path_factory.mktemp("dog")
    (root / "clips" / "barking").mkdir(parents=True)
    shutil.copyfile(CLIP, root / "clips" / "barking" / "bento.mp4")
    flags = ["--set", "yamnet_effnet", "--untrained", "1", "--processes", "1"]
    places = {"--ratings": root / "clips", "--weights": WEIGHTS, "--out": root / "embeddings"}
    for flag, place in places.items():
        flags += [flag, str(place)]
    result = CliRunner().invoke(features_app, ["extract", *flags])
    assert result.exit_code == 0, result.output
    return root / "embeddings" / "YamNet_EffNetB0"


@pytest.fixture(scope="module")
def network():
    return import_checkpoint(CHECKPOINT, made_at=datetime(2026, 11, 22, tzinfo=UTC))


@pytest.fixture(scope="module")
def heard(embeddings):
    from features.records.records import read_record

    rows = np.zeros((1, 7, 2304), np.float32)
    audio = read_record(embeddings / "barking" / "bento.tfrecord").audio
    rows[0, : len(audio), :1024] = audio
    return rows


def barking(network, rows):
    card, weights = network
    logarithms = log_probabilities(weights, rows, card.architecture, seen=False)
    return float(np.exp(logarithms[0, card.classes.index("barking")]))


def test_the_authors_gru_hears_the_dog_bark(network, heard):
    assert barking(network, heard) == pytest.approx(0.81, abs=0.02)


def test_it_hears_no_dog_in_permuted_dimensions_or_noise(network, heard):
    rng = np.random.default_rng(1)
    permuted, noise = [], []
    for _ in range(20):
        rows = heard.copy()
        rows[..., :1024] = rows[..., rng.permutation(1024)]
        permuted.append(barking(network, rows))
        rows = heard.copy()
        rows[..., :1024] = np.abs(rng.standard_normal((7, 1024))) * heard.std()
        noise.append(barking(network, rows))
    assert np.mean(permuted) < 0.3
    assert np.mean(noise) < 0.3


def test_the_commands_say_the_same(embeddings, tmp_path):
    runner, model = CliRunner(), tmp_path / "model"
    runner.invoke(app, ["import-checkpoint", str(CHECKPOINT), "--out", str(model)])
    (tmp_path / "dog.csv").write_text("filename,AVMIT_label\nbarking/bento.mp4,barking\n")
    flags = ["--model", model, "--embeddings", embeddings, "--test", tmp_path / "dog.csv"]
    flags += ["--modality", "audio", "--allow-untrained"]
    result = runner.invoke(app, ["evaluate", *map(str, flags)])
    assert result.exit_code == 0, result.output
    (row,) = [line for line in result.stdout.splitlines() if "GRU" in line]
    assert row.startswith("| AVMIT | YamNet + EffNetB0 | GRU | 0.2")
    assert "untrained networks" in result.stdout
