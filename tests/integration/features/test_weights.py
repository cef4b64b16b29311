"""Weights are downloaded once, with a checksum, and proven to fit."""

import functools
import hashlib
import http.server
import json
import shutil
import tarfile
import threading
from dataclasses import replace

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

from features.__main__ import app
from features.networks.specs import NETWORKS
from features.weights import fetch as fetching
from features.weights.find import find_weights
from features.weights.formats import read_weights
from study.errors import ConfigError, StudyError


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        self.server.requests.append(self.path)


@pytest.fixture
def server(tmp_path):
    """Serve the files of a folder, and note what was asked for."""
    root = tmp_path / "served"
    root.mkdir()
    handler = functools.partial(_QuietHandler, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        httpd.requests = []
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        httpd.root = root
        httpd.url = f"http://127.0.0.1:{httpd.server_address[1]}"
        yield httpd
        httpd.shutdown()
        thread.join()


def save_vgg16(path):
    n_in = 3
    sizes = [64] * 2 + [128] * 2 + [256] * 3 + [512] * 6
    with h5py.File(path, "w") as file:
        for name, n_out in zip(NETWORKS["vgg16"].layer_names, sizes, strict=True):
            file[f"{name}/{name}_W_1:0"] = np.zeros((3, 3, n_in, n_out), "f4")
            file[f"{name}/{name}_b_1:0"] = np.zeros(n_out, "f4")
            n_in = n_out


@pytest.fixture
def vgg16(server, monkeypatch):
    """Put a VGG-16 file with a known checksum on the server."""
    download = fetching.DOWNLOADS["vgg16"]
    path = server.root / download.filename
    save_vgg16(path)
    md5 = hashlib.md5(path.read_bytes()).hexdigest()
    monkeypatch.setitem(fetching.DOWNLOADS, "vgg16", replace(download, md5=md5))
    return path


def test_weights_are_downloaded_once_and_their_checksum_is_noted(server, vgg16, tmp_path):
    folder = tmp_path / "weights"
    path = fetching.fetch("vgg16", folder, mirror=server.url)
    assert fetching.fetch("vgg16", folder, mirror=server.url) == path
    assert server.requests == [f"/{vgg16.name}"]
    sha256 = hashlib.sha256(vgg16.read_bytes()).hexdigest()
    noted = json.loads((folder / "checksums.json").read_text())
    assert noted == {path.name: {"sha256": sha256, "url": f"{server.url}/{vgg16.name}"}}
    assert find_weights("vgg16", folder).sha256 == sha256


def test_a_download_with_another_checksum_is_not_kept(server, vgg16, tmp_path):
    vgg16.write_bytes(b"something else")
    with pytest.raises(ConfigError, match=r"has the MD5 .* It was not saved"):
        fetching.fetch("vgg16", tmp_path / "weights", mirror=server.url)
    assert list((tmp_path / "weights").iterdir()) == []


def test_a_missing_download_and_a_dead_server_are_one_line(server, tmp_path):
    with pytest.raises(ConfigError, match=r"could not be fetched: .*404"):
        fetching.fetch("yamnet", tmp_path, mirror=server.url)
    with pytest.raises(ConfigError, match=r"could not be fetched: .*refused"):
        fetching.fetch("yamnet", tmp_path, mirror="http://127.0.0.1:9")
    with pytest.raises(ConfigError, match="is not an address"):
        fetching.fetch("yamnet", tmp_path, mirror="ftp://somewhere")


def test_weights_that_changed_after_the_download_are_refused(server, vgg16, tmp_path):
    path = fetching.fetch("vgg16", tmp_path / "weights", mirror=server.url)
    with path.open("ab") as file:
        file.write(b"x")
    with pytest.raises(ConfigError, match="has changed since it was fetched"):
        find_weights("vgg16", tmp_path / "weights")


def test_a_packed_saved_model_becomes_a_folder(server, tmp_path):
    source = tmp_path / "model"
    (source / "variables").mkdir(parents=True)
    (source / "saved_model.pb").write_bytes(b"graph")
    (source / "variables" / "variables.index").write_bytes(b"index")
    with tarfile.open(server.root / "yamnet_1.tar.gz", "w:gz") as packed:
        packed.add(source, arcname=".")
    folder = tmp_path / "weights"
    path = fetching.fetch("yamnet", folder, mirror=server.url)
    assert sorted(p.name for p in path.rglob("*")) == [
        "saved_model.pb",
        "variables",
        "variables.index",
    ]
    assert find_weights("yamnet", folder).path == path
    (path / "variables" / "variables.index").write_bytes(b"other")
    with pytest.raises(ConfigError, match="has changed"):
        find_weights("yamnet", folder)


@pytest.mark.parametrize("content", ["no archive", "no model", "outside"])
def test_a_broken_or_hostile_archive_is_refused(server, tmp_path, content):
    path = server.root / "yamnet_1.tar.gz"
    if content == "no archive":
        path.write_bytes(b"not gzip")
    else:
        with tarfile.open(path, "w:gz") as packed:
            stray = tmp_path / "stray"
            stray.write_bytes(b"x")
            packed.add(stray, arcname="../stray.txt" if content == "outside" else "stray")
    with pytest.raises(ConfigError, match=r"is not a whole archive|holds no SavedModel"):
        fetching.fetch("yamnet", tmp_path / "weights", mirror=server.url)
    assert not (tmp_path / "stray.txt").exists()
    assert [p.name for p in (tmp_path / "weights").iterdir()] == []


def test_the_command_line_fetches_lists_and_verifies(server, vgg16, tmp_path):
    folder = ["--weights", str(tmp_path / "weights")]
    runner = CliRunner()
    result = runner.invoke(app, ["weights", "fetch", "vgg16", *folder, "--mirror", server.url])
    assert result.exit_code == 0, result.output
    listed = runner.invoke(app, ["weights", "list", *folder])
    assert "yamnet: missing" in listed.stdout
    assert "weights of 1 of 4 networks" in listed.stdout
    verified = runner.invoke(app, ["weights", "verify", *folder])
    assert "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5 fits, 13 layers" in verified.stdout
    assert verified.exit_code == 1  # the other three are missing


def test_verify_refuses_weights_of_another_network(vgg16, tmp_path):
    folder = tmp_path / "weights"
    folder.mkdir()
    shutil.copy(vgg16, folder / "efficientnetb0.h5")
    result = CliRunner().invoke(app, ["weights", "verify", "--weights", str(folder)])
    assert isinstance(result.exception, StudyError)
    assert "lacks 81 of 81 layers of EfficientNetB0" in str(result.exception)


def test_the_downloads_have_the_checksums_that_keras_states():
    assert fetching.DOWNLOADS["efficientnetb0"].md5 == "50bc09e76180e00e4465e1a485ddc09d"
    assert fetching.DOWNLOADS["vgg16"].md5 == "6d6bbae143d832006294945121d1f1fc"
    assert all(d.name.startswith(network) for network, d in fetching.DOWNLOADS.items())


@pytest.mark.parametrize("mark", [b"HEAP", b"TREE", b"SNOD"])
def test_a_damaged_file_is_refused_in_one_line(vgg16, tmp_path, mark):
    damaged = tmp_path / "vgg16.h5"
    damaged.write_bytes(vgg16.read_bytes().replace(mark, b"XXXX"))
    with pytest.raises(ConfigError, match="cannot be read as an HDF5 file"):
        read_weights(damaged, NETWORKS["vgg16"])


def test_a_file_of_any_name_is_taken_where_it_is_named_for_its_network(vgg16, tmp_path):
    path = shutil.copy(vgg16, tmp_path / "any name.h5")
    source = find_weights("vgg16", None, None, path)
    assert (source.path, source.seed) == (path, None)
    with pytest.raises(ConfigError, match=r"is a file.*--weights-of vgg16"):
        find_weights("vgg16", path)
    for other in (tmp_path / "none.h5", tmp_path):
        with pytest.raises(ConfigError, match="holds no weights"):
            find_weights("vgg16", None, None, other)


def test_verify_refuses_layers_of_another_width(server, vgg16, tmp_path):
    path = shutil.copy(vgg16, tmp_path / "vgg16.h5")
    with h5py.File(path, "a") as file:
        del file["block1_conv1/block1_conv1_W_1:0"]
        file["block1_conv1/block1_conv1_W_1:0"] = np.zeros((3, 3, 4, 64), "f4")
    result = CliRunner().invoke(app, ["weights", "verify", "--weights", str(tmp_path)])
    assert result.exit_code == 1
    assert "vgg16.h5 cannot be used: layer 'block1_conv1' has a kernel of shape" in result.output
