"""The lists that come with Moments in Time: which clips it has, and what it calls them."""

import sys
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from study.errors import TableError
from study.reading.rows import csv_lines

MANIFEST_NAMES = {"training": "trainingSet.csv", "validation": "validationSet.csv"}
CATEGORIES_NAME = "moments_categories.txt"
_MISSING = "Copy it again, or remove it"


@dataclass
class MitManifest:
    """What `trainingSet.csv` or `validationSet.csv` says of the classes that were asked for.

    Parameters
    ----------
    labels : dict of str to dict of str to str
        By folder, the MIT label of each clip's name as `spelling` gives it.
    n_rows : int
        Rows of the file, of all classes.
    n_repeated : int
        Rows that name a clip again; the first one counts.
    """

    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    n_rows: int = 0
    n_repeated: int = 0


def read_manifest(path: Path, mit_labels: frozenset[str]) -> MitManifest:
    """Read a list of clips, row by row; only what belongs to the wanted classes is kept.

    Parameters
    ----------
    path : Path
        A CSV file without heading: name, label, and two counts of workers that are not used.
    mit_labels : frozenset of str
        The wanted classes. A clip belongs to one by its label or by its folder, which differ for
        a few clips.

    Returns
    -------
    MitManifest
        The clips. Memory grows by about 200 bytes for each clip that is kept.

    Raises
    ------
    TableError
        If a row has no label, or names anything but ``<folder>/<clip>``: a path that leaves the
        tree is a fault of the list, not of a clip.
    """
    manifest = MitManifest()
    for line, row in csv_lines(path, missing=_MISSING):
        if len(row) < 2 or not row[1].strip():
            raise TableError(
                f"{path}, line {line}: expected name,label and found {row}. Correct the line"
            )
        name, label = row[0], row[1].strip()
        parts = name.split("/")
        if len(parts) != 2 or {"", ".", ".."} & set(parts) or "\\" in name or "\0" in name:
            raise TableError(
                f"{path}, line {line}: {name!r} is not <class>/<clip> within the tree "
                "(outside_root). Correct the list"
            )
        manifest.n_rows += 1
        if label not in mit_labels and parts[0] not in mit_labels:
            continue
        of_folder = manifest.labels.setdefault(parts[0], {})
        n_before = len(of_folder)
        of_folder.setdefault(spelling(parts[1]), sys.intern(label))
        manifest.n_repeated += len(of_folder) == n_before
    if not manifest.n_rows:
        raise TableError(f"{path} lists no clip. Copy it again, or remove it")
    return manifest


def read_categories(path: Path) -> frozenset[str]:
    """Read which classes Moments in Time has.

    Parameters
    ----------
    path : Path
        `moments_categories.txt`, lines of ``class,number``.

    Raises
    ------
    TableError
        If the file has no class.
    """
    found = frozenset(
        row[0].strip() for _, row in csv_lines(path, missing=_MISSING) if row[0].strip()
    )
    if not found:
        raise TableError(f"{path} lists no class. Copy it again, or remove it")
    return found


def spelling(name: str) -> str:
    """Return a name in the one spelling in which names are compared.

    Parameters
    ----------
    name : str
        Some systems write an accented letter as one character, others as two.
    """
    return unicodedata.normalize("NFC", name)
