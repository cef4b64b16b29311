"""The classes of a study, and which Moments-in-Time classes feed them."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from study.errors import ConfigError

_NAME = re.compile(r"[^\W_][^/\\\x00-\x1f]*")
COLUMNS = ("avmit_label", "mit_label", "origin")

# Paper: Test Set; alphabetical order is the label index of the released networks.
TEST_CLASSES = (
    "barking",
    "diving",
    "drumming",
    "frying",
    "giggling",
    "howling",
    "inflating",
    "mowing",
    "pouring",
    "raining",
    "sanding",
    "shredding",
    "sneezing",
    "tapping",
    "vacuuming",
    "whistling",
)


@dataclass(frozen=True, slots=True)
class ClassList:
    """Which label a clip of each Moments-in-Time class is shown under.

    Parameters
    ----------
    label_of : dict of str to str
        AVMIT label by MIT label.
    """

    label_of: dict[str, str]

    @property
    def avmit_labels(self) -> tuple[str, ...]:
        """The classes of the study, in alphabetical order."""
        return tuple(sorted(set(self.label_of.values())))


def read_classes(path: Path | None = None) -> ClassList:
    """Read the classes of a study.

    Parameters
    ----------
    path : Path or None
        A file with the columns ``avmit_label``, ``mit_label`` and ``origin``, one row per
        Moments-in-Time class; None for the shipped list.

    Returns
    -------
    ClassList
        The classes.

    Raises
    ------
    ConfigError
        If the file is missing or empty, lacks a column, names an MIT class twice, or has a name
        that cannot name a folder.

    Notes
    -----
    Paper: Selection of MIT Videos, Table 1. The 16 test classes and Table 1 are the paper's; the
    remaining 25 classes stand in a figure only, so the shipped ones are this project's choice.
    """
    source = resources.files("study") / "classes.csv" if path is None else path
    if not source.is_file():
        raise ConfigError(f"no list of classes at {path}. Name another one in study.toml")
    reader = csv.DictReader(source.read_text(encoding="utf-8").splitlines())
    if reader.fieldnames is None or not set(COLUMNS) <= set(reader.fieldnames):
        raise ConfigError(f"{source} has columns {reader.fieldnames}, expected {COLUMNS}")
    return _checked(list(reader), str(source))


def _checked(rows: Sequence[dict[str, str]], source: str) -> ClassList:
    label_of: dict[str, str] = {}
    for row in rows:
        mit_label = row["mit_label"]
        for label in (mit_label, row["avmit_label"]):
            if not _NAME.fullmatch(label or ""):
                raise ConfigError(
                    f"{source} names a class {label!r}. Names begin with a letter or a digit and "
                    "have no / and no \\, since folders and cells of tables are named by them"
                )
        if mit_label in label_of:
            raise ConfigError(f"{source} names the MIT class {mit_label!r} twice. Remove one row")
        label_of[mit_label] = row["avmit_label"]
    if not label_of:
        raise ConfigError(f"{source} lists no class. Add at least one row")
    return ClassList(label_of)
