"""Read records: as arrays, or as a tf.data.Dataset."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from features.embedding_set import find_embedding_set
from features.records.folder import set_of_most
from features.records.records import Record, read_record
from study.errors import RecordError


def read(path: Path | str) -> Record:
    """Read one record as arrays; needs no TensorFlow.

    Parameters
    ----------
    path : Path or str
        A `.tfrecord`.

    Returns
    -------
    Record
        ``audio`` (timesteps, size), ``visual`` (timesteps, size), ``label``, ``filename``.

    Raises
    ------
    RecordError
        If it is missing or broken.
    """
    return read_record(Path(path))


def dataset(paths: Sequence[Path | str], embedding_set: str | None = None) -> Any:  # noqa: ANN401
    """Read records as a ``tf.data.Dataset``.

    Parameters
    ----------
    paths : sequence of Path or str
        The `.tfrecord` files.
    embedding_set : str or None
        Their set; None for that of most of them. A record of another one stops the reading, as a
        broken one does.

    Returns
    -------
    tf.data.Dataset
        Of ``((audio, visual), label)``: float32 tensors of shape (timesteps, size), with the
        clip's own number of timesteps, and a string.

    Raises
    ------
    ConfigError
        If there is no such set.
    RecordError
        If there is no path, or the set of the records, where it is asked for, is not clear.
    """
    import tensorflow as tf  # slow to import, and the arrays do without

    if not paths:
        raise RecordError("no records are named. Pass the paths of .tfrecord files")
    names = [str(path) for path in paths]
    if embedding_set is None:
        sizes = set_of_most([Path(name) for name in names], "the paths")
    else:
        sizes = find_embedding_set(embedding_set)

    # Not TensorFlow's own reader, which unpacks whatever a file holds.
    def load(name: bytes) -> tuple[Any, Any, str]:
        try:
            record = read_record(Path(name.decode()), sizes)
        except RecordError as error:
            raise ValueError(str(error)) from error
        return record.audio, record.visual, record.label

    def parse(name: Any) -> Any:  # noqa: ANN401
        audio, visual, label = tf.numpy_function(
            load, [name], [tf.float32, tf.float32, tf.string], stateful=False
        )
        audio = tf.ensure_shape(audio, [None, sizes.audio_size])
        visual = tf.ensure_shape(visual, [None, sizes.visual_size])
        return (audio, visual), tf.ensure_shape(label, [])

    files = tf.data.Dataset.from_tensor_slices(names)
    return files.map(parse, num_parallel_calls=tf.data.AUTOTUNE)
