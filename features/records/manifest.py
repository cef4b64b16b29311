"""The manifest beside the records: what made them, and what is known of each (no TensorFlow)."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.embedding_set import Grid, Normalisation, Precision
from study.errors import RecordError
from study.tools.files import written_atomically

MANIFEST_NAME = "manifest.parquet"
_KEY = b"avmit_recipe"
_SOFTWARE = b"avmit_software"

_COLUMNS = pa.schema(
    [
        ("filename", pa.string()),
        ("label", pa.string()),
        ("video_location", pa.string()),
        ("tfrecord_filename", pa.string()),
        ("clip_sha256", pa.string()),
        ("record_sha256", pa.string()),
        ("audio_timesteps", pa.int64()),
        ("visual_timesteps", pa.int64()),
        ("audio_times_s", pa.list_(pa.float64())),
        ("visual_times_s", pa.list_(pa.float64())),
        ("sample_rate_hz", pa.int64()),
        ("n_channels", pa.int64()),
        ("warnings", pa.list_(pa.string())),
    ]
)


@dataclass(frozen=True, slots=True)
class NetworkNote:
    """Which weights a network had.

    Parameters
    ----------
    network : str
        ``"yamnet"``, ``"vggish"``, ``"vgg16"`` or ``"efficientnetb0"``.
    weights : str
        Name of the file or folder, or ``"untrained"``.
    sha256 : str
        Its hash.
    untrained_seed : int or None
        What untrained weights were drawn from; None for real ones.
    """

    network: str
    weights: str
    sha256: str
    untrained_seed: int | None


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides what the embeddings of a clip are.

    Parameters
    ----------
    embedding_set : str
        The command-line name of the set.
    grid : {"paper", "released"}
        Which frames were taken.
    normalisation : {"keras3", "tf2.3"} or None
        Of EfficientNetB0's frames; None for the other set.
    precision : {"float32", "bfloat16"}
        What the networks calculated in.
    silence_for_missing_audio : bool
        Whether 3 s of zeros stand in for a missing audio stream.
    audio, visual : NetworkNote
        The networks.
    """

    embedding_set: str
    grid: Grid
    normalisation: Normalisation | None
    precision: Precision
    silence_for_missing_audio: bool
    audio: NetworkNote
    visual: NetworkNote

    @property
    def is_untrained(self) -> bool:
        """Whether any of the networks has learnt nothing; such records are for rehearsals."""
        return any(note.untrained_seed is not None for note in (self.audio, self.visual))


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """What is known of one record; times are the starts of the timesteps from the clip's start."""

    filename: str
    label: str
    video_location: str
    tfrecord_filename: str
    clip_sha256: str
    record_sha256: str
    audio_timesteps: int
    visual_timesteps: int
    audio_times_s: tuple[float, ...]
    visual_times_s: tuple[float, ...]
    sample_rate_hz: int | None
    n_channels: int | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Manifest:
    """A manifest as it was read.

    Parameters
    ----------
    recipe : Recipe
        What made the records.
    software : dict of str to str
        Versions of what ran.
    rows : DataFrame
        One row per record, with the fields of `ManifestRow`.
    """

    recipe: Recipe
    software: dict[str, str]
    rows: pd.DataFrame


def write_manifest(
    folder: Path, recipe: Recipe, software: dict[str, str], rows: Iterable[ManifestRow]
) -> Path:
    """Write the manifest of a folder of records, completely or not at all.

    Parameters
    ----------
    folder : Path
        The folder of an embedding set.
    recipe : Recipe
        What made the records.
    software : dict of str to str
        Versions of what ran.
    rows : iterable of ManifestRow
        One per record.

    Returns
    -------
    Path
        The manifest.
    """
    ordered = sorted(rows, key=lambda row: row.tfrecord_filename)
    metadata = {
        _KEY: json.dumps(asdict(recipe)).encode(),
        _SOFTWARE: json.dumps(software).encode(),
    }
    table = pa.Table.from_pylist([asdict(row) for row in ordered], schema=_COLUMNS)
    path = folder / MANIFEST_NAME
    with written_atomically(path) as part:
        pq.write_table(table.replace_schema_metadata(metadata), part)
    return path


def read_manifest(folder: Path | str) -> Manifest:
    """Read the manifest of a folder of records.

    Parameters
    ----------
    folder : Path or str
        The folder of an embedding set, such as ``.../YamNet_EffNetB0``.

    Returns
    -------
    Manifest
        Recipe, versions and one row per record.

    Raises
    ------
    RecordError
        If there is none, or it is not a manifest of this program.
    """
    path = Path(folder) / MANIFEST_NAME
    if not path.is_file():
        raise RecordError(
            f"no {MANIFEST_NAME} in {folder}. Run: python -m features extract; for records that "
            "others made: python -m features check"
        )
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise RecordError(f"{path} cannot be read: {error}. Extract the records again") from error
    metadata = table.schema.metadata or {}
    if _KEY not in metadata:
        raise RecordError(f"{path} does not say what made the records. Extract them again")
    return Manifest(
        recipe=recipe_from(json.loads(metadata[_KEY])),
        software=json.loads(metadata.get(_SOFTWARE, b"{}")),
        rows=table.to_pandas(),
    )


def recipe_from(content: dict[str, Any]) -> Recipe:
    """Return a recipe from its JSON form.

    Parameters
    ----------
    content : dict
        What ``dataclasses.asdict`` made.

    Returns
    -------
    Recipe
        The recipe.

    Raises
    ------
    RecordError
        If parts are missing or unknown.
    """
    try:
        networks = {name: NetworkNote(**content[name]) for name in ("audio", "visual")}
        return Recipe(**{**content, **networks})
    except (KeyError, TypeError) as error:
        raise RecordError(
            f"the manifest's recipe is of another version: {error}. Extract the records again"
        ) from error


def rows_from(frame: pd.DataFrame) -> list[ManifestRow]:
    """Return the rows of a manifest as objects.

    Parameters
    ----------
    frame : DataFrame
        ``Manifest.rows``.

    Returns
    -------
    list of ManifestRow
        In the order of the frame.
    """
    return [row_from(row) for row in frame.to_dict("records")]


def row_from(content: dict[Any, Any]) -> ManifestRow:
    """Return a row from its plain form.

    Parameters
    ----------
    content : dict
        The fields; lists of any kind and missing numbers as NaN are put right.

    Returns
    -------
    ManifestRow
        The row.
    """
    lists = {
        "audio_times_s": tuple(float(time) for time in content["audio_times_s"]),
        "visual_times_s": tuple(float(time) for time in content["visual_times_s"]),
        "warnings": tuple(str(warning) for warning in content["warnings"]),
    }
    numbers = {
        name: None if pd.isna(content[name]) else int(content[name])
        for name in ("sample_rate_hz", "n_channels")
    }
    return ManifestRow(**{**content, **lists, **numbers})
