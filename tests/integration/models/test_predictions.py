"""`models evaluate` writes what a network says of every clip; correspondence networks too."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from features.embedding_set import find_embedding_set
from models.__main__ import app
from models.data.dataset import load_dataset
from models.data.labelled_clips import read_list
from models.network.predict import log_probabilities
from models.saving.saved import load_correspondence, load_model
from study.errors import ConfigError
from tests.worlds.model_worlds import make_world, save_correspondence

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
GRU = {"set": "vggish_vgg16", "rnn": "gru", "epochs": 2}


def invoke(*arguments):
    result = CliRunner().invoke(app, [str(part) for part in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"), n_train=8, n_validation=3)


@pytest.fixture(scope="module")
def trained(world, tmp_path_factory):
    out = tmp_path_factory.mktemp("models") / "gru"
    invoke(*world.train_flags(out, **GRU))
    return out


def evaluated(world, model, test, *flags):
    invoke("evaluate", "--model", model, "--embeddings", world.embeddings, "--test", test, *flags)
    return sorted((model / "evaluations").glob("*predictions.csv"))


def test_evaluate_writes_what_the_network_says_of_every_clip(world, trained, tmp_path):
    test = tmp_path / "stimuli.csv"
    listed = pd.read_csv(world.test).assign(condition="plain")
    listed["source"] = [f"s{place}" for place in range(len(listed))]
    listed.to_csv(test, index=False)
    evaluated(world, trained, test)
    table = pd.read_csv(trained / "evaluations/stimuli-predictions.csv")
    model, clips = load_model(trained), read_list(test)
    embedding_set = find_embedding_set(model.card.embedding_set)
    rows = load_dataset(clips, world.embeddings, embedding_set, model.card.classes).rows
    said = table.filter(regex="^p_")
    assert list(said.columns) == [f"p_{name}" for name in model.card.classes]
    expected = np.exp(log_probabilities(model.weights, rows, model.card.architecture))
    np.testing.assert_allclose(said, expected, atol=1e-6)
    assert table["source"].tolist() == listed["source"].tolist()
    assert set(table["condition"]) == {"plain"}
    assert set(table["network"]) == {"AVMIT vggish_vgg16-gru seed 1"}
    assert table["label"].tolist() == listed["AVMIT_label"].tolist()
    best = said.columns[said.to_numpy().argmax(axis=1)].str.removeprefix("p_")
    assert table["predicted"].tolist() == best.tolist()
    own = [row[f"p_{row.label}"] for _, row in table.iterrows()]
    np.testing.assert_allclose(table["loss"], -np.log(own), rtol=1e-6)


def test_sounds_of_other_classes_are_named_beside_the_pictures(world, trained):
    paths = evaluated(world, trained, world.test, "--incongruent")
    table = pd.read_csv(next(path for path in paths if "incongruent" in path.name))
    assert (table["sound_label"] != table["picture_label"]).all()
    assert (table["label"] == table["picture_label"]).all()


def test_neutral_embeddings_are_another_modality(world, trained):
    paths = evaluated(world, trained, world.test, "--modality", "audio")
    table = pd.read_csv(next(path for path in paths if "-audio-" in path.name))
    assert set(table["modality"]) == {"audio"}


@pytest.fixture(scope="module")
def correspondence(tmp_path_factory):
    return save_correspondence(tmp_path_factory.mktemp("models") / "pairs", "vggish_vgg16")


def test_a_correspondence_network_is_asked_of_every_clip_twice(world, correspondence):
    model = correspondence
    said = invoke(
        "evaluate", "--model", model, "--embeddings", world.embeddings, "--test", world.test
    )
    assert "15 clips, each asked twice" in said
    table = pd.read_csv(model / "evaluations/AVMIT_test-pairs-predictions.csv")
    assert table["condition"].value_counts().to_dict() == {"congruent": 15, "incongruent": 15}
    assert (table["label"] == table["condition"]).all()
    np.testing.assert_allclose(table.filter(like="p_").sum(axis=1), 1, atol=1e-6)
    other = table[table["condition"] == "incongruent"]
    assert (other["sound_label"] != other["picture_label"]).all()


def test_a_network_of_actions_is_not_taken_for_one_of_pairs(trained):
    with pytest.raises(ConfigError, match="action task"):
        load_correspondence(trained)
