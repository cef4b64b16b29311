"""Follow a number of a study down to the key presses."""

from collections.abc import Iterator
from typing import Any

from curation.analysis.estimates import in_words
from curation.figures import votes_by_class
from curation.tally import yes_votes
from lab.trace.answers import TABLE as ANSWERS
from lab.trace.answers import accuracy_link, answer_row_link
from lab.trace.chain import Link, facts
from lab.trace.clip_links import clip_link, located, record_links
from lab.trace.kept import Kept
from lab.trace.networks import cell_5_link
from lab.trace.posterior import posterior_link
from lab.trace.searches import cell_4_link
from lab.trace.table_links import faults_of_table, table_link
from lab.trace.traceable import (
    OF_RELEASE,
    POSTERIOR,
    Accuracy,
    Bar,
    Cell4,
    Cell5,
    RecordOf,
    Row,
    Wanted,
)
from study.errors import ConfigError
from study.reading.clip_keys import Key, key_of, keys_of
from study.reading.list_faults import COUNTS
from study.tools.wording import counted
from study.vocabulary import VIDEO_LOCATIONS

_OF_STORE = ("clips", "rejects")
MOST_SHOWN = 5  # clips of a bar; all of them are held against the store


def follow(kept: Kept, what: Wanted) -> Link:
    """Return the chain of a number.

    Raises
    ------
    StudyError
        If there is no such number.
    """
    match what:
        case Row():
            return row_link(kept, what)
        case RecordOf():
            return _record_link(kept, what)
        case Bar():
            return _bar_link(kept, what)
        case Accuracy():
            return accuracy_link(kept, what)
        case Cell4():
            return cell_4_link(kept, what)
        case Cell5():
            return cell_5_link(kept, what)


def row_link(kept: Kept, what: Row) -> Link:
    """Return the chain of a row of a list."""
    if what.table == ANSWERS:
        return answer_row_link(kept, what)
    if what.table == POSTERIOR:
        return posterior_link(kept, what)
    if what.table in _OF_STORE:
        return _clip_of_store(kept, what)
    if what.table in OF_RELEASE:
        raise ConfigError(f"{what.table}.csv stands in a release only. Name it: --release DIR")
    key, row = _found(kept, what)
    return Link(
        "row",
        f"{what.table}.csv:{row['filename']}",
        facts(
            line=row["line"],
            **{name: row[name] for name in (*COUNTS, "new_filename") if name in row},
        ),
        (*faults_of_table(kept, what.table), *_faults_of_raw(kept, what.table, key, row)),
        (
            table_link(kept, what.table),
            clip_link(kept, key, row),
            *_records(kept, key, row),
        ),
    )


def _clip_of_store(kept: Kept, what: Row) -> Link:
    # Released tables that say what the store says of every clip.
    location, _, rest = what.key.partition("/")
    for key in (key_of(location, rest), *(key_of(one, what.key) for one in VIDEO_LOCATIONS)):
        stored = kept.clip(key)
        if stored.is_known and (what.table == "clips" or stored.reason):
            return Link(
                "row",
                f"{what.table}.csv:{key[1]}",
                below=(clip_link(kept, key, {}), *_records(kept, key, {})),
            )
    raise ConfigError(
        f"the store has no clip {what.key!r} that {what.table}.csv could name. "
        "Copy the name out of the table"
    )


def _faults_of_raw(kept: Kept, table: str, key: Key, row: dict[str, Any]) -> Iterator[str]:
    # This list has a row per rating: all of a clip are held against the store.
    if table != "raw_video_ratings":
        return
    rows = kept.table(table).rows
    own = rows[(rows["filename"] == row["filename"]) & (rows["video_location"] == key[0])]
    told = sorted(map(int, own["rating"]))
    found = sorted(one.row["rating"] for one in kept.clip(key).ratings if not one.row["reason"])
    if told != found:
        yield f"the list says the ratings {told}, and the store {found}"


def _found(kept: Kept, what: Row) -> tuple[Key, dict[str, Any]]:
    table = kept.table(what.table)
    location, _, rest = what.key.partition("/")
    keys = (key_of(location, rest), *(key_of(one, what.key) for one in (*VIDEO_LOCATIONS, "")))
    places = (*(table.places[key] for key in keys if key in table.places), table.called(what.key))
    for place in places:
        if place is not None:
            row = table.row(place)
            return located(kept, key_of(row.get("video_location", ""), row["filename"])), row
    raise ConfigError(
        f"{what.table}.csv has no row {what.key!r}. Name a clip as the file has it: CLASS/CLIP.mp4"
    )


def _records(kept: Kept, key: Key, row: dict[str, Any]) -> list[Link]:
    name = row.get("tfrecord_filename") or kept.clip(key).record
    if not kept.manifests or not name:
        return []
    found = record_links(kept, name, key)
    return found or [Link("record", name, faults=("no embedding set has it",))]


def _record_link(kept: Kept, what: RecordOf) -> Link:
    first, _, rest = what.name.partition("/")
    embedding_set, record = (first, rest) if first in kept.manifests else ("", what.name)
    rows = (traced.row(record) for traced in kept.manifests.values())
    row = next((one for one in rows if one is not None), None)
    if row is None:
        raise ConfigError(
            f"no manifest of {kept.places.embeddings} lists the record {record!r}. Name it as a "
            "list has it: CLASS/CLIP.tfrecord"
        )
    key = located(kept, key_of(row["video_location"], row["filename"]))
    links = record_links(kept, record, key, only=embedding_set)
    name = kept.clip(key).record
    faults: tuple[str, ...] = ()
    if name and name != record:
        faults = (f"the store calls the record of this clip {name!r}",)
    return Link("number", what.name, faults=faults, below=(*links, clip_link(kept, key, {})))


def _bar_link(kept: Kept, what: Bar) -> Link:
    sample = kept.sample
    clips = kept.tallies if sample is None else sample
    if what.label not in set(clips["avmit_label"]):
        known = ", ".join(sorted(set(clips["avmit_label"])))
        raise ConfigError(f"{what.label!r} is not a class of Figure 2. Its classes: {known}")
    votes = yes_votes(clips, what.question)
    own = clips[(clips["avmit_label"] == what.label) & (votes == what.n_votes)]
    drawn = votes_by_class(clips, what.question).loc[what.label].to_dict()
    n_counted = {str(n): int(many) for n, many in drawn.items()}.get(str(what.n_votes), 0)
    rows = [{str(k): v for k, v in row.items()} for row in own.to_dict("records")]
    kept.look_up(keys_of(own["video_location"], own["filename"]))
    # Clips of a sample may have further ratings, which it does not count.
    links = [
        clip_link(
            kept, key_of(row["video_location"], row["filename"]), row if sample is None else {}
        )
        for row in rows
    ]
    broken = [link for link in links if any(one.faults for one in link.every())]
    shown = [*broken, *(link for link in links if link not in broken)][:MOST_SHOWN]
    faults = (
        [] if n_counted == len(own) else [f"the figure has {n_counted}, and the table {len(own)}"]
    )
    if len(broken) > len(shown):
        faults.append(f"{len(broken)} of its clips have a broken link; {len(shown)} are shown")
    return Link(
        "bar",
        f"Figure 2, {what.question}, {what.label}, {counted(what.n_votes, 'vote')}",
        facts(
            clips=len(own),
            shown=min(len(own), MOST_SHOWN),
            estimate=None if sample is None else in_words(len(sample), len(kept.tallies)),
        ),
        (*faults, *faults_of_table(kept, "video_ratings")),
        (table_link(kept, "video_ratings"), *shown),
    )
