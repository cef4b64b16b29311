"""The stimuli of the recognition experiment: what each is, and how it was made."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from curation.manipulation.manifest import MANIFEST_NAME
from curation.release.tables import Column, Schema
from curation.release.trial_table.answers import stimulus_cells
from curation.release.trial_table.columns import OF_STIMULUS, STIMULUS, of
from study.config.study import Study
from study.errors import TableError
from study.reading.rows import csv_rows
from study.store import Db
from study.store.recognition import stimuli
from study.store.recognition.stimuli import UNCHANGED

FILE_NAME = "stimuli.csv"
FOLDER = "recognition"  # of the clips, below the folder of all clips of a release
_LONGEST = 300  # letters of a cell


def _may(name: str, means: str, kind: str = "text", *values: str) -> Column:
    return Column(name, name, means, kind, optional=True, values=values)


# What `curation manipulate` writes beside; a manifest of somebody else may have none of it.
_MADE = (
    _may("edge", "what became of the time without sound or picture", "text", "silence", "cut"),
    _may("incongruent", "whether the sound is that of a clip of another class", "flag"),
    _may("noise", "kind of the noise in the sound; set has the mean spectrum of all sounds", "text",
         "white", "pink", "set"),
    _may("snr_db", "sound against noise as asked for, decibels", "number"),
    _may("contrast", "share of the picture's contrast that is left", "number"),
    _may("pixel_noise", "standard deviation of noise in every pixel, of full scale", "number"),
    _may("blur_px", "standard deviation of a Gaussian blur, pixels", "number"),
    _may("low_pass_cpp", "cycles per height of the picture above which it was cut", "number"),
    _may("high_pass_cpp", "cycles per height of the picture below which it was cut", "number"),
    _may("seed", "what its noise was drawn from", "count"),
    _may("format", "container and codecs", "text", "h264", "lossless"),
    _may("source_sha256", "SHA-256 of the clip that its picture is of"),
    _may("sound_sha256", "SHA-256 of the clip that its sound is of"),
    _may("gain_db", "decibels by which the sound is louder or softer than in its clip", "number"),
    _may("n_pictures", "pictures of the finished clip", "count"),
    _may("width_px", "width of its picture", "count"),
    _may("height_px", "height of its picture", "count"),
    _may("duration_s", "its length in seconds", "seconds"),
    _may("snr_measured_db", "sound against noise, measured in the finished file", "number"),
    _may("asynchrony_measured_ms", "milliseconds by which the sound is late, measured in the "
         "finished file", "number"),
    _may("asynchrony_peak", "whether that measure has one peak only"),
    _may("picture_time_error_ms", "by how many milliseconds a picture is shown at another time "
         "than planned, at most", "number"),
    _may("contrast_measured", "contrast that is left, measured in the finished pictures", "number"),
    _may("pixel_noise_measured", "noise of the pixels, measured in the finished pictures",
         "number"),
    _may("picture_psnr_db", "finished pictures against the planned ones, decibels; empty where "
         "they are the same", "number"),
    _may("peak", "largest sample of the finished sound, of full scale", "number"),
)  # fmt: skip
STIMULI = Schema(
    "One row per stimulus of the recognition experiment, answered or not",
    (
        STIMULUS,
        *OF_STIMULUS,
        of("sha256", "SHA-256 of the clip that was shown, so that another copy can be compared"),
        *_MADE,
    ),
    is_one_row_per_clip=False,
    key=("stimulus",),
)


@dataclass(frozen=True)
class Stimuli:
    """The stimuli as a table.

    Parameters
    ----------
    rows : DataFrame
        The columns of `schema`.
    schema : Schema
        `STIMULI`, without what no manifest says.
    lost : str
        Why it is not known how they were made; empty where it is, or where nothing was made.
    """

    rows: pd.DataFrame
    schema: Schema
    lost: str = ""


def stimuli_of(db: Db, study: Study) -> Stimuli:
    """Return the stimuli of a store, with what the manifest beside the clips says of each.

    Raises
    ------
    TableError
        If the manifest is of other clips, or a cell is not what its column holds.
    """
    known = stimuli.frame(db)
    rows = pd.DataFrame({**stimulus_cells(known), "sha256": known["sha256"]})
    folder = study.stimuli_path
    path = None if folder is None else folder / MANIFEST_NAME
    if path is None or not path.is_file():
        is_made = bool((known["condition"] != UNCHANGED).any())
        where = "study.toml names no stimuli" if path is None else f"there is no {path.name}"
        lost = f"{where} where the stimuli lay, so nothing says how they were made"
        return _in_order(rows, (), lost if is_made else "")
    said, columns = _said(path, dict(zip(known["filename"], known["sha256"], strict=True)))
    made = pd.DataFrame(
        {
            column.name: [said[name].get(column.name) for name in known["filename"]]
            for column in columns
        },
        dtype=object,
    )
    return _in_order(pd.concat([rows, made], axis=1), columns, "")


def _in_order(rows: pd.DataFrame, made: tuple[Column, ...], lost: str) -> Stimuli:
    own = tuple(column for column in STIMULI.columns if column in made or column not in _MADE)
    schema = Schema(STIMULI.title, own, is_one_row_per_clip=False, key=STIMULI.key)
    return Stimuli(rows.sort_values("stimulus", ignore_index=True), schema, lost)


def _said(
    path: Path, digests: Mapping[str, str]
) -> tuple[dict[str, dict[str, object]], tuple[Column, ...]]:
    found: dict[str, dict[str, object]] = {}
    columns: tuple[Column, ...] = ()
    for line, cells in csv_rows(path, ("filename",)):
        name = cells["filename"].strip()
        if name not in digests:
            raise TableError(
                f"{path}, line {line}: {name[:80]!r} is not a stimulus of this study. Put the "
                "manifest back that it was planned with"
            )
        if cells.get("sha256", "").strip() not in ("", digests[name]):
            raise TableError(
                f"{path}, line {line}: {name[:80]!r} is another file than the one that was shown. "
                "Put the manifest back that the study was planned with"
            )
        columns = columns or tuple(column for column in _MADE if column.name in cells)
        where = f"{path}, line {line}"
        found[name] = {each.name: _value(where, each, cells[each.name].strip()) for each in columns}
    lacking = sorted(digests.keys() - found.keys())
    if lacking:
        raise TableError(
            f"{path} does not have {lacking[0]}, which is a stimulus of this study. Put the "
            "manifest back that it was planned with"
        )
    return found, columns


def _value(where: str, column: Column, cell: str) -> object:
    """Return a cell as its column holds it; None where it is empty."""
    if not cell:
        return None
    value = _READ[column.kind](cell) if len(cell) <= _LONGEST else None
    if value is None or (column.values and cell not in column.values):
        raise TableError(f"{where}: {column.name} is {cell[:80]!r}. Correct it")
    return value


def _number(cell: str) -> float | None:
    try:
        found = float(cell)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _whole(cell: str) -> int | None:
    return int(cell) if cell.isascii() and cell.isdigit() and len(cell) < 19 else None


_READ: Mapping[str, Callable[[str], object]] = {
    "text": lambda cell: cell if cell.isprintable() else None,
    "flag": lambda cell: cell if cell in ("True", "False") else None,
    "count": _whole,
    "seconds": _number,
    "number": _number,
}
