"""Embeddings as one array: records are read once and packed into a cached file."""

import hashlib
import json
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from features.embedding_set import EmbeddingSet
from features.records.records import Record, read_record
from models.data.lists import ClipList, class_indices
from models.network.hyperparameters import TIMESTEPS
from study.errors import RecordError
from study.tools.files import sha256_of, written_atomically
from study.tools.progress import track

CACHE_NAME = ".packed"
_FORMAT = "1"  # change it when the packed layout changes
_DEAD_AFTER_S = 3600.0

Rows = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """The clips of a list, ready for a network.

    Parameters
    ----------
    rows : ndarray of float32, shape (n_clips, TIMESTEPS, audio_size + visual_size)
        Audio and visual embeddings side by side, padded with zeros; mapped from a file, so that
        only what is used is in memory.
    targets : ndarray of int32, shape (n_clips,)
        Class of each clip.
    clips : ClipList
        The list.
    sha256 : str
        Digest of the records' content.
    n_cut : int
        Clips with more timesteps than the network sees.
    """

    rows: Rows
    targets: npt.NDArray[np.int32]
    clips: ClipList
    sha256: str
    n_cut: int

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """A packed file: rows of the records, and what else the records said."""

    rows: Rows
    labels: tuple[str, ...]
    n_cut: int
    sha256: str


def load_dataset(
    clips: ClipList,
    embeddings: Path,
    embedding_set: EmbeddingSet,
    classes: Sequence[str],
    *,
    cache: Path | None = None,
    trust_list: bool = False,
) -> Dataset:
    """Load the embeddings of a list.

    Parameters
    ----------
    clips : ClipList
        Which clips.
    embeddings : Path
        Folder of the embedding set.
    embedding_set : EmbeddingSet
        Gives the sizes.
    classes : sequence of str
        The classes of the training list.
    cache : Path or None
        Folder for packed files; None for one inside `embeddings`.
    trust_list : bool
        Take the list's label where the record has another one.

    Returns
    -------
    Dataset
        The embeddings and classes.

    Raises
    ------
    RecordError
        If a record is missing, broken, of another set or under another label.
    TableError
        If a label is not among the classes.
    """
    targets = np.asarray(class_indices(clips, classes), dtype=np.int32)
    # Not resolved one by one, which would take longer than all else that a second start does.
    folder = os.fspath(embeddings.resolve())
    paths = [f"{folder}/{record}" for record in clips.records]
    pack = load_pack(paths, embedding_set, cache or embeddings / CACHE_NAME)
    if not trust_list:
        _require_same_labels(paths, clips.labels, pack.labels)
    return Dataset(pack.rows, targets, clips, pack.sha256, pack.n_cut)


def _require_same_labels(
    paths: Sequence[str], listed: Sequence[str], recorded: Sequence[str]
) -> None:
    pairs = zip(paths, listed, recorded, strict=True)
    other = [(path, label, said) for path, label, said in pairs if label != said]
    if other:
        path, label, said = other[0]
        raise RecordError(
            f"{path} has the label {said!r} and the list says {label!r} ({len(other)} such "
            "records). Extract it again under the right label, or pass --trust-list"
        )


def load_pack(paths: Sequence[str], embedding_set: EmbeddingSet, cache: Path) -> Pack:
    """Return the records of these paths as one array, from the cache where it is there.

    The packed file is named after the content of all records. Hashing them takes a while, so a
    second small file says which content a set of paths, sizes and times of change stood for.

    Parameters
    ----------
    paths : sequence of str
        Records.
    embedding_set : EmbeddingSet
        Gives the sizes.
    cache : Path
        Folder of the packed files.

    Returns
    -------
    Pack
        The rows, mapped from the file.

    Raises
    ------
    RecordError
        If a record is missing or cannot be used.
    """
    shape = (len(paths), TIMESTEPS, embedding_set.audio_size + embedding_set.visual_size)
    shortcut = cache / f"{_state_of(paths, embedding_set)}.key"
    if shortcut.is_file() and (pack := _open_pack(cache, shortcut.read_text(), shape)):
        return pack
    key = _content_of(paths, embedding_set)
    pack = _open_pack(cache, key, shape)
    if pack is None:
        pack = _write_pack(paths, embedding_set, cache, key, shape)
    with written_atomically(shortcut) as part:
        part.write_text(key)
    return pack


def _state_of(paths: Sequence[str], embedding_set: EmbeddingSet) -> str:
    digest = hashlib.sha256(f"{_FORMAT} {embedding_set.name} {TIMESTEPS}".encode())
    missing = []
    for path in paths:
        try:
            state = os.stat(path)  # noqa: PTH116 - a Path for each record takes twice the time
        except (FileNotFoundError, NotADirectoryError):
            missing.append(path)
            continue
        if not stat.S_ISREG(state.st_mode):
            raise RecordError(f"{path} is no file, expected a record. Correct the list")
        digest.update(f"{path} {state.st_size} {state.st_mtime_ns}\n".encode())
    if missing:
        raise RecordError(
            f"{missing[0]} is missing ({len(missing)} of {len(paths)} records are). "
            "Run: python -m features extract"
        )
    return digest.hexdigest()


def _content_of(paths: Sequence[str], embedding_set: EmbeddingSet) -> str:
    digest = hashlib.sha256(f"{_FORMAT} {embedding_set.name} {TIMESTEPS}".encode())
    for path in paths:
        digest.update(sha256_of(Path(path)).encode())
    return digest.hexdigest()


def _open_pack(cache: Path, key: str, shape: tuple[int, ...]) -> Pack | None:
    # None where there is none, or where a copy was cut short: it is packed again.
    try:
        said = json.loads((cache / f"{key}.json").read_text(encoding="utf-8"))
        rows = np.load(cache / f"{key}.npy", mmap_mode="r")
        pack = Pack(rows, tuple(said["labels"]), said["n_cut"], key)
    except (FileNotFoundError, ValueError, KeyError, EOFError):
        return None
    return pack if pack.rows.shape == shape and len(pack.labels) == len(rows) else None


def _write_pack(
    paths: Sequence[str], embedding_set: EmbeddingSet, cache: Path, key: str, shape: tuple[int, ...]
) -> Pack:
    labels, n_cut = [], 0
    # Written row by row, not mapped: a full disk then is an error and not the end of the process.
    with written_atomically(cache / f"{key}.npy") as part, part.open("wb") as file:
        _remove_leftovers(part)
        np.lib.format.write_array_header_1_0(file, _header(shape))  # type: ignore[no-untyped-call]
        for path in track(paths, "packing records"):
            record = read_record(Path(path), embedding_set)
            labels.append(record.label)
            n_cut += max(len(record.audio), len(record.visual)) > TIMESTEPS
            file.write(_padded(record).tobytes())
    # Written last: a pack without its description is none.
    with written_atomically(cache / f"{key}.json") as part:
        part.write_text(json.dumps({"labels": labels, "n_cut": n_cut}), encoding="utf-8")
    return Pack(np.load(cache / f"{key}.npy", mmap_mode="r"), tuple(labels), n_cut, key)


def _remove_leftovers(part: Path) -> None:
    # Of processes that were killed while they packed; a living one writes to its file all the time.
    now_s = part.stat().st_mtime
    for other in part.parent.glob(".*.part.npy"):
        with suppress(FileNotFoundError):  # it was finished, or taken away, just now
            if now_s - other.stat().st_mtime > _DEAD_AFTER_S:
                other.unlink()


def _header(shape: tuple[int, ...]) -> dict[str, Any]:
    return {"descr": "<f4", "fortran_order": False, "shape": shape}


def _padded(record: Record) -> Rows:
    rows = np.zeros((TIMESTEPS, record.audio.shape[1] + record.visual.shape[1]), "<f4")
    audio, visual = record.audio[:TIMESTEPS], record.visual[:TIMESTEPS]
    rows[: len(audio), : audio.shape[1]] = audio
    rows[: len(visual), audio.shape[1] :] = visual
    return rows
