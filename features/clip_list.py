"""Lists of clips to extract: released tables, training lists, or a folder."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from study.errors import TableError
from study.naming import tfrecord_filename

CLIP_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi")

# The released tables differ from one another in how they spell their columns.
_LABEL_COLUMNS = ("AVMIT_label", "AVMIT label", "avmit_label", "label")
_LOCATIONS = {"MIT_training": "training", "MIT_validation": "validation"}
_DEFAULT_LOCATION = "training"  # the released MIT-16 lists name none


@dataclass(frozen=True, slots=True)
class ListedClip:
    """A clip to extract.

    Parameters
    ----------
    filename : str
        The released name, ``<MIT class>/<clip>.mp4``.
    label : str
        The AVMIT label.
    video_location : str
        ``"training"`` or ``"validation"``; empty for clips of a folder.
    tfrecord_filename : str
        The record, relative to the folder of the embedding set.
    path : Path
        The clip.
    """

    filename: str
    label: str
    video_location: str
    tfrecord_filename: str
    path: Path


def read_clip_list(source: Path, mit_root: Path | None) -> list[ListedClip]:
    """Read which clips to extract.

    Parameters
    ----------
    source : Path
        `video_ratings.csv`, `test_set.csv`, a training list, or a folder ``<label>/<clip>``.
    mit_root : Path or None
        Folder with ``training/<class>/<clip>.mp4``; not needed for a folder.

    Returns
    -------
    list of ListedClip
        In the order of the list, each record once.

    Raises
    ------
    TableError
        If the list lacks a column, is empty, names a record outside its folder, or gives two
        clips the same record.
    """
    clips = _of_folder(source) if source.is_dir() else _of_table(source, mit_root)
    if not clips:
        raise TableError(f"{source} lists no clip. Name another list or folder")
    _refuse_collisions(clips, source)
    return clips


def _of_folder(folder: Path) -> list[ListedClip]:
    paths = sorted(p for p in folder.glob("*/*") if p.suffix.lower() in CLIP_SUFFIXES)
    return [
        ListedClip(
            filename=f"{path.parent.name}/{path.name}",
            label=path.parent.name,
            video_location="",
            tfrecord_filename=tfrecord_filename(path.name, path.parent.name),
            path=path,
        )
        for path in paths
    ]


def _of_table(source: Path, mit_root: Path | None) -> list[ListedClip]:
    if not source.is_file():
        raise TableError(f"no list of clips at {source}. Name a .csv file or a folder of clips")
    if mit_root is None or not mit_root.is_dir():
        raise TableError(f"there is no folder {mit_root}. Pass --mit-root with the folder of clips")
    table = pd.read_csv(source, dtype=str, keep_default_na=False)
    label_column = next((name for name in _LABEL_COLUMNS if name in table), None)
    if label_column is None or "filename" not in table:
        raise TableError(
            f"{source} has columns {list(table)}, expected filename and one of {_LABEL_COLUMNS}"
        )
    clips = [_listed(row, label_column, mit_root) for row in table.to_dict("records")]
    return list(dict.fromkeys(clips))


def _listed(row: Mapping[Hashable, str], label_column: str, mit_root: Path) -> ListedClip:
    location = row.get("video_location") or _DEFAULT_LOCATION
    location = _LOCATIONS.get(location, location)
    label = row[label_column]
    record = row.get("tfrecord_filename") or tfrecord_filename(row["filename"], label)
    for name in (record, row["filename"], location):
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise TableError(f"the list names {name!r}, which is outside its folder. Correct it")
    path = mit_root / location / row["filename"]
    return ListedClip(row["filename"], label, location, record, path)


def _refuse_collisions(clips: Sequence[ListedClip], source: Path) -> None:
    # Moments in Time has clips of one name in several classes; relabelling can bring them together.
    first: dict[str, ListedClip] = {}
    for clip in clips:
        other = first.setdefault(clip.tfrecord_filename, clip)
        if other is not clip:
            raise TableError(
                f"{source} gives {other.filename} ({other.video_location}) and {clip.filename} "
                f"({clip.video_location}) the same record {clip.tfrecord_filename}. Name another "
                "one in the column tfrecord_filename, or leave one clip out"
            )
