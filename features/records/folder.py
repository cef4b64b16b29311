"""A folder of records: which there are, of which set most of them are, and whose they should be."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from features.embedding_set import EMBEDDING_SETS, EmbeddingSet, find_embedding_set
from features.plugged_sets import plugged_sets
from features.records.manifest import MANIFEST_NAME, RecordManifest, read_manifest, read_recipe
from features.records.records import read_record
from study.errors import RecordError

_VOTERS = 101  # records that are asked, spread over all, for the set of a folder

Sizes = tuple[int, int]


def record_paths(folder: Path) -> list[Path]:
    """Return the records of a folder, ``<label>/<stem>.tfrecord``, in the order of their names."""
    found = sorted(p for p in folder.glob("*/*.tfrecord") if not p.name.startswith("."))
    if not found:
        raise RecordError(f"no records <label>/<stem>.tfrecord in {folder}. Name another folder")
    return found


def manifest_of(folder: Path) -> RecordManifest | None:
    """Return the manifest of a folder, None where there is none."""
    return read_manifest(folder) if (folder / MANIFEST_NAME).is_file() else None


def column_of(manifest: RecordManifest | None, column: str) -> dict[str, str]:
    """Return what a manifest says of each record; nothing where there is no manifest."""
    if manifest is None:
        return {}
    rows = manifest.rows
    return dict(zip(rows["tfrecord_filename"], rows[column], strict=True))


def set_of(folder: Path) -> EmbeddingSet:
    """Return the embedding set of a folder: by its manifest, else by the sizes of most records."""
    if (folder / MANIFEST_NAME).is_file():
        return find_embedding_set(read_recipe(folder).embedding_set)
    return set_of_most(record_paths(folder), str(folder))


def set_of_most(paths: Sequence[Path], where: str) -> EmbeddingSet:
    """Return the embedding set of most records; of many, some spread over all are asked."""
    sizes, first_error = [], None
    for path in paths[:: -(-len(paths) // _VOTERS)]:
        try:
            record = read_record(path)
        except RecordError as error:
            first_error = first_error or error
            continue
        sizes.append((record.audio.shape[1], record.visual.shape[1]))
    if not sizes and first_error is not None:
        raise first_error
    found = vote(sizes)
    if found is None:
        raise RecordError(
            f"the records of {where} are of no set, or of two sets in equal numbers. Leave "
            "the records of one set there"
        )
    return found


def folder_of_set(embeddings: Path, name: str) -> Path:
    """Return where the records of a set lie: in its own folder, else where `unpack` put them."""
    own = embeddings / find_embedding_set(name).folder
    unpacked = embeddings / f"AVMIT_{own.name}"
    return unpacked if unpacked.is_dir() and not own.is_dir() else own


def vote(sizes: Iterable[Sizes]) -> EmbeddingSet | None:
    """Return the set that most records are of; None if of none, or of two equally often.

    Of sets with the same sizes the paper's is meant, else the first by name.
    """
    counts = Counter(sizes)
    known = {(each.audio_size, each.visual_size): each for each in EMBEDDING_SETS.values()}
    if set(counts) - set(known):
        for each in plugged_sets():
            pair = (each.embedding_set.audio_size, each.embedding_set.visual_size)
            known.setdefault(pair, each.embedding_set)
    votes = sorted((counts[pair], each.name) for pair, each in known.items() if counts[pair])
    if not votes or (len(votes) > 1 and votes[-1][0] == votes[-2][0]):
        return None
    return find_embedding_set(votes[-1][1])
