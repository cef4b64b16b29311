"""A list that a network was made with or tested on: its clips, and the records that were used."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from features.embedding_set import EmbeddingSet
from lab.trace.chain import Link, facts, faults_of
from lab.trace.clip_links import clip_link, located, record_links
from lab.trace.kept import Kept
from models.data.dataset import records_digest
from models.data.labelled_clips import LabelledClips, read_list
from models.saving.card import DataCard
from study.errors import StudyError
from study.reading.clip_keys import key_of
from study.vocabulary import VIDEO_LOCATIONS

MOST_SHOWN = 3  # clips of a list; all of them are held against the store


def list_link(
    kept: Kept, data: DataCard, paths: Sequence[Path], kind: str, embedding_set: EmbeddingSet
) -> Link:
    """Return a list with its clips.

    Parameters
    ----------
    paths : sequence of Path
        Where the list has to lie; the first one that can be read is followed.
    kind : str
        Such as ``"train list"``.
    """
    faults, clips = [], None
    for path in paths:
        if not path.is_file():
            faults.append(f"{path} is not there")
            continue
        try:
            found = read_list(path)
        except StudyError as error:
            faults.append(str(error))
            continue
        clips = clips or found
        if found.sha256 != data.list_sha256:
            faults.append(f"{path} is not the list that was used")
    below: tuple[Link, ...] = ()
    if clips is not None:
        faults += _faults_of_records(kept, clips, data, embedding_set)
        below, n_broken = _clips(kept, clips, data.name, embedding_set)
        if n_broken > len(below):
            faults.append(f"{n_broken} of its clips have a broken link; {len(below)} are shown")
    return Link(
        kind,
        data.name,
        facts(
            clips=data.n_clips, sha256=data.list_sha256[:12], records=data.records_sha256[:12],
            shown=len(below),
        ),
        tuple(faults),
        below,
    )  # fmt: skip


def _faults_of_records(
    kept: Kept, clips: LabelledClips, data: DataCard, embedding_set: EmbeddingSet
) -> list[str]:
    traced = kept.manifests.get(embedding_set.folder)
    if traced is None:  # published embeddings have no manifest
        return []
    rows = [traced.row(record) for record in clips.records]
    digests = [str(row["record_sha256"]) for row in rows if row is not None]
    if len(digests) < len(rows):
        return [f"{len(rows) - len(digests)} of its clips have no record in {embedding_set.folder}"]
    if records_digest(digests, embedding_set) != data.records_sha256:
        return [f"the records in {embedding_set.folder} are not those that were used"]
    return []


def _clips(
    kept: Kept, clips: LabelledClips, table: str, embedding_set: EmbeddingSet
) -> tuple[tuple[Link, ...], int]:
    rows = _rows(kept, table)
    kept.look_up(key_of(one, name) for name in clips.filenames for one in VIDEO_LOCATIONS)
    links = [
        _clip(kept, filename, record, rows.get(filename, {}), embedding_set)
        for filename, record in zip(clips.filenames, clips.records, strict=True)
    ]
    broken = [link for link in links if faults_of(link)]
    whole = [link for link in links if not faults_of(link)]
    return tuple([*broken, *whole][:MOST_SHOWN]), len(broken)


def _rows(kept: Kept, table: str) -> dict[str, dict[str, Any]]:
    if table not in kept.lists:
        return {}
    rows = kept.table(table).rows.to_dict("records")
    return {row["filename"]: {str(name): value for name, value in row.items()} for row in rows}


def _clip(
    kept: Kept, filename: str, record: str, row: dict[str, Any], embedding_set: EmbeddingSet
) -> Link:
    key = located(kept, key_of(row.get("video_location", ""), filename))
    records = record_links(kept, record, key, only=embedding_set.folder)
    link = clip_link(kept, key, row)
    return Link(link.kind, link.name, link.facts, link.faults, (*records, *link.below))
