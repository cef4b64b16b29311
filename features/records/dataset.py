"""Records of a list: what networks of ours, PyTorch or TensorFlow are fed with."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from features.embedding_set import EmbeddingSet, find_embedding_set
from features.records.folder import manifest_of, record_paths, set_of, set_of_most
from features.records.manifest import MANIFEST_NAME
from features.records.records import Record, read_record
from study.errors import RecordError, StudyError, TableError
from study.reading.list_faults import ClipList
from study.reading.lists import read_frame, read_list

_MISSING = "Write it first: python -m curation training-lists"


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """The records of a list, read one by one when they are asked for.

    Parameters
    ----------
    source : Path
        The list, or the folder where all of its records are meant.
    folder : Path
        The folder of the embedding set.
    filenames, labels : tuple of str
        Released name and class of each clip, as the list has them.
    paths : tuple of str
        Records, relative to the folder.
    """

    source: Path
    folder: Path
    embedding_set: EmbeddingSet = field(repr=False)
    filenames: tuple[str, ...] = field(repr=False)
    labels: tuple[str, ...] = field(repr=False)
    paths: tuple[str, ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, place: int) -> Record:
        """Read a record, and check that it is whole and of the set."""
        return read_record(self.folder / self.paths[place], self.embedding_set)

    def __iter__(self) -> Iterator[Record]:
        return (self[place] for place in range(len(self)))

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes in alphabetical order, which is the order of a network's outputs."""
        return tuple(sorted(set(self.labels)))

    def tensorflow(self) -> Any:  # noqa: ANN401
        """Return a ``tf.data.Dataset`` of ``((audio, visual), label)``; needs TensorFlow.

        Float32 tensors of shape (timesteps, size), with the clip's own number of timesteps, and a
        string, which is the list's label. Raises StudyError where TensorFlow is not installed.
        """
        try:
            import tensorflow as tf  # slow to import, and the arrays do without
        except ModuleNotFoundError as error:
            raise StudyError(
                f"a tf.data.Dataset needs {error.name}. "
                "Install the extra: pip install 'avmit-lab[tensorflow]'"
            ) from error

        sizes = self.embedding_set

        # Not TensorFlow's own reader, which unpacks whatever a file holds.
        def load(name: bytes) -> tuple[Any, Any]:
            try:
                record = read_record(Path(name.decode()), sizes)
            except RecordError as error:
                raise ValueError(str(error)) from error
            return record.audio, record.visual

        def parse(name: Any, label: Any) -> Any:  # noqa: ANN401
            audio, visual = tf.numpy_function(
                load, [name], [tf.float32, tf.float32], stateful=False
            )
            audio = tf.ensure_shape(audio, [None, sizes.audio_size])
            visual = tf.ensure_shape(visual, [None, sizes.visual_size])
            return (audio, visual), label

        names = [str(self.folder / path) for path in self.paths]
        files = tf.data.Dataset.from_tensor_slices((names, list(self.labels)))
        return files.map(parse, num_parallel_calls=tf.data.AUTOTUNE)


def dataset(
    folder: Path | str,
    clips: Path | str | pd.DataFrame | None = None,
    *,
    embedding_set: str | None = None,
) -> Records:
    """Return the records of a list; needs no TensorFlow, and reads a record when it is asked for.

    Parameters
    ----------
    folder : Path or str
        The folder of an embedding set, such as ``embeddings/YamNet_EffNetB0``.
    clips : Path, str, DataFrame or None
        A list in any of the released spellings, as file or as frame with its columns; None for
        all records of the folder, with the labels of the manifest, else of their folders.
    embedding_set : str or None
        Name of the set; None for that of the folder: by its manifest, else by the sizes of most
        records.

    Returns
    -------
    Records
        As long as the list; ``records[0]`` reads a record, ``records.tensorflow()`` gives a
        ``tf.data.Dataset``.

    Raises
    ------
    ConfigError
        If there is no such set.
    TableError
        If the list says anything that cannot be meant.
    RecordError
        If there is no record, or the set of the records, where it is asked for, is not clear.
    """
    folder = Path(folder)
    if clips is None:
        source, columns = folder, _of_folder(folder)
    else:
        found = _read(clips)
        source = found.path
        columns = (found.columns["filename"], found.columns["avmit_label"], list(found.records))
    return Records(
        source,
        folder,
        _set_of(folder, columns[2]) if embedding_set is None else find_embedding_set(embedding_set),
        *map(tuple, columns),
    )


def _read(clips: Path | str | pd.DataFrame) -> ClipList:
    if isinstance(clips, pd.DataFrame):
        found = read_frame(clips, with_records=True)
    else:
        found = read_list(Path(clips), missing=_MISSING, with_records=True)
    if not found.lines:
        raise TableError(f"{found.path} lists no clip. Name another list")
    return found


def _of_folder(folder: Path) -> tuple[list[str], list[str], list[str]]:
    names = [path.relative_to(folder).as_posix() for path in record_paths(folder)]
    manifest = manifest_of(folder)
    if manifest is not None:
        rows = manifest.rows.set_index("tfrecord_filename").reindex(names)
        if rows["label"].notna().all():
            return rows["filename"].tolist(), rows["label"].tolist(), names
    labels = [name.partition("/")[0] for name in names]
    return [name.removesuffix(".tfrecord") for name in names], labels, names


def _set_of(folder: Path, records: list[str]) -> EmbeddingSet:
    if (folder / MANIFEST_NAME).is_file():
        return set_of(folder)
    return set_of_most([folder / name for name in records], str(folder))
