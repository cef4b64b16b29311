"""SavedModels as TensorFlow Hub publishes them: fetched from a local mirror, cached, and run."""

import hashlib
import shutil
import tarfile
from functools import lru_cache

import numpy as np
import pytest
from typer.testing import CliRunner

from features.__main__ import app
from features.networks.specs import NETWORKS
from features.networks.untrained import untrained_weights
from features.weights import fetch as fetching
from study.errors import ConfigError

tf = pytest.importorskip("tensorflow")
pytest.importorskip("tensorflow_hub", exc_type=ImportError)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@lru_cache(maxsize=1)
def made_yamnet():
    """Return variables of a YAMNet that was drawn from a seed, named as the published one's."""
    arrays = {"logits/kernel": np.zeros((1024, 521), "f4"), "logits/bias": np.zeros(521, "f4")}
    for name, layer in untrained_weights(NETWORKS["yamnet"], 1).items():
        kernel = "depthwise_kernel" if name.endswith("depthwise_conv") else "kernel"
        arrays[f"{name}/{kernel}"] = layer.kernel
        arrays[f"{name}/bn/beta"] = layer.bias
        arrays[f"{name}/bn/moving_mean"] = np.zeros_like(layer.bias)
        arrays[f"{name}/bn/moving_variance"] = np.full_like(layer.bias, 1 - 1e-4)
    return arrays


@pytest.fixture(scope="module")
def mirror(tmp_path_factory):
    """A folder with YAMNet's archive, whose network has the interface of the published one."""
    from tests.references.savedmodel import save_yamnet  # defines a network in TensorFlow

    root = tmp_path_factory.mktemp("mirror")
    save_yamnet(made_yamnet(), root / "model")
    with tarfile.open(root / "yamnet_1.tar.gz", "w:gz") as packed:
        packed.add(root / "model", arcname=".")
    return root


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "hub"))
    return tmp_path / "hub"


def verify(folder, exit_code=1):
    result = CliRunner().invoke(app, ["weights", "verify", "--weights", str(folder)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        return str(result.exception)
    assert result.exit_code == exit_code, result.output
    return result.output


def test_a_network_is_cached_where_tensorflow_hub_looks_for_it(mirror, hub, tmp_path):
    import tensorflow_hub

    handle = f"{mirror.as_uri()}/yamnet_1.tar.gz"
    path = fetching.fetch("yamnet", tmp_path / "weights", mirror=mirror.as_uri())
    cached = hub / hashlib.sha1(handle.encode()).hexdigest()
    assert sorted(p.name for p in cached.rglob("*")) == sorted(p.name for p in path.rglob("*"))
    assert tensorflow_hub.resolver.tfhub_cache_dir() == str(hub)
    # A second set-up takes what is cached, also where the mirror is gone.
    gone = tmp_path / "gone"
    shutil.copytree(mirror, gone)
    fetching.fetch("yamnet", tmp_path / "a", mirror=gone.as_uri())
    shutil.rmtree(gone)
    again = fetching.fetch("yamnet", tmp_path / "b", mirror=gone.as_uri())
    assert (again / "saved_model.pb").is_file()


def test_without_a_cache_of_tensorflow_hub_one_copy_is_kept(mirror, tmp_path, monkeypatch):
    monkeypatch.delenv("TFHUB_CACHE_DIR", raising=False)
    fetching.fetch("yamnet", tmp_path / "weights", mirror=mirror.as_uri())
    assert sorted(p.name for p in (tmp_path / "weights").iterdir()) == [
        "checksums.json",
        "yamnet_1",
    ]


def test_a_download_that_fails_leaves_nothing_in_the_cache(hub, tmp_path):
    (tmp_path / "yamnet_1.tar.gz").write_bytes(b"no archive")
    with pytest.raises(ConfigError, match="is not a whole archive"):
        fetching.fetch("yamnet", tmp_path / "weights", mirror=tmp_path.as_uri())
    assert [p for p in hub.rglob("*") if p.is_file()] == []
    assert [p for p in (tmp_path / "weights").iterdir() if p.name.startswith("yamnet")] == []


def test_verify_runs_the_published_network_and_compares(mirror, hub, tmp_path):
    fetching.fetch("yamnet", tmp_path / "weights", mirror=mirror.as_uri())
    said = verify(tmp_path / "weights")
    assert "yamnet: the published network itself, run on 3 test sounds, differs by at most" in said


def test_verify_refuses_a_network_whose_answer_is_another(hub, tmp_path):
    from tests.references import savedmodel

    class Louder(savedmodel.YamnetModule):
        """The same weights behind another spectrogram: what a wrong reading would look like."""

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
        def __call__(self, waveform):
            return super().__call__(3.0 * waveform)

    tf.saved_model.save(Louder(made_yamnet()), str(tmp_path / "weights" / "yamnet_1"))
    assert "answers otherwise than this program" in verify(tmp_path / "weights")


def test_a_network_that_takes_no_waveform_is_not_compared(tmp_path):
    from tests.references import savedmodel

    class Graph(savedmodel.YamnetModule):
        """As Keras saves a network: it takes spectrograms."""

        @tf.function(input_signature=[tf.TensorSpec([None, 96, 64, 1], tf.float32)])
        def __call__(self, seen):
            return tf.add_n([tf.reduce_sum(seen), *map(tf.reduce_sum, self.named)])

    tf.saved_model.save(Graph(made_yamnet()), str(tmp_path / "yamnet_keras"))
    assert "it takes no waveform" in verify(tmp_path)
