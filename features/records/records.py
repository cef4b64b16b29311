"""Records of embeddings: one gzip `.tfrecord` per clip, written and read without TensorFlow."""

import gzip
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from features.embedding_set import EmbeddingSet
from features.records import wire
from study.errors import RecordError
from study.reading.bounded import LimitError, gunzip
from study.reading.text import read_bytes
from study.tools.files import written_atomically

# Numbers of the fields of tf.train.SequenceExample, Features, Feature and their lists.
_CONTEXT, _SEQUENCES = 1, 2
_KEY, _VALUE = 1, 2
_BYTES_LIST, _INT64_LIST = 1, 3

_ROW = np.dtype("<f4")
_Key = TypeVar("_Key", str, int)

# Of half an hour of a clip; beyond that it is not a record but an attempt on the memory.
_MOST_BYTES = 32_000_000
_MOST_TIMESTEPS = 16_384
_MOST_ENTRIES = 64  # of a context, of which four are read
_MOST_PARTS = 8  # of anything else; one or two are there
_LONGEST_TEXT = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """The embeddings of one clip.

    Parameters
    ----------
    filename : str
        The clip's released name, ``<MIT class>/<clip>.mp4``.
    audio : ndarray of float32, shape (audio_timesteps, audio_size)
        The audio embeddings.
    visual : ndarray of float32, shape (visual_timesteps, visual_size)
        The visual embeddings.

    Notes
    -----
    Paper: Data Description.
    """

    filename: str
    label: str
    audio: npt.NDArray[np.float32]
    visual: npt.NDArray[np.float32]


def write_record(path: Path, record: Record, *, overwrite: bool = True) -> None:
    """Write the record of a clip, completely or not at all."""
    _require_matrix(record.audio, "audio")
    _require_matrix(record.visual, "visual")
    content = wire.frame(serialise(record))
    with written_atomically(path, overwrite=overwrite) as part:
        # A time stamp of 0 makes equal records equal files.
        part.write_bytes(gzip.compress(content, compresslevel=6, mtime=0))


def read_record(path: Path, embedding_set: EmbeddingSet | None = None) -> Record:
    """Read the record of a clip and check that it is whole.

    Parameters
    ----------
    path : Path
        A gzip `.tfrecord` with one record; it and what it unpacks to have at most 32 MB, half an
        hour of a clip.
    embedding_set : EmbeddingSet or None
        The sizes to expect; None to take what is there.
    """
    content = _unpacked(path)
    try:
        record = parse(_only_entry(content))
    except RecordError as error:
        raise RecordError(f"{path} cannot be used: {error}. {_AGAIN}") from error
    if embedding_set is not None:
        _require_sizes(path, record, embedding_set)
    return record


_AGAIN = "Delete it and extract the clip again"
_MISSING = "Run: python -m features extract"


def _unpacked(path: Path) -> bytes:
    packed = read_bytes(path, error=RecordError, missing=_MISSING, largest=_MOST_BYTES)
    try:
        return gunzip(packed, _MOST_BYTES)
    except (EOFError, zlib.error) as error:
        raise RecordError(f"{path} is not a whole gzip file: {error}. {_AGAIN}") from error
    except LimitError as error:
        raise RecordError(f"{path} cannot be used: {error}. {_AGAIN}") from error


def _only_entry(content: bytes) -> bytes:
    entries = wire.unframe(content)
    found = next(entries, None)
    if found is None:
        raise RecordError("it holds 0 records, expected 1")
    if next(entries, None) is not None:
        raise RecordError("it holds more than 1 record, expected 1")
    return found


def _require_sizes(path: Path, record: Record, embedding_set: EmbeddingSet) -> None:
    found = (record.audio.shape[1], record.visual.shape[1])
    expected = (embedding_set.audio_size, embedding_set.visual_size)
    if found != expected:
        raise RecordError(
            f"{path} has embeddings of {found[0]} audio and {found[1]} visual values, and "
            f"{embedding_set.folder} has {expected[0]} and {expected[1]}. Name a folder of "
            f"{embedding_set.folder}, or the set of this one with --set; where only this record "
            "differs, delete it and extract the clip again"
        )


def serialise(record: Record) -> bytes:
    """Return a record as a serialised ``tf.train.SequenceExample``."""
    context = {
        "filename": _bytes_feature(record.filename.encode()),
        "label": _bytes_feature(record.label.encode()),
        "audio_timesteps": _int_feature(len(record.audio)),
        "visual_timesteps": _int_feature(len(record.visual)),
    }
    sequences = {
        "audio": _rows_feature(record.audio),
        "visual_object": _rows_feature(record.visual),
    }
    return wire.field(_CONTEXT, _entries(context)) + wire.field(_SEQUENCES, _entries(sequences))


def parse(message: bytes) -> Record:
    """Return the record that a serialised ``tf.train.SequenceExample`` holds."""
    parts = _single(_only_bytes(wire.fields(message, _MOST_PARTS)))
    context = _read_entries(parts.get(_CONTEXT, b""))
    sequences = _read_entries(parts.get(_SEQUENCES, b""))
    record = Record(
        filename=_text(context, "filename"),
        label=_text(context, "label"),
        audio=_read_rows(sequences, "audio"),
        visual=_read_rows(sequences, "visual_object"),
    )
    for name, rows in (("audio", record.audio), ("visual", record.visual)):
        _require_matrix(rows, name)
        stated = _integer(context, f"{name}_timesteps")
        if stated != len(rows):
            raise RecordError(f"it states {stated} {name} timesteps and holds {len(rows)}")
    return record


def _require_matrix(rows: npt.NDArray[np.float32], name: str) -> None:
    if rows.dtype != np.float32:
        raise RecordError(f"the {name} embeddings are {rows.dtype}, expected float32")
    if rows.ndim != 2 or 0 in rows.shape:
        raise RecordError(
            f"the {name} embeddings have shape {rows.shape}, expected (timesteps, size)"
        )
    if not np.isfinite(rows).all():
        raise RecordError(f"the {name} embeddings are not all finite")


def _bytes_feature(value: bytes) -> bytes:
    return wire.field(_BYTES_LIST, wire.field(1, value))


def _int_feature(value: int) -> bytes:
    return wire.field(_INT64_LIST, wire.field(1, wire.varint(value)))


def _rows_feature(rows: npt.NDArray[np.float32]) -> bytes:
    return b"".join(wire.field(1, _bytes_feature(row.astype(_ROW).tobytes())) for row in rows)


def _entries(features: dict[str, bytes]) -> bytes:
    return b"".join(
        wire.field(1, wire.field(_KEY, name.encode()) + wire.field(_VALUE, feature))
        for name, feature in features.items()
    )


def _read_entries(message: bytes) -> dict[str, bytes]:
    entries = []
    for _, entry in _only_bytes(wire.fields(message, _MOST_ENTRIES)):
        parts = _single(_only_bytes(wire.fields(entry, _MOST_PARTS)))
        entries.append((parts.get(_KEY, b"").decode(errors="replace"), parts.get(_VALUE, b"")))
    return _single(entries)


def _single(pairs: list[tuple[_Key, bytes]]) -> dict[_Key, bytes]:
    # Of two values TensorFlow takes one and other readers the other: a record with two faces.
    twice = [key for key, n in Counter(key for key, _ in pairs).items() if n > 1]
    if twice:
        raise RecordError(f"it has {twice[0]!r} more than once")
    return dict(pairs)


def _only_bytes(parts: Iterable[tuple[int, int | bytes]]) -> list[tuple[int, bytes]]:
    return [(number, value) for number, value in parts if isinstance(value, bytes)]


def _values(feature: bytes, kind: int) -> list[int | bytes]:
    return [
        value
        for number, values in _only_bytes(wire.fields(feature, _MOST_PARTS))
        if number == kind
        for _, value in wire.fields(values, _MOST_PARTS)
    ]


def _one(context: dict[str, bytes], name: str, kind: int) -> int | bytes:
    values = _values(context.get(name, b""), kind)
    if len(values) != 1:
        raise RecordError(f"it has {len(values)} values of {name!r}, expected 1")
    return values[0]


def _text(context: dict[str, bytes], name: str) -> str:
    value = _one(context, name, _BYTES_LIST)
    if not isinstance(value, bytes):
        raise RecordError(f"{name!r} is not a string")
    if not 0 < len(value) <= _LONGEST_TEXT:
        raise RecordError(f"{name!r} has {len(value)} bytes, expected 1 to {_LONGEST_TEXT}")
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise RecordError(f"{name!r} is not UTF-8") from error


def _integer(context: dict[str, bytes], name: str) -> int:
    value = _one(context, name, _INT64_LIST)
    # Writers may pack the integers into one field or give each a field of its own.
    return value if isinstance(value, int) else wire.read_varint(value, 0)[0]


def _read_rows(sequences: dict[str, bytes], name: str) -> npt.NDArray[np.float32]:
    rows = []
    for _, feature in _only_bytes(wire.fields(sequences.get(name, b""), _MOST_TIMESTEPS)):
        row = _values(feature, _BYTES_LIST)
        if len(row) != 1 or not isinstance(row[0], bytes):
            raise RecordError(f"a timestep of {name!r} holds {len(row)} values, expected 1")
        rows.append(row[0])
    if not rows:
        raise RecordError(f"it has no timestep of {name!r}")
    if len({len(row) for row in rows}) != 1 or len(rows[0]) % _ROW.itemsize:
        raise RecordError(f"the timesteps of {name!r} are not rows of one size")
    flat = np.frombuffer(b"".join(rows), dtype=_ROW).astype(np.float32)
    return flat.reshape(len(rows), -1)
