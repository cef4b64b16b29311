"""Read which stimuli a recognition experiment has: a manifest, or clips in folders by class."""

import math
from pathlib import Path, PurePosixPath

from study.config.recognition import LONGEST_CLASS, MOST_CLASSES
from study.config.study import Study
from study.errors import ConfigError, TableError
from study.reading.rows import csv_rows
from study.store.recognition.stimuli import UNCHANGED, NewStimulus, classes_of
from study.tools.files import sha256_of
from study.tools.progress_bars import track
from study.tools.wording import counted

MANIFEST_NAME = "manifest.csv"
NEEDED = ("filename", "condition", "source", "label")
_WORDS = {
    "modality": ("audiovisual", "audio", "visual"),
    "attend": ("both", "picture", "sound"),
}
_CLIPS = {".mp4", ".mkv", ".webm", ".mov", ".avi"}
_LONGEST = 300  # letters of a cell


def read_stimuli(study: Study) -> list[NewStimulus]:
    """Return the stimuli of a study's recognition experiment.

    Raises
    ------
    StudyError
        If the study has no such experiment, its manifest is not one, a clip is missing or lies
        elsewhere, or a class cannot be answered.
    """
    folder = study.stimuli_path
    if folder is None:
        raise ConfigError(
            "this study has no recognition experiment. Name its folder of clips in study.toml: "
            '[recognition] stimuli = "DIR"'
        )
    if not folder.is_dir():
        raise ConfigError(
            f"the folder of stimuli {folder} is not there. Correct recognition.stimuli in "
            "study.toml"
        )
    path = folder / MANIFEST_NAME
    found = _of_manifest(path, folder) if path.is_file() else _of_folders(folder)
    if not found:
        raise TableError(f"{path if path.is_file() else folder} has no clips. Name another folder")
    require_answerable(classes_of(study.config.recognition, found), found)
    return found


def require_answerable(classes: tuple[str, ...], stimuli: list[NewStimulus]) -> None:
    """Raise TableError unless there are some classes, and each right answer is one of them."""
    if not 2 <= len(classes) <= MOST_CLASSES:
        raise TableError(
            f"the stimuli have {counted(len(classes), 'class', 'classes')}, and 2 to "
            f"{MOST_CLASSES} can be answered. "
            "Name them in study.toml: recognition.classes"
        )
    for stimulus in stimuli:
        if stimulus.label and stimulus.label not in classes:
            raise TableError(
                f"the right answer to {stimulus.filename} is {stimulus.label!r}, which is not in "
                "recognition.classes. Add it there, or leave the clip out"
            )


def _of_manifest(path: Path, folder: Path) -> list[NewStimulus]:
    found: dict[str, NewStimulus] = {}
    for line, cells in track(csv_rows(path, NEEDED), "reading stimuli"):
        stimulus = _stimulus(path, line, {k: v.strip() for k, v in cells.items()}, folder)
        if stimulus.filename in found:
            raise TableError(f"{path}, line {line}: {stimulus.filename} stands twice. Remove one")
        found[stimulus.filename] = stimulus
    return list(found.values())


def _stimulus(path: Path, line: int, cells: dict[str, str], folder: Path) -> NewStimulus:
    where = f"{path}, line {line}"
    for name in ("filename", "condition", "source"):
        if not cells[name] or len(cells[name]) > _LONGEST or not cells[name].isprintable():
            raise TableError(f"{where}: {name} is {cells[name][:80]!r}. Correct it")
    label = cells["label"]
    labels = (label, cells.get("picture_label", label), cells.get("sound_label", label))
    for name in labels:
        if len(name) > LONGEST_CLASS or not name.isprintable():
            raise TableError(f"{where}: {name[:80]!r} is not a class. Correct it")
    for name, words in _WORDS.items():
        if cells.get(name, words[0]) not in words:
            raise TableError(f"{where}: {name} is {cells[name]!r:.80}. Write {', '.join(words)}")
    return NewStimulus(
        filename=cells["filename"],
        sha256=_digest(where, folder, cells["filename"], cells.get("sha256", "")),
        condition=cells["condition"],
        source=cells["source"],
        sound_source=cells.get("sound_source", cells["source"]),
        label=label,
        picture_label=labels[1],
        sound_label=labels[2],
        modality=cells.get("modality", "audiovisual"),
        asynchrony_ms=_number(where, cells.get("asynchrony_ms", "")),
        attend=cells.get("attend", "both"),
    )


def _digest(where: str, folder: Path, filename: str, said: str) -> str:
    clip = folder / filename
    parts = PurePosixPath(filename).parts
    if ".." in parts or PurePosixPath(filename).is_absolute() or "\\" in filename:
        raise TableError(f"{where}: {filename} lies outside {folder}. Move the clip there")
    if not clip.resolve().is_relative_to(folder.resolve()):
        raise TableError(f"{where}: {filename} leads out of {folder}. Replace the link by the clip")
    if not clip.is_file():
        raise TableError(f"{where}: there is no clip {clip}. Put it back, or remove the line")
    digest = sha256_of(clip)
    if said and said != digest:
        raise TableError(
            f"{where}: {clip} is not the clip that the manifest describes. Make the clips again"
        )
    return digest


def _number(where: str, cell: str) -> float | None:
    if not cell:
        return None
    try:
        number = float(cell)
    except ValueError:
        number = math.nan
    if not abs(number) <= 60_000:
        raise TableError(f"{where}: asynchrony_ms is {cell[:80]!r}, expected a number. Correct it")
    return number


def _of_folders(folder: Path) -> list[NewStimulus]:
    clips = sorted(p for p in folder.glob("*/*") if p.suffix.lower() in _CLIPS)
    found = []
    for clip in track(clips, "reading stimuli", total=len(clips)):
        name, label = f"{clip.parent.name}/{clip.name}", clip.parent.name
        if len(label) > LONGEST_CLASS or not name.isprintable():
            raise TableError(f"{clip!s:.200} cannot be the name of a clip. Rename it")
        digest = _digest(str(folder), folder, name, "")
        found.append(NewStimulus(name, digest, UNCHANGED, name, name, label, label, label))
    return found
