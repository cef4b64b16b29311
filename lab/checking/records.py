"""The archives of embeddings: they unpack, every record opens, and is of a listed clip."""

import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from curation.release.row_faults import Finding
from features.records.archive import unpack_archive
from features.records.check_records import check_records
from features.records.folder import record_paths
from lab.checking.opened import Opened, cells, finding
from study.errors import StudyError
from study.reading.archives import TAR_ERRORS

_IN_EVERY_SET = ("video_ratings.csv", "test_set.csv", "AVMIT_train.csv", "AVMIT_validation.csv")
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
        with tempfile.TemporaryDirectory() as temporary:
            try:
                folder = unpack_archive(release.files[name], Path(temporary))
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
    telling = []
    try:
        with tarfile.open(release.files[name], "r:") as archive:
            for number, member in enumerate(archive):
                owner = (member.uid, member.gid, member.uname, member.gname, member.mtime)
                if owner != (0, 0, "", "", 0):
                    telling.append(member.name)
                if number > 10**6:
                    break
    except TAR_ERRORS:
        return  # told when it is unpacked
    if telling:
        yield finding("archive_tells_owner", name, "files have an owner or a time", n=len(telling),
                      of=telling)  # fmt: skip
