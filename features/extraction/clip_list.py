"""Lists of clips to extract: released tables, training lists, or a folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from study.errors import TableError
from study.naming import tfrecord_filename
from study.reading.clip_files import clip_file
from study.reading.lists import read_list
from study.tools.wording import counted

CLIP_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi")
_OTHER_SUFFIXES = (".3gp", ".flv", ".gif", ".m4v", ".mpeg", ".mpg", ".mts", ".ogv", ".ts", ".wmv")

_MISSING = "Name a list of clips (CSV) or a folder of clips"
_EXPECTED = f"<label>/<clip>{' or '.join(CLIP_SUFFIXES)}"
_LONGEST_NAME = 255  # bytes; file systems take no longer one


@dataclass(frozen=True, slots=True)
class ListedClip:
    """A clip to extract.

    Parameters
    ----------
    filename : str
        The released name, ``<MIT class>/<clip>.mp4``.
    video_location : str
        ``"training"`` or ``"validation"``; empty for clips of a folder.
    tfrecord_filename : str
        The record, relative to the folder of the embedding set.
    """

    filename: str
    label: str
    video_location: str
    tfrecord_filename: str
    path: Path


def read_clip_list(source: Path, mit_root: Path | None) -> list[ListedClip]:
    """Read which clips to extract, in the order of the list, each record once.

    Parameters
    ----------
    source : Path
        `video_ratings.csv`, `test_set.csv`, a training list, or a folder ``<label>/<clip>``.
    mit_root : Path or None
        Folder with ``training/<class>/<clip>.mp4``; not needed for a folder.
    """
    clips = _of_folder(source) if source.is_dir() else _of_table(source, mit_root)
    if not clips:
        expected = f": expected {_EXPECTED}" if source.is_dir() else ""
        raise TableError(f"{source} lists no clip{expected}. Name another list or folder")
    return clips


def left_out(source: Path, clips: Sequence[ListedClip]) -> str:
    """Return a line on the files of a folder that look like clips and are not among its clips.

    It is empty where there are none, and for a table.
    """
    if not source.is_dir():
        return ""
    taken = {clip.path for clip in clips}
    others = sorted(
        path
        for path in source.rglob("*")
        if path.suffix.lower() in (*CLIP_SUFFIXES, *_OTHER_SUFFIXES) and path not in taken
    )
    if not others:
        return ""
    return (
        f"left out: {counted(len(others), 'file')} of {source}, such as "
        f"{others[0].relative_to(source)}: expected {_EXPECTED}"
    )


def _of_folder(folder: Path) -> list[ListedClip]:
    paths = sorted(
        path
        for path in folder.glob("*/*")
        if path.suffix.lower() in CLIP_SUFFIXES and not path.name.startswith(".")
    )
    clips = [_in_folder(path, folder) for path in paths]
    _refuse_collisions(clips, folder)
    return clips


def _in_folder(path: Path, folder: Path) -> ListedClip:
    label = path.parent.name
    record = tfrecord_filename(path.name, label)
    _require_name(record, str(folder))
    return ListedClip(f"{label}/{path.name}", label, "", record, path)


def _of_table(source: Path, mit_root: Path | None) -> list[ListedClip]:
    clips = read_list(source, missing=_MISSING, several_rows=None, with_records=True)
    if mit_root is None or not mit_root.is_dir():
        raise TableError(f"there is no folder {mit_root}. Pass --mit-root with the folder of clips")
    columns = clips.columns
    locations = columns.get("video_location") or _locations(columns["filename"], mit_root)
    rows = zip(columns["filename"], columns["avmit_label"], locations, clips.records, strict=True)
    # A table of ratings has a clip in several rows.
    found = (ListedClip(*row, clip_file(mit_root, row[2], row[0])) for row in rows)
    return list(dict.fromkeys(found))


def _locations(filenames: Sequence[str], mit_root: Path) -> list[str]:
    # The released MIT-16 lists name no location; nearly all of their clips are in training.
    return ["validation" if _is_in_validation(mit_root, name) else "training" for name in filenames]


def _is_in_validation(mit_root: Path, filename: str) -> bool:
    elsewhere = clip_file(mit_root, "training", filename).exists()
    return not elsewhere and clip_file(mit_root, "validation", filename).exists()


def _require_name(name: str, where: str) -> None:
    longest = max(len(part.encode(errors="replace")) for part in name.split("/"))
    # Names that are not text come from the file system with half characters in them.
    if longest > _LONGEST_NAME or not _is_text(name):
        raise TableError(
            f"{where} has {name!r}, which cannot be a record's or a clip's name: text of at "
            f"most {_LONGEST_NAME} bytes. Rename the clip"
        )


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse_collisions(clips: Sequence[ListedClip], folder: Path) -> None:
    # A folder can hold a clip in two formats.
    first: dict[str, ListedClip] = {}
    for clip in clips:
        other = first.setdefault(clip.tfrecord_filename, clip)
        if other is not clip:
            raise TableError(
                f"{folder} gives {other.filename} and {clip.filename} the same record "
                f"{clip.tfrecord_filename}. Rename one, or list the clips in a table with the "
                "column tfrecord_filename"
            )
