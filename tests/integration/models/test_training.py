import json
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from typer.testing import CliRunner

from features.records.manifest import NetworkNote, Recipe, write_manifest
from features.records.records import Record, read_record, write_record
from models.__main__ import app
from models.data.dataset import load_dataset
from models.data.labelled_clips import read_list
from models.evaluation.results import read_evaluations
from models.network.keras import keras
from models.network.predict import log_probabilities
from models.network.spec import Rnn, Schedule, cell_of, preset
from models.saving.card import read_card
from models.saving.saved import load_model
from models.training.description import Training, load_data
from models.training.train import train_model
from study.errors import ConfigError, RecordError, StudyError, TableError
from tests.worlds.model_worlds import make_world

# Keras 3.15 asks its variables for arrays in the way of numpy 1.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SET = {"set": "vggish_vgg16"}
ENDS = ("png", "svg")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def trained(world, tmp_path_factory):
    """A GRU, trained by the command as the demo calls it."""
    out = tmp_path_factory.mktemp("models") / "gru"
    invoke(world.train_flags(out, **SET, rnn="gru", preset="paper", epochs=12))
    return out


def invoke(arguments):
    result = CliRunner().invoke(app, [str(part) for part in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def training(world, rnn="gru", n_epochs=2, **changes):
    cell = cell_of("vggish_vgg16", rnn)
    lists = world.embeddings, world.train, world.validation
    schedule = Schedule(n_epochs=n_epochs)
    return Training(cell, preset("paper", cell), *lists, schedule=schedule, **changes)


def train(world, folder, **changes):
    described = training(world, **changes)
    return train_model(described, load_data(described), folder, made_at=NOW)


def leaves(weights):
    import jax

    return [np.asarray(leaf) for leaf in jax.tree.leaves(weights)]


def assert_equal_weights(one, other):
    for here, there in zip(leaves(one), leaves(other), strict=True):
        np.testing.assert_array_equal(here, there)


def test_a_network_learns_and_is_saved_with_a_card(trained):
    model = load_model(trained)
    assert model.card.classes == ("barking", "diving", "raining")
    assert model.card.train.n_clips == 60
    assert model.card.history[-1].accuracy > 0.8
    assert (trained / "history.csv").read_text().count("\n") == len(model.card.history) + 1
    assert (trained / "history.png").stat().st_size > 0
    assert "GRU of 128 units" in (trained / "model_card.md").read_text()
    assert not (trained / "training.npz").exists()


def test_the_test_set_is_evaluated_and_its_row_printed(world, trained):
    said = invoke(
        ["evaluate", "--model", trained, "--embeddings", world.embeddings, "--test", world.test]
    )
    head, _, row, closing = said.strip().splitlines()
    assert head == "| Training Set | Embeddings | RNN | Loss | Top 1 Acc. (%) | Top 5 Acc. (%) |"
    assert row.startswith("| AVMIT | VGGish + VGG-16 | GRU | 0.")
    assert row.endswith("| 100.00 |")
    assert closing.startswith("15 clips: ")
    (evaluation,) = read_evaluations([trained])
    assert read_evaluations(str(trained)) == [evaluation]
    assert sum(map(sum, evaluation.confusion)) == 15
    assert [each.n_clips for each in evaluation.classes] == [5, 5, 5]
    assert invoke(["table5", "--results", trained]).splitlines()[:3] == [head, _, row]


def test_an_evaluation_has_a_page_with_drawings(world, trained):
    flags = ["--model", trained, "--embeddings", world.embeddings, "--test", world.test]
    said = invoke(["evaluate", *flags])
    page = trained / "evaluations" / "AVMIT_test.html"
    assert said.strip().endswith(f"15 clips: {page}")
    text = page.read_text()
    linked = set(re.findall(r'<a href="([^"]+)"', text))
    drawn = {f"AVMIT_test-{name}.{end}" for name in ("confusion", "calibration") for end in ENDS}
    assert linked == drawn | {"AVMIT_test.json"}
    assert all((page.parent / name).stat().st_size > 0 for name in linked)
    assert text.count("<svg") == 2
    assert "<td>barking</td>" in text
    before = (page.parent / "AVMIT_test-confusion.svg").read_bytes()
    invoke(["evaluate", *flags])
    assert (page.parent / "AVMIT_test-confusion.svg").read_bytes() == before


def test_keras_predicts_what_training_saw(world, trained):
    model = load_model(trained)
    clips = read_list(world.test)
    from features.embedding_set import find_embedding_set

    embedding_set = find_embedding_set("vggish_vgg16")
    test = load_dataset(clips, world.embeddings, embedding_set, model.card.classes)
    keras_model = keras.saving.load_model(trained / "model.keras", compile=False)
    audio, visual = test.rows[..., :128], test.rows[..., 128:]
    predicted = keras_model.predict([audio, visual], verbose=0)
    ours = np.exp(log_probabilities(model.weights, test.rows, model.card.architecture))
    np.testing.assert_allclose(ours, predicted, atol=1e-6)
    weights = model.weights
    ours = [*weights.trainable.audio[:2], *weights.trainable.visual[:2]]
    for unit, moving in (
        (weights.trainable.audio, weights.audio),
        (weights.trainable.visual, weights.visual),
    ):
        ours += [unit.gamma, unit.beta, *moving]
    ours += [*weights.trainable.rnn, *weights.trainable.output]
    names = ("audio_bottleneck", "visual_bottleneck", "audio_norm", "visual_norm", "rnn",
             "probability")  # fmt: skip
    theirs = [array for name in names for array in keras_model.get_layer(name).get_weights()]
    assert_equal_weights(theirs, ours)


def test_the_same_seed_gives_the_same_weights_and_another_one_does_not(world, tmp_path):
    weights = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train(world, tmp_path / name, seed=seed)
        weights.append(load_model(tmp_path / name).weights)
    assert_equal_weights(weights[0], weights[1])
    assert not np.array_equal(leaves(weights[0])[0], leaves(weights[2])[0])


def test_mixed_precision_is_on_the_card_and_in_the_history(world, trained, tmp_path):
    out = tmp_path / "out"
    invoke([*world.train_flags(out, **SET, rnn="gru", epochs=12), "--mixed-precision"])
    whole, mixed = load_model(trained), load_model(out)
    assert (whole.card.mixed_precision, mixed.card.mixed_precision) == (False, True)
    assert {each.precision for each in mixed.card.history} == {"mixed_bfloat16"}
    assert {each.precision for each in whole.card.history} == {"float32"}
    assert "--mixed-precision" in (out / "model_card.md").read_text()
    assert "mixed_bfloat16" in (out / "history.csv").read_text()
    assert {leaf.dtype for leaf in leaves(mixed.weights)} == {np.dtype(np.float32)}
    losses = [model.card.history[-1].val_loss for model in (whole, mixed)]
    assert losses[0] != losses[1]
    assert losses[1] == pytest.approx(losses[0], rel=0.05)


def test_a_finished_model_is_not_replaced_without_being_told(world, trained):
    with pytest.raises(ConfigError, match=r"holds a finished model\. To replace it"):
        train(world, trained)


def test_a_model_that_is_replaced_takes_its_evaluations_with_it(world, tmp_path):
    out = tmp_path / "model"
    flags = world.train_flags(out, set="vggish_vgg16", epochs=1)
    invoke(flags)
    invoke(["evaluate", "--model", out, "--embeddings", world.embeddings, "--test", world.test])
    assert list((out / "evaluations").glob("*.json"))
    (out / "notes.txt").write_text("mine")
    invoke([*flags, "--seed", "2", "--overwrite"])
    assert not (out / "evaluations").exists()
    assert (out / "notes.txt").read_text() == "mine"
    assert read_card(out).seed == 2


def test_the_last_batch_counts_even_where_it_is_the_only_one(tmp_path):
    small = make_world(tmp_path, n_train=3, n_validation=1, n_test=1)
    card = train(small, tmp_path / "out")
    assert card.history[0].accuracy * 9 == pytest.approx(round(card.history[0].accuracy * 9))


@pytest.mark.parametrize("rnn", list(Rnn))
def test_every_recurrent_layer_trains(rnn, world, tmp_path):
    card = train(world, tmp_path / "out", rnn=rnn)
    assert card.history[1].loss < card.history[0].loss
    assert load_model(tmp_path / "out").card == load_model(tmp_path / "out").card


@pytest.mark.parametrize("breakage", ["device", "host"])
def test_memory_that_runs_out_is_one_line(breakage, world, trained, tmp_path, monkeypatch):
    import jax

    from models.network import predict
    from models.training import epochs

    error = (
        jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 9999 bytes.")
        if breakage == "device"
        else MemoryError()
    )
    out = tmp_path / "out"
    with monkeypatch.context() as patched:
        patched.setattr(epochs, "learn", raising(error))
        with pytest.raises(StudyError, match=rf"{out}: the CPU has no memory left\. Close"):
            train(world, out)
    assert not list(out.glob("*"))
    flags = ["--model", trained, "--embeddings", world.embeddings, "--test", world.test]
    monkeypatch.setattr(predict, "predict_batch", raising(error))
    with pytest.raises(StudyError, match=rf"{trained}: the CPU has no memory left"):
        invoke(["evaluate", *flags])


def test_other_errors_of_the_device_keep_their_traceback(world, tmp_path, monkeypatch):
    import jax

    from models.training import epochs

    broken = jax.errors.JaxRuntimeError("INTERNAL: something else")
    monkeypatch.setattr(epochs, "learn", raising(broken))
    with pytest.raises(jax.errors.JaxRuntimeError, match="INTERNAL"):
        train(world, tmp_path / "out")


def raising(error):
    def call(*_, **__):
        raise error

    return call


def broken_world(tmp_path, breakage):
    world = make_world(tmp_path, n_train=3, n_validation=1, n_test=1)
    path = world.embeddings / "barking" / "train-barking_1.tfrecord"
    breakage(path)
    return world


def _rewrite(path, **changes):
    record = read_record(path)
    parts = {name: getattr(record, name) for name in ("filename", "label", "audio", "visual")}
    write_record(path, Record(**(parts | changes)))


BREAKAGES = {
    "missing": (lambda path: path.unlink(), r"barking_1.tfrecord is missing \(1 of 9 records"),
    "empty": (lambda path: path.write_bytes(b""), r"barking_1.tfrecord"),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:300]), r"barking_1.tfrecord"),
    "other set": (
        lambda path: _rewrite(path, audio=np.ones((6, 1024), np.float32)),
        r"barking_1.tfrecord has embeddings of 1024 audio",
    ),
    "other label": (
        lambda path: _rewrite(path, label="coughing"),
        r"barking_1.tfrecord has the label 'coughing' and the list says 'barking'",
    ),
}


@pytest.mark.parametrize("name", BREAKAGES)
def test_a_bad_record_is_named(name, tmp_path):
    breakage, message = BREAKAGES[name]
    world = broken_world(tmp_path, breakage)
    with pytest.raises(RecordError, match=message):
        load_data(training(world))
    assert not list((world.embeddings / ".packed").glob("*"))


def test_overlapping_lists_are_refused_and_allowed_overlap_is_on_the_card(world, tmp_path):
    with pytest.raises(TableError, match="60 of 60 clips of the list AVMIT_train stand in"):
        load_data(replace(training(world), validation=world.train))
    train(replace(world, validation=world.train), tmp_path / "out", n_epochs=1, allow_overlap=True)
    card = json.loads((tmp_path / "out" / "model_card.json").read_text())
    assert card["overlap_allowed"] is True
    assert "--allow-overlap" in (tmp_path / "out" / "model_card.md").read_text()


def test_training_clips_are_refused_as_a_test_set(world, trained):
    with pytest.raises(StudyError, match="stand in train too"):
        invoke(
            [
                "evaluate",
                "--model",
                trained,
                "--embeddings",
                world.embeddings,
                "--test",
                world.train,
            ]
        )


def test_an_experiment_trains_what_is_missing_and_ends_in_table_5(world, tmp_path):
    root = tmp_path / "sets"
    root.mkdir()
    (root / "VGGish_VGG16").symlink_to(world.embeddings)
    small = tmp_path / "half_train.csv"
    small.write_text("\n".join(world.train.read_text().splitlines()[::2]) + "\n")
    flags = ["--embeddings", root, "--test", world.test, "--out", tmp_path / "out"]
    flags += ["--cell", "vggish_vgg16-frnn", "--seeds", 2, "--epochs", 2]
    flags += ["--lists", f"AVMIT={world.train},{world.validation}"]
    flags += ["--lists", f"MIT 16={small},{world.validation}"]
    assert "4 networks, 4 of them evaluated now" in invoke(["experiment", *flags])
    assert "4 networks, 0 of them evaluated now" in invoke(["experiment", *flags])
    with pytest.raises(ConfigError, match=r"seed-1 holds a network of other schedule than asked"):
        invoke(["experiment", *flags, "--patience", 3])
    small.write_text("\n".join(small.read_text().splitlines()[:-1]) + "\n")
    with pytest.raises(ConfigError, match=r"MIT_16/vggish_vgg16-frnn/seed-1 .* of other lists"):
        invoke(["experiment", *flags])
    said = invoke(["table5", "--results", tmp_path / "out"])
    assert "AVMIT minus MIT 16" in said
    assert said.strip().endswith("4 evaluations on AVMIT_test")


def test_an_experiment_has_a_name_for_each_training_set(world, tmp_path):
    lists = f"MIT 16={world.train},{world.validation}"
    flags = ["--embeddings", tmp_path, "--test", world.test, "--out", tmp_path / "out"]
    with pytest.raises(ConfigError, match=r"two of --lists are called MIT_16"):
        invoke(["experiment", *flags, "--lists", lists, "--lists", lists.replace(" ", "_")])


def test_a_state_that_was_cut_short_is_one_line(world, tmp_path):
    out = tmp_path / "model"
    out.mkdir()
    (out / "training.npz").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(
        ConfigError, match=r"training.npz is not a whole state of a training\. Start"
    ):
        invoke([*world.train_flags(out, set="vggish_vgg16", epochs=1), "--resume"])


def test_a_training_that_diverges_says_so_and_warns_of_nothing(world, tmp_path):
    chosen = {"rnn_units": 8, "bottleneck_units": 8, "activation": "relu", "dropout": 0.1}
    wild = tmp_path / "wild.json"
    wild.write_text(json.dumps({"vggish_vgg16-gru": chosen | {"learning_rate": 1e38}}))
    flags = world.train_flags(tmp_path / "model", set="vggish_vgg16", epochs=2, preset=wild)
    with pytest.raises(ConfigError, match=r"the loss became NaN or infinite in epoch 1\. Lower"):
        invoke(flags)
    assert not (tmp_path / "model" / "model.keras").exists()


def test_an_experiment_evaluates_again_where_the_test_list_has_changed(world, tmp_path):
    root = tmp_path / "sets"
    shutil.copytree(world.embeddings, root / "VGGish_VGG16")
    test = tmp_path / "my test.csv"
    test.write_text(world.test.read_text())
    flags = ["--embeddings", root, "--test", test, "--out", tmp_path / "out", "--seeds", 1]
    flags += ["--cell", "vggish_vgg16-frnn", "--epochs", 1]
    flags += ["--lists", f"AVMIT={world.train},{world.validation}"]
    assert "1 network, 1 of them evaluated now" in invoke(["experiment", *flags])
    assert "1 network, 0 of them evaluated now" in invoke(["experiment", *flags])
    test.write_text("\n".join(test.read_text().splitlines()[:-1]) + "\n")
    assert "1 network, 1 of them evaluated now" in invoke(["experiment", *flags])
    note = NetworkNote("vggish", "vggish.h5", "a" * 64, None)
    recipe = Recipe("vggish_vgg16", "paper", None, "float32", False, note, note)
    write_manifest(root / "VGGish_VGG16", recipe, {}, [])
    with pytest.raises(ConfigError, match=r"holds a network of other embeddings than asked for"):
        invoke(["experiment", *flags])


def test_an_experiment_refuses_a_test_set_that_is_trained_on_before_it_trains(world, tmp_path):
    flags = ["--embeddings", world.embeddings.parent, "--out", tmp_path / "out"]
    flags += ["--lists", f"AVMIT={world.train},{world.validation}"]
    with pytest.raises(TableError, match="18 of 18 clips of the list AVMIT_validation stand in"):
        invoke(["experiment", *flags, "--test", world.validation])
    with pytest.raises(TableError, match="no file"):
        invoke(["experiment", *flags, "--test", tmp_path / "none.csv"])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("ablation", [["--modality", "visual"], ["--incongruent"]])
def test_ablations_are_kept_beside_the_plain_evaluation(ablation, world, trained):
    flags = ["--model", trained, "--embeddings", world.embeddings, "--test", world.test]
    invoke(["evaluate", *flags, *ablation])
    name = "AVMIT_test-incongruent" if len(ablation) == 1 else "AVMIT_test-visual"
    kept = json.loads((trained / "evaluations" / f"{name}.json").read_text())
    assert kept["loss"] > 0
    if len(ablation) == 1:
        right, heard = sum(kept["correct"]), kept["n_heard"]
        assert right + heard <= 15
