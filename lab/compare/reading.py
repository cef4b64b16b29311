"""Tables of answers: ours, model-vs-human's, and any other whose columns are named."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lab.compare.cells import PROBABILITY, probabilities_of, require_cells
from lab.compare.responses import (
    AUDIOVISUAL,
    NEEDED,
    NETWORKS,
    OF_A_STIMULUS,
    PEOPLE,
    Numbers,
    Responses,
    together,
)
from study.errors import ConfigError, TableError
from study.reading.rows import csv_table
from study.tools.wording import counted

# How tables spell the same column: the first one that is there is taken, whatever its case.
SPELLINGS: dict[str, tuple[str, ...]] = {
    "observer": ("observer", "participant", "network", "subj"),
    "condition": ("condition",),
    "clip": ("source", "clip", "filename", "imagename"),
    "label": ("label", "avmit_label", "category"),
    "response": ("response", "predicted", "object_response"),
    **{name: (name,) for name in OF_A_STIMULUS},
}
NO_CONDITION = "all"
_PERSON = "subject-"  # begins the names of model-vs-human's people
# The number of a trial begins a name; an image of ImageNet has an underscore in its own.
_NUMBERED = re.compile(r"\d{4}_.*?(?P<image>(?:n0\d+_)?[^_]+)")
_MOST_CLASSES = 1000


def read_responses(
    people: Sequence[Path],
    networks: Sequence[Path],
    *,
    columns: Mapping[str, str] | None = None,
    conditions: Path | None = None,
) -> Responses:
    """Read what people and networks answered.

    Parameters
    ----------
    people, networks : sequence of Path
        CSV files, or folders of them. Either may be empty, not both.
    columns : mapping of str to str or None
        Names of columns in these files, by the program's names, for tables that spell otherwise.
    conditions : Path or None
        A table that says more of each condition: ``condition`` with ``modality`` or
        ``asynchrony_ms``.

    Raises
    ------
    StudyError
        If a table lacks a column, a value is not one, or the two groups share no class.
    """
    tables = {
        group: [_read(path, columns or {}) for path in _files(paths)]
        for group, paths in ((PEOPLE, people), (NETWORKS, networks))
    }
    everything = [table for group in tables.values() for table in group]
    if not everything:
        raise ConfigError("there is nothing to compare. Add --people or --networks with a table")
    experiments = {table.attrs["experiment"] for table in everything}
    for table in everything:
        _name_experiment(table, several=len(experiments) > 1)
    tables = {group: _of_group(found, group) for group, found in tables.items()}
    classes = _classes([table for group in tables.values() for table in group])
    said = None if conditions is None else _read_conditions(conditions)
    if said is not None:
        _require_known(conditions, said, tables)
    parts = [_responses(found, group, classes, said) for group, found in tables.items()]
    return together(*parts)


def _files(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.glob("*.csv")) if path.is_dir() else [path]
        if not inside:
            raise ConfigError(f"{path} has no CSV file. Name a folder with tables of answers")
        found += inside
    return found


def _read(path: Path, columns: Mapping[str, str]) -> pd.DataFrame:
    heading, rows = csv_table(path)
    names = _names(path, heading, columns)
    frame = pd.DataFrame([cells for _, cells in rows], columns=heading, dtype=object)
    if frame.empty:
        raise TableError(f"{path} has no rows. Leave it out")
    table = pd.DataFrame({ours: frame[theirs].str.strip() for ours, theirs in names.items()})
    if "observer" not in table:
        table["observer"] = path.stem
    if "condition" not in table:
        table["condition"] = NO_CONDITION
    if _is_model_vs_human(names):
        table["clip"] = [_image(name) for name in table["clip"]]
    for name in OF_A_STIMULUS:
        if name not in table:
            table[name] = ""
    require_cells(path, table)
    given = [name for name in heading if name.startswith(PROBABILITY)]
    probabilities = frame[given].rename(columns=lambda name: name.removeprefix(PROBABILITY))
    found = table.join(probabilities_of(path, probabilities).add_prefix(PROBABILITY))
    found.attrs = {
        "path": path,
        "experiment": path.parent.name if _is_model_vs_human(names) else "",
    }
    return found


def _names(path: Path, heading: Sequence[str], columns: Mapping[str, str]) -> dict[str, str]:
    by_lower = {name.lower(): name for name in heading if name}
    names = {}
    for ours, spellings in SPELLINGS.items():
        if ours in columns:
            if columns[ours] not in heading:
                raise TableError(
                    f"{path} has no column {columns[ours]!r}; it has {', '.join(heading)}. "
                    f"Correct --column {ours}=..."
                )
            names[ours] = columns[ours]
            continue
        found = next((by_lower[one] for one in spellings if one in by_lower), None)
        if found is not None:
            names[ours] = found
    lacking = [name for name in NEEDED if name not in (*names, "observer", "condition")]
    if not any(heading):
        raise TableError(f"{path} has no heading. Leave it out, or write its columns' names first")
    if lacking:
        raise TableError(
            f"{path} has no column for {', '.join(lacking)}; it has {', '.join(heading)}. "
            f"Say which one it is: --column {lacking[0]}=NAME"
        )
    return names


def _is_model_vs_human(names: Mapping[str, str]) -> bool:
    return names["clip"].lower() == "imagename"


def _image(name: str) -> str:
    """Return what model-vs-human's people and networks share of an image's name.

    Trial, experiment, observer, condition, class and duration stand before it, or nothing.
    """
    found = _NUMBERED.fullmatch(name)
    return name if found is None else found["image"]


def _name_experiment(table: pd.DataFrame, *, several: bool) -> None:
    """Tell people and conditions of several experiments of model-vs-human apart."""
    experiment = table.attrs["experiment"]
    if several and experiment:
        table["condition"] = f"{experiment} " + table["condition"]
        is_person = table["observer"].str.startswith(_PERSON)
        table["observer"] = table["observer"].mask(is_person, f"{experiment} " + table["observer"])
        table.attrs["people"] = is_person.to_numpy()
    elif experiment:
        table.attrs["people"] = table["observer"].str.startswith(_PERSON).to_numpy()


def _of_group(tables: list[pd.DataFrame], group: str) -> list[pd.DataFrame]:
    """Leave out networks that lie beside model-vs-human's people, and people beside networks."""
    wanted = []
    for table in tables:
        is_person = table.attrs.get("people")
        part = table if is_person is None else table[is_person == (group == PEOPLE)]
        if len(part):
            wanted.append(part)
    if tables and not wanted:
        raise TableError(
            f"none of {counted(len(tables), 'table')} has answers of {group}: names of people "
            f"begin with {_PERSON}. Name another folder"
        )
    return wanted


def _classes(tables: list[pd.DataFrame]) -> tuple[str, ...]:
    labels = {name for table in tables for name in table["label"].unique()}
    named = {
        name.removeprefix(PROBABILITY)
        for table in tables
        for name in table.columns
        if name.startswith(PROBABILITY)
    }
    answered = {name for table in tables for name in table["response"].unique()}
    classes = tuple(sorted((labels | named | answered) - {""}))
    if not labels - {""}:
        raise TableError("no row has a label, so that no answer is right or wrong. Add a label")
    if len(classes) < 2 or len(classes) > _MOST_CLASSES:
        raise TableError(
            f"labels and answers have {counted(len(classes), 'class', 'classes')}, expected 2 to "
            f"{_MOST_CLASSES}. Correct the column of answers"
        )
    return classes


def _read_conditions(path: Path) -> pd.DataFrame:
    heading, rows = csv_table(path)
    if "condition" not in heading or not {"modality", "asynchrony_ms"} & set(heading):
        raise TableError(
            f"{path} needs the column condition with modality or asynchrony_ms. "
            "Correct its first line"
        )
    frame = pd.DataFrame([cells for _, cells in rows], columns=heading, dtype=object)
    frame = frame.apply(lambda column: column.str.strip())
    if frame["condition"].duplicated().any():
        raise TableError(f"{path} has a condition twice. Give each a row")
    for name in ("modality", "asynchrony_ms"):
        if name not in frame:
            frame[name] = ""
    frame["response"] = ""
    for name in ("observer", "clip"):
        frame[name] = "-"
    require_cells(path, frame)
    said: pd.DataFrame = frame.set_index("condition")[["modality", "asynchrony_ms"]]
    return said


def _require_known(
    path: Path | None, said: pd.DataFrame, tables: Mapping[str, list[pd.DataFrame]]
) -> None:
    known = {name for group in tables.values() for table in group for name in table["condition"]}
    unknown = sorted(set(said.index) - known)
    if unknown:
        raise TableError(
            f"{path} has the condition {unknown[0]!r}, in which nobody answered; there are "
            f"{', '.join(sorted(known))}. Correct its name"
        )


def _responses(
    tables: list[pd.DataFrame],
    group: str,
    classes: tuple[str, ...],
    said: pd.DataFrame | None,
) -> Responses:
    if not tables:
        rows = pd.DataFrame(columns=["group", *NEEDED, *OF_A_STIMULUS], dtype=object)
        rows["asynchrony_ms"] = rows["asynchrony_ms"].astype(float)
        return Responses(rows, classes, np.empty((0, len(classes))))
    frame = pd.concat(tables, ignore_index=True)
    if group == NETWORKS and (frame["observer"] == PEOPLE).any():
        raise TableError(
            f"a network is called {PEOPLE!r}, as all people together are. Give it another name"
        )
    frame["group"] = group
    if said is not None:
        modality = frame["condition"].map(said["modality"]).fillna("")
        frame["modality"] = modality.where(modality != "", frame["modality"])
        asynchrony = frame["condition"].map(said["asynchrony_ms"])
        frame["asynchrony_ms"] = asynchrony.fillna(frame["asynchrony_ms"])
    frame["modality"] = frame["modality"].mask(frame["modality"] == "", AUDIOVISUAL)
    rows = frame[["group", *NEEDED, *OF_A_STIMULUS]]
    return Responses(rows, classes, _probabilities(frame, classes))


def _probabilities(frame: pd.DataFrame, classes: tuple[str, ...]) -> Numbers:
    given = np.full((len(frame), len(classes)), np.nan)
    for i, name in enumerate(classes):
        if PROBABILITY + name in frame:
            given[:, i] = frame[PROBABILITY + name].to_numpy(float)
    # A class that a network does not know has no probability.
    known = np.isfinite(given).any(axis=1)
    given[known] = np.nan_to_num(given[known])
    return given
