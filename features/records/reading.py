"""Read records: as arrays, or as a tf.data.Dataset."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from features.embedding_set import find_embedding_set
from features.records.records import Record, read_record, set_of_record
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
        Their set; None for that of the first record. A record of another one stops the reading.

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
        If there is no path, or the first record, where it is asked for its set, cannot be read.
    """
    import tensorflow as tf  # slow to import, and the arrays do without

    if not paths:
        raise RecordError("no records are named. Pass the paths of .tfrecord files")
    if embedding_set is None:
        sizes = set_of_record(read(paths[0]))
    else:
        sizes = find_embedding_set(embedding_set)
    context = {"label": tf.io.FixedLenFeature([], tf.string)}
    sequences = {
        "audio": tf.io.FixedLenSequenceFeature([], tf.string),
        "visual_object": tf.io.FixedLenSequenceFeature([], tf.string),
    }

    def parse(message: Any) -> Any:  # noqa: ANN401
        head, rows = tf.io.parse_single_sequence_example(message, context, sequences)
        audio = tf.io.decode_raw(rows["audio"], tf.float32)
        visual = tf.io.decode_raw(rows["visual_object"], tf.float32)
        audio = tf.ensure_shape(audio, [None, sizes.audio_size])
        visual = tf.ensure_shape(visual, [None, sizes.visual_size])
        return (audio, visual), head["label"]

    files = tf.data.TFRecordDataset([str(path) for path in paths], compression_type="GZIP")
    return files.map(parse, num_parallel_calls=tf.data.AUTOTUNE)
