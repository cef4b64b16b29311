"""The two files of a TensorFlow checkpoint, read without TensorFlow, which a broken one would end.

The ``.index`` file is a sorted table of variables (LevelDB's format), the ``.data`` files hold
their values one after another; a checksum stands with every block of the one and every variable
of the others.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from features.records import wire
from study.reading.bounded import LimitError, open_file

_MAGIC = b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"
_FOOTER_BYTES = 48
_FLOAT32 = 1  # TensorFlow's number of the type
# The largest released network has 4 million weights, and Adam keeps two numbers for each.
_MOST_BYTES = 200_000_000
_MOST_INDEX_BYTES = 1_000_000
_MOST_FIELDS = 64

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Variable:
    """What the index says of a variable."""

    dtype: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    n_bytes: int
    checksum: bytes


def read_index(path: Path) -> dict[str, Variable]:
    """Read the index of a checkpoint.

    Parameters
    ----------
    path : Path
        The ``.index`` file.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with open_file(path, _MOST_INDEX_BYTES) as file:
        content = file.read(_MOST_INDEX_BYTES)
    if len(content) < _FOOTER_BYTES or not content.endswith(_MAGIC):
        raise LimitError("its index is not a table of variables")
    footer = content[-_FOOTER_BYTES:]
    _, place = _handle(footer, 0)  # of a block that TensorFlow leaves empty
    blocks, _ = _handle(footer, place)
    found = {}
    for _, value in _entries(_block(content, *blocks)):
        handle, _ = _handle(value, 0)
        for key, entry in _entries(_block(content, *handle)):
            if key:  # the entry without a name describes the checkpoint
                found[key.decode(errors="replace")] = _variable(entry)
    return found


def read_values(prefix: Path, variable: Variable, n_shards: int) -> Floats:
    """Read the values of a variable.

    Parameters
    ----------
    prefix : Path
        The checkpoint's name without ``.index``.
    variable : Variable
        From `read_index`.

    Raises
    ------
    OSError
        If they cannot be read.
    """
    if variable.dtype != _FLOAT32:
        raise LimitError(f"a variable has the type {variable.dtype}, expected float32")
    if variable.n_bytes != 4 * math.prod(variable.shape) or variable.n_bytes > _MOST_BYTES:
        raise LimitError(f"a variable has {variable.n_bytes} bytes for {len(variable.shape)} axes")
    name = f"{prefix.name}.data-{variable.shard:05d}-of-{n_shards:05d}"
    with open_file(prefix.with_name(name), _MOST_BYTES) as file:
        file.seek(variable.offset)
        values = file.read(variable.n_bytes)
    if len(values) != variable.n_bytes or wire.checksum(values) != variable.checksum:
        raise LimitError("the values of a variable are cut off or damaged")
    return np.frombuffer(values, "<f4").astype(np.float32).reshape(variable.shape)


def _handle(content: bytes, place: int) -> tuple[tuple[int, int], int]:
    offset, place = wire.read_varint(content, place)
    size, place = wire.read_varint(content, place)
    return (offset, size), place


def _block(content: bytes, offset: int, size: int) -> bytes:
    block, end = content[offset : offset + size], offset + size
    if len(block) != size or content[end : end + 1] != b"\0":  # 0 for a block that is not packed
        raise LimitError("a block of its index is cut off or packed")
    if wire.checksum(block + b"\0") != content[end + 1 : end + 5]:
        raise LimitError("a block of its index is damaged")
    return block


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    # Keys are written as what they share with the one before and the rest.
    if len(block) < 4:
        raise LimitError("a block of its index is cut off")
    end = len(block) - 4 * (1 + struct.unpack("<I", block[-4:])[0])
    place, key = 0, b""
    while place < end:
        shared, place = wire.read_varint(block, place)
        rest, place = wire.read_varint(block, place)
        length, place = wire.read_varint(block, place)
        if shared > len(key) or place + rest + length > end:
            raise LimitError("an entry of its index is longer than its block")
        key = key[:shared] + block[place : place + rest]
        place += rest + length
        yield key, block[place - length : place]


def _variable(entry: bytes) -> Variable:
    parts = dict(wire.fields(entry, _MOST_FIELDS))
    numbers = [parts.get(number, 0) for number in (1, 3, 4, 5)]
    shape, checksum = parts.get(2, b""), parts.get(6, bytes(4))
    dtype, shard, offset, n_bytes = (each if isinstance(each, int) else -1 for each in numbers)
    if min(dtype, shard, offset, n_bytes) < 0 or max(shard, offset, n_bytes) > _MOST_BYTES:
        raise LimitError("an entry of its index has no place in a file of values")
    if not isinstance(shape, bytes) or not isinstance(checksum, bytes):
        raise LimitError("an entry of its index is not of a variable")
    return Variable(dtype, tuple(_axes(shape)), shard, offset, n_bytes, checksum)


def _axes(shape: bytes) -> Iterator[int]:
    for number, axis in wire.fields(shape, _MOST_FIELDS):
        if number == 2 and isinstance(axis, bytes):
            size = dict(wire.fields(axis, _MOST_FIELDS)).get(1, 0)
            if not isinstance(size, int) or size > _MOST_BYTES:
                raise LimitError("a variable of its index has an axis without end")
            yield size
