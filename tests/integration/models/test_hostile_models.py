"""Models, states and checkpoints of others: compared, measured, and read for numbers only."""

import hashlib
import io
import json
import os
import shutil
import struct
import zipfile
from datetime import UTC, datetime

import h5py
import numpy as np
import pytest

from features.records import wire
from models.checkpoints.importing import import_checkpoint
from models.evaluation.results import read_evaluations
from models.network.initial import initial_weights
from models.network.spec import CELLS, Cell, Hyperparameters, Rnn, preset
from models.saving import saved
from models.saving.card import Card
from models.saving.save import save_model
from models.saving.saved import load_model
from models.search.surrogates import read_plan
from models.training.loop import new_training
from models.training.resume import read_state, write_state
from study.errors import ConfigError, StudyError
from tests.paths import SHARED

# Keras 3.15 asks its variables for arrays in the way of numpy 1.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

NOW = datetime(2026, 11, 22, tzinfo=UTC)
RELEASED = SHARED / "data" / "avmit_gru_checkpoint"


SMALL = Hyperparameters(8, 8, "relu", 0.1, 1e-3)
GRU = Cell("vggish_vgg16", Rnn.GRU)


@pytest.fixture(scope="module")
def state():
    rng = np.random.default_rng(1)
    sizes = {"audio_size": 128, "visual_size": 512}
    return new_training(initial_weights(rng, GRU.rnn, SMALL, **sizes, n_classes=3))


@pytest.fixture(scope="module")
def trained(state, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "gru"
    card = Card(
        embedding_set=GRU.embedding_set,
        rnn=str(GRU.rnn),
        audio_size=128,
        visual_size=512,
        classes=("barking", "diving", "raining"),
        hyperparameters=SMALL,
        training_set="AVMIT",
        made_at=NOW,
    )
    save_model(folder, card, state.best)
    return folder


@pytest.fixture
def model(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "gru")


def forge(model, change, *, card=True):
    """Change the parts of a model's file, and have its card vouch for it."""
    path = model / "model.keras"
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    if card:
        edit(model, model_sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def edit(model, **changes):
    path = model / "model_card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def in_h5(change):
    def change_parts(parts):
        content = io.BytesIO(parts["model.weights.h5"])
        with h5py.File(content, "r+") as file:
            change(file)
        parts["model.weights.h5"] = content.getvalue()

    return change_parts


def replaced(make):
    def change(file):
        found = []
        file.visititems(lambda name, item: found.append(name) if hasattr(item, "shape") else None)
        name = sorted(found)[0]
        del file[name]
        make(file, name)

    return in_h5(change)


def test_a_file_that_its_card_does_not_describe_is_not_opened(model, monkeypatch):
    forge(model, lambda parts: parts.update({"more": b"x"}), card=False)
    monkeypatch.setattr(saved, "read_weights", None)
    with pytest.raises(ConfigError, match="is not the file that its card describes"):
        load_model(model)


def test_what_a_file_says_of_the_model_itself_is_not_read(model, tmp_path):
    ran = tmp_path / "ran"
    code = {"module": "os", "class_name": "system", "config": {"command": f"touch {ran}"}}
    lambdas = {"module": "keras.layers", "class_name": "Lambda", "config": {"function": code}}
    before = load_model(model).weights
    for config in (b"{", json.dumps(code).encode(), json.dumps(lambdas).encode()):
        forge(model, lambda parts, config=config: parts.update({"config.json": config}))
        after = load_model(model).weights
        np.testing.assert_array_equal(after.trainable.rnn.kernel, before.trainable.rnn.kernel)
    assert not ran.exists()


FORGED = {
    "zeros": lambda parts: parts.update({"model.weights.h5": bytes(200_000_000)}),
    "no weights": lambda parts: parts.pop("model.weights.h5"),
    "no HDF5": lambda parts: parts.update({"model.weights.h5": b"no HDF5"}),
    "a shape of 1e11": replaced(
        lambda file, name: file.create_dataset(name, (10**11,), "f4", chunks=(1 << 20,))
    ),
    "another shape": replaced(lambda file, name: file.create_dataset(name, data=np.zeros(3, "f4"))),
    "another file": replaced(
        lambda file, name: file.create_dataset(name, (4,), "f4", external=[("/etc/passwd", 0, 16)])
    ),
    "a link to another file": replaced(
        lambda file, name: file.__setitem__(name, h5py.ExternalLink("/etc/passwd", "x"))
    ),
    "a link to itself": replaced(lambda file, name: file.__setitem__(name, h5py.SoftLink("/"))),
    "a million pieces": replaced(
        lambda file, name: file.create_dataset(name, (1 << 20,), "f4", chunks=(1,))
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_model_is_one_line_even_where_its_card_vouches_for_it(name, model):
    forge(model, FORGED[name])
    with pytest.raises(
        ConfigError, match=r"model\.keras does not hold the network that its card describes: "
    ) as refused:
        load_model(model)
    assert "\n" not in str(refused.value)


CARDS = {
    "a network of gigabytes": {"hyperparameters": {
        "rnn_units": 10**6, "bottleneck_units": 64, "activation": "relu", "dropout": 0.1,
        "learning_rate": 0.1}},
    "sizes of no set": {"audio_size": 10**9},
    "a million timesteps": {"timesteps": 10**6},
    "no timesteps": {"timesteps": 0},
    "one class": {"classes": ["barking"]},
    "a class twice": {"classes": ["barking", "barking"]},
    "an epoch that is not there": {"best_epoch": 7},
    "another set": {"embedding_set": "resnet"},
    "another cell": {"rnn": "transformer"},
    "more": {"code": "print()"},
}  # fmt: skip


@pytest.mark.parametrize("name", CARDS)
def test_a_card_of_no_network_is_one_line(name, model):
    edit(model, **CARDS[name])
    with pytest.raises(ConfigError) as refused:
        load_model(model)
    assert "\n" not in str(refused.value)


TEXTS = {
    "deep": "[" * 200_000,
    "a long number": '{"seed": ' + "9" * 5000 + "}",
    "not UTF-8": b"\xff\xfe{}",
    "nothing": "",
    "a list": "[]",
}


@pytest.mark.parametrize("name", TEXTS)
def test_json_that_is_none_of_ours_is_one_line(name, model):
    text = TEXTS[name]
    content = text if isinstance(text, bytes) else text.encode()
    files = {
        model / "model_card.json": lambda: load_model(model),
        model / "search.json": lambda: read_plan(model),
        model / "evaluations" / "test.json": lambda: read_evaluations([model]),
        model / "best.json": lambda: preset_of(model / "best.json"),
    }
    for path, read in files.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        with pytest.raises(StudyError, match=path.name) as refused:
            read()
        assert "\n" not in str(refused.value)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(StudyError, match="is a pipe"):
        preset_of(path)


def preset_of(path):
    return preset(str(path), CELLS[0])


def save_state(path, state, **changes):
    write_state(state, "plan", path.parent)
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    parts |= changes
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)


def npy(array):
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def test_a_state_whose_arrays_are_forged_is_one_line(state, tmp_path):
    path = tmp_path / "training.npz"
    huge = npy(np.zeros(3, "f4")).replace(b"(3,), }" + 10 * b" ", b"(100000000000,), }")
    said = json.dumps({"plan": "plan", "best_epoch": 3, "history": []})
    forged = {
        "leaf_0.npy": [huge, npy(np.array([len], dtype=object)), npy(np.zeros(3, "f4")), b""],
        "said.npy": [npy(np.array("{")), npy(np.array("[" * 100_000)), npy(np.array(said))],
    }
    save_state(path, state)
    assert read_state(state, "plan", tmp_path).best_epoch == 0
    for name, contents in forged.items():
        for content in contents:
            save_state(path, state, **{name: content})
            with pytest.raises(
                ConfigError, match=r"is not a whole state of a training\. Start afr"
            ):
                read_state(state, "plan", tmp_path)


YAMLS = {
    "a long number": "units: 128|units: " + "9" * 5000,
    "deep": "units: 128|units: " + "[" * 5000,
    "an object": "units: 128|units: !!python/object/apply:os.system ['true']",
    "merged mappings": "units: 128|<<: {a: 1}\n  units: 128",
    "a date that is none": "units: 128|units: 2001-99-99",
    "lists of lists": 'model_path: &dest "YamNet_EffNetB0_GRU_AVMIT/"|'
    "a: &a ['x']\nb: &b [*a, *a]\nc: &c [*b, *b]\nmodel_path: &dest [*c, *c]",
    "millions of timesteps": "timesteps: 7|timesteps: 9000000",
    "millions of units": "units: 128|units: 1e300",
}


@pytest.mark.skipif(not RELEASED.is_dir(), reason="the authors' checkpoint is not at hand")
@pytest.mark.parametrize("name", YAMLS)
def test_a_configuration_made_to_break_its_reader_is_one_line(name, tmp_path):
    folder = shutil.copytree(RELEASED, tmp_path / "released", copy_function=shutil.copyfile)
    old, new = YAMLS[name].split("|", 1)
    path = folder / "train.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ConfigError, match=r"train\.yaml") as refused:
        import_checkpoint(folder, made_at=NOW)
    assert "\n" not in str(refused.value)


@pytest.mark.skipif(not RELEASED.is_dir(), reason="the authors' checkpoint is not at hand")
def test_an_index_that_is_forged_with_right_checksums_ends_in_one_line(tmp_path):
    folder = shutil.copytree(RELEASED, tmp_path / "released", copy_function=shutil.copyfile)
    (index,) = folder.glob("*.index")
    whole = index.read_bytes()
    size = wire.read_varint(whole[-48:], 0)[0] - 5  # of the only block of variables
    rng = np.random.default_rng(1)
    n_refused = 0
    for _ in range(60):
        forged = bytearray(whole)
        for place in rng.integers(0, size, 3):
            forged[place] ^= 1 << int(rng.integers(8))
        forged[size + 1 : size + 5] = wire.checksum(bytes(forged[: size + 1]))
        index.write_bytes(forged)
        try:
            import_checkpoint(folder, made_at=NOW)
        except ConfigError:
            n_refused += 1
    assert n_refused > 30
    index.write_bytes(whole[:-48] + struct.pack("<40sQ", b"\xff" * 40, 0xDB4775248B80FB57))
    with pytest.raises(ConfigError, match="cannot be read as a checkpoint"):
        import_checkpoint(folder, made_at=NOW)
