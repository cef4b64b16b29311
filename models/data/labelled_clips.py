"""Training, validation and test lists: which record is which class."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from features.records.dataset import Records
from study.errors import TableError
from study.reading import lists
from study.reading.clip_keys import keys_of
from study.tools.files import written_atomically
from study.tools.wording import counted

COLUMNS = {  # what each means
    "filename": "the clip",
    "AVMIT_label": "its class",
    "tfrecord_filename": "its record in the folder of the embedding set",
}
_MISSING = "Write it first: python -m curation training-lists"


@dataclass(frozen=True, slots=True)
class LabelledClips:
    """A list of clips with their classes and records, in the order of the file.

    Parameters
    ----------
    name : str
        The file's name without its ending.
    filenames : tuple of str
        Released names, ``<MIT class>/<clip>.mp4``.
    records : tuple of str
        Records, relative to the folder of an embedding set.
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


def read_list(path: Path) -> LabelledClips:
    """Read a list, in Table 2's columns or in one of the published spellings.

    Notes
    -----
    Paper: Data Description, Table 2 and Table 3.
    """
    clips = lists.read_list(path, missing=_MISSING, with_records=True)
    filenames, labels = clips.columns["filename"], clips.columns["avmit_label"]
    return _labelled(path.stem, filenames, labels, clips.records)


def clips_of(records: Records) -> LabelledClips:
    """Return the list that records were asked for with."""
    return _labelled(records.source.stem, records.filenames, records.labels, records.paths)


def _labelled(
    name: str, filenames: Sequence[str], labels: Sequence[str], records: Sequence[str]
) -> LabelledClips:
    rows = zip(filenames, labels, records, strict=True)
    content = "\n".join("\t".join(row) for row in rows)
    digest = hashlib.sha256(content.encode()).hexdigest()
    return LabelledClips(name, tuple(filenames), tuple(labels), tuple(records), digest)


def write_list(clips: LabelledClips, path: Path) -> None:
    """Write a list in Table 2's spellings, so that a model has what it was trained on."""
    frame = pd.DataFrame(
        dict(zip(COLUMNS, (clips.filenames, clips.labels, clips.records), strict=True))
    )
    with written_atomically(path) as part:
        frame.to_csv(part, index=False)


def class_indices(clips: LabelledClips, classes: Sequence[str]) -> list[int]:
    """Return each clip's class as the index of the network's output.

    Parameters
    ----------
    classes : sequence of str
        The classes of the training list, in alphabetical order.
    """
    index_of = {label: index for index, label in enumerate(classes)}
    for filename, label in zip(clips.filenames, clips.labels, strict=True):
        if label not in index_of:
            raise TableError(
                f"{filename} in the list {clips.name} has the label {label!r}, which is not among "
                f"the {counted(len(classes), 'class', 'classes')} of the training list. "
                f"Remove it or train with it"
            )
    return [index_of[label] for label in clips.labels]


def shared_records(one: LabelledClips, other: LabelledClips) -> list[str]:
    """Return the records of `one` that stand in both lists, or whose clips do, sorted."""
    records, names = set(other.records), set(_spelt_alike(other))
    return sorted(
        record
        for record, name in zip(one.records, _spelt_alike(one), strict=True)
        if record in records or name in names
    )


def _spelt_alike(clips: LabelledClips) -> list[str]:
    return [filename for _, filename in keys_of([""] * len(clips), clips.filenames)]


def refuse_overlap(one: LabelledClips, other: LabelledClips) -> None:
    """Raise if a clip stands in both lists."""
    shared = shared_records(one, other)
    if shared:
        raise TableError(
            f"{len(shared)} of {counted(len(one), 'clip')} of the list {one.name} stand in "
            f"{other.name} too, "
            f"the first is {shared[0]}. Remove them, or pass --allow-overlap to have it written "
            "in the model card"
        )


def training_set_of(list_name: str) -> str:
    """Return a training list's short name, as Table 5 has it.

    Examples
    --------
    >>> training_set_of("AVMIT_train"), training_set_of("MIT16_train")
    ('AVMIT', 'MIT 16')
    """
    name = list_name.removesuffix("_train").replace("_", " ").strip() or list_name
    return "MIT 16" if name in ("MIT16", "MIT-16") else name
