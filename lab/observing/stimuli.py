"""Read a folder of manipulated clips: what its manifest says of each, checked."""

from pathlib import Path, PurePosixPath

import pandas as pd

from features.extraction.clip_list import ListedClip
from study.errors import TableError
from study.reading.clip_keys import in_one_line
from study.reading.rows import csv_table

MANIFEST_NAME = "manifest.csv"
# What an observer's answer is held against.
OF_A_STIMULUS = (
    "filename", "condition", "source", "sound_source", "label", "picture_label", "sound_label",
    "modality", "asynchrony_ms", "attend",
)  # fmt: skip
_NEEDED = (*OF_A_STIMULUS, "sha256")
_MODALITIES = ("audiovisual", "audio", "visual")


def read_stimuli(folder: Path) -> pd.DataFrame:
    """Read the manifest of a folder of manipulated clips.

    Returns a row per clip with the text columns of `OF_A_STIMULUS` and ``sha256``. Raises
    TableError if a column is missing, or a row does not name a clip of the folder.
    """
    path = folder / MANIFEST_NAME
    heading, rows = csv_table(path, missing="Make the clips first: python -m curation manipulate")
    lacking = [name for name in _NEEDED if name not in heading]
    if lacking:
        raise TableError(f"{path} lacks the columns {', '.join(lacking)}. Make the clips again")
    places = [heading.index(name) for name in _NEEDED]
    found = []
    for line, cells in rows:
        found.append([cells[place] for place in places])
        filename, modality = found[-1][0], found[-1][_NEEDED.index("modality")]
        if not _is_within(filename):
            raise TableError(
                f"{path}, line {line}: {in_one_line(filename)} is not <condition>/<label>/<clip>. "
                "Make the clips again"
            )
        if modality not in _MODALITIES:
            raise TableError(
                f"{path}, line {line}: there is no modality {in_one_line(modality)}. Choose "
                f"{', '.join(_MODALITIES)}"
            )
    table = pd.DataFrame(found, columns=list(_NEEDED), dtype=object)
    if table.empty or table["filename"].duplicated().any():
        raise TableError(f"{path} lists no clip, or one twice. Make the clips again")
    return table


def listed(folder: Path, stimuli: pd.DataFrame) -> list[ListedClip]:
    """Return the clips as `features extract` takes them, each with a record of its own."""
    clips = []
    for row in stimuli.itertuples(index=False):
        name = PurePosixPath(str(row.filename))
        condition, label = name.parts[:2]
        shown = str(row.picture_label or row.sound_label)
        record = f"{condition}/{label}--{name.stem}.tfrecord"
        clips.append(ListedClip(str(name), shown, "", record, folder / name))
    if len({clip.tfrecord_filename for clip in clips}) < len(clips):
        raise TableError(f"two clips of {folder} would have one record. Rename one of them")
    return clips


def _is_within(filename: str) -> bool:
    parts = filename.split("/")
    return len(parts) == 3 and not {"", ".", ".."} & set(parts) and filename.isprintable()
