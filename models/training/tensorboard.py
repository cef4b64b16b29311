"""Epochs for TensorBoard: an event file, written without TensorFlow."""

import struct
from dataclasses import asdict
from pathlib import Path

from features.records import wire
from models.network.spec import Epoch
from study.tools.files import named_errors

# Numbers of the fields of tensorflow.Event, Summary and Summary.Value.
_WALL_TIME, _STEP, _FILE_VERSION, _SUMMARY = 1, 2, 3, 5
_VALUE = 1
_TAG, _SIMPLE_VALUE = 1, 2

_TAGS = {
    "loss": "loss/training",
    "val_loss": "loss/validation",
    "accuracy": "accuracy/training",
    "val_accuracy": "accuracy/validation",
    "learning_rate": "learning rate",
}


class EventFile:
    """A file of epochs that TensorBoard shows while it grows.

    Parameters
    ----------
    folder : Path
        Where TensorBoard looks; it may watch a folder above and show several trainings together.
    started_s : float
        Seconds since 1970. TensorBoard reads the files of a folder in the order of their names,
        so that a training that goes on continues its curves.
    """

    def __init__(self, folder: Path, *, started_s: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"events.out.tfevents.{started_s:.6f}.avmit"
        self._add(started_s, wire.field(_FILE_VERSION, b"brain.Event:2"))

    def add(self, epoch: Epoch, *, at_s: float) -> None:
        """Add one epoch.

        Parameters
        ----------
        epoch : Epoch
            Its losses, accuracies and learning rate; its number is TensorBoard's step.
        at_s : float
            Seconds since 1970.
        """
        said = asdict(epoch)
        summary = b"".join(_value(tag, said[name]) for name, tag in _TAGS.items())
        step = wire.varint(_STEP << 3 | wire.VARINT) + wire.varint(epoch.epoch)
        self._add(at_s, step + wire.field(_SUMMARY, summary))

    def _add(self, at_s: float, content: bytes) -> None:
        when = wire.varint(_WALL_TIME << 3 | wire.FIXED64) + struct.pack("<d", at_s)
        with named_errors(self._path), self._path.open("ab") as file:
            file.write(wire.frame(when + content))


def _value(tag: str, number: float) -> bytes:
    key = wire.varint(_SIMPLE_VALUE << 3 | wire.FIXED32)
    return wire.field(_VALUE, wire.field(_TAG, tag.encode()) + key + struct.pack("<f", number))
