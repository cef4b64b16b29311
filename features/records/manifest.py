"""The manifest beside the records: what made them, and what is known of each (no TensorFlow)."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ConfigDict, StringConstraints, TypeAdapter, ValidationError

from features.embedding_set import SET_NAME, AudioDecoder, Grid, Normalisation, Precision
from study.errors import RecordError
from study.reading.bounded import LimitError, open_file, require_size
from study.tools.files import written_atomically
from study.tools.wording import counted

MANIFEST_NAME = "manifest.parquet"
_KEY = b"avmit_recipe"
_SOFTWARE = b"avmit_software"

# Of two million records, twice as many as Moments in Time has clips.
_MOST_ROWS = 2_000_000
_MOST_VALUES = 16 * _MOST_ROWS  # in a column of lists
_MOST_BYTES = 1_000_000_000
_MOST_HEAD_BYTES = 16_000_000

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


_MAY_BE_MISSING = frozenset({"sample_rate_hz", "n_channels"})
_TEXTS = tuple(field.name for field in _COLUMNS if pa.types.is_string(field.type))


@dataclass(frozen=True, slots=True)
class NetworkNote:
    """Which weights a network had.

    Parameters
    ----------
    network : str
        ``"yamnet"``, ``"vggish"``, ``"vgg16"`` or ``"efficientnetb0"``.
    weights : str
        Name of the file or folder, or ``"untrained"``.
    untrained_seed : int or None
        What untrained weights were drawn from; None for real ones.
    """

    __pydantic_config__: ClassVar = ConfigDict(strict=True, extra="forbid")

    network: str
    weights: str
    sha256: str
    untrained_seed: int | None


@dataclass(frozen=True, slots=True)
class PluggedNote:
    """What brought an embedding set that is not the paper's, and its grid.

    Parameters
    ----------
    package : str
        Name and version.
    audio_grid, visual_grid : tuple of float
        Window and stride in seconds.
    sample_rate_hz, n_frames : int
        Of the waveform, and frames in a window.
    frame_px : tuple of int
        Height and width of a frame.
    equal_lengths : bool
        Whether both streams have as many timesteps.
    """

    __pydantic_config__: ClassVar = ConfigDict(strict=True, extra="forbid")

    package: str
    audio_grid: tuple[float, float]
    visual_grid: tuple[float, float]
    sample_rate_hz: int
    n_frames: int
    frame_px: tuple[int, int]
    equal_lengths: bool


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
    plugged : PluggedNote or None
        What brought the set and its grid; None for the paper's.
    audio_decoder : {"pyav", "pydub"}
        What decoded the sound.
    """

    __pydantic_config__: ClassVar = ConfigDict(strict=True, extra="forbid")

    embedding_set: Annotated[str, StringConstraints(pattern=SET_NAME)]
    grid: Grid
    normalisation: Normalisation | None
    precision: Precision
    silence_for_missing_audio: bool
    audio: NetworkNote
    visual: NetworkNote
    plugged: PluggedNote | None = None
    audio_decoder: AudioDecoder = "pyav"

    @property
    def is_untrained(self) -> bool:
        """Whether any of the networks has learnt nothing; such records are for rehearsals."""
        return any(note.untrained_seed is not None for note in (self.audio, self.visual))


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """What is known of one record.

    Parameters
    ----------
    filename, label, video_location : str
        The clip, its class, and the part of Moments in Time it is from.
    tfrecord_filename : str
        ``<label>/<stem>.tfrecord``, within the folder.
    clip_sha256, record_sha256 : str
        Digests of the clip that was read and of the record that was written.
    audio_timesteps, visual_timesteps : int
        Rows of the two embeddings.
    audio_times_s, visual_times_s : tuple of float
        Starts of the timesteps from the clip's start, in seconds.
    sample_rate_hz, n_channels : int or None
        Of the clip's sound; None in manifests of older versions.
    warnings : tuple of str
        What was odd about the clip.
    """

    __pydantic_config__: ClassVar = ConfigDict(strict=True, extra="forbid")

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


_RECIPE_FORM = TypeAdapter(Recipe)
_ROW_FORM = TypeAdapter(ManifestRow)
_SOFTWARE_FORM = TypeAdapter(dict[str, str])


@dataclass(frozen=True, slots=True, eq=False)
class RecordManifest:
    """A manifest as it was read.

    Parameters
    ----------
    rows : DataFrame
        One row per record, with the fields of `ManifestRow`.
    """

    recipe: Recipe
    software: dict[str, str]
    rows: pd.DataFrame


def write_manifest(
    folder: Path, recipe: Recipe, software: dict[str, str], rows: Iterable[ManifestRow]
) -> Path:
    """Write the manifest of a folder of records, completely or not at all."""
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


def read_manifest(folder: Path | str) -> RecordManifest:
    """Read the manifest of a folder of records."""
    path = Path(folder) / MANIFEST_NAME
    try:
        with _opened(path) as file:
            recipe, software = _about(file, path)
            _require_plain(file)
            rows = _frame(file.read(use_threads=False))
    except (pa.ArrowException, OSError, ValueError, KeyError, MemoryError) as error:
        raise _unreadable(path, error) from error
    return RecordManifest(recipe=recipe, software=software, rows=rows)


def read_recipe(folder: Path | str) -> Recipe:
    """Read what made a folder of records, and not the rows."""
    path = Path(folder) / MANIFEST_NAME
    try:
        with _opened(path) as file:
            return _about(file, path)[0]
    except (pa.ArrowException, OSError, ValueError, KeyError, MemoryError) as error:
        raise _unreadable(path, error) from error


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    if not path.exists():
        raise RecordError(
            f"no {MANIFEST_NAME} in {path.parent}. Run: python -m features extract; for records "
            "that others made: python -m features check"
        )
    with open_file(path, _MOST_BYTES) as file:
        yield pq.ParquetFile(
            file,
            # Text that repeats is kept once, however often a small file says that it repeats.
            read_dictionary=list(_TEXTS),
            thrift_string_size_limit=_MOST_HEAD_BYTES,
            thrift_container_size_limit=_MOST_HEAD_BYTES,
        )


def _unreadable(path: Path, error: Exception) -> RecordError:
    reason = str(error).partition("\n")[0] or "it does not fit into memory"
    return RecordError(f"{path} cannot be read: {reason}. Extract the records again")


def _about(file: pq.ParquetFile, path: Path) -> tuple[Recipe, dict[str, str]]:
    said = file.metadata.metadata or {}
    if _KEY not in said:
        raise RecordError(f"{path} does not say what made the records. Extract them again")
    return recipe_from(said[_KEY]), _SOFTWARE_FORM.validate_json(said.get(_SOFTWARE, b"{}"))


def _require_plain(file: pq.ParquetFile) -> None:
    about = file.metadata
    # The types as they are written, not those that a hint beside them asks for.
    if about.schema.to_arrow_schema().remove_metadata() != _COLUMNS:
        raise LimitError("its columns are not those of a manifest")
    if about.num_rows > _MOST_ROWS:
        raise LimitError(
            f"it has {counted(about.num_rows, 'row')}, and at most {_MOST_ROWS} are read"
        )
    groups = [about.row_group(number) for number in range(about.num_row_groups)]
    columns = [group.column(number) for group in groups for number in range(group.num_columns)]
    require_size(sum(column.total_uncompressed_size for column in columns), _MOST_BYTES)
    if sum(column.num_values for column in columns) > _MOST_VALUES:
        raise LimitError(f"it has more than {_MOST_VALUES} values")


def _frame(table: pa.Table) -> pd.DataFrame:
    empty = [
        name
        for name in _COLUMNS.names
        if table.column(name).null_count and name not in _MAY_BE_MISSING
    ]
    if empty:
        raise LimitError(f"it lacks values of {empty[0]}")
    frame: pd.DataFrame = table.to_pandas().astype(dict.fromkeys(_TEXTS, object))
    twice = frame["tfrecord_filename"][frame["tfrecord_filename"].duplicated()]
    if len(twice):
        raise LimitError(f"it lists {twice.iloc[0]!r} twice")
    return frame


def recipe_from(content: bytes | str) -> Recipe:
    """Return a recipe from its JSON form."""
    try:
        return _RECIPE_FORM.validate_json(content)
    except ValidationError as error:
        raise RecordError(
            f"the manifest's recipe is of another version: {first_reason(error)}. Extract the "
            "records again"
        ) from error


def first_reason(error: ValidationError) -> str:
    """Return the first thing that is wrong with a file, without what stands there."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else str(first["msg"])


def rows_from(frame: pd.DataFrame) -> list[ManifestRow]:
    """Return the rows of a manifest as objects, in their order."""
    return [row_from(row) for row in frame.to_dict("records")]


def row_from(content: dict[Any, Any]) -> ManifestRow:
    """Return a row from its plain form.

    Parameters
    ----------
    content : dict
        The fields; lists of any kind and missing numbers as NaN are corrected.
    """
    lists = {
        "audio_times_s": tuple(float(time) for time in content["audio_times_s"]),
        "visual_times_s": tuple(float(time) for time in content["visual_times_s"]),
        "warnings": tuple(str(warning) for warning in content["warnings"]),
    }
    numbers = {
        name: None if pd.isna(content[name]) else int(content[name]) for name in _MAY_BE_MISSING
    }
    return ManifestRow(**{**content, **lists, **numbers})


def parse_row(line: str) -> ManifestRow:
    """Return a row from its JSON form.

    Raises
    ------
    ValueError
        If it is cut off, or not a row.
    """
    return _ROW_FORM.validate_json(line)
