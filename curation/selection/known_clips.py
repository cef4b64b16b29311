"""Tables from outside held against the clips of the store."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from curation.tally import KEY, clip_keys
from study.errors import TableError
from study.reading.clip_keys import in_one_line
from study.store import Db
from study.store.clips import candidates

_LABELS = ("mit_label", "avmit_label")


def as_in_store(clips: pd.DataFrame, known: pd.DataFrame, source: Path) -> pd.DataFrame:
    """Return the clips of a table under the names that the store has for them.

    Raises TableError if the store does not know a clip, or has it under another label.

    Parameters
    ----------
    clips : DataFrame
        With ``video_location, filename``; labels are compared where it has them, and ``line`` is
        named where it is there.
    known : DataFrame
        The store's clips: the same columns, and an empty ``avmit_label`` where it has none.
    source : Path
        Where the clips come from, for the message.

    Returns
    -------
    DataFrame
        The same rows; accents are spelt as on the disk.
    """
    known = known.loc[~clip_keys(known).duplicated()]
    found = known.set_index(clip_keys(known))[[*KEY, *_LABELS]].reindex(clip_keys(clips))
    is_unknown = found["filename"].isna().to_numpy()
    if is_unknown.any():
        raise TableError(
            f"{_row(clips, source, is_unknown)} is not a clip of this store, and "
            f"{is_unknown.sum()} of {len(clips)} clips are not. Use the store "
            "that the table came from, or admit the clips: python -m curation candidates"
        )
    for name in (label for label in _LABELS if label in clips):
        told, kept = clips[name].to_numpy(), found[name].to_numpy()
        differs = (told != kept) & (kept != "")
        if differs.any():
            raise TableError(
                f"{_row(clips, source, differs)} has the {name} {in_one_line(told[differs][0])} "
                f"and in the store {kept[differs][0]}. Correct the table, or export it again"
            )
    return clips.assign(**{name: found[name].to_numpy() for name in KEY})


def with_rejects(db: Db) -> pd.DataFrame:
    """Return every clip that the store knows, for lists that may hold what this study rejected.

    Returns columns ``filename, video_location, mit_label, avmit_label``, the last empty for
    rejects.
    """
    columns = [*KEY, *_LABELS]
    rejected = candidates.rejects(db).assign(avmit_label="")
    return pd.concat([candidates.frame(db)[columns], rejected[columns]], ignore_index=True)


def _row(clips: pd.DataFrame, source: Path, chosen: npt.NDArray[np.bool_]) -> str:
    row = clips.iloc[int(chosen.argmax())]
    line = f", line {row['line']}" if "line" in clips else ""
    return f"{source}{line}: {in_one_line(row['filename'])} ({row['video_location']})"
