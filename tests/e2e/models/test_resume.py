import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.worlds.commands import run_command
from tests.worlds.model_worlds import make_world

# Keras 3.15 asks its variables for arrays in the way of numpy 1.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"), noise=8.0)


def words(world, out, *flags):
    return [*world.train_flags(out, set="vggish_vgg16", rnn="gru", epochs=25, patience=25), *flags]


def weights_of(folder):
    """The weights as bytes, from the history of losses and the model's digest-free content."""
    import zipfile

    with zipfile.ZipFile(folder / "model.keras") as archive:
        archive.extract("model.weights.h5", folder)
    import h5py

    found = {}
    with h5py.File(folder / "model.weights.h5") as file:
        file.visititems(
            lambda name, item: found.update({name: item[()]}) if hasattr(item, "shape") else None
        )
    return found


def stop(world, out, sign):
    """Start a training and send a signal when it has finished an epoch."""
    # A shell that runs the tests in the background makes them and their children deaf to it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    command = [sys.executable, "-m", "models", *words(world, out)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not (out / "training.npz").exists():
        time.sleep(0.01)
    os.kill(process.pid, sign)
    _, said = process.communicate(timeout=60)
    assert (out / "training.npz").exists(), said
    assert not (out / "model.keras").exists()
    return process.returncode, said


def test_training_that_was_killed_goes_on_as_if_it_had_not_been(world, tmp_path):
    whole, out = tmp_path / "whole", tmp_path / "killed"
    finished = run_command("models", *words(world, whole))
    assert finished.returncode == 0, finished.stderr
    assert "25 epochs" in finished.stdout

    stop(world, out, signal.SIGKILL)
    (out / ".killed.part.npz").write_bytes(b"half")  # as a kill at the worst moment leaves it
    resumed = run_command("models", *words(world, out, "--resume"))
    assert resumed.returncode == 0, resumed.stderr
    assert not list(out.glob(".*"))
    assert (out / "history.csv").read_bytes() == (whole / "history.csv").read_bytes()
    ours, theirs = weights_of(out), weights_of(whole)
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        np.testing.assert_array_equal(value, theirs[name])


def test_the_keyboard_stops_training_and_nothing_else_takes_its_place(world, tmp_path):
    out = tmp_path / "stopped"
    code, said = stop(world, out, signal.SIGINT)
    assert code == 130
    assert said.strip().endswith("Go on with --resume")
    for flags, message in (
        ([], "a training that was interrupted. Go on with --resume"),
        (["--resume", "--seed", "2"], "belongs to another training"),
    ):
        refused = run_command("models", *words(world, out, *flags))
        assert refused.returncode == 1
        assert message in refused.stderr
