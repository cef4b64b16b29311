"""Check every record of a folder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from features.embedding_set import EmbeddingSet, find_embedding_set
from features.records.folder import Sizes, column_of, manifest_of, record_paths, vote
from features.records.identity import other_clip
from features.records.manifest import MANIFEST_NAME, RecordManifest
from features.records.records import read_record
from study.errors import RecordError
from study.tools.files import sha256_of


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a record."""

    tfrecord_filename: str
    detail: str


@dataclass(frozen=True, slots=True)
class _Note:
    """What a record says of itself; nothing but an error where it cannot be read."""

    sizes: Sizes = (0, 0)
    label: str = ""
    filename: str = ""
    error: str | None = None


def check_records(folder: Path, advance: Callable[[], None] = lambda: None) -> list[Problem]:
    """Read every record, and compare it with the others and with the manifest, where there is one.

    Each must hold exactly one record of finite embeddings in the sizes of the set that most of them
    have, be of the clip and have the label that the manifest states, else those of its own name and
    folder, and be the file that the manifest lists.
    """
    notes = {}
    for path in record_paths(folder):
        notes[path.relative_to(folder).as_posix()] = _note_of(path)
        advance()
    manifest = manifest_of(folder)
    embedding_set = _judged([note.sizes for note in notes.values()], manifest, folder)
    labels, clips = column_of(manifest, "label"), column_of(manifest, "filename")
    problems = _of_manifest(manifest, embedding_set)
    for name, note in notes.items():
        # Released lists put some records into the folder of another class than their label's.
        label = labels.get(name, name.partition("/")[0])
        detail = _problem_of(note, embedding_set, label) or other_clip(
            note.filename, name, clips.get(name)
        )
        if detail is not None:
            problems.append(Problem(name, detail))
    blamed = {problem.tfrecord_filename for problem in problems}
    return problems + _against(manifest, folder, notes, blamed)


def _note_of(path: Path) -> _Note:
    try:
        record = read_record(path)
    except RecordError as error:
        return _Note(error=str(error))
    sizes = (record.audio.shape[1], record.visual.shape[1])
    return _Note(sizes, record.label, record.filename)


def _judged(
    sizes: Sequence[Sizes], manifest: RecordManifest | None, folder: Path
) -> EmbeddingSet | None:
    # None where every record is broken, or of no set: each is named for itself.
    found = vote(sizes)
    if manifest is not None:
        stated = find_embedding_set(manifest.recipe.embedding_set)
        if found is None or _sizes_of(found) == _sizes_of(stated):
            return stated
    if found is None and any(vote([each]) for each in sizes):
        raise RecordError(
            f"{folder} holds as many records of one embedding set as of the other. Leave one of "
            "the two there"
        )
    return found


def _sizes_of(embedding_set: EmbeddingSet) -> Sizes:
    return embedding_set.audio_size, embedding_set.visual_size


def _of_manifest(
    manifest: RecordManifest | None, embedding_set: EmbeddingSet | None
) -> list[Problem]:
    if manifest is None or embedding_set is None:
        return []
    stated = find_embedding_set(manifest.recipe.embedding_set)
    if stated == embedding_set:
        return []
    detail = f"it states the set {stated.folder}, and most records are of {embedding_set.folder}"
    return [Problem(MANIFEST_NAME, detail)]


def _problem_of(note: _Note, embedding_set: EmbeddingSet | None, label: str) -> str | None:
    if note.error is not None:
        return note.error
    found = f"it has embeddings of {note.sizes[0]} audio and {note.sizes[1]} visual values"
    if embedding_set is None:
        return f"{found}, which no set has"
    expected = (embedding_set.audio_size, embedding_set.visual_size)
    if note.sizes != expected:
        return f"{found}, and {embedding_set.folder} has {expected[0]} and {expected[1]}"
    if note.label != label:
        return f"its label is {note.label!r}, expected {label!r}"
    return None


def _against(
    manifest: RecordManifest | None, folder: Path, notes: Mapping[str, _Note], blamed: set[str]
) -> list[Problem]:
    if manifest is None:
        return []
    hashes = column_of(manifest, "record_sha256")
    found = []
    for name in notes:
        if name not in blamed and (detail := _problem_with(folder / name, hashes.get(name))):
            found.append(Problem(name, detail))
    missing = sorted(set(hashes) - set(notes))
    return found + [Problem(name, "the manifest lists it, and it is missing") for name in missing]


def _problem_with(path: Path, sha256: str | None) -> str | None:
    if sha256 is None:
        return "it is not in the manifest"
    found = sha256_of(path)
    if found != sha256:
        return f"its sha256 is {found[:12]}, and the manifest lists {sha256[:12]}"
    return None
