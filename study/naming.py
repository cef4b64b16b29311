"""Names of released files: pure rules on strings."""

from pathlib import PurePosixPath


def tfrecord_filename(filename: str, avmit_label: str) -> str:
    """Return the record of a clip, relative to the folder of an embedding set.

    Returns ``<AVMIT label>/<stem>.tfrecord``.

    Paper: Data Description, Table 2.

    Parameters
    ----------
    filename : str
        The released name, ``<MIT class>/<clip>.mp4``.
    avmit_label : str
        The class under which the clip was rated.

    Examples
    --------
    >>> tfrecord_filename("boiling/yt-abc_7.mp4", "frying")
    'frying/yt-abc_7.tfrecord'
    """
    return f"{avmit_label}/{PurePosixPath(filename).stem}.tfrecord"


def new_filename(avmit_label: str, number: int, suffix: str = ".mp4") -> str:
    """Return the name of a test clip, ``<label>/<label>_<number>.mp4``, numbered from 1.

    `number`: its place within the class, from 1. Paper: Data Description, Table 3.

    Examples
    --------
    >>> new_filename("barking", 60)
    'barking/barking_60.mp4'
    """
    return f"{avmit_label}/{avmit_label}_{number}{suffix}"


def source_of(filename: str) -> str:
    """Return the source video of a clip: its stem without the last ``_<n>``.

    Returns the source; clips of one source may share scene, sound and people.

    Examples
    --------
    >>> source_of("inflating/yt-vvIxdBxctWY_15.mp4")
    'yt-vvIxdBxctWY'
    >>> source_of("barking/bento.mp4")
    'bento'
    """
    stem = PurePosixPath(filename).stem
    source, _, number = stem.rpartition("_")
    return source if source and number.isdigit() else stem
