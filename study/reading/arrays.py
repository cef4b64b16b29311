"""NumPy's files from outside: what they hold is checked before anything is mapped or read."""

import math
import re
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from study.reading.bounded import LimitError, open_file, require_size

_MAGIC = b"\x93NUMPY"
_LENGTH_BYTES = {b"\x01\x00": 2, b"\x02\x00": 4}
_LONGEST_HEAD = 1024
# As NumPy writes it. NumPy's own reader evaluates the text, and takes objects, which are code.
_HEAD = re.compile(
    rb"\{'descr': '([<|][biufU]\d{1,8})', 'fortran_order': False, "
    rb"'shape': \((|\d+,|\d+(?:, \d+)+)\), \} *\n"
)


def read_head(file: IO[bytes]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Read the head of an `.npy` file.

    Raises LimitError if it is not the head of such an array.

    `file`: at the first byte; afterwards at the first of the values.

    Returns
    -------
    dtype : dtype
        Numbers or text, never objects.
    shape : tuple of int
        In C order.
    """
    n_bytes = _LENGTH_BYTES.get(file.read(8).removeprefix(_MAGIC))
    length = int.from_bytes(file.read(n_bytes or 0), "little")
    if not 0 < length <= _LONGEST_HEAD:
        raise LimitError("it is not a NumPy array")
    found = _HEAD.fullmatch(file.read(length))
    if found is None:
        raise LimitError("it is not a plain NumPy array of numbers or text")
    shape = tuple(int(part) for part in found[2].split(b",") if part.strip())
    return np.dtype(found[1].decode()), shape


def write_head(file: IO[bytes], dtype: str, shape: tuple[int, ...]) -> None:
    """Write the head of an `.npy` file, whose values follow row by row.

    Parameters
    ----------
    file : IO of bytes
        At its first byte.
    dtype : str
        Such as ``"<f4"``.
    shape : tuple of int
        In C order.
    """
    head = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, head)  # type: ignore[no-untyped-call]


def map_array(path: Path, dtype: str, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """Map an `.npy` file into memory, once it is known to hold what it should.

    Raises LimitError if it holds something else, or has more or fewer bytes than that. Raises
    OSError if it cannot be opened.

    Parameters
    ----------
    dtype : str
        What it must hold, such as ``"<f4"``.
    shape : tuple of int
        Its shape.

    Returns
    -------
    ndarray
        Read only; read from the file where it is used.
    """
    n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    with open_file(path, n_bytes + _LONGEST_HEAD) as file:
        _require(read_head(file), dtype, shape)
        begin = file.tell()
        n_there = file.seek(0, 2) - begin
        if n_there != n_bytes:
            raise LimitError(f"it has {n_there} bytes of values, expected {n_bytes}")
        if n_bytes == 0:
            return np.empty(shape, dtype)
        return np.memmap(file, dtype=dtype, mode="r", offset=begin, shape=shape)


def read_array(
    file: IO[bytes], dtype: str, shape: tuple[int, ...], at_most: int
) -> npt.NDArray[Any]:
    """Read an array that stands somewhere in a stream, such as in an `.npz`.

    Raises LimitError if it holds something else, or more or less than that.

    Parameters
    ----------
    file : IO of bytes
        At the first byte of an `.npy` file.
    dtype : str
        What it must hold; ``"U"`` for text of any length.
    shape : tuple of int
        Its shape.
    at_most : int
        Bytes that it may have.

    Returns
    -------
    ndarray
        Read only.
    """
    found = read_head(file)
    _require(found, dtype, shape)
    n_bytes = math.prod(shape) * found[0].itemsize
    require_size(n_bytes, at_most)
    values = file.read(n_bytes)
    if len(values) != n_bytes or file.read(1):
        raise LimitError(f"an array has not the {n_bytes} bytes that it states")
    return np.frombuffer(values, found[0]).reshape(shape)


def _require(
    found: tuple[np.dtype[Any], tuple[int, ...]], dtype: str, shape: tuple[int, ...]
) -> None:
    is_kind = found[0].kind == "U" if dtype == "U" else found[0] == np.dtype(dtype)
    if not is_kind or found[1] != shape:
        raise LimitError(
            f"it holds {found[0].str} of shape {found[1]}, expected {dtype} of shape {shape}"
        )
