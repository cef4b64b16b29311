"""`psych-ds/` and `bids/`: the same rows under other names."""

import csv
import hashlib
import re
from collections.abc import Iterator

import pyarrow as pa

from curation.release.row_faults import Finding
from curation.release.trial_table.stimuli import FOLDER as STIMULI_FOLDER
from lab.checking.descriptions.common import unknown_keys
from lab.checking.opened import FACTS, Opened, cells, dicts, finding, part, uniques, word

PSYCH, BIDS = "psych-ds", "bids"
_PSYCH_FILE = re.compile(r"psych-ds/data/([a-zA-Z0-9]+-[a-zA-Z0-9]+_)+data\.csv")
_DESCRIPTION = "dataset_description.json"
_BIDS_KEYS = frozenset({
    "Name", "BIDSVersion", "HEDVersion", "DatasetLinks", "DatasetType", "License", "Authors",
    "Keywords", "Acknowledgements", "HowToAcknowledge", "Funding", "EthicsApprovals",
    "ReferencesAndLinks", "DatasetDOI", "GeneratedBy", "SourceDatasets",
})  # fmt: skip
_BIDS_FILE = re.compile(
    r"bids/(sub-[a-zA-Z0-9]+)/(ses-[a-zA-Z0-9]+/)?beh/"
    r"(sub-[a-zA-Z0-9]+)(_[a-z]+-[a-zA-Z0-9]+)*_(beh|events)\.(tsv|json)"
)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?|n/a")
_MISSING = "n/a"


def check_psych_ds(release: Opened) -> Iterator[Finding]:
    """Yield what is wrong with the folder of Psych-DS, by its rules."""
    place = f"{PSYCH}/{_DESCRIPTION}"
    said = release.json(place)
    if not said:
        return
    for key, value in (("@context", "https://schema.org/"), ("@type", "Dataset")):
        if word(said, key).rstrip("/") != value.rstrip("/"):
            yield finding("wrong_context", place, f"{key} is not {value}")
    lacking = [key for key in ("name", "description") if not word(said, key)]
    if lacking:
        yield finding("missing_key", place, "lacks what Psych-DS needs", of=lacking)
    data = [name for name in release.files if name.startswith(f"{PSYCH}/data/")]
    odd = [name for name in data if not _PSYCH_FILE.fullmatch(name)]
    if odd:
        yield finding("odd_name", place, "data files are not named <key>-<value>_data.csv",
                      n=len(odd), of=odd)  # fmt: skip
    yield from _variables(release, place, said, sorted(set(data) - set(odd)))
    yield from _same_tables(release, sorted(set(data) - set(odd)))


def _variables(
    release: Opened, place: str, said: dict[str, object], data: list[str]
) -> Iterator[Finding]:
    measured = part(said, "variableMeasured")
    told = {
        one if isinstance(one, str) else word(one, "name")
        for one in (measured if isinstance(measured, list) else [])
    }
    have: set[str] = set()
    for name in data:
        table = release.table(name)
        if table is None:
            continue
        have |= set(table.column_names)
        if "row_id" in table.column_names and len(uniques(table, "row_id")) != table.num_rows:
            yield finding("duplicate_row_id", name, "values of row_id stand in several rows")
    for names, says in (
        (have - told, "columns are not in variableMeasured"),
        (told - have, "variables of variableMeasured are not columns"),
    ):
        if names:
            yield finding("undescribed_column", place, says, n=len(names), of=sorted(names))


def _same_tables(release: Opened, data: list[str]) -> Iterator[Finding]:
    digests = {release.digest(name) for name in release.root_tables}
    other = [name for name in data if release.digest(name) not in digests]
    if other:
        yield finding("rows_differ", PSYCH, "tables are not those beside the folder", n=len(other),
                      of=other)  # fmt: skip
    if "trials.csv" in release.files and not any(
        release.digest(name) == release.digest("trials.csv") for name in data
    ):
        yield finding("rows_differ", PSYCH, "has no table that is trials.csv")


def check_bids(release: Opened) -> Iterator[Finding]:
    """Yield what is wrong with the folder of BIDS."""
    place = f"{BIDS}/{_DESCRIPTION}"
    said = release.json(place)
    if not said:
        return
    yield from unknown_keys(said, _BIDS_KEYS, place, "the description")
    lacking = [key for key in ("Name", "BIDSVersion", "License") if not word(said, key)]
    if lacking:
        yield finding("missing_key", place, "lacks what BIDS needs", of=lacking)
    inside = sorted(name for name in release.files if name.startswith(f"{BIDS}/sub-"))
    odd = [name for name in inside if not _is_of_its_folder(name)]
    if odd:
        yield finding("foreign_file", BIDS, "files under sub-* are not files of BIDS", n=len(odd),
                      of=odd)  # fmt: skip
    tables = [name for name in inside if name.endswith(".tsv") and name not in odd]
    for name in tables:
        yield from _table(release, name)
    yield from _people(release, tables)
    yield from _stimuli(release)
    yield from _same_rows(release, [name for name in tables if name.endswith("_beh.tsv")])


def _is_of_its_folder(name: str) -> bool:
    hit = _BIDS_FILE.fullmatch(name)
    return hit is not None and hit.group(1) == hit.group(3)


def _table(release: Opened, name: str) -> Iterator[Finding]:
    table = release.table(name)
    if table is None:
        return
    for column in ("onset", "duration"):
        if column in table.column_names:
            wrong = [one for one in uniques(table, column) if not _NUMBER.fullmatch(one)]
            if wrong:
                yield finding("wrong_type", name, f"values of {column} are not numbers",
                              n=len(wrong), of=wrong)  # fmt: skip
    if "stim_file" in table.column_names:
        named = {one for one in uniques(table, "stim_file") if one != _MISSING}
        lost = sorted(one for one in named if f"{BIDS}/stimuli/{one}" not in release.files)
        if lost:
            yield finding("missing_stimulus", name, "stim_file names clips that are not under "
                          "stimuli/", n=len(lost), of=lost)  # fmt: skip
    yield from _of_its_person(name, table)
    described = _described(release, name)
    undescribed = sorted(set(table.column_names) - described)
    if undescribed:
        yield finding("undescribed_column", name, "columns stand in no JSON file beside",
                      n=len(undescribed), of=undescribed)  # fmt: skip


def _of_its_person(name: str, table: pa.Table) -> Iterator[Finding]:
    hit = _BIDS_FILE.fullmatch(name)
    task = re.search(r"_task-([a-zA-Z0-9]+)_", name)
    for column, own in (
        ("participant", hit.group(1).removeprefix("sub-") if hit else ""),
        ("phase", task.group(1) if task else ""),
    ):
        values = uniques(table, column) if column in table.column_names else []
        other = [one for one in values if one.replace("_", "") != own]
        if other:
            yield finding("rows_differ", name, f"rows are of another {column}", n=len(other),
                          of=other)  # fmt: skip


def _described(release: Opened, name: str) -> set[str]:
    task = re.search(r"task-[a-zA-Z0-9]+", name)
    kind = name.rpartition("_")[2].partition(".")[0]
    beside = [name.removesuffix(".tsv") + ".json"]
    beside += [f"{BIDS}/{task.group()}_{kind}.json"] if task else []
    return {"onset", "duration"} | {key for one in beside for key in release.json(one)}


def _stimuli(release: Opened) -> Iterator[Finding]:
    own = {name for name in release.files if name.startswith(f"{BIDS}/stimuli/")}
    if not own:
        return
    said = {
        "/".join((BIDS, "stimuli", *place)): digest
        for table, names in (
            ("clips.csv", ("video_location", "filename")), ("stimuli.csv", ("stimulus",)),
        )
        for place, digest in _digests(release, table, names)
    }  # fmt: skip
    other = sorted(name for name in own if said.get(name) != release.digest(name))
    if other:
        yield finding("other_stimulus", BIDS, "clips are not the files that were admitted, by "
                      "clips.csv and stimuli.csv", n=len(other), of=other)  # fmt: skip


def _digests(
    release: Opened, name: str, names: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str]]:
    table = release.table(name)
    if table is None or not {*names, "sha256"} <= set(table.column_names):
        return
    first = () if name == "clips.csv" else (STIMULI_FOLDER,)
    for *place, digest in zip(*(cells(table, one) for one in (*names, "sha256")), strict=True):
        yield (*first, *place), digest


def _people(release: Opened, tables: list[str]) -> Iterator[Finding]:
    place = f"{BIDS}/participants.tsv"
    listed = release.table(place)
    folders = {name.split("/")[1] for name in tables}
    told = set()
    if listed is not None and "participant_id" in listed.column_names:
        told = set(uniques(listed, "participant_id"))
    trials = release.table("trials.csv")
    people = set()
    if trials is not None and "participant" in trials.column_names:
        people = {f"sub-{one}" for one in uniques(trials, "participant")}
    odd = sorted((folders ^ told) | (folders ^ people))
    if odd:
        yield finding("participants_differ", place, "participants are not those of the folders and "
                      "of trials.csv", n=len(odd), of=odd)  # fmt: skip


def _same_rows(release: Opened, tables: list[str]) -> Iterator[Finding]:
    trials = release.table("trials.csv")
    if trials is None or "row_id" not in trials.column_names:
        return
    names = trials.column_names
    rows: dict[str, tuple[str, ...]] = {}
    n_rows = 0
    for name in tables:
        table = release.table(name)
        if table is None:
            continue
        columns = [one for one in table.column_names if one != "stim_file"]
        if columns != [one for one in names if one in columns] or "row_id" not in columns:
            yield finding("rows_differ", name, "columns are not those of trials.csv")
            continue
        n_rows += table.num_rows
        rows |= _by_id(table, columns)
    own = _by_id(trials, names)
    kept = next(iter(rows.values()), ())
    if len(kept) != len(names):  # a file of BIDS names clips by stim_file alone
        return
    differ = [one for one in own if rows.get(one) != own[one]]
    if differ or n_rows != trials.num_rows:
        yield finding("rows_differ", BIDS, "rows are not those of trials.csv",
                      n=max(len(differ), abs(n_rows - trials.num_rows)),
                      of=[f"row_id {one}" for one in differ])  # fmt: skip


def _by_id(table: pa.Table, columns: list[str]) -> dict[str, tuple[str, ...]]:
    place = columns.index("row_id")
    read = (["" if cell == _MISSING else cell for cell in cells(table, one)] for one in columns)
    return {row[place]: row for row in zip(*read, strict=True)}


def check_rows_digest(release: Opened) -> Iterator[Finding]:
    """Yield whether `release.json` has another digest of the rows than `trials.csv`."""
    said = part(release.json(FACTS), "rows_sha256")
    for name, digest in said.items() if isinstance(said, dict) else ():
        if name not in release.files or release.table(name) is None:
            continue
        found = hashlib.sha256()
        with release.files[name].open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                found.update(("\t".join(row) + "\n").encode())
        if found.hexdigest() != digest:
            yield finding("wrong_digest", FACTS, f"has another digest of the rows of {name}")


def check_head(release: Opened, head: object) -> Iterator[Finding]:
    """Yield what is wrong with the head of `README.md`, by which tables are loaded."""
    if "README.md" not in release.files:
        return
    if not isinstance(head, dict):
        yield finding("unreadable_description", "README.md", "has no YAML head")
        return
    named = {word(one, "data_files") for one in dicts(head, "configs")}
    have = {name for name, table in release.root_tables.items() if table.num_rows}
    have -= {"data_dictionary.csv"}
    for names, says in ((have - named, "tables have no configuration"),
                        (named - release.files.keys(), "configurations name no file")):  # fmt: skip
        if names:
            yield finding("undescribed_table", "README.md", says, n=len(names), of=sorted(names))
