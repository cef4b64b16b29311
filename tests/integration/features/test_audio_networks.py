"""YAMNet and VGGish against forward passes written another way, and against real sounds."""

import csv

import h5py
import numpy as np
import pytest

from features.embedding_set import EMBEDDING_SETS
from features.engines.onnx import write_onnx_graph
from features.engines.open_engine import open_engine
from features.inputs import waveform
from features.inputs.mel import patches
from features.networks.layers import Layer
from features.networks.specs import NETWORKS
from features.networks.yamnet import scores
from features.weights.formats import read_arrays, read_weights
from study.clips.sampling import decode_for_extraction
from study.errors import ConfigError
from tests.paths import SHARED
from tests.references.audio_networks import (
    random_vggish,
    read_yamnet_h5,
    vggish_by_hand,
    yamnet_by_hand,
    yamnet_front_by_hand,
)

WEIGHTS = SHARED / "weights" / "yamnet_int8_dequantised.h5"
YAMNET = EMBEDDING_SETS["yamnet_effnet"]
VGGISH = EMBEDDING_SETS["vggish_vgg16"]

needs_weights = pytest.mark.skipif(
    not WEIGHTS.is_file(), reason="the real YAMNet weights are not beside the repository"
)


def relative_error(found, expected):
    return np.abs(found - expected).max() / np.abs(expected).max()


def sound_of(name):
    clip = decode_for_extraction(SHARED / "clips" / name, choose=lambda t: [], keep=lambda i: i)
    mono = waveform.pcm16_to_waveform(clip.samples)
    return waveform.resample(mono, clip.sample_rate_hz)


@pytest.fixture(scope="module")
def yamnet(tmp_path_factory):
    path = tmp_path_factory.mktemp("graphs") / "yamnet.onnx"
    spec = NETWORKS["yamnet"]
    write_onnx_graph(spec.definition, read_weights(WEIGHTS, spec), spec.input_shape, path)
    return open_engine(path)


@pytest.fixture(scope="module")
def sounds():
    rng = np.random.default_rng(0)
    return {
        "dog": sound_of("bento.mp4"),
        "speech": sound_of("park.mp4"),
        "tone": (0.2 * np.sin(2 * np.pi * 440 * np.arange(48000) / 16000)).astype(np.float32),
        "noise": rng.normal(0, 0.1, 30000).astype(np.float32),
        "silence": np.zeros(16000, np.float32),
    }


@needs_weights
@pytest.mark.parametrize("name", ["dog", "noise", "silence"])
def test_yamnet_equals_a_forward_pass_written_tap_by_tap(yamnet, sounds, name):
    raw = read_yamnet_h5(WEIGHTS)
    by_hand = np.stack([yamnet_by_hand(p, raw)[0] for p in yamnet_front_by_hand(sounds[name])])
    found = yamnet.run(patches(sounds[name], YAMNET)[..., None])
    assert found.shape == by_hand.shape
    assert relative_error(found, by_hand) < 1e-4


@needs_weights
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dog", {"Dog", "Bark", "Animal", "Domestic animals, pets"}),
        ("noise", {"White noise", "Noise", "Static", "Waterfall", "Spray"}),
        ("silence", {"Silence"}),
        ("speech", {"Speech"}),
        ("tone", {"Telephone", "Dial tone", "Alarm", "Busy signal"}),
    ],
)
def test_real_sounds_get_the_classes_that_a_listener_would_name(yamnet, sounds, name, expected):
    with (SHARED / "weights" / "yamnet_class_map.csv").open(newline="") as file:
        names = [row["display_name"] for row in csv.DictReader(file)]
    with h5py.File(WEIGHTS) as file:
        classifier = Layer(file["logits/logits/kernel:0"][()], file["logits/logits/bias:0"][()])
    heard = scores(yamnet.run(patches(sounds[name], YAMNET)[..., None]), classifier).mean(axis=0)
    best = [names[index] for index in np.argsort(heard)[::-1][: min(3, len(expected))]]
    assert set(best) <= expected, best


@needs_weights
def test_weights_of_another_network_are_refused():
    with pytest.raises(ConfigError, match=r"lacks 9 of 9 layers of VGGish, the first is 'conv1'"):
        read_weights(WEIGHTS, NETWORKS["vggish"])


@pytest.fixture(scope="module")
def vggish_arrays():
    return random_vggish(np.random.default_rng(5))


def test_vggish_equals_a_forward_pass_written_tap_by_tap(vggish_arrays, tmp_path):
    path = tmp_path / "vggish.h5"
    with h5py.File(path, "w") as file:
        for name, array in vggish_arrays.items():
            file[f"{name}:0"] = array
    spec = NETWORKS["vggish"]
    write_onnx_graph(
        spec.definition, read_weights(path, spec), spec.input_shape, tmp_path / "g.onnx"
    )
    sound = np.random.default_rng(1).normal(0, 0.1, 16000).astype(np.float32)
    seen = patches(sound, VGGISH)
    by_hand = np.stack([vggish_by_hand(patch, vggish_arrays) for patch in seen])
    assert relative_error(open_engine(tmp_path / "g.onnx").run(seen[..., None]), by_hand) < 1e-5


@needs_weights
def test_the_saved_model_route_gives_the_same_embeddings(yamnet, sounds, tmp_path):
    tf = pytest.importorskip("tensorflow")
    from tests.references.savedmodel import save_yamnet

    folder = tmp_path / "yamnet"
    save_yamnet(read_yamnet_h5(WEIGHTS), folder)
    spec = NETWORKS["yamnet"]
    write_onnx_graph(
        spec.definition, read_weights(folder, spec), spec.input_shape, tmp_path / "g.onnx"
    )
    module = tf.saved_model.load(str(folder))
    ours = open_engine(tmp_path / "g.onnx")
    for sound in sounds.values():
        _, embeddings, log_mel = module(sound)
        seen = patches(sound, YAMNET)
        assert log_mel.shape[0] == 96 + 48 * (len(seen) - 1)
        assert relative_error(ours.run(seen[..., None]), embeddings.numpy()) < 1e-4


def test_a_folder_without_a_saved_model_and_a_file_of_another_kind_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="no saved_model"):
        read_arrays(tmp_path)
    (tmp_path / "yamnet.h5").write_bytes(b"no weights")
    with pytest.raises(ConfigError, match="cannot be read as an HDF5 file"):
        read_arrays(tmp_path / "yamnet.h5")


def test_variables_of_an_export_in_the_style_of_tensorflow_1_are_found(tmp_path):
    tf = pytest.importorskip("tensorflow")

    values = {"weights": np.float32([2.0, 3.0]), "biases": np.float32(1.0)}

    class OldStyle(tf.Module):
        """As VGGish was exported: a wrapped graph whose variables stand in a private list."""

        def __init__(self):
            super().__init__()
            self.kept = []
            self.wrapped = tf.compat.v1.wrap_function(self.define, [tf.TensorSpec([None])])

        def define(self, waveform):
            def remember(next_creator, **kwargs):
                kwargs["initial_value"] = values[kwargs["name"].rstrip("/").split("/")[-1]]
                self.kept.append(next_creator(**kwargs))
                return self.kept[-1]

            with tf.variable_creator_scope(remember), tf.compat.v1.variable_scope("vggish/conv1"):
                scale = tf.compat.v1.get_variable("weights", shape=[2])
                shift = tf.compat.v1.get_variable("biases", shape=[])
            return waveform[:2] * scale + shift

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
        def __call__(self, waveform):
            return self.wrapped(waveform)

    module = OldStyle()
    tf.saved_model.save(module, str(tmp_path / "vggish"))
    arrays = read_arrays(tmp_path / "vggish")
    assert {name: array.tolist() for name, array in arrays.items()} == {
        "vggish/conv1/weights:0": [2.0, 3.0],
        "vggish/conv1/biases:0": 1.0,
    }


def test_the_numbered_variables_and_flat_names_of_keras_3_are_understood(tmp_path):
    spec = NETWORKS["yamnet"]
    with h5py.File(tmp_path / "yamnet.weights.h5", "w") as file:
        for number, layer in enumerate(spec.layer_names):
            shape = (3, 3, 4, 1) if "depthwise" in layer else (3, 3, 2, 4)
            norm = [np.full(4, value, "f4") for value in (5, 1, 0.25 - spec.norm_epsilon)]
            for name, arrays in ((layer, [np.ones(shape, "f4")]), (f"{layer}/bn", norm)):
                group = file.create_group(f"layers/{name.replace('/', '_')}_{number}/vars")
                group.attrs["name"] = name.replace("/", "_")
                for index, array in enumerate(arrays):
                    group[str(index)] = array
    weights = read_weights(tmp_path / "yamnet.weights.h5", spec)
    for layer in spec.layer_names:
        # moving mean 1, variance 0.25, beta 5: twice the kernel, and 5 - 2
        np.testing.assert_allclose(weights[layer].kernel, 2, rtol=1e-6)
        np.testing.assert_allclose(weights[layer].bias, 3, rtol=1e-6)


def test_the_layer_names_of_vggish_in_keras_are_understood(vggish_arrays, tmp_path):
    with h5py.File(tmp_path / "vggish.h5", "w") as file:
        for name, array in vggish_arrays.items():
            layer, role = name.removeprefix("vggish/").rsplit("/", 1)
            layer = layer if layer.startswith("conv") else f"vggish_{layer}"
            role = {"weights": "kernel", "biases": "bias"}.get(role, role)
            file[f"{layer}/{layer}/{role}:0"] = array
    spec = NETWORKS["vggish"]
    weights = read_weights(tmp_path / "vggish.h5", spec)
    assert list(weights) == spec.layer_names
    assert weights["fc2"].kernel.shape == (4096, 128)
