"""The page of pictures of a study, in the languages and on the screens that were asked for."""

import base64
import io
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from annotator.preview.every_screen import REASONING, Sample, sheets
from annotator.preview.pictures import Shot, faults_of_screen, shots
from instructions import checking
from study.classes import read_classes
from study.config.study import Study
from study.errors import StudyError
from study.reports.html import render
from study.store import store_transaction
from study.store.plan import exercises
from study.tools.files import written_atomically

SHOWN_PX = 640  # width of a picture on the page; it is as large as the screen in its file


@dataclass(frozen=True, slots=True)
class ScreenPicture:
    """A screen on the page."""

    name: str
    data: str
    alt: str
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """All screens in one language on one screen size."""

    language: str
    size: str
    pictures: tuple[ScreenPicture, ...]


@dataclass(slots=True)
class Preview:
    """What was made of a study's screens.

    Parameters
    ----------
    faults : list of str
        A sentence each, without repetitions.
    as_shipped : list of str
        Texts of the study's own that cannot be shown; the shipped ones stand in their place.
    """

    sections: list[Section] = field(default_factory=list)
    sheets: dict[str, dict[str, str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    as_shipped: list[str] = field(default_factory=list)

    def add(self, *faults: str) -> None:
        """Add faults that are not there yet."""
        self.faults += [fault for fault in dict.fromkeys(faults) if fault not in self.faults]


def preview(
    study: Study, languages: Sequence[str], sizes: Sequence[tuple[int, int]], folder: Path | None
) -> Preview:
    """Make pictures of all screens of a study, and find what is wrong with them.

    Parameters
    ----------
    languages : sequence of str
        Folders of texts; the study's own texts replace the shipped ones in each.
    sizes : sequence of (int, int)
        Width and height of screens in pixels.
    folder : Path or None
        Where each picture is written as a file too; None for no files.
    """
    made = Preview()
    sample = sample_of(study)
    for language in languages:
        config = study.config.model_copy(update={"language": language})
        spoken = Study(study.folder, config)
        made.add(*checking.findings(spoken))
        try:
            with _without_broken_texts(spoken, made) as whole:
                _add_pictures(made, whole, sample, sizes, folder)
        except StudyError as error:
            made.add(str(error))
    return made


def _add_pictures(
    made: Preview,
    study: Study,
    sample: Sample,
    sizes: Sequence[tuple[int, int]],
    folder: Path | None,
) -> None:
    language = study.config.language
    made.sheets[language] = sheets(study, sample)
    for width_px, height_px in sizes:
        made.add(*faults_of_screen(study, width_px, height_px))
        found = list(_kept(shots(study, sample, width_px, height_px), folder, language))
        made.add(*(fault for shot in found for fault in shot.faults))
        size = f"{width_px}x{height_px}"
        made.sections.append(Section(language, size, tuple(map(_picture, found))))


@contextmanager
def _without_broken_texts(study: Study, made: Preview) -> Iterator[Study]:
    """Yield a study in which the shipped texts stand for those of its own that cannot be shown."""
    own = study.texts_path
    is_there = own is not None and own.is_dir()
    broken = checking.unusable(study) if is_there else set()
    if own is None or (is_there and not broken):
        yield study
        return
    made.as_shipped = sorted({*made.as_shipped, *broken})
    with TemporaryDirectory() as folder:
        for path in own.iterdir() if is_there else ():
            if path.stem not in broken and path.is_file():
                shutil.copy(path, folder)
        yield Study(study.folder, study.config.model_copy(update={"texts": folder}))


def write_page(made: Preview, study: Study, path: Path, *, overwrite: bool) -> None:
    """Write the page; it needs no other file."""
    page = render(
        "annotator.preview", "preview.html", title=f"Screens of {study.config.title}", made=made
    )
    with written_atomically(path, overwrite=overwrite) as part:
        part.write_text(page, encoding="utf-8")


def sample_of(study: Study) -> Sample:
    """Return what fills the screens: the study's longest label, the expert's longest reason."""
    labels = read_classes(study.classes_path).avmit_labels
    return Sample(max(labels, key=len), _longest_reason(study), len(labels))


def _longest_reason(study: Study) -> str:
    try:
        with store_transaction(study.store_url) as db:
            reasons = [str(reason) for reason in exercises.frame(db)["reasoning"]]
    except StudyError:  # whatever is wrong with the store `study check` says
        return REASONING
    return max([REASONING, *reasons], key=len)


def _kept(found: Iterator[Shot], folder: Path | None, language: str) -> Iterator[Shot]:
    for shot in found:
        if folder is not None:
            size = f"{shot.picture.width}x{shot.picture.height}"
            place = folder / language / size / f"{shot.name}.png"
            with written_atomically(place) as part:
                shot.picture.save(part, format="PNG")
        yield shot


def _picture(shot: Shot) -> ScreenPicture:
    height_px = round(shot.picture.height * SHOWN_PX / shot.picture.width)
    small = shot.picture.resize((SHOWN_PX, height_px), Image.Resampling.LANCZOS)
    data = io.BytesIO()
    small.quantize(64, dither=Image.Dither.NONE).save(data, format="PNG", optimize=True)
    encoded = base64.b64encode(data.getvalue()).decode("ascii")
    return ScreenPicture(
        shot.name, f"data:image/png;base64,{encoded}", shot.name.replace("_", " "), shot.faults
    )
