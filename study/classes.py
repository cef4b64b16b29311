"""The classes of a study, and which Moments-in-Time classes feed them."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from study.errors import ConfigError
from study.reading.rows import Row, csv_rows

_NAME = re.compile(r"[^\W_][^/\\]{0,99}")
COLUMNS = {  # what each means
    "avmit_label": "class as participants read it",
    "mit_label": "class of Moments in Time whose clips feed it; each stands once",
    "origin": "where the row comes from, in a word of yours",
}

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

    Raises ConfigError if the file is missing, empty or not a CSV file in UTF-8, lacks a column,
    names an MIT class twice, spells a class in two ways, or has a name that cannot name a folder.

    `path`: a file with the columns ``avmit_label``, ``mit_label`` and ``origin``, one row per
    Moments-in-Time class; None for the shipped list.

    Notes
    -----
    Paper: Selection of MIT Videos, Table 1. The 16 test classes and Table 1 are the paper's; the
    remaining 25 classes stand in a figure only, so the shipped ones are this project's choice.
    """
    source = Path(str(resources.files("study") / "classes.csv")) if path is None else path
    rows = csv_rows(
        source,
        COLUMNS,
        error=ConfigError,
        missing="Name another list of classes in study.toml",
        delimiters=",;",
    )
    return _checked(rows, source)


def _checked(rows: Iterable[Row], source: Path) -> ClassList:
    label_of: dict[str, str] = {}
    # A label may be spelt otherwise than the MIT class that feeds it, never in two ways itself.
    mit_spellings: dict[str, str] = {}
    avmit_spellings: dict[str, str] = {}
    for line, row in rows:
        where = f"{source}, line {line}"
        mit_label = _name(row["mit_label"], mit_spellings, where)
        avmit_label = _name(row["avmit_label"], avmit_spellings, where)
        if mit_label in label_of:
            raise ConfigError(f"{where} names the MIT class {mit_label!r} twice. Remove one row")
        # MIT labels stay as they are: folders are found by them.
        label_of[mit_label] = unicodedata.normalize("NFC", avmit_label)
    if not label_of:
        raise ConfigError(f"{source} lists no class. Add at least one row")
    return ClassList(label_of)


def _name(label: str, spellings: dict[str, str], where: str) -> str:
    if not _NAME.fullmatch(label) or not label.isprintable() or label != label.strip():
        raise ConfigError(
            f"{where} names a class {label!a}. Names have up to 100 characters, begin with a "
            "letter or a digit, do not end in a space, and have no / and no \\, since folders and "
            "cells of tables are named by them"
        )
    folded = unicodedata.normalize("NFKC", " ".join(label.split())).casefold()
    known = spellings.setdefault(folded, label)
    if known != label:
        raise ConfigError(
            f"{where} spells the class {known!a} as {label!a}. Choose one of the two spellings"
        )
    return label
