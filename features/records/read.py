"""Read one record as arrays."""

from pathlib import Path

from features.records.records import Record, read_record


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
