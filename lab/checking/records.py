"""The archives of embeddings: they unpack, every record opens, and is of a listed clip."""

import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from curation.release.row_faults import Finding
from features.embedding_set import find_embedding_set
from features.records.archive import unpack_archive
from features.records.check_records import check_records
from features.records.folder import record_paths
from features.records.manifest import MANIFEST_NAME, read_recipe
from lab.checking.opened import Opened, cells, finding
from study.errors import StudyError
from study.reading.archives import TAR_ERRORS, seekable_tar

_IN_EVERY_SET = ("video_ratings.csv", "test_set.csv", "AVMIT_train.csv", "AVMIT_validation.csv")
_MODE = 0o644
_MOST_MEMBERS = 10**6
_ELSEWHERE = ("MIT16_train.csv", "MIT16_validation.csv")


def check_archives(release: Opened) -> Iterator[Finding]:
    """Yield what is wrong with the archives; they are unpacked one after the other."""
    listed = {name: _records(release, name) for name in (*_IN_EVERY_SET, *_ELSEWHERE)}
    seen: set[str] = set()
    archives = [
        name for name in release.files if name.startswith("AVMIT_") and name.endswith(".tar")
    ]
    for name in archives:
        yield from _heads(release, name)
        if release.size(name) > shutil.disk_usage(tempfile.gettempdir()).free:
            yield finding("broken_archive", name, "is larger than the room that is left in TMPDIR "
                          "to unpack it. Make room and check again")  # fmt: skip
            continue
        with tempfile.TemporaryDirectory() as temporary:
            try:
                folder = unpack_archive(release.files[name], Path(temporary))
                yield from _inside(name, folder)
                problems = check_records(folder)
                own = {path.relative_to(folder).as_posix() for path in record_paths(folder)}
            except (StudyError, OSError) as error:
                says = str(error).replace(f"{release.folder}/", "").replace(temporary, "")
                yield finding("broken_archive", name, f"cannot be read: {says}")
                continue
        seen |= own
        if problems:
            of = [f"{one.tfrecord_filename}: {one.detail}" for one in problems]
            yield finding("broken_record", name, "records are not what they should be",
                          n=len(problems), of=of)  # fmt: skip
        yield from _against(name, own, listed)
    if archives:
        for table in _ELSEWHERE:
            yield from _lacking(table, "any archive", listed[table] - seen)


def _inside(name: str, folder: Path) -> Iterator[Finding]:
    stem = name.removesuffix(".tar")
    if folder.name != stem:
        yield finding("other_folder", name, f"holds the folder {folder.name}, expected {stem}")
    try:
        recipe = read_recipe(folder)
    except StudyError as error:
        says = str(error).replace(str(folder.parent), "")
        yield finding("broken_archive", name, f"has no manifest that can be read: {says}")
        return
    held = f"AVMIT_{find_embedding_set(recipe.embedding_set).folder}"
    if held != stem:
        yield finding("other_set", name, f"holds the embeddings of {held}")
    known = {*record_paths(folder), folder / MANIFEST_NAME}
    extra = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path not in known
    )
    if extra:
        yield finding(
            "foreign_file", name, "holds files that are no records", n=len(extra), of=extra
        )


def _against(name: str, own: set[str], listed: dict[str, set[str]]) -> Iterator[Finding]:
    for table in _IN_EVERY_SET:
        yield from _lacking(table, name, listed[table] - own)
    extra = sorted(own - set().union(*listed.values()))
    if extra:
        yield finding("unlisted_record", name, "records are of no list", n=len(extra), of=extra)


def _lacking(table: str, where: str, lost: set[str]) -> Iterator[Finding]:
    if lost:
        yield finding("missing_record", table, f"clips have no record in {where}", n=len(lost),
                      of=sorted(lost))  # fmt: skip


def _records(release: Opened, name: str) -> set[str]:
    table = release.table(name)
    if table is None or "tfrecord_filename" not in table.column_names:
        return set()
    return set(cells(table, "tfrecord_filename"))


def _heads(release: Opened, name: str) -> Iterator[Finding]:
    telling, end = [], 0
    try:
        with seekable_tar(release.files[name]) as archive:
            for number, member in enumerate(archive):
                told = (member.uid, member.gid, member.uname, member.gname, member.mtime)
                if told != (0, 0, "", "", 0) or member.mode != _MODE or _says_more(member):
                    telling.append(member.name)
                if number > _MOST_MEMBERS:
                    break
            end = archive.offset
    except TAR_ERRORS:
        return  # told when it is unpacked
    if telling:
        yield finding("archive_tells_owner", name, "files have an owner, a time, a mode of their "
                      "own or a remark", n=len(telling), of=telling)  # fmt: skip
    if _has_tail(release.files[name], end):
        yield finding("archive_tells_owner", name, "carries something behind its last file")


def _has_tail(path: Path, end: int) -> bool:
    # Two empty blocks end an archive, filled up to a whole record.
    with path.open("rb") as file:
        file.seek(end)
        tail = file.read(2 * tarfile.RECORDSIZE + 1)
    return len(tail) > 2 * tarfile.RECORDSIZE or any(tail)


def _says_more(member: tarfile.TarInfo) -> bool:
    # Long names and large files stand in such a head, and nothing else.
    return bool(member.pax_headers.keys() - {"path", "size"})
