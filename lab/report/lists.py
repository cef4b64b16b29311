"""The lists that were written, and pictures of the test clips."""

import base64
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from curation.release.published import LIST_NAMES, read_list
from study.clips.thumbnails import thumbnail
from study.config.study import Study
from study.errors import ClipError, StudyError


@dataclass(frozen=True, slots=True)
class ClipPicture:
    """A test clip.

    Parameters
    ----------
    data_uri : str
        Its picture; empty where the clip is not at hand or cannot be decoded.
    """

    caption: str
    data_uri: str


def lists_of(folder: Path, faults: list[str]) -> dict[str, pd.DataFrame]:
    """Read the lists of a folder.

    Parameters
    ----------
    faults : list of str
        Takes what cannot be read, and why.
    """
    found = {}
    for name in LIST_NAMES:
        path = folder / f"{name}.csv"
        if not path.exists():
            continue
        try:
            found[name] = read_list(path)
        except StudyError as error:
            faults.append(str(error))
    return found


def pictures(
    study: Study, test: pd.DataFrame, n_per_class: int
) -> list[tuple[str, int, list[ClipPicture]]]:
    """Return the first clips of each class of a test set.

    Returns
    -------
    list of tuple
        Class, its number of clips, and pictures of the first ones.
    """
    return [
        (str(label), len(rows), [_picture(study, row) for row in _first(rows, n_per_class)])
        for label, rows in test.groupby("avmit_label", sort=True)
    ]


def _first(rows: pd.DataFrame, n: int) -> list[dict[str, str]]:
    return [
        {str(key): str(value) for key, value in row.items()}
        for row in rows.head(n).to_dict("records")
    ]


def _picture(study: Study, row: dict[str, str]) -> ClipPicture:
    path = study.clip_path(row["video_location"], row["filename"])
    name = PurePosixPath(row["new_filename"]).name
    try:
        picture = thumbnail(path)
    except (ClipError, OSError):
        return ClipPicture(name, "")
    encoded = base64.b64encode(picture).decode("ascii")
    return ClipPicture(name, f"data:image/jpeg;base64,{encoded}")
