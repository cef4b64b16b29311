import json
import os
import subprocess
import sys

from models.network.spec import Epoch
from models.training.tensorboard import EventFile

# TensorFlow's own reader, in a process of its own.
READ = """
import glob, json, sys
from tensorflow.python.summary.summary_iterator import summary_iterator
found = []
for path in sorted(glob.glob(sys.argv[1] + "/*tfevents*")):
    for event in summary_iterator(path):
        values = {value.tag: value.simple_value for value in event.summary.value}
        found.append([event.wall_time, event.step, event.file_version, values])
print(json.dumps(found))
"""


def test_tensorflow_reads_every_epoch_of_a_training_that_went_on(tmp_path):
    first = EventFile(tmp_path / "run", started_s=1000.25)
    first.add(Epoch(1, 1e-3, 2.5, 0.25, 2.25, 0.5), at_s=1001.0)
    then = EventFile(tmp_path / "run", started_s=2000.0)
    then.add(Epoch(300, 5e-4, 1.5, 0.75, float("nan"), 0.625), at_s=2001.0)
    said = subprocess.run(
        [sys.executable, "-c", READ, tmp_path / "run"],
        check=True,
        capture_output=True,
        text=True,
        timeout=250,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    ).stdout
    head, one, again, other = json.loads(said.splitlines()[-1])
    assert head == [1000.25, 0, "brain.Event:2", {}]
    assert again[0] == 2000.0
    assert one[:3] == [1001.0, 1, ""]
    assert one[3] == {
        "loss/training": 2.5,
        "loss/validation": 2.25,
        "accuracy/training": 0.25,
        "accuracy/validation": 0.5,
        "learning rate": float.fromhex("0x1.0624dep-10"),
    }
    assert other[1] == 300
    assert other[3]["loss/training"] == 1.5
    assert other[3]["loss/validation"] != other[3]["loss/validation"]
