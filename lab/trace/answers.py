"""Answers of the recognition experiment, from a row of a table down to the key press."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lab.state import COMPARISON, COMPARISON_NUMBERS
from lab.trace.chain import Link, facts, faults_of
from lab.trace.clip_links import presentation_link, press_link, session_link
from lab.trace.kept import Kept
from lab.trace.table_links import faults_of_table, table_link
from lab.trace.traceable import Accuracy, Row
from study.errors import ConfigError
from study.reading.rows import csv_rows
from study.store import store_snapshot
from study.store.ratings import origins
from study.tools.files import sha256_of

TABLE = "recognition_trials"
MOST_SHOWN = 5  # answers of an accuracy; all of them are held against the store
_CLOSE_S = 1e-5  # what times may differ by that were stored as numbers
_CLOSE = 1e-9  # an accuracy
_SHORT = 12  # digits of a digest, for reading
_TOLD = ("condition", "source", "sound_source", "label", "picture_label", "sound_label",
         "modality", "attend")  # fmt: skip


def answer_row_link(kept: Kept, what: Row) -> Link:
    """Return the chain of a row of a study's `recognition_trials.csv`, named by its number.

    Raises
    ------
    ConfigError
        If there is no such row.
    """
    row = next((one for one in _rows(kept) if one["row_id"] == what.key), None)
    if row is None:
        raise ConfigError(
            f"{TABLE}.csv has no row {what.key!r}. Name its row_id, such as {TABLE}.csv:12"
        )
    return Link(
        "row",
        f"{TABLE}.csv:{what.key}",
        facts(condition=row["condition"], response=row["response"], correct=row["correct"]),
        tuple(faults_of_table(kept, TABLE)),
        (table_link(kept, TABLE), *_answer_links(kept, [row])),
    )


def accuracy_link(kept: Kept, what: Accuracy) -> Link:
    """Return the chain of an accuracy of people in a comparison: every answer that it counts.

    Raises
    ------
    ConfigError
        If the comparison does not have it.
    """
    path = kept.study.folder / COMPARISON / COMPARISON_NUMBERS
    asked = {"measure": "accuracy", "group": "people", "condition": what.condition}
    cells = next((cells for _, cells in csv_rows(path, (*asked, "value", "n"))
                  if all(cells[name] == value for name, value in asked.items())), None)  # fmt: skip
    if cells is None:
        raise ConfigError(
            f"{path} has no accuracy of people in the condition {what.condition!r}. Copy the "
            "condition out of the table"
        )
    own = [row for row in _rows(kept) if row["condition"] == what.condition and row["label"]]
    links = _answer_links(kept, own)
    broken = [link for link in links if faults_of(link)]
    shown = [*broken, *(link for link in links if not faults_of(link))][:MOST_SHOWN]
    faults = [*faults_of_table(kept, TABLE), *_faults_of_accuracy(cells, own)]
    if len(broken) > len(shown):
        faults.append(f"{len(broken)} of its answers have a broken link; {len(shown)} are shown")
    return Link(
        "number",
        f"accuracy of people, {what.condition}",
        facts(value=cells["value"], answers=len(own), shown=len(shown)),
        tuple(faults),
        (table_link(kept, TABLE), *shown),
    )


def stored_answer_link(kept: Kept, row: Mapping[str, str], sha256: str) -> Link | None:
    """Return what the store has of a row of the table of trials; None where it has none.

    `sha256`: what the release says that the stimulus is.
    """
    named = {**row, "filename": row.get("stimulus", ""), "sha256": sha256}
    stored = _stored(kept, [named])
    return _link(kept, named, stored[0]) if stored else None


def _rows(kept: Kept) -> list[dict[str, str]]:
    path = kept.places.tables / f"{TABLE}.csv"
    needed = ("row_id", "participant", "filename", "response", "correct", "rt_s", *_TOLD)
    missing = "Write it first: python -m curation export-recognition"
    return [cells for _, cells in csv_rows(path, needed, missing=missing)]


def _faults_of_accuracy(
    cells: Mapping[str, str], own: Sequence[Mapping[str, str]]
) -> Iterator[str]:
    n_right = sum(row["response"] == row["label"] for row in own)
    value = n_right / len(own) if own else float("nan")
    if not abs(_number(cells["value"]) - value) <= _CLOSE:
        yield f"{TABLE}.csv has {n_right} of {len(own)} right, which is not {cells['value']}"


@dataclass(frozen=True, slots=True)
class _Stored:
    """An answer of the store with its evidence."""

    row: dict[str, Any]
    played: list[dict[str, Any]]
    pressed: list[dict[str, Any]]


def _stored(kept: Kept, rows: Sequence[Mapping[str, str]]) -> list[_Stored]:
    """Return what the store has of some rows; those that it does not have are not there."""
    keys = [(kept.pseudonyms.get(row["participant"], ""), row["filename"]) for row in rows]
    found = [kept.answers[key] for key in keys if key in kept.answers]
    trials = [int(one["trial_id"]) for one in found]
    with store_snapshot(kept.study.store_url) as db:
        played, pressed = origins.played(db, trials), origins.pressed(db, trials)
    return [
        _Stored(one, played.get(trial, []), pressed.get(trial, []))
        for one, trial in zip(found, trials, strict=True)
    ]


def _answer_links(kept: Kept, rows: Sequence[Mapping[str, str]]) -> list[Link]:
    stored = {(one.row["participant_id"], one.row["filename"]): one for one in _stored(kept, rows)}
    links = []
    for row in rows:
        one = stored.get((kept.pseudonyms.get(row["participant"], ""), row["filename"]))
        if one is None:
            name = f"{row['response']} by {row['participant']}"
            links.append(Link("answer", name, faults=("the store has no such answer",)))
        else:
            links.append(_link(kept, row, one))
    return links


def _link(kept: Kept, told: Mapping[str, str], stored: _Stored) -> Link:
    row = stored.row
    verdict = f"does not count ({row['reason'].replace('_', ' ')})" if row["reason"] else "counts"
    return Link(
        "answer",
        f"{row['answer']} by {row['participant_id']}",
        facts(
            trial=int(row["trial_id"]),
            response_time_s=float(row["rt_s"]),
            interrupted_s=float(row["interrupted_s"]),
            early_presses=int(row["n_early_presses"]),
            practice="yes" if row["is_practice"] else None,
            verdict=verdict,
        ),
        (*_faults_of_told(told, row), *_faults_of_answer(stored)),
        (
            _stimulus_link(kept, row),
            session_link(kept.origin(row["session_id"])),
            *(presentation_link(row, one) for one in stored.played),
            *(press_link(one) for one in stored.pressed),
        ),
    )


def _faults_of_told(told: Mapping[str, str], row: Mapping[str, Any]) -> Iterator[str]:
    if told.get("sha256", row["sha256"]) != row["sha256"]:
        yield "stimuli.csv says another digest of the clip than the store"
    for name, stored in {"response": row["answer"], **{one: row[one] for one in _TOLD}}.items():
        if told.get(name) != stored:
            yield f"the table says {name} {told.get(name)!r}, and the store {stored!r}"
    if not abs(_number(told.get("rt_s", "")) - float(row["rt_s"])) <= _CLOSE_S:
        yield f"the table says rt_s {told.get('rt_s')}, and the store {float(row['rt_s']):.6f}"
    if row["reason"] or row["is_practice"]:
        yield "it stands in the table, and does not count"


def _faults_of_answer(stored: _Stored) -> Iterator[str]:
    if not stored.played:
        yield "it has no presentation"
        return
    row = stored.row
    given_s = float(stored.played[-1]["offset_s"]) + float(row["rt_s"]) + row["interrupted_s"]
    late = [one for one in stored.pressed if not one["early"]]
    if not any(abs(float(one["t_s"]) - given_s) <= _CLOSE_S for one in late):
        yield f"no key was pressed at {given_s:.6f} s, when its response time says it was given"


def _stimulus_link(kept: Kept, row: Mapping[str, Any]) -> Link:
    folder, name = kept.study.stimuli_path, str(row["filename"])
    faults: tuple[str, ...] = ()
    if folder is None:
        faults = ("study.toml does not say where it lies, so the file cannot be compared",)
    elif not (folder / name).is_file():
        faults = (f"{folder / name} is not there, so the file cannot be compared",)
    elif sha256_of(folder / name) != row["sha256"]:
        faults = (f"{folder / name} is not the file that was taken in",)
    return Link(
        "stimulus",
        name,
        facts(
            condition=row["condition"], picture_of=row["source"], sound_of=row["sound_source"],
            right_answer=row["label"], sha256=row["sha256"][:_SHORT],
        ),
        faults,
    )  # fmt: skip


def _number(text: str) -> float:
    found = pd.to_numeric(text, errors="coerce")
    return float(found)
