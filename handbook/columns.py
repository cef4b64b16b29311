"""The page of the tables: every column, from the schema by which the program writes it."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from curation.analysis import estimates, raters
from curation.manipulation.manifest import FinishedStimulus, RefusedStimulus
from curation.release import left_out, posterior, tables, whole
from curation.release.tables import Column, Schema
from curation.release.trial_table.columns import schema_of
from curation.release.trial_table.stimuli import STIMULI
from curation.release.trial_table.views import MODEL_VS_HUMAN, RECOGNITION
from features.records.manifest import ManifestRow
from handbook.docstrings import meanings
from handbook.markdown import code, page, plain, table
from lab.compare import numbers
from models.data import prior
from models.evaluation import prediction_table
from models.network.spec import Epoch
from sessions.monitor import session_table
from sessions.people import demographics, remarks
from study.vocabulary import Phase

_KINDS = {"text": "text", "count": "whole number", "seconds": "seconds", "number": "number",
          "flag": "true or false", str: "text", int: "whole number", float: "number",
          bool: "true or false"}  # fmt: skip
_INTRODUCTION = """\
Every table that a command writes, with its columns in their order.
Beside each released table stands a `.json` with the same descriptions, its rules, counts and digests.
How they are made, and which ratings count: [from ratings to tables](../guides/tables.md)."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A table: its file, the command that writes it, what a row is, and its columns."""

    file: str
    command: str
    row: str
    columns: tuple[tuple[str, str, str], ...]  # name, what a cell holds, meaning


def listed() -> dict[str, list[Listed]]:
    """Return all tables by what people do with them."""
    trial = "curation export-trials"
    return {
        "Released": [
            _of("video_ratings.csv", "curation export-ratings", tables.VIDEO_RATINGS),
            _of("raw_video_ratings.csv", "curation export-ratings",
                tables.raw_ratings(with_participant=True, with_times=True)),
            _of("label_posterior.csv", "curation export-ratings", posterior.LABEL_POSTERIOR),
            _of("rater_confusion.csv", "curation export-ratings", posterior.RATER_CONFUSION),
            _of("label_audit.csv", "curation export-ratings", posterior.LABEL_AUDIT),
            _of("test_set.csv", "curation test-set", tables.TEST_SET),
            _of("AVMIT_train.csv and the other lists", "curation training-lists",
                tables.VIDEO_RATINGS),
            _of("trials.csv", trial, schema_of(tuple(Phase))),
            _of("recognition_trials.csv", "curation export-recognition", RECOGNITION),
            _of("model_vs_human.csv", "lab release", MODEL_VS_HUMAN),
            _of("stimuli.csv", "lab release", STIMULI),
            _of("candidates.csv", "curation candidates", tables.CLIP_LIST),
            _of("clips.csv", "lab release", whole.CLIPS),
            _of("rejects.csv", "lab release", whole.REJECTS),
            _of("agreement.csv", "lab release", whole.AGREEMENT),
            _of("left_out.csv", "lab release", left_out.LEFT_OUT),
            _of(estimates.SAMPLE_NAME, "lab release", estimates.SAMPLE),
            _of(estimates.FIGURE_2_NAME, "curation figures", estimates.FIGURE_2_ESTIMATE),
        ],
        "For the lab": [
            _named("sessions.csv", "sessions export-sessions", "a session", session_table.COLUMNS),
            _named("notes.csv", "sessions export-notes", "a remark or a flag", remarks.COLUMNS),
            _named("demographics.csv", "sessions export-demographics", "a band of answers",
                   demographics.COLUMNS),
            _named("raters.csv", "curation raters", "a rater", raters.COLUMNS),
        ],
        "Clips, embeddings and networks": [
            _fields("manifest.csv of stimuli", "curation manipulate", FinishedStimulus),
            _fields("rejects.csv of stimuli", "curation manipulate", RefusedStimulus),
            _fields("manifest.parquet of embeddings", "features extract", ManifestRow),
            _named("prior.csv", "models prior", "a clip", prior.COLUMNS),
            _fields("history.csv of a model", "models train", Epoch),
            _named("predictions of a network", "models evaluate", "a clip",
                   prediction_table.COLUMNS),
            _named("comparison.csv", "lab compare", "a number", numbers.COLUMNS),
        ],
    }  # fmt: skip


def columns_page() -> str:
    """Return the page."""
    parts = []
    for title, found in listed().items():
        parts.append(f"## {title}")
        parts += [_section(one) for one in found]
    return page("Tables and their columns", _INTRODUCTION, *parts)


def undescribed() -> list[str]:
    """Return the columns that nothing is said of."""
    everything = [one for part in listed().values() for one in part]
    return [
        f"{one.file}: {name}" for one in everything for name, _, text in one.columns if not text
    ]


def _section(one: Listed) -> str:
    head = f"### {one.file}\n\n{plain(one.row)}; written by `python -m {one.command}`."
    rows = [(code(name), kind, plain(text)) for name, kind, text in one.columns]
    return f"{head}\n\n{table(['column', 'holds', 'meaning'], rows)}"


def _of(file: str, command: str, schema: Schema) -> Listed:
    columns = tuple((each.name, _held(each), each.means) for each in schema.columns)
    return Listed(file, command, schema.title, columns)


def _held(column: Column) -> str:
    words = ", ".join(map(code, column.values)) or _KINDS[column.kind]
    return f"{words}; may be empty" if column.optional else words


def _named(file: str, command: str, row: str, columns: Mapping[str, str]) -> Listed:
    return Listed(file, command, f"One row per {row}",
                  tuple((name, "", text) for name, text in columns.items()))  # fmt: skip


def _fields(file: str, command: str, kind: type) -> Listed:
    hints, said = get_type_hints(kind), meanings(kind)
    columns = ((name, _type(hints[name]), said.get(name, "")) for name in _names(kind))
    row = (kind.__doc__ or "").partition("\n")[0].rstrip(".")
    return Listed(file, command, row, tuple(columns))


def _names(kind: Any) -> Iterable[str]:  # noqa: ANN401
    return [field.name for field in dataclasses.fields(kind)]


def _type(hint: Any) -> str:  # noqa: ANN401
    inside = [one for one in getattr(hint, "__args__", ()) if one not in (type(None), Ellipsis)]
    if hint in _KINDS:
        return _KINDS[hint]
    if getattr(hint, "__origin__", None) is tuple:
        return f"list of {_type(inside[0])}s"
    return f"{_type(inside[0])}; may be empty" if inside else "text"
