"""Embeddings as one array: records are read once and packed into a file in the user's cache."""

import hashlib
import os
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from features.embedding_set import EmbeddingSet
from features.records.identity import is_of_clip
from features.records.manifest import MANIFEST_NAME, Recipe, read_recipe
from features.records.pack import (
    Pack,
    PackIndex,
    Rows,
    open_rows,
    read_index,
    write_index,
    write_rows,
)
from models.data.labelled_clips import LabelledClips, class_indices
from models.network.spec import TIMESTEPS
from study.errors import RecordError
from study.reading.text import read_bytes
from study.tools.files import own_folder, sha256_of, written_atomically
from study.tools.progress_bars import progress_bar

CACHE_NAME = "packed"
_FORMAT = "1"  # of what the digest of records is taken from; a training goes on with the same only
_DEAD_AFTER_S = 3600.0
_MOST_NOTE_BYTES = 1000


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
    sha256 : str
        Digest of the records' content.
    n_cut : int
        Clips with more timesteps than the network sees.
    """

    rows: Rows
    targets: npt.NDArray[np.int32]
    clips: LabelledClips
    sha256: str
    n_cut: int

    def __len__(self) -> int:
        return len(self.targets)


def load_dataset(
    clips: LabelledClips,
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
    cache : Path or None
        Folder for packed rows; None for the user's cache.
    trust_list : bool
        Take the list's labels where the record has others.
    """
    targets = np.asarray(class_indices(clips, classes), dtype=np.int32)
    pack, sha256 = load_pack_of(clips, embeddings, embedding_set, cache, any_class=trust_list)
    if not trust_list:
        _require_same_labels(embeddings, clips, pack.index)
    return Dataset(pack.rows, targets, clips, sha256, pack.index.n_cut)


def load_pack_of(
    clips: LabelledClips,
    embeddings: Path,
    embedding_set: EmbeddingSet,
    cache: Path | None,
    *,
    any_class: bool = False,
) -> tuple[Pack, str]:
    """Return the records of a list as one array and their digest, whatever their classes.

    Parameters
    ----------
    cache : Path or None
        Folder of the rows; None for the user's cache.
    any_class : bool
        Whether the folder of a clip's class may differ from that in its record.
    """
    pack, sha256 = load_pack(embeddings.resolve(), clips.records, embedding_set, cache)
    _require_same_clips(embeddings, clips, pack.index, any_class=any_class)
    return pack, sha256


def _require_same_clips(
    embeddings: Path, clips: LabelledClips, index: PackIndex, *, any_class: bool
) -> None:
    rows = zip(clips.records, clips.filenames, index.filename, strict=True)
    other = [
        row
        for row in rows
        if row[1] != row[2] and not is_of_clip(row[2], row[1], any_class=any_class)
    ]
    if other:
        record, filename, recorded = other[0]
        if is_of_clip(recorded, filename, any_class=True):
            way_out = "correct the list, or pass --trust-list where the class alone is another"
        else:
            way_out = "or correct the list"
        raise RecordError(
            f"{embeddings / record} is the record of {recorded!r} and the list says {filename!r} "
            f"({len(other)} such records). Extract those clips again, {way_out}"
        )


def _require_same_labels(embeddings: Path, clips: LabelledClips, index: PackIndex) -> None:
    rows = zip(clips.records, clips.labels, index.label, strict=True)
    other = [row for row in rows if row[1] != row[2]]
    if other:
        record, label, said = other[0]
        raise RecordError(
            f"{embeddings / record} has the label {said!r} and the list says {label!r} "
            f"({len(other)} such records). Extract it again under the right label, or pass "
            "--trust-list"
        )


def load_pack(
    folder: Path, records: Sequence[str], embedding_set: EmbeddingSet, cache: Path | None = None
) -> tuple[Pack, str]:
    """Return records as one array and the digest of their content, from the cache if it fits.

    The packed file is named after the content of all records. Hashing them takes a while, so a
    note says which content a set of paths, sizes, places and times stood for. Notes and indexes
    lie where only the user can put a file; rows may lie elsewhere, since their digest is noted.

    Parameters
    ----------
    cache : Path or None
        Folder of the rows; None for the user's cache.
    """
    notes = own_folder(CACHE_NAME)
    place = cache or notes
    # Not joined as Paths one by one, which would take longer than all else of a second start.
    paths = [f"{os.fspath(folder)}/{record}" for record in records]
    shortcut = notes / f"{_state_of(paths, embedding_set)}.key"
    key = _read_note(shortcut)
    if key and (pack := _open_pack(notes, place, key, records)):
        return pack, key
    key = _content_of(paths, embedding_set)
    pack = _open_pack(notes, place, key, records)
    if pack is None:
        pack = _write_pack(notes, place, key, folder, records, embedding_set)
    _write_note(shortcut, key)
    return pack, key


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
            raise RecordError(f"{path} is not a file, expected a record. Correct the list")
        digest.update(f"{path} {_traces(state)}\n".encode())
    if missing:
        raise RecordError(
            f"{missing[0]} is missing ({len(missing)} of {len(paths)} records are). "
            "Run: python -m features extract"
        )
    return digest.hexdigest()


def _traces(state: os.stat_result) -> str:
    # Nobody can write to a file and leave all of these as they were, but for the machine's clock.
    return f"{state.st_size} {state.st_ino} {state.st_mtime_ns} {state.st_ctime_ns}"


def _content_of(paths: Sequence[str], embedding_set: EmbeddingSet) -> str:
    return records_digest((sha256_of(Path(path)) for path in paths), embedding_set)


def records_digest(digests: Iterable[str], embedding_set: EmbeddingSet) -> str:
    """Return the digest of a list's records, as `DataCard` has it, from those of its records."""
    digest = hashlib.sha256(f"{_FORMAT} {embedding_set.name} {TIMESTEPS}".encode())
    for each in digests:
        digest.update(each.encode())
    return digest.hexdigest()


def _open_pack(notes: Path, place: Path, key: str, records: Sequence[str]) -> Pack | None:
    # None where there is none, or where it is not what was packed: it is packed again.
    rows = place / f"{key}.npy"
    try:
        index = read_index(notes / f"{key}.json")
        if index.tfrecord_filename != tuple(records):
            return None
        pack = open_rows(rows, index)
        return pack if _is_checked(notes, rows, key, index.sha256) else None
    except (RecordError, FileNotFoundError, ValueError):
        return None


def _is_checked(notes: Path, rows: Path, key: str, sha256: str) -> bool:
    seen, traces = notes / f"{key}.seen", f"{_traces(rows.stat())} {sha256}"
    if _read_note(seen) == traces:  # the file is as it was when its digest was taken
        return True
    if sha256_of(rows) != sha256:
        return False
    _write_note(seen, traces)
    return True


def _write_pack(
    notes: Path,
    place: Path,
    key: str,
    folder: Path,
    records: Sequence[str],
    embedding_set: EmbeddingSet,
) -> Pack:
    rows = place / f"{key}.npy"
    with progress_bar() as progress:
        task = progress.add_task("packing records", total=len(records))
        index = write_rows(rows, folder, records, embedding_set, lambda: progress.advance(task))
    _remove_leftovers(place, now_s=rows.stat().st_mtime)
    write_index(index, notes / f"{key}.json")
    _write_note(notes / f"{key}.seen", f"{_traces(rows.stat())} {index.sha256}")
    return open_rows(rows, index)


def _read_note(path: Path) -> str | None:
    try:
        return read_bytes(path, error=RecordError, largest=_MOST_NOTE_BYTES).decode()
    except (RecordError, ValueError):
        return None


def _write_note(path: Path, text: str) -> None:
    with written_atomically(path) as part:
        part.write_text(text)


def _remove_leftovers(place: Path, now_s: float) -> None:
    # Of processes that were killed while they packed; a living one writes to its file all the time.
    for part in place.glob(".*.part.npy"):
        with suppress(FileNotFoundError):  # it was finished, or taken away, just now
            if now_s - part.stat().st_mtime > _DEAD_AFTER_S:
                part.unlink()


def recipe_of(embeddings: Path, *, allow_untrained: bool) -> Recipe | None:
    """Return what made the embeddings, and refuse untrained networks unless asked for.

    None where there is no manifest, as beside the published embeddings.
    """
    if not (embeddings / MANIFEST_NAME).is_file():
        return None
    recipe = read_recipe(embeddings)
    refuse_untrained(recipe, f"the embeddings in {embeddings}", allowed=allow_untrained)
    return recipe


def refuse_untrained(recipe: Recipe, what: str, *, allowed: bool) -> None:
    """Raise if embeddings come from untrained networks and that is not allowed.

    Parameters
    ----------
    what : str
        Which embeddings, at the beginning of a sentence.
    """
    if recipe.is_untrained and not allowed:
        raise RecordError(
            f"{what} come from untrained networks, so that results say "
            "nothing about the paper's. Extract them with real weights, or pass --allow-untrained"
        )
