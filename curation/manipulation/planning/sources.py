"""The clips that stimuli are made of: those of a test set, or of a folder."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from study.errors import TableError
from study.naming import source_of
from study.reading.clip_files import clip_file
from study.reading.lists import read_list
from study.vocabulary import VIDEO_LOCATIONS

CLIP_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mpg", ".flv", ".wmv")
_MISSING = "Write it first: python -m curation test-set"


@dataclass(frozen=True, slots=True)
class SourceClip:
    """A clip to make stimuli of.

    Parameters
    ----------
    name : str
        ``<label>/<clip>``, as the test set or the folder has it.
    label : str
        Its class.
    video : str
        The source video that it was cut from; two clips of one share scene and sound.
    """

    name: str
    label: str
    video: str
    path: Path

    @property
    def stem(self) -> str:
        """``<label>/<clip>`` without the ending."""
        return f"{self.label}/{PurePosixPath(self.name).stem}"


def read_sources(
    test: Path | None, clips: Path, *, per_class: int | None = None
) -> list[SourceClip]:
    """Read which clips stimuli are made of, in the order of the list.

    Raises TableError if there is none, or two would give their stimuli one name.

    Parameters
    ----------
    test : Path or None
        A `test_set.csv`, ours or the published one; None for all clips of a folder.
    clips : Path
        The clips: ``<label>/<clip>`` as `curation materialise` places them, or the tree
        ``training/<class>/<clip>``.
    per_class : int or None
        How many of each class, the first ones; None for all.
    """
    if not clips.is_dir():
        raise TableError(f"there is no folder {clips}. Name the folder of the clips: --clips DIR")
    found = list(_of_folder(clips) if test is None else _of_list(test, clips))
    if not found:
        raise TableError(f"{clips} has no <label>/<clip>. Name another folder, or a list: --test")
    _refuse_meeting(found)
    return _first(found, per_class)


def _of_folder(folder: Path) -> Iterator[SourceClip]:
    for path in sorted(folder.glob("*/*")):
        name = f"{path.parent.name}/{path.name}"
        if path.suffix.lower() in CLIP_SUFFIXES and not path.name.startswith("."):
            if not name.isprintable():
                raise TableError(f"{folder} has {name!r}, which is not a clip's name. Rename it")
            yield SourceClip(name, path.parent.name, source_of(path.name), path)


def _of_list(test: Path, clips: Path) -> Iterator[SourceClip]:
    table = read_list(test, missing=_MISSING)
    filenames, labels = table.columns["filename"], table.columns["avmit_label"]
    names = table.columns.get("new_filename", filenames)
    locations = table.columns.get("video_location", [""] * len(table))
    for name, label, filename, location in zip(names, labels, filenames, locations, strict=True):
        if not _is_folder_name(label):
            raise TableError(f"{test}: the label {label!r} cannot name a folder. Correct it")
        path = _placed(clips, name, filename, location)
        yield SourceClip(name, label, source_of(filename), path)


def _placed(clips: Path, name: str, filename: str, location: str) -> Path:
    new = clip_file(clips, "", name)
    if new.is_file():
        return new
    for where in filter(None, (location, *VIDEO_LOCATIONS)):
        old = clip_file(clips, where, filename)
        if old.is_file():
            return old
    return new  # whoever opens it says that it is missing


def _is_folder_name(label: str) -> bool:
    return label.isprintable() and "/" not in label and not label.startswith(".")


def _refuse_meeting(found: list[SourceClip]) -> None:
    stems = Counter(source.stem.casefold() for source in found)
    for source in found:
        if stems[source.stem.casefold()] > 1:
            raise TableError(
                f"two clips would give stimuli of the name {source.stem}. Rename one of them"
            )


def _first(found: list[SourceClip], per_class: int | None) -> list[SourceClip]:
    if per_class is None:
        return found
    seen: Counter[str] = Counter()
    kept = []
    for source in found:
        seen[source.label] += 1
        if seen[source.label] <= per_class:
            kept.append(source)
    return kept
