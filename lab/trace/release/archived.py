"""A record in an archive of a release: it is there, and is the file that the manifest lists."""

import hashlib
import tarfile
import tempfile
from pathlib import Path

from features.records.manifest import MANIFEST_NAME, RecordManifest, read_manifest
from lab.trace.chain import Link, facts
from study.errors import StudyError
from study.reading.archives import TAR_ERRORS, seekable_tar
from study.reading.bounded import LimitError

_LARGEST = 1 << 27  # bytes of a manifest or of a record


def record_link(archive: Path, record: str, *, is_rated: bool) -> Link | None:
    """Return a record of an archive; None where it is not there and need not be.

    Parameters
    ----------
    record : str
        Seen from the archive's folder.
    is_rated : bool
        Whether the archive has to have it: every rated clip has a record in every set.
    """
    try:
        content, manifest = _read(archive, record)
    except (*TAR_ERRORS, StudyError) as error:
        return Link("archive", archive.name, faults=(f"cannot be read: {error}",))
    name = f"{archive.name}/{record}"
    if content is None:
        return Link("record", name, faults=("the archive lacks it",)) if is_rated else None
    digest = hashlib.sha256(content).hexdigest()
    if manifest is None:
        return Link("record", name, facts(sha256=digest[:12]))
    rows = manifest.rows[manifest.rows["tfrecord_filename"] == record]
    faults = []
    if rows.empty:
        faults.append("the manifest of the archive does not list it")
    elif rows["record_sha256"].iloc[0] != digest:
        faults.append("it is not the file that the manifest of the archive lists")
    notes = (manifest.recipe.audio, manifest.recipe.visual)
    return Link(
        "record",
        name,
        facts(
            networks=" and ".join(f"{one.network} ({one.weights})" for one in notes),
            frames=manifest.recipe.grid,
            clip=None if rows.empty else rows["clip_sha256"].iloc[0][:12],
            sha256=digest[:12],
        ),
        tuple(faults),
    )


def _read(path: Path, record: str) -> tuple[bytes | None, RecordManifest | None]:
    content, manifest = None, None
    with seekable_tar(path) as archive:
        for member in archive:
            inside = member.name.partition("/")[2]
            if inside == MANIFEST_NAME:
                with tempfile.TemporaryDirectory() as temporary:
                    (Path(temporary) / MANIFEST_NAME).write_bytes(_bytes(archive, member))
                    manifest = read_manifest(Path(temporary))
            elif inside == record:
                content = _bytes(archive, member)
                break
    return content, manifest


def _bytes(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    source = archive.extractfile(member) if member.isreg() else None
    if source is None or member.size > _LARGEST or member.issparse():
        raise LimitError(f"{member.name[:200]!r} is not a plain file of a record's size")
    with source:
        return source.read()
