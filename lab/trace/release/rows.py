"""Follow a row of a release as far as the release goes, and on into the store where it is there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from curation.analysis.estimates import SAMPLE_NAME, in_words
from curation.release.posterior import CONFUSION_NAME
from lab.checking.opened import CHECKSUMS, FACTS, Opened, dicts, open_release, part, word, words
from lab.checking.together.posterior import is_other, work_out
from lab.trace.chain import Link, facts
from lab.trace.clip_links import rating_link
from lab.trace.kept import Kept
from lab.trace.release.answers import is_recognition, recognised
from lab.trace.release.archived import record_link
from lab.trace.release.followed import CLOSE_S, IN_THE_LAB, Followed, rows_of, seconds
from lab.trace.traceable import POSTERIOR, Bar, RecordOf, Row, Wanted
from study.errors import ConfigError
from study.reading.clip_keys import key_of
from study.tools.wording import counted
from study.vocabulary import Phase

MOST_SHOWN = 5  # clips of a bar; all of them are held against the trials


def follow_in_release(folder: Path, what: Wanted, kept: Kept | None = None) -> Link:
    """Return the chain of a row, a record or a bar, as far as a release has it.

    Parameters
    ----------
    kept : Kept or None
        The study that was released: each rating goes on to its key presses then.

    Raises
    ------
    StudyError
        If there is no such release or row, or it is a cell of a table that a release does not have.
    """
    of = Followed(open_release(folder), kept)
    match what:
        case Row():
            return _row(of, what.table, what.key, _the_row(of.release, what))
        case RecordOf():
            found = rows_of(of.release, "clips.csv", tfrecord_filename=_in_its_set(what.name))
            if not found:
                raise ConfigError(
                    f"clips.csv of {folder} has no record {what.name!r}. "
                    "Copy the name out of the table"
                )
            return _row(of, "clips", found[0]["filename"], found[0])
        case Bar():
            return _bar(of, what)
    raise ConfigError(
        "a release has no networks: trace Tables 4 and 5 in the study. Pass --study DIR"
    )


def _in_its_set(name: str) -> str:
    # A set or an archive may stand before the record, as in a study.
    return "/".join(name.split("/")[-2:])


def _bar(of: Followed, what: Bar) -> Link:
    measured_on = _measured_on(of.release)
    rows = rows_of(of.release, measured_on, AVMIT_label=what.label)
    if not rows:
        raise ConfigError(
            f"{measured_on} of {of.release.folder} has no class {what.label!r}. "
            "Copy the name out of the table"
        )
    names = ("r2", "r3") if what.question == "present" else ("r3",)
    own = [row for row in rows if sum(_count(row, name) for name in names) == what.n_votes]
    links = [_row(of, measured_on.removesuffix(".csv"), row["filename"], row) for row in own]
    broken = [link for link in links if any(one.faults for one in link.every())]
    shown = [*broken, *(link for link in links if link not in broken)][:MOST_SHOWN]
    faults: tuple[str, ...] = ()
    if len(broken) > len(shown):
        faults = (f"{len(broken)} of its clips have a broken link; {len(shown)} are shown",)
    return Link(
        "bar",
        f"Figure 2, {what.question}, {what.label}, {counted(what.n_votes, 'vote')}",
        facts(clips=len(own), shown=len(shown), estimate=_estimate(of.release)),
        faults,
        tuple(shown),
    )


def _measured_on(release: Opened) -> str:
    """Return of which tallies agreement and Figure 2 are: those of a sample, or of all."""
    return SAMPLE_NAME if SAMPLE_NAME in release.files else "video_ratings.csv"


def _estimate(release: Opened) -> str | None:
    if SAMPLE_NAME not in release.files:
        return None
    sample, every = release.table(SAMPLE_NAME), release.table("video_ratings.csv")
    return None if sample is None or every is None else in_words(sample.num_rows, every.num_rows)


def _the_row(release: Opened, what: Row) -> dict[str, Any]:
    name = f"{what.table}.csv"
    for column in ("filename", "new_filename", "row_id", "tfrecord_filename"):
        if found := rows_of(release, name, **{column: what.key}):
            return found[0]
    location, _, rest = what.key.partition("/")
    if found := rows_of(release, name, video_location=location, filename=rest):
        return found[0]
    table = next((one for one in dicts(release.json(FACTS), "tables") if word(one, "path") == name),
                 {})  # fmt: skip
    key = words(table, "primary_key") or ["table", "column"]
    for row in rows_of(release, name):
        if set(key) <= row.keys() and "/".join(row[one] for one in key) == what.key:
            return row
    raise ConfigError(
        f"{name} of {release.folder} has no row {what.key!r}. Name a clip as the file has it, or "
        f"the cells {', '.join(key)} with / between"
    )


def _row(of: Followed, table: str, name: str, row: dict[str, Any]) -> Link:
    shown = ("row_id", "r1", "r2", "r3", "rating", "reason", "value", "low", "high", "n_clips", "n",
             "type", "means", "posterior", "n_ratings", "stopped_by", "answer", "difficulty",
             "expert_rating", "audit_n_ratings", "audit_answer", "estimate", "n_sample",
             "probability")  # fmt: skip
    return Link(
        "row",
        f"{table}.csv:{row.get('row_id') or row.get('filename', name)}",
        facts(**{n: row[n] for n in shown if n in row}),
        (*_faults_of_file(of.release, f"{table}.csv"), *_faults_of_row(of.release, table, row)),
        (_file(of.release, f"{table}.csv"), *_below(of, table, row)),
    )


def _below(of: Followed, table: str, row: dict[str, Any]) -> Iterator[Link]:
    if is_recognition(table, row):
        yield from recognised(of, table, row)
    elif "filename" in row and table != "rejects":
        yield from _clip(of, row, is_part=f"{table}.csv" == SAMPLE_NAME)


def _faults_of_row(release: Opened, table: str, row: dict[str, Any]) -> Iterator[str]:
    if table == "agreement":
        label = row.get("AVMIT_label", "")
        asked = {} if label == "all" else {"AVMIT_label": label}
        measured_on = _measured_on(release)
        n = len(rows_of(release, measured_on, **asked))
        if row.get("n_clips") != str(n):
            yield f"it is of {row.get('n_clips')} clips, and {measured_on} has {n} of them"
    if table == POSTERIOR:
        again = work_out(release, {name: row[name] for name in ("video_location", "filename")})
        if again is not None and is_other(again):
            yield (
                f"trials.csv and {CONFUSION_NAME} make the posterior {again.posterior[0]:.6f} of "
                f"{again.counts[0].sum()} ratings"
            )
    if table == "data_dictionary":
        described = release.table(row.get("table", ""))
        if described is None or row.get("column") not in described.column_names:
            yield f"{row.get('table')} has no column {row.get('column')!r}"


def _file(release: Opened, name: str) -> Link:
    said = release.json(FACTS)
    steps = [one for one in dicts(said, "steps") if name in (part(one, "outputs") or ())]
    of = dict.fromkeys(each for one in steps for each in words(one, "inputs"))
    return Link(
        "file",
        name,
        facts(
            made_by=", ".join(f"python -m {word(one, 'command')}" for one in steps),
            out_of=", ".join(of) or "the store",
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


def _clip(of: Followed, row: dict[str, Any], *, is_part: bool) -> Iterator[Link]:
    asked = {name: row[name] for name in ("video_location", "filename") if row.get(name)}
    known = rows_of(of.release, "clips.csv", **asked)
    if not known:
        yield Link("clip", "/".join(asked.values()), faults=("clips.csv does not have it",))
        return
    trials = rows_of(of.release, "trials.csv", **asked)
    counting = [one["rating"] for one in trials if one["phase"] == Phase.ANNOTATION]
    yield Link(
        "clip",
        "/".join(asked.values()),
        facts(AVMIT_label=known[0].get("AVMIT_label"), MIT_label=known[0].get("MIT_label")),
        tuple(_faults_of_clip(row, known[0], counting, is_part=is_part)),
        tuple(_trial(of, one) for one in trials if row.get("row_id") in (None, one["row_id"])),
    )
    record = known[0].get("tfrecord_filename", "")
    for name in sorted(of.release.files):
        if name.startswith("AVMIT_") and name.endswith(".tar"):
            link = record_link(of.release.files[name], record, is_rated=bool(counting))
            yield from [] if link is None else [link]


def _faults_of_clip(
    row: dict[str, Any], known: dict[str, Any], given: list[str], *, is_part: bool
) -> Iterator[str]:
    for name in ("AVMIT_label", "MIT_label", "tfrecord_filename"):
        if name in row and row[name] != known.get(name):
            yield f"clips.csv says {name} {known.get(name)!r}, and the row {row[name]!r}"
    if "r1" in row:
        found = [given.count(str(rating)) for rating in (1, 2, 3)]
        told = [_count(row, f"r{rating}") for rating in (1, 2, 3)]
        # A sample does not count further ratings.
        fits = all(np.less_equal(told, found)) if is_part else told == found
        # Lists that take unrated clips have none of a clip without all its ratings.
        if not fits and any(told):
            yield f"trials.csv holds {found} ratings of 1, 2 and 3 for it"


def _count(row: dict[str, Any], name: str) -> int:
    text = row.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1


def _trial(of: Followed, row: dict[str, Any]) -> Link:
    names = {
        "rt_s": "response_time_s", "n_replays": "replays", "n_early_presses": "early_presses",
        "n_presentations": "presentations", "av_offset_s": "sound_minus_picture_s",
        "n_frames_dropped": "frames_dropped", "n_sound_gaps": "sound_gaps", "day": "day",
        "session": "session", "rig_grade": "rig_grade", "flags": "flags",
    }  # fmt: skip
    told = {new: row[old] for old, new in names.items() if old in row}
    inside = None if of.kept is None else _in_store(of.kept, row)
    is_lost = of.kept is not None and inside is None
    return Link(
        "rating",
        f"{row['rating']} by {row['participant']} ({row['phase']})",
        facts(row_id=row["row_id"], **told, further=IN_THE_LAB if of.kept is None else None),
        ("the store has no such rating",) if is_lost else (),
        () if inside is None else (inside,),
    )


def _in_store(kept: Kept, row: dict[str, Any]) -> Link | None:
    if row["phase"] not in tuple(Phase):
        return None
    key = key_of(row["video_location"], row["filename"])
    stored = kept.clip(key, Phase(row["phase"]))
    person = kept.pseudonyms.get(row["participant"])
    for given in stored.ratings:
        told = (given.row["participant_id"], str(given.row["rating"]))
        is_it = told == (person, row["rating"])
        if is_it and abs(float(given.row["rt_s"]) - seconds(row["rt_s"])) <= CLOSE_S:
            return rating_link(kept, stored.candidate or {}, given)
    return None
