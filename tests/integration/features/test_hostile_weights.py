"""Files of weights made to break their reader, or to run something, are one line."""

import gzip
import io
import json
import os
import tarfile
import zipfile

import h5py
import numpy as np
import pytest

from features.weights import fetch as fetching
from features.weights.find import find_weights
from features.weights.formats import read_arrays
from study.errors import ConfigError


def h5(change):
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        change(file)
    return content.getvalue()


def nested(file):
    group = file
    for _ in range(100):
        group = group.create_group("g")
    group["x"] = np.zeros(3, "f4")


def virtual(file):
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4,))
    file.create_virtual_dataset("x", layout)


HOSTILE = {
    "a shape of 1e11": lambda f: f.create_dataset("x", (10**11,), "f4", chunks=(1 << 20,)),
    "another file": lambda f: f.create_dataset("x", (4,), "f4", external=[("/etc/passwd", 0, 16)]),
    "a link to another file": lambda f: f.__setitem__("x", h5py.ExternalLink("/etc/passwd", "x")),
    "a link to itself": lambda f: f.__setitem__("x", h5py.SoftLink("/")),
    "parts of other files": virtual,
    "a million pieces": lambda f: f.create_dataset("x", (1 << 20,), "f4", chunks=(1,)),
    "groups without end": nested,
    "no group": lambda f: f.__setitem__("model_weights", np.zeros(3, "f4")),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("ending", ["h5", "keras"])
def test_hostile_arrays_are_one_line(name, ending, tmp_path):
    path, content = tmp_path / f"yamnet.{ending}", h5(HOSTILE[name])
    if ending == "h5":
        path.write_bytes(content)
    else:
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("model.weights.h5", content)
    with pytest.raises(ConfigError, match=rf"yamnet\.{ending} cannot be read as") as refused:
        read_arrays(path)
    assert "\n" not in str(refused.value)


def test_of_a_keras_file_only_the_weights_are_read(tmp_path):
    path, ran = tmp_path / "yamnet.keras", tmp_path / "ran"
    code = {"module": "os", "class_name": "system", "config": {"command": f"touch {ran}"}}
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("config.json", json.dumps(code))
        packed.writestr("model.weights.h5", h5(lambda f: f.__setitem__("a/b", np.ones(3, "f4"))))
    arrays = read_arrays(path)
    assert {name: array.tolist() for name, array in arrays.items()} == {"a/b": [1.0, 1.0, 1.0]}
    assert not ran.exists()


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06" + bytes(18)])
def test_a_keras_file_that_is_none_is_one_line(content, tmp_path):
    (tmp_path / "yamnet.keras").write_bytes(content)
    with pytest.raises(ConfigError, match=r"yamnet\.keras cannot be read as a Keras model"):
        read_arrays(tmp_path / "yamnet.keras")


def test_a_pipe_in_the_place_of_weights_is_not_waited_for(tmp_path):
    for ending in ("h5", "keras"):
        os.mkfifo(tmp_path / f"yamnet.{ending}")
        with pytest.raises(ConfigError, match="it is a pipe"):
            read_arrays(tmp_path / f"yamnet.{ending}")


@pytest.mark.parametrize(
    "content", ["[" * 100_000, "[]", '{"x": 1}', '{"x": {"sha256": 1, "url": ""}}', b"\xff"]
)
def test_checksums_that_are_none_are_one_line(content, tmp_path):
    (tmp_path / "yamnet.h5").write_bytes(h5(lambda f: f.__setitem__("x", np.zeros(3, "f4"))))
    content = content if isinstance(content, bytes) else content.encode()
    (tmp_path / "checksums.json").write_bytes(content)
    with pytest.raises(ConfigError, match=r"checksums\.json is broken"):
        find_weights("yamnet", tmp_path)


def test_an_archive_of_weights_that_unpacks_to_gigabytes_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "_MOST_BYTES", 10_000_000)
    served = tmp_path / "served"
    served.mkdir()
    head = tarfile.TarInfo("saved_model.pb")
    head.size = 50_000_000
    content = head.tobuf() + bytes(head.size)
    (served / "yamnet_1.tar.gz").write_bytes(gzip.compress(content))
    with pytest.raises(ConfigError, match=r"not a whole archive: it unpacks to more than"):
        fetching.fetch("yamnet", tmp_path / "weights", mirror=served.as_uri())
    (served / "yamnet_1.tar.gz").write_bytes(os.urandom(10_000_001))
    with pytest.raises(ConfigError, match=r"has more than 10000000 bytes"):
        fetching.fetch("yamnet", tmp_path / "weights", mirror=served.as_uri())
    assert list((tmp_path / "weights").iterdir()) == []


def test_a_saved_model_that_writes_files_or_runs_python_is_not_loaded(tmp_path):
    tf = pytest.importorskip("tensorflow")
    told = tmp_path / "told"

    class Model(tf.Module):
        @tf.function(input_signature=[])
        def tell(self):
            tf.io.write_file(str(told), "x")
            return tf.constant(1)

    tf.saved_model.save(Model(), str(tmp_path / "yamnet"))
    with pytest.raises(ConfigError, match=r"holds the operation 'WriteFile', which no network"):
        read_arrays(tmp_path / "yamnet")
    (tmp_path / "yamnet" / "saved_model.pb").write_bytes(b"no model")
    with pytest.raises(ConfigError, match="cannot be read as a SavedModel"):
        read_arrays(tmp_path / "yamnet")
    assert not told.exists()
