"""Names of records for a whole set of clips: no two alike, none too long for a disk."""

import hashlib
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from curation.tally import clip_keys
from study.naming import tfrecord_filename

_MAX_NAME_BYTES = 255  # what common file systems allow
_HASH_DIGITS = 8


def record_names(clips: pd.DataFrame) -> pd.Series:
    """Name the record of every clip.

    Clips whose plain names would meet (one stem under two Moments-in-Time classes that are
    shown as one, or in both locations) each get a digest of their own name added; so does a
    name too long for a disk, which is cut.

    Parameters
    ----------
    clips : DataFrame
        With ``video_location, filename, avmit_label``: all clips that may ever get a record,
        since a name depends on the others.

    Returns
    -------
    Series of str
        ``<AVMIT label>/<stem>.tfrecord``, indexed by location and filename.

    Notes
    -----
    Paper: Data Description, Table 2.
    """
    keys = clip_keys(clips)
    plain = [
        tfrecord_filename(filename, label)
        for filename, label in zip(clips["filename"], clips["avmit_label"], strict=True)
    ]
    # Some file systems do not tell upper from lower case.
    meets = pd.Series(plain).str.casefold().duplicated(keep=False)
    long = np.array([len(PurePosixPath(n).name.encode()) > _MAX_NAME_BYTES for n in plain])
    names = [
        _with_digest(name, "/".join(key)) if digest else name
        for name, key, digest in zip(plain, keys, meets.to_numpy() | long, strict=True)
    ]
    return pd.Series(names, index=keys, dtype=object)


def _with_digest(name: str, key: str) -> str:
    path = PurePosixPath(name)
    tail = f"-{hashlib.sha256(key.encode()).hexdigest()[:_HASH_DIGITS]}{path.suffix}"
    stem = path.stem.encode()[: _MAX_NAME_BYTES - len(tail)].decode(errors="ignore")
    return str(path.with_name(f"{stem}{tail}"))
