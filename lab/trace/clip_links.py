"""The lower part of a chain: clip, ratings, sessions, presentations, key presses, records."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from lab.trace.chain import Link, facts
from lab.trace.kept import Kept
from lab.trace.stored import StoredRating
from study.deciding.questions import has_enough
from study.reading.clip_keys import Key
from study.reading.list_faults import COUNTS
from study.store.ratings.origins import Origin
from study.tools.files import sha256_of
from study.tools.local_time import local_day, local_time
from study.vocabulary import VIDEO_LOCATIONS

_SHORT = 12  # digits of a digest, for reading
_CLOSE_S = 1e-5  # what times may differ by that were stored as numbers


def clip_link(kept: Kept, key: Key, row: dict[str, Any]) -> Link:
    """Return a clip with the ratings that it got.

    Parameters
    ----------
    key : tuple of (str, str)
        Location and filename.
    row : dict
        Its row of a list; what it says is held against the store.
    """
    stored = kept.clip(key)
    known = stored.candidate
    if stored.reason:
        # The MIT-16 lists take every clip of their classes, with sound or without.
        return _rejected(kept, key, row, stored.reason)
    if known is None:
        faults = ("the store does not know it",)
        if not key[0]:
            faults = ("its list has no location, so it cannot be looked up",)
        return Link("clip", "/".join(filter(None, key)), faults=faults)
    return Link(
        "clip",
        "/".join(key),
        facts(
            AVMIT_label=known["avmit_label"],
            MIT_label=known["mit_label"],
            admitted=local_day(known["admitted_at"]),
            sha256=known["sha256"][:_SHORT],
        ),
        tuple(_faults_of_clip(kept, key, row, known)),
        tuple(rating_link(kept, known, one) for one in stored.ratings),
    )


def located(kept: Kept, key: Key) -> Key:
    """Return the key of a clip whose list has no locations, as the MIT-16 ones; the store knows."""
    if key[0]:
        return key
    found = [(one, key[1]) for one in VIDEO_LOCATIONS]
    kept.look_up(found)
    known = [one for one in found if kept.clip(one).is_known]
    return known[0] if len(known) == 1 else key


def _rejected(kept: Kept, key: Key, row: dict[str, Any], reason: str) -> Link:
    faults = []
    if any(int(row.get(f"r{rating}", 0)) for rating in (1, 2, 3)):
        faults.append("the list has ratings, and the clip was not admitted")
    if not kept.study.clip_path(*key).is_file():
        faults.append(f"{kept.study.clip_path(*key)} is not there")
    said = facts(not_admitted=reason.replace("_", " "))
    return Link("clip", "/".join(key), said, tuple(faults))


def _faults_of_clip(
    kept: Kept, key: Key, row: dict[str, Any], known: dict[str, Any]
) -> Iterator[str]:
    stored = kept.clip(key)
    record, given = stored.record, [one.row for one in stored.ratings]
    for name in ("avmit_label", "mit_label"):
        if name in row and row[name] != known[name]:
            yield f"the list says {name} {row[name]!r}, and the store {known[name]!r}"
    if record and row.get("tfrecord_filename", record) != record:
        yield f"the list names the record {row['tfrecord_filename']!r}, and the store {record!r}"
    if "r1" in row and given:
        told = [int(row[f"r{rating}"]) for rating in (1, 2, 3)]
        counting = [one["rating"] for one in given if not one["reason"]]
        found = [counting.count(rating) for rating in (1, 2, 3)]
        too_few = not has_enough(found, kept.study.config.protocol)[0]
        # Lists that take unrated clips have none of a clip without all its ratings.
        if told != found and not (too_few and not any(told)):
            yield f"the list says {told} ratings of 1, 2 and 3, and the store holds {found}"
    if "r1" in row and not given and any(int(row[count]) for count in COUNTS):
        yield "the list has ratings, and the store none"
    path = kept.study.clip_path(*key)
    if not path.is_file():
        yield f"{path} is not there, so the file cannot be compared"
    elif sha256_of(path) != known["sha256"]:
        yield f"{path} is not the file that was admitted"


def rating_link(kept: Kept, clip: dict[str, Any], given: StoredRating) -> Link:
    """Return a rating with its session, presentations and key presses."""
    row = given.row
    is_out = f"does not count ({row['reason'].replace('_', ' ')})" if row["reason"] else "counts"
    return Link(
        "rating",
        f"{row['rating']} by {row['participant_id']}",
        facts(
            trial=int(row["trial_id"]),
            response_time_s=float(row["rt_s"]),
            interrupted_s=_number(row["interrupted_s"]),
            replays=int(row["n_replays"]),
            early_presses=int(row["n_early_presses"]),
            verdict=is_out,
        ),
        tuple(_faults_of_rating(kept, given)),
        (
            session_link(kept.origin(row["session_id"])),
            *(presentation_link(clip, one) for one in given.played),
            *(press_link(one) for one in given.pressed),
        ),
    )


def _faults_of_rating(kept: Kept, rating: StoredRating) -> Iterator[str]:
    row, played, pressed = rating.row, rating.played, rating.pressed
    if not played:
        yield "it has no presentation"
    late = [one for one in pressed if not one["early"]]
    keys = kept.study.config.keys.ratings
    given = [one for one in late if keys.get(one["key"]) is not None]
    if not given:
        yield "it has no key press"
        return
    last = given[-1]
    if int(keys[last["key"]]) != int(row["rating"]):
        yield f"the key that was pressed is {last['key']!r}"
    if int(row["n_early_presses"]) != sum(bool(one["early"]) for one in pressed):
        yield f"it says {row['n_early_presses']} early presses, which is not what was pressed"
    if played and not pd.isna(row["interrupted_s"]):
        by_clock = float(last["t_s"]) - float(played[-1]["offset_s"])
        told = float(row["rt_s"]) + float(row["interrupted_s"])
        if abs(by_clock - told) > _CLOSE_S:
            yield (
                f"its times add up to {told:.6f} s, and the clock of the session says "
                f"{by_clock:.6f} s"
            )


def session_link(origin: Origin) -> Link:
    """Return a session: rig, software and configuration."""
    rig = origin.rig
    versions = rig.get("versions")
    shown = versions if isinstance(versions, dict) else {}
    faults = []
    if not shown and origin.stage == "window":
        faults.append("its rig does not say which software it ran")
    if not origin.config_sha256:
        faults.append("its configuration is not known")
    return Link(
        "session",
        origin.session_id[:8],
        facts(
            participant=origin.participant_id,
            phase=origin.phase,
            stage=origin.stage,
            began=local_time(origin.started_at),
            rig=origin.host,
            rig_grade=str(rig.get("grade") or "none"),
            software=", ".join(f"{name} {version}" for name, version in sorted(shown.items())),
            configuration=origin.config_sha256[:_SHORT],
        ),
        tuple(faults),
    )


def presentation_link(clip: dict[str, Any], row: dict[str, Any]) -> Link:
    """Return a presentation with its timing evidence."""
    faults: tuple[str, ...] = ()
    if row["clip_sha256"] and row["clip_sha256"] != clip["sha256"]:
        faults = ("it played another file than the one that was admitted",)
    offset = _number(row["av_offset_s"])
    return Link(
        "presentation",
        str(row["number"]),
        facts(
            onset_s=float(row["onset_s"]),
            offset_s=float(row["offset_s"]),
            sound_minus_picture_ms=None if offset is None else 1000 * offset,
            frames_shown=int(row["n_frames_shown"]),
            frames_dropped=int(row["n_frames_dropped"]),
            sound_gaps=int(row["n_xruns"]),
            interrupted="yes" if row["interrupted"] else None,
            file=row["clip_sha256"][:_SHORT],
        ),
        faults,
    )


def press_link(row: dict[str, Any]) -> Link:
    """Return a key press."""
    return Link(
        "key press",
        repr(row["key"]),
        facts(at_s=float(row["t_s"]), early="yes" if row["early"] else None),
    )


def record_links(kept: Kept, record: str, key: Key, *, only: str = "") -> list[Link]:
    """Return the records of a clip, one per embedding set that has it.

    Parameters
    ----------
    only : str
        The one set that is asked for; empty for all.
    """
    found = []
    for name, traced in kept.manifests.items():
        manifest, row = traced.manifest, traced.row(record)
        if row is None or (only and name != only):
            continue
        path = kept.places.embeddings / name / record
        notes = (manifest.recipe.audio, manifest.recipe.visual)
        found.append(
            Link(
                "record",
                f"{name}/{record}",
                facts(
                    networks=" and ".join(f"{one.network} ({one.weights})" for one in notes),
                    frames=manifest.recipe.grid,
                    software=", ".join(
                        f"{one} {version}" for one, version in sorted(manifest.software.items())
                    ),
                    sha256=row["record_sha256"][:_SHORT],
                ),
                tuple(_faults_of_record(kept, path, row, key)),
            )
        )
    return found


def _faults_of_record(kept: Kept, path: Path, row: dict[str, Any], key: Key) -> Iterator[str]:
    if not path.is_file():
        yield f"{path} is not there"
    elif sha256_of(path) != row["record_sha256"]:
        yield f"{path} is not the file that its manifest lists"
    known = kept.clip(key).candidate
    if known is not None and row["clip_sha256"] != known["sha256"]:
        yield "it was made of another file than the one that was admitted"
    if row["filename"] != key[1]:
        yield f"its manifest says that it is of {row['filename']}"


def _number(value: object) -> float | None:
    return None if pd.isna(value) else float(str(value))  # type: ignore[call-overload]
