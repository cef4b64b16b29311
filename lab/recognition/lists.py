"""What a demo of people against networks begins with: a design, and which clips serve what."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lab.state import DESIGN
from study.rehearsal.actions import DEFAULT_CLASSES
from study.rehearsal.describing import describe
from study.rehearsal.scene_table import SceneRow, row_of
from study.tools.files import written_atomically
from study.vocabulary import Rating

TEST, TRAIN, VALIDATION = "test.csv", "train.csv", "validation.csv"
SEED = 1
COLUMNS = {  # what each means
    "filename": "class subdirectory/ clip",
    "video_location": "the part of the tree in which it lies",
    "avmit_label": "its class",
}
_HEAD = """\
# What people and networks are to see and hear: docs/guides/manipulation.md
seed = 1
"""
_LOSSLESS = """\
format = "lossless"  # AAC changes the ratio of some sounds to noise by more than .3 dB
"""
_TWO = """
[[condition]]
name = "plain"

[[condition]]
name = "sound_only"
modality = "audio"
"""
_MORE = """
[[condition]]
name = "picture_only"
modality = "visual"

[[condition]]
name = "noisy"
noise = "pink"
snr_db = 0

[[condition]]
name = "other_sound"
incongruent = true
attend = "picture"
"""


@dataclass(frozen=True, slots=True)
class RecognitionSize:
    """How large a demo of people against networks is.

    Parameters
    ----------
    clips_per_class : int
        Clips to make of each; about half of them are very clean.
    n_test, n_validation : int
        Very clean clips of a class to manipulate, and to validate networks with; the others train.
    n_people : int
        Who answers on the simulated stage; one more answers in the window.
    n_in_window : int
        Trials of that one in the window, at real speed; the others follow on the simulated stage.
    n_epochs : int
        Epochs of training at most.
    seeds : tuple of int
        Each gives a network.
    """

    design: str = _HEAD + _LOSSLESS + _TWO + _MORE
    classes: tuple[str, ...] = DEFAULT_CLASSES
    clips_per_class: int = 20
    n_test: int = 4
    n_validation: int = 2
    n_people: int = 12
    n_in_window: int = 6
    n_epochs: int = 60
    seeds: tuple[int, ...] = (1, 2)

    @property
    def n_clips(self) -> int:
        """Clips in all."""
        return len(self.classes) * self.clips_per_class

    @property
    def people(self) -> tuple[str, ...]:
        """Who takes part; the last one sits at the window."""
        return tuple(f"S{i:02}" for i in range(1, self.n_people + 2))


FULL_RECOGNITION = RecognitionSize()
SMALLEST_RECOGNITION = RecognitionSize(
    design=_HEAD + _TWO,
    classes=("drumming", "frying", "whistling"),
    clips_per_class=6,
    n_test=1,
    n_validation=1,
    n_people=3,
    n_in_window=1,
    n_epochs=3,
    seeds=(1,),
)


def write_lists(folder: Path, size: RecognitionSize) -> None:
    """Write the design, and lists of clips to test, train and validate with.

    The clips need not be made yet: their scenes follow from the seed.
    """
    parts: dict[str, list[SceneRow]] = {TEST: [], VALIDATION: [], TRAIN: []}
    for label in size.classes:
        clips = clean_clips(label, size.clips_per_class)
        last = size.n_test + size.n_validation
        parts[TEST] += clips[: size.n_test]
        parts[VALIDATION] += clips[size.n_test : last]
        parts[TRAIN] += clips[last:]
    for name, rows in parts.items():
        _write(folder / name, rows)
    with written_atomically(folder / DESIGN, overwrite=True) as part:
        part.write_text(size.design, encoding="utf-8")


def clean_clips(label: str, n_clips: int) -> list[SceneRow]:
    """Return the clips of a class whose action is seen, heard and most prominent."""
    rows = (row_of(describe(SEED, label, i)) for i in range(n_clips))
    return [row for row in rows if row.rating == Rating.VERY_CLEAN and row.audio == "sound"]


def _write(path: Path, rows: Iterable[SceneRow]) -> None:
    with (
        written_atomically(path, overwrite=True) as part,
        part.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([getattr(row, name) for name in COLUMNS] for row in rows)
