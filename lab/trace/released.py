"""Follow a row of a release as far as the release goes."""

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from lab.checking.opened import CHECKSUMS, FACTS, Opened, dicts, open_release, part, word
from lab.trace.chain import Link, facts
from lab.trace.wanted import Bar, RecordOf, Row, Wanted
from study.errors import ConfigError
from study.reading.archives import TAR_ERRORS

_IN_THE_LAB = "sessions, presentations and key presses stay in the store of the lab"


def follow_in_release(folder: Path, what: Wanted) -> Link:
    """Return the chain of a row, a record or a bar, as far as a release has it.

    Raises
    ------
    StudyError
        If there is no such release or row, or it is a cell of a table that a release does not have.
    """
    release = open_release(folder)
    match what:
        case Row():
            return _row(release, what.table, _the_row(release, what))
        case RecordOf():
            name = what.name
            found = _rows(release, "clips.csv", tfrecord_filename=name)
            if not found:
                raise ConfigError(f"clips.csv of {folder} has no record {name!r}")
            return _row(release, "clips", found[0])
        case Bar():
            return _bar(release, what)
    raise ConfigError("a release has no networks: trace Tables 4 and 5 in the study")


def _bar(release: Opened, what: Bar) -> Link:
    rows = _rows(release, "video_ratings.csv", AVMIT_label=what.label)
    if not rows:
        raise ConfigError(f"video_ratings.csv of {release.folder} has no class {what.label!r}")
    names = ("r2", "r3") if what.question == "present" else ("r3",)
    own = [row for row in rows if sum(int(row[name]) for name in names) == what.n_votes]
    return Link(
        "bar",
        f"Figure 2, {what.question}, {what.label}, {what.n_votes} votes",
        facts(clips=len(own)),
        below=tuple(_row(release, "video_ratings", row) for row in own[:5]),
    )


def _the_row(release: Opened, what: Row) -> dict[str, Any]:
    for column in ("filename", "new_filename", "row_id", "tfrecord_filename"):
        if found := _rows(release, f"{what.table}.csv", **{column: what.key}):
            return found[0]
    location, _, rest = what.key.partition("/")
    if found := _rows(release, f"{what.table}.csv", video_location=location, filename=rest):
        return found[0]
    raise ConfigError(f"{what.table}.csv of {release.folder} has no row {what.key!r}")


def _rows(release: Opened, name: str, **asked: str) -> list[dict[str, Any]]:
    table = release.table(name)
    if table is None or not set(asked) <= set(table.column_names):
        return []
    for column, value in asked.items():
        table = table.filter(pc.equal(table[column], value))
    return list(table.to_pylist())


def _row(release: Opened, table: str, row: dict[str, Any]) -> Link:
    clip = {name: row.get(name, "") for name in ("video_location", "filename")}
    return Link(
        "row",
        f"{table}.csv:{row['filename']}",
        facts(**{n: row[n] for n in ("row_id", "r1", "r2", "r3", "rating", "reason") if n in row}),
        tuple(_faults_of_file(release, f"{table}.csv")),
        (
            _file(release, f"{table}.csv"),
            *(_clip(release, clip, row) if table != "rejects" else ()),
        ),
    )


def _file(release: Opened, name: str) -> Link:
    said = release.json(FACTS)
    steps = [one for one in dicts(said, "steps") if name in (part(one, "outputs") or ())]
    return Link(
        "file",
        name,
        facts(
            made_by=", ".join(f"python -m {word(one, 'command')}" for one in steps),
            software=f"{word(said, 'software')} {word(said, 'software_version')}",
            release=word(said, "version"),
            sha256=release.digest(name)[:12] if name in release.files else None,
        ),
        () if steps else ("the release does not say which command made it",),
    )


def _faults_of_file(release: Opened, name: str) -> Iterator[str]:
    sums = dict(line.split("  ", 1)[::-1] for line in release.text(CHECKSUMS).splitlines()
                if "  " in line)  # fmt: skip
    if name not in sums:
        yield "its file has no checksum"
    elif name in release.files and release.digest(name) != sums[name]:
        yield "its file is not the one that was released: it was changed"


def _clip(release: Opened, clip: dict[str, str], row: dict[str, Any]) -> Iterator[Link]:
    asked = {name: value for name, value in clip.items() if value}
    known = _rows(release, "clips.csv", **asked)
    if not known:
        yield Link("clip", "/".join(asked.values()), faults=("clips.csv does not have it",))
        return
    trials = _rows(release, "trials.csv", **asked)
    counting = [one["rating"] for one in trials if one["phase"] == "annotation"]
    faults = []
    if "r1" in row:
        found = [counting.count(str(rating)) for rating in (1, 2, 3)]
        if [int(row[f"r{n}"]) for n in (1, 2, 3)] != found:
            faults.append(f"trials.csv holds {found} ratings of 1, 2 and 3 for it")
    yield Link(
        "clip",
        "/".join(asked.values()),
        facts(AVMIT_label=known[0].get("AVMIT_label"), MIT_label=known[0].get("MIT_label")),
        tuple(faults),
        tuple(_trial(one) for one in trials),
    )
    record = known[0].get("tfrecord_filename", "")
    yield from _records(release, record, is_rated=bool(counting))


def _trial(row: dict[str, Any]) -> Link:
    names = {
        "rt_s": "response_time_s", "n_replays": "replays", "n_early_presses": "early_presses",
        "n_presentations": "presentations", "av_offset_s": "sound_minus_picture_s",
        "n_frames_dropped": "frames_dropped", "n_sound_gaps": "sound_gaps", "day": "day",
        "session": "session", "rig_grade": "rig_grade", "flags": "flags",
    }  # fmt: skip
    told = {new: row[old] for old, new in names.items() if old in row}
    return Link(
        "rating",
        f"{row['rating']} by {row['participant']} ({row['phase']})",
        facts(row_id=row["row_id"], **told, further=_IN_THE_LAB),
    )


def _records(release: Opened, record: str, *, is_rated: bool) -> Iterator[Link]:
    for name in sorted(release.files):
        if not (name.startswith("AVMIT_") and name.endswith(".tar")):
            continue
        try:
            with tarfile.open(release.files[name], "r:") as archive:
                names = {member.name.partition("/")[2] for member in archive}
        except TAR_ERRORS as error:
            yield Link("archive", name, faults=(f"cannot be read: {error}",))
            continue
        if record in names:
            yield Link("record", f"{name}/{record}", facts(sha256=release.digest(name)[:12]))
        elif is_rated:
            yield Link("record", f"{name}/{record}", faults=("the archive lacks it",))
