"""Networks from Python: what a notebook calls is what the commands do."""

import re
import sys
import types

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import features
import models
from features.records.manifest import read_recipe, write_manifest
from models.__main__ import app
from models.data.dataset import load_dataset
from models.data.labelled_clips import read_list
from models.network.predict import log_probabilities
from study.errors import ConfigError, RecordError, TableError
from tests.integration.features.test_pack import RECIPE
from tests.paths import ROOT
from tests.worlds.model_worlds import make_world

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"), n_train=8, n_validation=3)


@pytest.fixture(scope="module")
def lists(world):
    paths = world.train, world.validation, world.test
    return [features.dataset(world.embeddings, path) for path in paths]


@pytest.fixture(scope="module")
def model(lists, tmp_path_factory):
    out = tmp_path_factory.mktemp("models") / "gru"
    return models.train(lists[0], validation=lists[1], rnn="gru", epochs=3, out=out)


def test_the_command_trains_the_same_network_to_the_last_bit(world, model, tmp_path):
    flags = world.train_flags(tmp_path / "gru", set="vggish_vgg16", rnn="gru", epochs=3)
    done = CliRunner().invoke(app, flags)
    assert done.exit_code == 0, done.output
    other = models.load(str(tmp_path / "gru"))
    for here, there in zip(model.weights.trainable, other.weights.trainable, strict=True):
        for one, two in zip(here, there, strict=True):
            np.testing.assert_array_equal(one, two)
    same = {"made_at", "model_sha256"}
    assert model.card.model_dump(exclude=same) == other.card.model_dump(exclude=same)


def test_a_network_and_its_records_are_shown_in_a_line_without_numbers(model, lists):
    assert repr(model) == f"SavedModel(folder={model.folder!r})"
    assert repr(lists[0]) == f"Records(source={lists[0].source!r}, folder={lists[0].folder!r})"


def test_predictions_are_a_row_a_clip_and_a_column_a_class(model, lists, world):
    found = model.predict(lists[2])
    assert list(found.columns) == ["barking", "diving", "raining"]
    assert tuple(found.index) == lists[2].filenames
    assert found.index.name == "filename"
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-9)
    clips = read_list(world.test)
    rows = load_dataset(clips, world.embeddings, lists[2].embedding_set, clips.classes).rows
    expected = np.exp(log_probabilities(model.weights, rows, model.card.architecture))
    np.testing.assert_array_equal(found.to_numpy(), expected)


def test_single_clips_get_the_probabilities_that_they_have_in_a_list(model, lists):
    together = model.predict(lists[2])
    records = list(lists[2])
    np.testing.assert_allclose(model.predict(records), together, rtol=1e-6)
    np.testing.assert_allclose(model.predict(records[3]).iloc[0], together.iloc[3], rtol=1e-6)
    with pytest.raises(RecordError, match="no clips were given"):
        model.predict([])


def test_a_frame_is_a_list(model, lists, world):
    frame = pd.read_csv(world.test)
    of_frame = features.dataset(world.embeddings, frame)
    assert (of_frame.filenames, of_frame.paths) == (lists[2].filenames, lists[2].paths)
    pd.testing.assert_frame_equal(model.predict(of_frame), model.predict(lists[2]))
    with pytest.raises(TableError, match="clips, line 3"):
        features.dataset(world.embeddings, frame.assign(filename=frame["filename"].iloc[0]))
    with pytest.raises(TableError, match="clips lists no clip"):
        features.dataset(world.embeddings, frame.head(0))


def test_a_folder_without_a_list_gives_all_its_records(world):
    records = features.dataset(world.embeddings)
    assert len(records) == 48
    assert set(records.labels) == {"barking", "diving", "raining"}
    assert records.embedding_set.name == "vggish_vgg16"


def test_embeddings_that_the_network_cannot_take_are_refused(model, lists, tmp_path):
    other = make_world(tmp_path, n_train=1, n_validation=1, n_test=1, set_name="yamnet_effnet")
    foreign = features.dataset(other.embeddings, other.test)
    with pytest.raises(RecordError, match="takes those of VGGish_VGG16"):
        model.predict(foreign)
    with pytest.raises(RecordError, match="1024 audio and 1280 visual"):
        model.predict(foreign[0])
    with pytest.raises(RecordError, match="expected records of one folder and one set"):
        models.train(lists[0], validation=foreign)


def test_embeddings_of_untrained_networks_are_refused(model, tmp_path):
    world = make_world(tmp_path, n_train=1, n_validation=1, n_test=1)
    write_manifest(world.embeddings, RECIPE, {}, ())
    assert read_recipe(world.embeddings).is_untrained
    records = features.dataset(world.embeddings, world.test)
    with pytest.raises(RecordError, match="untrained networks"):
        model.predict(records)
    assert len(model.predict(records, allow_untrained=True)) == 3


def test_a_model_lies_where_its_training_set_says(lists, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    here = [features.dataset(each.folder, each.source) for each in lists]
    assert models.train(here[0], here[1], epochs=1).folder.as_posix() == "models/AVMIT"
    assert models.load("models/AVMIT").card.training_set == "AVMIT"
    with pytest.raises(ConfigError, match="finished model"):
        models.train(here[0], here[1], epochs=1)


def test_the_card_counts_parameters_and_clips_of_each_class(model):
    # Table 4's figure for this network, which has 16 classes, and 13 outputs of 129 weights less.
    assert model.card.n_trainable == 413_968 - 13 * 129
    assert model.card.n_parameters - model.card.n_trainable == 4 * 256
    assert model.card.train.n_per_class == {"barking": 8, "diving": 8, "raining": 8}
    text = (model.folder / "model_card.md").read_text(encoding="utf-8")
    assert f"- {model.card.n_trainable:,} trainable parameters and 1,024 moving" in text
    assert "| class | training | validation |\n|---|---|---|\n| barking | 8 | 3 |" in text


def test_the_data_set_that_is_documented_for_pytorch_gives_what_records_hold(lists, monkeypatch):
    # PyTorch is not among the test packages: its Dataset is a plain base class, and from_numpy
    # takes an array.
    torch = types.ModuleType("torch")
    torch.from_numpy = lambda array: array
    data = types.ModuleType("torch.utils.data")
    data.Dataset = object
    for name, module in (("torch", torch), ("torch.utils", data), ("torch.utils.data", data)):
        monkeypatch.setitem(sys.modules, name, module)
    page = (ROOT / "docs" / "guides" / "library.md").read_text(encoding="utf-8")
    (example,) = re.findall(
        r"```python\n(import numpy as np\nimport torch\n.*?)```", page, re.DOTALL
    )
    names = {}
    exec(compile(example, "library.md", "exec"), names)
    clips = names["Clips"](lists[0])
    assert len(clips) == 24
    (audio, visual), target = clips[9]
    record = lists[0][9]
    assert audio.shape == (7, 128)
    assert visual.shape == (7, 512)
    np.testing.assert_array_equal(audio[: len(record.audio)], record.audio)
    assert not audio[len(record.audio) :].any()
    assert (target, record.label) == (1, "diving")
