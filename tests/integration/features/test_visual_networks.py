"""VGG-16 and EfficientNetB0 against Keras' own, with weights that are not trivial anywhere."""

import h5py
import numpy as np
import pytest

from features.engines.ncnn import write_ncnn_graph
from features.engines.onnx import write_onnx_graph
from features.engines.open_engine import open_engine
from features.inputs.frames import choose_frames, shrink
from features.networks.efficientnetb0 import normalised
from features.networks.specs import NETWORKS
from features.networks.vgg16 import zero_centred
from features.weights.formats import read_weights
from study.clips.sampling import decode_for_extraction
from study.errors import ConfigError
from tests.paths import SHARED

keras = pytest.importorskip("keras")

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)


@pytest.fixture(scope="module")
def frames():
    path = SHARED / "clips" / "small.mp4"
    if not path.is_file():
        return np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
    clip = decode_for_extraction(path, choose=lambda t: choose_frames(t, 2000), keep=shrink)
    return np.stack(clip.images)


def with_random_norms(model, seed):
    """Give every batch normalisation statistics of its own: fresh ones would hide mistakes."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            n_channels = layer.gamma.shape[0]
            layer.set_weights(
                [
                    rng.uniform(0.5, 1.5, n_channels),
                    rng.normal(0, 0.2, n_channels),
                    rng.normal(0, 0.1, n_channels),
                    rng.uniform(0.5, 1.5, n_channels),
                ]
            )
        elif layer.get_weights() and layer.name != "normalization":
            kernel, *bias = layer.get_weights()
            layer.set_weights([kernel, *(rng.normal(0, 0.1, b.shape) for b in bias)])
    return model


def save_legacy_h5(model, path):
    """Write the layout of the files that Keras downloads."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            group = file.create_group(layer.name)
            for weight in layer.weights:
                group[f"{layer.name}/{weight.name}:0"] = weight.numpy()


def embed(path, name, inputs, folder, form="onnx"):
    spec = NETWORKS[name]
    write = {"onnx": write_onnx_graph, "ncnn": write_ncnn_graph}[form]
    write(spec.definition, read_weights(path, spec), spec.input_shape, folder / f"g.{form}")
    return open_engine(folder / f"g.{form}", n_threads=2).run(inputs)


def relative_error(found, expected):
    return np.abs(found - expected).max() / np.abs(expected).max()


@pytest.fixture(scope="module")
def efficientnet():
    model = with_random_norms(
        keras.applications.EfficientNetB0(include_top=False, weights=None, pooling="avg"), 1
    )
    # As in the published weights: the spread stands where Keras keeps a variance.
    normalization = model.get_layer("normalization")
    if normalization.weights:
        normalization.set_weights([MEAN, STD, np.zeros((), np.int32)])
    return model


def keras_by_path(model, frames):
    """What EfficientNetB0(weights=PATH) computes: variance slots hold the spread, no more."""
    normalised = (frames / np.float32(255) - MEAN) / np.sqrt(STD)
    return from_stem(model, normalised)


def keras_imagenet(model, frames):
    """What weights="imagenet" computes: Keras adds a division by the root of the spread."""
    normalised = (frames / np.float32(255) - MEAN) / np.sqrt(STD) / np.sqrt(STD)
    return from_stem(model, normalised)


def from_stem(model, normalised):
    return np.asarray(keras.Model(model.get_layer("stem_conv_pad").input, model.output)(normalised))


@pytest.mark.parametrize(
    ("suffix", "normalisation", "reference"),
    [
        (".h5", "tf2.3", keras_by_path),
        (".h5", "keras3", keras_imagenet),
        (".keras", "keras3", keras_imagenet),
    ],
)
# Keras saves TensorFlow variables in a way that NumPy 2 grumbles at.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_efficientnet_equals_keras_under_both_normalisations(
    efficientnet, frames, tmp_path, suffix, normalisation, reference
):
    path = tmp_path / f"efficientnetb0{suffix}"
    if suffix == ".h5":
        save_legacy_h5(efficientnet, path)
    else:
        efficientnet.save(path)
    inputs = normalised(frames, normalisation)
    found = embed(path, "efficientnetb0", inputs, tmp_path)
    assert relative_error(found, reference(efficientnet, frames)) < 1e-4


def test_the_two_normalisations_are_not_the_same(frames):
    one, other = (normalised(frames, name) for name in ("keras3", "tf2.3"))
    assert np.abs(one - other).max() > 0.5


def test_normalised_frames_have_the_mean_and_spread_of_imagenet_taken_away():
    grey = np.full((1, 2, 2, 3), 127, np.uint8)
    expected = (127 / 255 - MEAN) / STD
    np.testing.assert_allclose(normalised(grey, "keras3")[0, 0, 0], expected, rtol=1e-5)


def test_zero_centred_frames_equal_keras(frames):
    expected = keras.applications.vgg16.preprocess_input(frames.astype(np.float32))
    np.testing.assert_allclose(zero_centred(frames), expected, atol=1e-4)


@pytest.mark.parametrize("form", ["onnx", "ncnn"])
def test_vgg16_equals_keras(frames, tmp_path, form):
    model = with_random_norms(
        keras.applications.VGG16(include_top=False, weights=None, pooling="avg"), 2
    )
    save_legacy_h5(model, tmp_path / "vgg16.h5")
    inputs = zero_centred(frames)
    found = embed(tmp_path / "vgg16.h5", "vgg16", inputs, tmp_path, form)
    assert relative_error(found, np.asarray(model(inputs))) < 1e-5


def test_the_names_of_old_keras_files_are_understood(tmp_path):
    spec = NETWORKS["vgg16"]
    rng = np.random.default_rng(0)
    with h5py.File(tmp_path / "vgg16.h5", "w") as file:
        n_in = 3
        sizes = [64] * 2 + [128] * 2 + [256] * 3 + [512] * 6
        for name, n_out in zip(spec.layer_names, sizes, strict=True):
            file[f"{name}/{name}_W_1:0"] = rng.normal(size=(3, 3, n_in, n_out)).astype("f4")
            file[f"{name}/{name}_b_1:0"] = rng.normal(size=n_out).astype("f4")
            n_in = n_out
    weights = read_weights(tmp_path / "vgg16.h5", spec)
    assert weights["block5_conv3"].kernel.shape == (3, 3, 512, 512)
    assert weights["block5_conv3"].bias.any()


SISTERS = [("vgg16", "VGG19"), ("efficientnetb0", "EfficientNetB1")]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own
@pytest.mark.parametrize(("name", "sister"), SISTERS)
def test_larger_sisters_that_hold_all_layers_are_refused(tmp_path, name, sister):
    model = getattr(keras.applications, sister)(include_top=False, weights=None)
    model.save_weights(tmp_path / f"{name}.weights.h5")
    save_legacy_h5(model, tmp_path / f"{name}.h5")
    for path in (tmp_path / f"{name}.weights.h5", tmp_path / f"{name}.h5"):
        with pytest.raises(ConfigError, match=r"has \d+ convolutions that .* has not"):
            read_weights(path, NETWORKS[name])


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own
@pytest.mark.parametrize("include_top", [False, True])
def test_every_file_that_keras_writes_gives_the_same_weights(tmp_path, include_top):
    model = with_random_norms(
        keras.applications.EfficientNetB0(include_top=include_top, weights=None), 4
    )
    spec = NETWORKS["efficientnetb0"]
    model.compile("adam", "mse")
    model.save(tmp_path / "whole.keras")
    model.save_weights(tmp_path / "numbered.weights.h5")
    model.save(tmp_path / "whole.h5")
    save_legacy_h5(model, tmp_path / "legacy.h5")
    expected = read_weights(tmp_path / "legacy.h5", spec)
    for name in ("whole.keras", "numbered.weights.h5", "whole.h5"):
        found = read_weights(tmp_path / name, spec)
        for layer in spec.layer_names:
            np.testing.assert_array_equal(found[layer].kernel, expected[layer].kernel)
            np.testing.assert_array_equal(found[layer].bias, expected[layer].bias)


def test_what_an_optimiser_keeps_is_not_taken_for_weights(tmp_path):
    weights = {name: np.zeros(1) for name in NETWORKS["vgg16"].layer_names}
    n_in, sizes = 3, [64] * 2 + [128] * 2 + [256] * 3 + [512] * 6
    with h5py.File(tmp_path / "vgg16.h5", "w") as file:
        for name, n_out in zip(weights, sizes, strict=True):
            shape = (3, 3, n_in, n_out)
            file[f"model_weights/{name}/{name}/kernel:0"] = np.ones(shape, "f4")
            file[f"optimizer_weights/Adam/m/{name}/kernel:0"] = np.zeros(shape, "f4")
            n_in = n_out
    assert read_weights(tmp_path / "vgg16.h5", NETWORKS["vgg16"])["block1_conv1"].kernel.min() == 1


def test_winograd_is_left_where_it_is_inaccurate_on_this_machine(tmp_path, monkeypatch):
    from features.extraction import prepare as preparing

    job, notes = prepared(tmp_path)
    assert (job.visual[0].suffix, len(notes)) == (".ncnn", 2)
    monkeypatch.setattr(preparing, "MAX_RELATIVE_DIFFERENCE", 0.0)
    job, notes = prepared(tmp_path)
    assert job.visual[0].suffix == ".onnx"
    assert "VGG-16: computed with all multiplications" in notes[2]


def prepared(folder):
    from features.extraction.prepare import prepare

    return prepare(
        "vggish_vgg16",
        grid="paper",
        normalisation="keras3",
        silence_for_missing_audio=False,
        weights_folder=None,
        untrained_seed=1,
        out=folder,
    )
