"""Give records their names: once for each clip, so that nothing admitted later renames them."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from study.errors import TableError
from study.naming import tfrecord_filename
from study.reading.clip_keys import key_of
from study.reading.lists import read_list
from study.store import Db
from study.store.clips import record_names
from study.store.clips.record_names import RecordName, folded

# Those without sound are not candidates, but lists of every clip have them, with silence for sound.
SOUNDLESS = ("no_audio", "silent")

_MAX_NAME_BYTES = 255  # what common file systems allow
_HASH_DIGITS = 8

Clip = tuple[str, str, str]
"""Location, filename and AVMIT label."""


def give_names(db: Db, clips: Sequence[Clip], at: datetime) -> int:
    """Give each clip that has no record name one, and return how many were given.

    The plain name, ``<AVMIT label>/<stem>.tfrecord``, goes to the first clip that asks for it; a
    clip that comes later (the same stem under two Moments-in-Time classes that are shown as one,
    or in both locations) gets a digest of its own name added, and so does a name too long for a
    disk, which is cut.

    Paper: Data Description, Table 2.
    """
    nameless = _without_name(db, clips)
    plain = [tfrecord_filename(filename, label) for _, filename, label in nameless]
    in_use = record_names.taken(db, plain)
    given = []
    for (location, filename, _), name in zip(nameless, plain, strict=True):
        is_free = folded(name) not in in_use
        if not is_free or len(PurePosixPath(name).name.encode()) > _MAX_NAME_BYTES:
            name = _with_digest(name, f"{location}/{filename}")
        in_use.add(folded(name))
        given.append(RecordName(location, filename, name))
    record_names.add_many(db, given, at)
    return len(given)


def _without_name(db: Db, clips: Sequence[Clip]) -> list[Clip]:
    by_location: dict[str, list[Clip]] = {}
    for clip in clips:
        by_location.setdefault(clip[0], []).append(clip)
    return [
        clip
        for location, here in by_location.items()
        for clip in _not_among(record_names.named(db, location, _filenames(here)), here)
    ]


def _filenames(clips: Iterable[Clip]) -> list[str]:
    return [filename for _, filename, _ in clips]


def _not_among(named: set[str], clips: Iterable[Clip]) -> list[Clip]:
    return [clip for clip in clips if clip[1] not in named]


def _with_digest(name: str, key: str) -> str:
    path = PurePosixPath(name)
    tail = f"-{hashlib.sha256(key.encode()).hexdigest()[:_HASH_DIGITS]}{path.suffix}"
    stem = path.stem.encode()[: _MAX_NAME_BYTES - len(tail)].decode(errors="ignore")
    return str(path.with_name(f"{stem}{tail}"))


def keep_names(db: Db, table: Path, at: datetime) -> int:
    """Give clips the record names that an earlier export has; return how many changed.

    Raises TableError if the table cannot be read, names a clip that the store does not know, or a
    name that belongs to a clip that is not in it.
    """
    clips = read_list(table, ("filename", "avmit_label", "video_location", "tfrecord_filename"))
    given = record_names.frame(db)
    now = {
        key_of(location, filename): RecordName(location, filename, name)
        for location, filename, name in given.itertuples(index=False, name=None)
    }
    unknown = [key for key in clips.keys if key not in now]
    if unknown:
        raise TableError(
            f"{table}: the store does not know {'/'.join(unknown[0])} and {len(unknown) - 1} other "
            "clips of it. Name a table that was exported from this study"
        )
    changed = [
        replace(now[key], tfrecord_filename=name)
        for key, name in zip(clips.keys, clips.records, strict=True)
        if now[key].tfrecord_filename != name
    ]
    in_table = set(clips.keys)
    others = {folded(n.tfrecord_filename): n for key, n in now.items() if key not in in_table}
    for name in changed:
        if folded(name.tfrecord_filename) in others:
            other = others[folded(name.tfrecord_filename)]
            raise TableError(
                f"{table}: {name.tfrecord_filename} is the record of {other.filename} by now. "
                "Give the table that has this clip too"
            )
    record_names.replace_many(db, changed, at)
    return len(changed)
