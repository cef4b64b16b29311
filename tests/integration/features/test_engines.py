"""Engines: batches, broken graphs, GPUs."""

import numpy as np
import onnxruntime
import pytest

from features.engines.ncnn import write_ncnn_graph
from features.engines.onnx import providers, write_onnx_graph
from features.engines.open_engine import graph_format, open_engine
from features.networks.layers import Layer
from features.networks.specs import NETWORKS
from features.networks.untrained import examples, untrained_weights
from features.weights.find import find_weights, prepare_graph
from study.errors import ConfigError, RecordError

SPEC = NETWORKS["yamnet"]


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    path = tmp_path_factory.mktemp("graphs") / "yamnet.onnx"
    write_onnx_graph(SPEC.definition, untrained_weights(SPEC, 3), SPEC.input_shape, path)
    return path


@pytest.fixture(scope="module")
def inputs():
    return np.float32(SPEC.input_mean) + 2 * examples(SPEC.input_shape, seed=9)


def relative_error(found, expected):
    return np.abs(found - expected).max() / np.abs(expected).max()


def test_an_embedding_does_not_depend_on_its_batch(graph, inputs):
    engine = open_engine(graph)
    alone = np.concatenate([engine.run(one[None]) for one in inputs])
    assert relative_error(engine.run(inputs), alone) < 1e-5


@pytest.mark.parametrize("network", NETWORKS)
def test_ncnn_and_onnx_runtime_give_the_same_embeddings(tmp_path, network):
    spec = NETWORKS[network]
    weights = untrained_weights(spec, 5)
    frames = examples(spec.input_shape, seed=6)[:2]
    shown = np.float32(spec.input_mean) + np.float32(spec.input_spread) * frames
    found = {}
    for suffix, write in ((".onnx", write_onnx_graph), (".ncnn", write_ncnn_graph)):
        path = tmp_path / f"g{suffix}"
        write(spec.definition, weights, spec.input_shape, path)
        found[suffix] = open_engine(path, n_threads=2).run(shown)
    assert found[".ncnn"].dtype == np.float32
    assert relative_error(found[".ncnn"], found[".onnx"]) < 2e-5


def test_vgg16_goes_to_ncnn_only_on_a_processor(monkeypatch):
    assert graph_format("efficientnetb0") == "onnx"
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    assert graph_format("vgg16") == "ncnn"
    seen = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: seen)
    assert graph_format("vgg16") == "onnx"


@pytest.mark.parametrize("form", ["onnx", "ncnn"])
@pytest.mark.parametrize("left", [0, 0.5])
def test_a_broken_cached_graph_is_named(tmp_path, monkeypatch, form, left):
    monkeypatch.setenv("AVMIT_CACHE", str(tmp_path))
    graph = prepare_graph(find_weights("yamnet", tmp_path, 1), form)
    for file in graph.parent.iterdir():
        whole = file.read_bytes()
        file.write_bytes(whole[: int(left * len(whole))])
    with pytest.raises(ConfigError, match=f"{graph.name} is broken. Delete"):
        open_engine(graph)


@pytest.mark.skipif(
    "CUDAExecutionProvider" not in onnxruntime.get_available_providers(),
    reason="ONNX Runtime sees no GPU here",
)
def test_a_gpu_gives_the_same_embeddings(graph, inputs):
    assert providers()[0] == "CUDAExecutionProvider"
    processor = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    (expected,) = processor.run(None, {"input": inputs})
    assert relative_error(open_engine(graph).run(inputs), expected) < 1e-3


def test_the_processor_is_always_there():
    assert providers()[-1] == "CPUExecutionProvider"


def test_untrained_weights_follow_from_the_seed():
    one, same, other = (untrained_weights(SPEC, seed) for seed in (1, 1, 2))
    assert list(one) == SPEC.layer_names
    for name, layer in one.items():
        np.testing.assert_array_equal(layer.kernel, same[name].kernel)
        np.testing.assert_array_equal(layer.bias, same[name].bias)
        assert np.abs(layer.kernel - other[name].kernel).max() > 0


@pytest.mark.parametrize("name", ["yamnet", "efficientnetb0"])
def test_untrained_networks_neither_fade_nor_burst_with_weak_and_strong_inputs(tmp_path, name):
    spec = NETWORKS[name]
    path = tmp_path / "g.onnx"
    write_onnx_graph(spec.definition, untrained_weights(spec, 1), spec.input_shape, path)
    engine = open_engine(path, n_threads=2)
    for strength in (0.3, 1.0, 2.0):
        standard = strength * examples(spec.input_shape, seed=4)[:4]
        found = engine.run(np.float32(spec.input_mean) + np.float32(spec.input_spread) * standard)
        between = found.std(axis=0).mean()
        assert 0.01 < between < 5, (strength, between)


def test_weights_of_another_shape_are_refused(tmp_path):
    weights = untrained_weights(SPEC, 1)
    layer = weights["layer1/conv"]
    weights["layer1/conv"] = Layer(layer.kernel[..., :16], layer.bias[:16])
    with pytest.raises(RecordError, match=r"'layer1/conv' has a kernel of shape \(3, 3, 1, 16\)"):
        write_onnx_graph(SPEC.definition, weights, SPEC.input_shape, tmp_path / "g.onnx")
    del weights["layer1/conv"]
    with pytest.raises(RecordError, match="lack the layer 'layer1/conv'"):
        write_onnx_graph(SPEC.definition, weights, SPEC.input_shape, tmp_path / "g.onnx")
