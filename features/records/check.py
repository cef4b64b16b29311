"""Prove every record of a folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from features.embedding_set import EmbeddingSet, find_embedding_set
from features.records.manifest import MANIFEST_NAME, Manifest, read_manifest
from features.records.pack import record_paths
from features.records.records import read_record, require_sizes, set_of_record
from study.errors import RecordError
from study.tools.files import sha256_of


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a record."""

    tfrecord_filename: str
    detail: str


def set_of(folder: Path) -> EmbeddingSet:
    """Return the embedding set of a folder: by its manifest, else by the sizes of a record.

    Parameters
    ----------
    folder : Path
        A folder of records.

    Returns
    -------
    EmbeddingSet
        The set.

    Raises
    ------
    RecordError
        If there is no record, or it has the sizes of no set.
    """
    if (folder / MANIFEST_NAME).is_file():
        return find_embedding_set(read_manifest(folder).recipe.embedding_set)
    return set_of_record(read_record(record_paths(folder)[0]))


def check_records(folder: Path, advance: Callable[[], None] = lambda: None) -> list[Problem]:
    """Read every record and compare it with the manifest, where there is one.

    Each must hold exactly one record of finite embeddings in the sizes of the set, have the
    label of its folder or that of the manifest, and be the file that the manifest lists.

    Parameters
    ----------
    folder : Path
        A folder of records.
    advance : callable
        Called after every record.

    Returns
    -------
    list of Problem
        Empty where all is well.

    Raises
    ------
    RecordError
        If there is no record, or the manifest cannot be read.
    """
    embedding_set = set_of(folder)
    manifest = read_manifest(folder) if (folder / MANIFEST_NAME).is_file() else None
    hashes, labels = _column(manifest, "record_sha256"), _column(manifest, "label") or {}
    problems = []
    for path in record_paths(folder):
        name = path.relative_to(folder).as_posix()
        # Released lists put some records into the folder of another class than their label's.
        detail = _problem_of(path, embedding_set, labels.get(name, path.parent.name))
        if detail is None and hashes is not None:
            detail = _problem_with(path, hashes.get(name))
        if detail is not None:
            problems.append(Problem(name, detail))
        if hashes is not None:
            hashes.pop(name, None)
        advance()
    missing = sorted(hashes or ())
    return problems + [
        Problem(name, "the manifest lists it, and it is missing") for name in missing
    ]


def _column(manifest: Manifest | None, column: str) -> dict[str, str] | None:
    if manifest is None:
        return None
    rows = manifest.rows
    return dict(zip(rows["tfrecord_filename"], rows[column], strict=True))


def _problem_of(path: Path, embedding_set: EmbeddingSet, label: str) -> str | None:
    try:
        record = read_record(path)
        require_sizes(record, embedding_set)
    except RecordError as error:
        return str(error)
    if record.label != label:
        return f"its label is {record.label!r}, expected {label!r}"
    return None


def _problem_with(path: Path, sha256: str | None) -> str | None:
    if sha256 is None:
        return "it is not in the manifest"
    found = sha256_of(path)
    if found != sha256:
        return f"its sha256 is {found[:12]}, and the manifest lists {sha256[:12]}"
    return None
