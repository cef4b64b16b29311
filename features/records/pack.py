"""Records as one array that is mapped from the disk: for a release, and for training."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from features.embedding_set import MAX_TIMESTEPS, EmbeddingSet, find_embedding_set
from features.records.folder import column_of, manifest_of, record_paths
from features.records.identity import other_clip
from features.records.manifest import Recipe, first_reason
from features.records.records import Record, read_record
from study.errors import RecordError
from study.reading.arrays import map_array, write_head
from study.reading.text import read_bytes
from study.tools.files import refuse_existing, sha256_of, written_atomically

_FLOAT32 = "<f4"
_AGAIN = "Run: python -m features pack"
_MOST_INDEX_BYTES = 512_000_000  # of a million records

Rows = npt.NDArray[np.float32]
Texts = tuple[Annotated[str, Field(min_length=1, max_length=1024)], ...]
Counts = tuple[Annotated[int, Field(ge=1)], ...]


class PackIndex(BaseModel):
    """What the rows of a packed file are.

    Parameters
    ----------
    sha256 : str
        Digest of the file with the rows.
    tfrecord_filename, filename, label : tuple of str
        Of each row: its record, and the clip and the label that the record states.
    audio_timesteps, visual_timesteps : tuple of int
        How many each record has, those that were cut off included.
    recipe : Recipe or None
        What made the embeddings, where that is known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal[2] = 2
    embedding_set: str
    sha256: str
    tfrecord_filename: Texts
    filename: Texts
    label: Texts
    audio_timesteps: Counts
    visual_timesteps: Counts
    recipe: Recipe | None = None

    @model_validator(mode="after")
    def _columns_have_one_length(self) -> "PackIndex":
        columns = (self.filename, self.label, self.audio_timesteps, self.visual_timesteps)
        if {len(column) for column in columns} != {len(self.tfrecord_filename)}:
            raise ValueError("its columns differ in length")
        return self

    @property
    def n_cut(self) -> int:
        """Records with more timesteps than a row has."""
        pairs = zip(self.audio_timesteps, self.visual_timesteps, strict=True)
        return sum(max(pair) > MAX_TIMESTEPS for pair in pairs)


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """Packed records; the embeddings stay on the disk until they are used.

    Parameters
    ----------
    rows : ndarray of float32, shape (n_records, 7, audio_size + visual_size)
        Audio and visual embeddings side by side, cut to 7 timesteps or filled up with zeros.
    """

    rows: Rows
    index: PackIndex

    @property
    def audio(self) -> Rows:
        """The audio embeddings, shape (n_records, 7, audio_size)."""
        return self.rows[..., : find_embedding_set(self.index.embedding_set).audio_size]

    @property
    def visual(self) -> Rows:
        """The visual embeddings, shape (n_records, 7, visual_size)."""
        return self.rows[..., find_embedding_set(self.index.embedding_set).audio_size :]

    @property
    def label(self) -> npt.NDArray[np.str_]:
        """The AVMIT labels, shape (n_records,)."""
        return np.array(self.index.label)

    @property
    def tfrecord_filename(self) -> npt.NDArray[np.str_]:
        """The records, shape (n_records,)."""
        return np.array(self.index.tfrecord_filename)

    @property
    def about(self) -> dict[str, object]:
        """The manifest's recipe; empty where there was no manifest."""
        return {} if self.index.recipe is None else asdict(self.index.recipe)


def pack_arrays(
    folder: Path,
    path: Path,
    embedding_set: EmbeddingSet,
    *,
    overwrite: bool,
    advance: Callable[[], None],
) -> int:
    """Pack all records of a folder, with an index beside the rows.

    Returns how many records have more than 7 timesteps, of which the rest is left out.

    Parameters
    ----------
    path : Path
        The `.npy` file of the rows; the index is the `.json` beside it.
    """
    refuse_existing(index_path(path), overwrite=overwrite)
    refuse_existing(path, overwrite=overwrite)
    names = [member.relative_to(folder).as_posix() for member in record_paths(folder)]
    manifest = manifest_of(folder)
    clips = column_of(manifest, "filename")

    def require_own(name: str, record: Record) -> None:
        if detail := other_clip(record.filename, name, clips.get(name)):
            raise RecordError(f"{folder / name} cannot be used: {detail}. Extract the clip again")

    index = write_rows(path, folder, names, embedding_set, advance, require_own)
    recipe = None if manifest is None else manifest.recipe
    write_index(index.model_copy(update={"recipe": recipe}), index_path(path))
    return index.n_cut


def write_rows(
    path: Path,
    folder: Path,
    names: Sequence[str],
    embedding_set: EmbeddingSet,
    advance: Callable[[], None],
    require: Callable[[str, Record], None] = lambda name, record: None,
) -> PackIndex:
    """Write the rows of records into one file.

    Parameters
    ----------
    path : Path
        The `.npy` file; replaced.
    require : callable
        Called with the name of every record and the record; raises where it must not be packed.
    """
    notes: list[tuple[str, str, int, int]] = []
    # Written row by row, not mapped: a full disk then is an error and not the end of the process.
    with written_atomically(path) as part, part.open("wb") as file:
        write_head(file, _FLOAT32, _shape(len(names), embedding_set))
        for name in names:
            record = read_record(folder / name, embedding_set)
            require(name, record)
            file.write(_padded(record).tobytes())
            notes.append((record.filename, record.label, len(record.audio), len(record.visual)))
            advance()
        file.flush()
        sha256 = sha256_of(part)
    filenames, labels, n_audio, n_visual = zip(*notes, strict=True)
    return PackIndex(
        embedding_set=embedding_set.name,
        sha256=sha256,
        tfrecord_filename=tuple(names),
        filename=filenames,
        label=labels,
        audio_timesteps=n_audio,
        visual_timesteps=n_visual,
    )


def write_index(index: PackIndex, path: Path) -> None:
    """Write the index of a packed file; written last, it makes the rows a pack."""
    with written_atomically(path) as part:
        part.write_text(index.model_dump_json() + "\n", encoding="utf-8")


def read_pack(path: Path | str) -> Pack:
    """Read packed records, whose digest is compared first; the rows are mapped, not loaded."""
    path = Path(path)
    try:
        index = read_index(index_path(path))
        pack = open_rows(path, index)
        if sha256_of(path) != index.sha256:
            raise ValueError("its rows are not those that its index describes")
    except (OSError, ValueError) as error:
        raise RecordError(
            f"{path} is not a packed file of records: {_reason(error)}. {_AGAIN}"
        ) from error
    return pack


def read_index(path: Path) -> PackIndex:
    """Read the index of a packed file; nothing is known of the rows yet.

    Raises
    ------
    ValueError
        If it is not an index.
    """
    content = read_bytes(path, error=RecordError, missing=_AGAIN, largest=_MOST_INDEX_BYTES)
    return PackIndex.model_validate_json(content)


def open_rows(path: Path, index: PackIndex) -> Pack:
    """Map the rows of a packed file, once their type, shape and size are known to be right.

    Raises
    ------
    ValueError
        If it holds something else.
    OSError
        If it cannot be read.
    """
    embedding_set = find_embedding_set(index.embedding_set)
    shape = _shape(len(index.label), embedding_set)
    return Pack(map_array(path, _FLOAT32, shape), index)


def index_path(path: Path) -> Path:
    """Return where the index of a packed file is: the `.json` beside it."""
    return path.with_suffix(".json")


def _reason(error: Exception) -> str:
    return first_reason(error) if isinstance(error, ValidationError) else str(error)


def _shape(n_records: int, embedding_set: EmbeddingSet) -> tuple[int, int, int]:
    return n_records, MAX_TIMESTEPS, embedding_set.audio_size + embedding_set.visual_size


def _padded(record: Record) -> Rows:
    rows = np.zeros((MAX_TIMESTEPS, record.audio.shape[1] + record.visual.shape[1]), _FLOAT32)
    audio, visual = record.audio[:MAX_TIMESTEPS], record.visual[:MAX_TIMESTEPS]
    rows[: len(audio), : audio.shape[1]] = audio
    rows[: len(visual), audio.shape[1] :] = visual
    return rows
