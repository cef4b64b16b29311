"""One file instead of thousands: the archive of a release, and packed arrays for training."""

import json
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from features.embedding_set import MAX_TIMESTEPS, EmbeddingSet
from features.records.manifest import MANIFEST_NAME, read_manifest
from features.records.records import Record, read_record
from study.errors import RecordError
from study.tools.files import unpack_tar, written_atomically

Advance = Callable[[], None]
_format: Any = np.lib.format  # NumPy's own files; it has no types
_LOCAL_HEADER = 30  # bytes of a zip entry's head before its name


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """Packed records; the embeddings stay on the disk until they are used.

    Parameters
    ----------
    audio, visual : ndarray of float32, shape (n_records, 7, size)
        Embeddings, cut to 7 timesteps or filled up with zeros.
    audio_timesteps, visual_timesteps : ndarray of int64, shape (n_records,)
        How many each record has, those that were cut off included.
    label, tfrecord_filename : ndarray of str, shape (n_records,)
        What they belong to.
    about : dict
        The manifest's recipe; empty where there was no manifest.
    """

    audio: npt.NDArray[np.float32]
    visual: npt.NDArray[np.float32]
    audio_timesteps: npt.NDArray[np.int64]
    visual_timesteps: npt.NDArray[np.int64]
    label: npt.NDArray[np.str_]
    tfrecord_filename: npt.NDArray[np.str_]
    about: dict[str, object]


def record_paths(folder: Path) -> list[Path]:
    """Return the records of a folder, ``<label>/<stem>.tfrecord``, in the order of their names.

    Parameters
    ----------
    folder : Path
        The folder of an embedding set.

    Returns
    -------
    list of Path
        Unfinished files left out.

    Raises
    ------
    RecordError
        If there is none.
    """
    found = sorted(p for p in folder.glob("*/*.tfrecord") if not p.name.startswith("."))
    if not found:
        raise RecordError(f"no records <label>/<stem>.tfrecord in {folder}. Name another folder")
    return found


def pack_archive(folder: Path, path: Path, *, overwrite: bool, advance: Advance) -> None:
    """Write all records and the manifest into the `.tar` of a release.

    Parameters
    ----------
    folder : Path
        The folder of an embedding set.
    path : Path
        The archive; equal records make equal archives.
    overwrite : bool
        Whether it may be replaced.
    advance : callable
        Called after every record.

    Raises
    ------
    RecordError
        If there are no records.
    StudyError
        If the archive exists and must not be replaced.
    """
    members = record_paths(folder)
    manifest = folder / MANIFEST_NAME
    with (
        written_atomically(path, overwrite=overwrite) as part,
        tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for member in [*([manifest] if manifest.is_file() else []), *members]:
            name = f"{path.stem}/{member.relative_to(folder).as_posix()}"
            info = tarfile.TarInfo(name)  # no owner and no time
            info.size, info.mode = member.stat().st_size, 0o644
            with member.open("rb") as file:
                archive.addfile(info, file)
            advance()


def unpack_archive(path: Path, folder: Path) -> Path:
    """Unpack the `.tar` of a release.

    Parameters
    ----------
    path : Path
        The archive.
    folder : Path
        Where its folder is to lie.

    Returns
    -------
    Path
        The folder of the records.

    Raises
    ------
    RecordError
        If it is no archive, holds anything but files within one folder, or ends too early, or if
        the folder is there already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as temporary:
        try:
            with tarfile.open(path) as archive:
                unpack_tar(archive, Path(temporary))
        except (tarfile.TarError, EOFError, OSError) as error:
            raise RecordError(f"{path} cannot be unpacked: {error}. Copy it again") from error
        tops = list(Path(temporary).iterdir())
        if len(tops) != 1 or not tops[0].is_dir():
            raise RecordError(f"{path} holds {len(tops)} things, expected one folder of records")
        target = folder / tops[0].name
        if target.exists():
            raise RecordError(f"{target} is there already. Move it away, or name another --out")
        shutil.move(tops[0], target)
    return target


def pack_arrays(
    folder: Path, path: Path, embedding_set: EmbeddingSet, *, overwrite: bool, advance: Advance
) -> int:
    """Write all records into one `.npz` of arrays that can be mapped into memory.

    Parameters
    ----------
    folder : Path
        The folder of an embedding set.
    path : Path
        The `.npz`; not compressed.
    embedding_set : EmbeddingSet
        Its sizes.
    overwrite : bool
        Whether it may be replaced.
    advance : callable
        Called after every record.

    Returns
    -------
    int
        Records that have more than 7 timesteps, of which the rest is left out.

    Raises
    ------
    RecordError
        If a record is broken or of another set.
    StudyError
        If the file exists and must not be replaced.
    """
    members = record_paths(folder)
    notes: list[Record] = []
    with (
        written_atomically(path, overwrite=overwrite) as part,
        zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as packed,
        tempfile.TemporaryFile(dir=path.parent) as visual,
    ):
        audio_shape = (len(members), MAX_TIMESTEPS, embedding_set.audio_size)
        with packed.open("audio.npy", "w", force_zip64=True) as audio:
            _begin_array(audio, audio_shape)
            for member in members:
                record = read_record(member, embedding_set)
                audio.write(_padded(record.audio))
                visual.write(_padded(record.visual))
                notes.append(record)
                advance()
        visual.seek(0)
        with packed.open("visual.npy", "w", force_zip64=True) as file:
            _begin_array(file, (len(members), MAX_TIMESTEPS, embedding_set.visual_size))
            shutil.copyfileobj(visual, file, 1 << 20)
        _write_small(packed, folder, members, notes)
    return sum(max(len(n.audio), len(n.visual)) > MAX_TIMESTEPS for n in notes)


def read_pack(path: Path | str) -> Pack:
    """Read packed records; their embeddings are mapped into memory, not loaded.

    Parameters
    ----------
    path : Path or str
        What `pack_arrays` wrote.

    Returns
    -------
    Pack
        The records.

    Raises
    ------
    RecordError
        If it is missing or no such file.
    """
    path = Path(path)
    try:
        with np.load(path) as file:
            small = {
                name: file[name]
                for name in ("audio_timesteps", "visual_timesteps", "label", "tfrecord_filename")
            }
            about = json.loads(str(file["about"]))
        audio, visual = _mapped(path, "audio.npy"), _mapped(path, "visual.npy")
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise RecordError(
            f"{path} is no packed array file: {error}. Run: python -m features pack"
        ) from error
    return Pack(audio=audio, visual=visual, about=about, **small)


def _padded(rows: npt.NDArray[np.float32]) -> bytes:
    padded = np.zeros((MAX_TIMESTEPS, rows.shape[1]), "<f4")
    padded[: len(rows)] = rows[:MAX_TIMESTEPS]
    return padded.tobytes()


def _begin_array(file: IO[bytes], shape: tuple[int, ...]) -> None:
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    _format.write_array_header_1_0(file, header)


def _write_small(
    packed: zipfile.ZipFile, folder: Path, members: Sequence[Path], notes: Sequence[Record]
) -> None:
    has_manifest = (folder / MANIFEST_NAME).is_file()
    about = asdict(read_manifest(folder).recipe) if has_manifest else {}
    arrays = {
        "audio_timesteps": np.array([len(note.audio) for note in notes], np.int64),
        "visual_timesteps": np.array([len(note.visual) for note in notes], np.int64),
        "label": np.array([note.label for note in notes]),
        "tfrecord_filename": np.array([m.relative_to(folder).as_posix() for m in members]),
        "about": np.array(json.dumps(about)),
    }
    for name, array in arrays.items():
        buffer = BytesIO()
        _format.write_array(buffer, array, allow_pickle=False)
        packed.writestr(f"{name}.npy", buffer.getvalue())


def _mapped(path: Path, name: str) -> npt.NDArray[np.float32]:
    with zipfile.ZipFile(path) as packed, path.open("rb") as file:
        # The array lies in the file as it is, behind the entry's head and NumPy's own.
        begin = packed.getinfo(name).header_offset
        file.seek(begin + 26)
        lengths = np.frombuffer(file.read(4), "<u2")
        file.seek(begin + _LOCAL_HEADER + int(lengths.sum()))
        _format.read_magic(file)
        shape, _, dtype = _format.read_array_header_1_0(file)
        return np.memmap(path, dtype=dtype, mode="r", offset=file.tell(), shape=shape)
