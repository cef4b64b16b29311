"""Lists of clips to extract: released tables, training lists, or a folder."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from study.errors import TableError
from study.naming import tfrecord_filename

CLIP_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi")

# The released tables differ from one another in how they spell their columns.
_LABEL_COLUMNS = ("AVMIT_label", "AVMIT label", "avmit_label", "label")
_LOCATIONS = {"MIT_training": "training", "MIT_validation": "validation"}
_DEFAULT_LOCATION = "training"  # the released MIT-16 lists name none
_LONGEST_NAME = 255  # bytes; file systems take no longer one


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
        If the list is no table, lacks a column, is empty, names a record that is not
        ``<label>/<name>.tfrecord`` or a clip outside the root, or gives two clips the same record.
    """
    clips = _of_folder(source) if source.is_dir() else _of_table(source, mit_root)
    if not clips:
        raise TableError(f"{source} lists no clip. Name another list or folder")
    _refuse_collisions(clips, source)
    return clips


def _of_folder(folder: Path) -> list[ListedClip]:
    paths = sorted(
        path
        for path in folder.glob("*/*")
        if path.suffix.lower() in CLIP_SUFFIXES and not path.name.startswith(".")
    )
    return [_in_folder(path, folder) for path in paths]


def _in_folder(path: Path, folder: Path) -> ListedClip:
    label = path.parent.name
    record = tfrecord_filename(path.name, label)
    _require_name(record, str(folder))
    return ListedClip(f"{label}/{path.name}", label, "", record, path)


def _of_table(source: Path, mit_root: Path | None) -> list[ListedClip]:
    if not source.is_file():
        raise TableError(f"no list of clips at {source}. Name a .csv file or a folder of clips")
    if mit_root is None or not mit_root.is_dir():
        raise TableError(f"there is no folder {mit_root}. Pass --mit-root with the folder of clips")
    try:
        with source.open(encoding="utf-8-sig", newline="") as file:
            clips = list(_listed_clips(file, source, mit_root))
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableError(
            f"{source} cannot be read as a table: {error}. Save it as .csv in UTF-8"
        ) from error
    return list(dict.fromkeys(clips))


def _listed_clips(lines: Iterator[str], source: Path, mit_root: Path) -> Iterator[ListedClip]:
    reader = csv.DictReader(lines, strict=True)
    columns = list(reader.fieldnames or ())
    label_column = next((name for name in _LABEL_COLUMNS if name in columns), None)
    if label_column is None or "filename" not in columns:
        raise TableError(
            f"{source} has columns {columns}, expected filename and one of {_LABEL_COLUMNS}"
        )
    for row in reader:
        where = f"line {reader.line_num} of {source}"
        # The csv module notes values without a column, and columns without a value, as None.
        if None in row or None in row.values():
            raise TableError(f"{where} has not {len(columns)} values as its head has. Correct it")
        yield _listed(row, label_column, mit_root, where)


def _listed(row: Mapping[str, str], label_column: str, mit_root: Path, where: str) -> ListedClip:
    filename, label = row["filename"], row[label_column]
    if not filename or not label:
        raise TableError(f"{where} names no {'label' if filename else 'clip'}. Correct it")
    location = row.get("video_location") or _DEFAULT_LOCATION
    location = _LOCATIONS.get(location, location)
    record = row.get("tfrecord_filename") or tfrecord_filename(filename, label)
    for name in (filename, location, record):
        _require_inside(name, where)
        _require_name(name, where)
    if not _is_record_name(record):
        raise TableError(f"{where} names the record {record!r}, expected <label>/<name>.tfrecord")
    return ListedClip(filename, label, location, record, mit_root / location / filename)


def _require_inside(name: str, where: str) -> None:
    # Plain strings, because pathlib would take half a minute for a million of them.
    if name.startswith("/") or ".." in name.split("/"):
        raise TableError(f"{where} names {name!r}, which is outside its folder. Correct it")


def _require_name(name: str, where: str) -> None:
    longest = max(len(part.encode(errors="replace")) for part in name.split("/"))
    # Names that are no text come from the file system with half characters in them.
    if "\0" in name or longest > _LONGEST_NAME or not _is_text(name):
        raise TableError(
            f"{where} names {name!r}, which cannot be a record's or a clip's name: text of at "
            f"most {_LONGEST_NAME} bytes. Name another one; a record's stands in the column "
            "tfrecord_filename"
        )


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_record_name(record: str) -> bool:
    folder, _, name = record.partition("/")
    is_hidden = "/" in name or name.startswith(".") or folder in ("", ".")
    return name.endswith(".tfrecord") and not is_hidden


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
