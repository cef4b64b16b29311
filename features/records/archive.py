"""The archive of a release: one file instead of thousands."""

import shutil
import tarfile
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from features.records.folder import record_paths
from features.records.manifest import MANIFEST_NAME, read_manifest, rows_from, write_manifest
from study.errors import RecordError
from study.reading.archives import TAR_ERRORS, unpack_tar
from study.reading.bounded import open_file
from study.tools.files import written_atomically

_MOST_BYTES = 1 << 40
_MOST_FILES = 4_000_000


def pack_archive(
    folder: Path,
    path: Path,
    *,
    overwrite: bool,
    advance: Callable[[], None],
    only: Collection[str] | None = None,
) -> None:
    """Write all records and the manifest into the `.tar` of a release.

    Parameters
    ----------
    path : Path
        The archive; equal records make equal archives.
    only : collection of str or None
        Which records, ``<label>/<stem>.tfrecord``; the manifest then lists these. None for all.
    """
    members = record_paths(folder)
    if only is not None:
        members = [each for each in members if each.relative_to(folder).as_posix() in only]
    with (
        _manifest(folder, only) as manifest,
        written_atomically(path, overwrite=overwrite) as part,
        tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for member in [*([manifest] if manifest.is_file() else []), *members]:
            inside = MANIFEST_NAME if member == manifest else member.relative_to(folder).as_posix()
            info = tarfile.TarInfo(f"{path.stem}/{inside}")  # no owner and no time
            info.size, info.mode = member.stat().st_size, 0o644
            with member.open("rb") as file:
                archive.addfile(info, file)
            advance()


@contextmanager
def _manifest(folder: Path, only: Collection[str] | None) -> Iterator[Path]:
    whole = folder / MANIFEST_NAME
    if only is None or not whole.is_file():
        yield whole
        return
    found = read_manifest(folder)
    rows = found.rows[found.rows["tfrecord_filename"].isin(only)]
    with tempfile.TemporaryDirectory() as temporary:
        yield write_manifest(Path(temporary), found.recipe, found.software, rows_from(rows))


def unpack_archive(path: Path, folder: Path) -> Path:
    """Unpack the `.tar` of a release.

    Parameters
    ----------
    path : Path
        The archive; not compressed, as the published ones are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as temporary:
        try:
            with open_file(path, _MOST_BYTES) as file:
                unpack_tar(file, Path(temporary), n_files=_MOST_FILES, n_bytes=_MOST_BYTES)
        except TAR_ERRORS as error:
            raise RecordError(f"{path} cannot be unpacked: {error}. Copy it again") from error
        tops = list(Path(temporary).iterdir())
        if len(tops) != 1 or not tops[0].is_dir():
            raise RecordError(
                f"{path} holds {len(tops)} things, expected one folder of records. Copy it again"
            )
        target = folder / tops[0].name
        if target.exists():
            raise RecordError(f"{target} is there already. Move it away, or name another --out")
        shutil.move(tops[0], target)
    return target
