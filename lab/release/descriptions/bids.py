"""`bids/`: the rows of `trials.csv` per participant and phase, as BIDS keeps behaviour (`beh`)."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from curation.release.tables import Column, Schema
from curation.release.trial_table.stimuli import FOLDER as STIMULI_FOLDER
from lab.release.descriptions.folders import TRIALS, read_rows
from lab.release.facts import Facts, json_text
from study.errors import TableError
from study.vocabulary import Phase

FOLDER = "bids"
STIMULI = "stimuli"
_VERSION = "1.10.0"
_EMPTY = "n/a"
_UNITS = {"seconds": "s"}
_RATE = {
    "TaskDescription": "Rate how clean the labelled audiovisual event of a clip is.",
    "Instructions": "Press 1 (unclean), 2 (moderately clean) or 3 (very clean).",
}
_RECOGNISE = {
    "TaskDescription": "Say which action a clip shows or sounds like, out of a list of classes.",
    "Instructions": "Which action was it?",
}


def write(facts: Facts, release: Path, *, with_clips: bool) -> list[str]:
    """Write the folder; return its files as seen from the release.

    Parameters
    ----------
    with_clips : bool
        Whether the clips lie under `STIMULI`; else a described column names them.
    """
    folder = release / FOLDER
    folder.mkdir(exist_ok=True)
    schema = facts.table(TRIALS).schema
    rows = read_rows(release / TRIALS)
    heading = next(rows)
    people = sorted(set(_write_rows(folder, heading, rows, with_clips=with_clips)))
    _write_participants(folder, people)
    for phase in sorted({phase for _, phase in people}):
        task = task_of(phase)
        text = json_text(_sidecar(facts, schema, phase, with_clips=with_clips))
        (folder / f"task-{task}_beh.json").write_text(text, encoding="utf-8")
    description = json_text(_description(facts))
    (folder / "dataset_description.json").write_text(description, encoding="utf-8")
    (folder / "README.md").write_text(_readme(facts, with_clips=with_clips), encoding="utf-8")
    (folder / "CHANGES").write_text(
        f"{facts.version} {facts.published_on}\n  - This release.\n", encoding="utf-8"
    )
    return sorted(p.relative_to(release).as_posix() for p in folder.rglob("*") if p.is_file())


def task_of(phase: str) -> str:
    """Return what BIDS calls a phase: letters and digits only."""
    return phase.replace("_", "")


def file_name(pseudonym: str, phase: str) -> str:
    """Return the file of a participant's phase, seen from the folder."""
    return f"sub-{pseudonym}/beh/sub-{pseudonym}_task-{task_of(phase)}_beh.tsv"


def _write_rows(
    folder: Path, heading: Sequence[str], rows: Iterator[list[str]], *, with_clips: bool
) -> Iterator[tuple[str, str]]:
    # Rows are sorted by participant and phase, so that one file is open at a time.
    who, phase = heading.index("participant"), heading.index("phase")
    for key, own in groupby(rows, key=lambda row: (row[who], row[phase])):
        path = folder / file_name(*key)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write(_line([*heading, *(["stim_file"] if with_clips else [])]))
            for row in own:
                more = [_stimulus(dict(zip(heading, row, strict=True)))] if with_clips else []
                file.write(_line([*row, *more]))
        yield key


def _stimulus(row: Mapping[str, str]) -> str:
    """Return the clip of a trial, seen from the folder of stimuli."""
    if row["phase"] == Phase.RECOGNITION:
        return f"{STIMULI_FOLDER}/{row['stimulus']}"
    return f"{row['video_location']}/{row['filename']}"


def _line(cells: Sequence[str]) -> str:
    for cell in cells:
        if "\t" in cell or "\n" in cell or "\r" in cell:
            raise TableError(
                f"{cell!r} has a tab or a line break in it, which a table of BIDS cannot hold. "
                "Rename the clip or the class"
            )
    return "\t".join(cell or _EMPTY for cell in cells) + "\n"


def _write_participants(folder: Path, people: Sequence[tuple[str, str]]) -> None:
    names = sorted({name for name, _ in people})
    lines = ["participant_id\n", *(f"sub-{name}\n" for name in names)]
    (folder / "participants.tsv").write_text("".join(lines), encoding="utf-8")
    means = {"participant_id": {"Description": "pseudonym, the same in every release"}}
    (folder / "participants.json").write_text(json_text(means), encoding="utf-8")


def _sidecar(facts: Facts, schema: Schema, phase: str, *, with_clips: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "TaskName": task_of(phase),
        **(_RECOGNISE if phase == Phase.RECOGNITION else _RATE),
        **facts.place,
        **{column.name: _column(column) for column in schema.columns},
    }
    if with_clips:
        found["stim_file"] = {"Description": f"the clip, seen from {STIMULI}/"}
    return found


def _column(column: Column) -> dict[str, Any]:
    found: dict[str, Any] = {"Description": column.means}
    if column.kind in _UNITS:
        found["Units"] = _UNITS[column.kind]
    if column.values:
        found["Levels"] = {value: value for value in column.values}
    return found


def _description(facts: Facts) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Name": facts.title,
        "BIDSVersion": _VERSION,
        "HEDVersion": "8.4.0",
        "DatasetType": "raw",
        "License": facts.licence,
        "Authors": [creator.spoken for creator in facts.creators],
        "Keywords": list(facts.keywords),
        "HowToAcknowledge": facts.citation,
        **({"SourceDatasets": [{"URL": facts.clips_url}]} if facts.clips_url else {}),
        "GeneratedBy": [{"Name": facts.software, "Version": facts.software_version}],
    }
    if facts.doi:
        found["DatasetDOI"] = f"doi:{facts.doi}"
    return found


def _readme(facts: Facts, *, with_clips: bool) -> str:
    named = ["`video_location` and `filename` name the clip in Moments in Time"] * facts.is_rated
    named += ["`stimulus` names the clip of `../stimuli.csv`"] * facts.is_recognised
    where = f"{', '.join(named)}; clips are not here."
    if with_clips:
        where = f"`stim_file` names the clip under `{STIMULI}/`."
    return (
        f"# {facts.title}\n\n{facts.about}\n\nThe rows of `../{TRIALS}`, one file for each "
        f"participant and phase; an empty cell is `{_EMPTY}`. {where} Participants have "
        "pseudonyms, and there are no dates: days are counted from the study's first day.\n\n"
        f"Version {facts.version}. {facts.licence_name}. {facts.citation}\n"
    )
