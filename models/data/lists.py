"""Training, validation and test lists: which record is which class."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from study.errors import TableError
from study.naming import source_of, tfrecord_filename
from study.tools.files import written_atomically

# The released lists spell the AVMIT label in four ways; where ``actual_label`` stands beside
# ``label``, that is the Moments-in-Time class.
LABEL_SPELLINGS = ("AVMIT_label", "AVMIT label", "avmit_label", "label")
COLUMNS = ("filename", "AVMIT_label", "tfrecord_filename")


@dataclass(frozen=True, slots=True)
class ClipList:
    """A list of clips with their classes and records, in the order of the file.

    Parameters
    ----------
    name : str
        The file's name without its ending.
    filenames : tuple of str
        Released names, ``<MIT class>/<clip>.mp4``.
    labels : tuple of str
        AVMIT labels.
    records : tuple of str
        Records, relative to the folder of an embedding set.
    sha256 : str
        Digest of these columns.
    """

    name: str
    filenames: tuple[str, ...]
    labels: tuple[str, ...]
    records: tuple[str, ...]
    sha256: str

    def __len__(self) -> int:
        return len(self.filenames)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes in alphabetical order, which is the order of the network's outputs."""
        return tuple(sorted(set(self.labels)))


def read_list(path: Path) -> ClipList:
    """Read a list, in Table 2's columns or in one of the published spellings.

    Parameters
    ----------
    path : Path
        A CSV file.

    Returns
    -------
    ClipList
        The clips.

    Raises
    ------
    TableError
        If the file is missing or empty, lacks a column or a value, or names a record twice.

    Notes
    -----
    Paper: Data Description, Table 2 and Table 3.
    """
    frame = _read_csv(path)
    spelling = next((name for name in LABEL_SPELLINGS if name in frame.columns), None)
    if spelling is None or "filename" not in frame.columns:
        raise TableError(
            f"{path} has columns {', '.join(frame.columns)}, expected filename and "
            f"{' or '.join(LABEL_SPELLINGS)}"
        )
    if frame.empty:
        raise TableError(f"{path} lists no clip. Export the list again")
    labels, filenames = frame[spelling], frame["filename"]
    if "tfrecord_filename" in frame.columns:
        records = frame["tfrecord_filename"]
    else:
        records = pd.Series(map(tfrecord_filename, filenames, labels))
    return _checked(path, filenames.tolist(), labels.tolist(), records.tolist())


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError as error:
        raise TableError(f"no list at {path}. Run: python -m curation training-lists") from error
    except IsADirectoryError as error:
        raise TableError(f"{path} is a folder, expected a list (CSV). Name the file") from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise TableError(
            f"{path} cannot be read as a CSV table: {error}. Save it again as CSV in UTF-8"
        ) from error
    if not isinstance(frame.index, pd.RangeIndex):  # pandas moves all cells to the left
        raise TableError(
            f"{path} has more cells in its rows than in its heading. Save it again as CSV"
        )
    return frame


def _checked(
    path: Path, filenames: Sequence[str], labels: Sequence[str], records: Sequence[str]
) -> ClipList:
    seen: set[str] = set()
    for number, row in enumerate(zip(filenames, labels, records, strict=True), start=2):
        if not all(row):
            raise TableError(f"{path} line {number} has an empty field: {', '.join(row)}")
        if row[2] in seen:
            raise TableError(f"{path} line {number} names the record {row[2]} a second time")
        if row[2].startswith("/") or ".." in row[2].split("/"):
            raise TableError(
                f"{path} line {number} names the record {row[2]}, expected a path within the "
                "folder of embeddings. Correct the list"
            )
        seen.add(row[2])
    _refuse_two_spellings(path, labels)
    content = "\n".join("\t".join(row) for row in zip(filenames, labels, records, strict=True))
    digest = hashlib.sha256(content.encode()).hexdigest()
    return ClipList(path.stem, tuple(filenames), tuple(labels), tuple(records), digest)


def _refuse_two_spellings(path: Path, labels: Iterable[str]) -> None:
    # "Barking" beside "barking" would train a network of one class too many.
    spelt: dict[str, str] = {}
    for label in sorted(set(labels)):
        other = spelt.setdefault(label.strip().casefold(), label)
        if other != label:
            raise TableError(
                f"{path} has the labels {other!r} and {label!r}, expected one spelling of each "
                "class. Correct the list"
            )


def write_list(clips: ClipList, path: Path) -> None:
    """Write a list in Table 2's spellings, so that a model keeps what it was trained on.

    Parameters
    ----------
    clips : ClipList
        The clips.
    path : Path
        The CSV file.
    """
    frame = pd.DataFrame(
        dict(zip(COLUMNS, (clips.filenames, clips.labels, clips.records), strict=True))
    )
    with written_atomically(path) as part:
        frame.to_csv(part, index=False)


def class_indices(clips: ClipList, classes: Sequence[str]) -> list[int]:
    """Return each clip's class as the index of the network's output.

    Parameters
    ----------
    clips : ClipList
        The clips.
    classes : sequence of str
        The classes of the training list, in alphabetical order.

    Returns
    -------
    list of int
        One index per clip.

    Raises
    ------
    TableError
        If a label is not among the classes: it must not pass for another class.
    """
    index_of = {label: index for index, label in enumerate(classes)}
    for filename, label in zip(clips.filenames, clips.labels, strict=True):
        if label not in index_of:
            raise TableError(
                f"{filename} in the list {clips.name} has the label {label!r}, which is not among "
                f"the {len(classes)} classes of the training list. Remove it or train with it"
            )
    return [index_of[label] for label in clips.labels]


def shared_records(one: ClipList, other: ClipList) -> list[str]:
    """Return the records that stand in both lists, or whose clips do.

    Parameters
    ----------
    one, other : ClipList
        Two lists.

    Returns
    -------
    list of str
        Records of `one`, sorted.
    """
    records, filenames = set(other.records), set(other.filenames)
    return sorted(
        record
        for record, filename in zip(one.records, one.filenames, strict=True)
        if record in records or filename in filenames
    )


def refuse_overlap(one: ClipList, other: ClipList) -> None:
    """Raise if a clip stands in both lists.

    Parameters
    ----------
    one, other : ClipList
        Two lists.

    Raises
    ------
    TableError
        If they share a clip.
    """
    shared = shared_records(one, other)
    if shared:
        raise TableError(
            f"{len(shared)} of {len(one)} clips of the list {one.name} stand in {other.name} too, "
            f"the first is {shared[0]}. Remove them, or pass --allow-overlap to have it written "
            "in the model card"
        )


def count_shared_sources(one: ClipList, other: ClipList) -> int:
    """Count the source videos that feed both lists.

    Parameters
    ----------
    one, other : ClipList
        Two lists.

    Returns
    -------
    int
        Number of sources; clips of one source may share scene and sound.
    """
    return len(_sources(one.filenames) & _sources(other.filenames))


def _sources(filenames: Iterable[str]) -> set[str]:
    return {source_of(filename) for filename in filenames}
