"""A release as it lies on a disk: its plain files, tables and JSON texts, read within limits."""

import csv
import json
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from curation.release.row_faults import N_EXAMPLES, Finding
from study.errors import StudyError, TableError
from study.reading.clip_keys import in_one_line
from study.reading.text import LARGEST_TEXT, json_of, parsed, read_bytes, read_text
from study.tools.files import sha256_of

CHECKSUMS = "CHECKSUMS.sha256"
FACTS = "release.json"
MOST_FILES = 500_000
_LARGEST_TABLE = 2**31  # of any other file
MOST_COLUMNS = 1000
_LARGEST_JSON = 2**28  # bytes; a release of the paper's size with its clips names 60,000 files
LARGEST_FILE = 200 * 10**9  # bytes; all embeddings of the paper have a tenth of it


@dataclass
class Opened:
    """A release that is looked at; what cannot be read is a finding.

    Parameters
    ----------
    files : dict of str to Path
        Plain files by their place in the release.
    found : list of Finding
        What was wrong with reading.
    """

    folder: Path
    files: Mapping[str, Path]
    found: list[Finding]
    _tables: dict[str, pa.Table | None] = field(default_factory=dict)
    _json: dict[str, Any] = field(default_factory=dict)
    _digests: dict[str, str] = field(default_factory=dict)

    def digest(self, name: str) -> str:
        """Return the SHA-256 of a file; empty where it cannot be taken."""
        if name not in self._digests:
            self._digests[name] = self._digest(name)
        return self._digests[name]

    def _digest(self, name: str) -> str:
        if self.size(name) > _largest(name):
            return f"too large: {name}"
        if self._told_sizes.get(name, self.size(name)) != self.size(name):
            return f"another size: {name}"  # it was changed, and may take hours to read
        try:
            return sha256_of(self.files[name])
        except OSError as error:
            self.found.append(finding("unreadable_file", name, f"cannot be read: {error.strerror}"))
            return ""

    @cached_property
    def _told_sizes(self) -> dict[str, int]:
        told = {word(one, "path"): part(one, "n_bytes") for one in dicts(self.json(FACTS), "files")}
        return {name: n for name, n in told.items() if isinstance(n, int)}

    def size(self, name: str) -> int:
        """Return the bytes of a file."""
        return self.files[name].stat().st_size

    def json(self, name: str) -> dict[str, Any]:
        """Return a JSON file that holds an object; empty where there is none."""
        if name not in self.files:
            return {}
        if name not in self._json:
            self._json[name] = self._read(name, _json)
        content = self._json[name]
        if not isinstance(content, dict):
            if content is not None:
                self.found.append(finding("unreadable_description", name, "is not a JSON object"))
            self._json[name] = {}
        return dict(self._json[name])

    def text(self, name: str) -> str:
        """Return a text file; empty where it is missing or not text."""
        if name not in self.files:
            return ""
        return self._read(name, lambda path: read_text(path, error=TableError)) or ""

    def _read(self, name: str, read: Callable[[Path], Any]) -> Any:  # noqa: ANN401
        try:
            return read(self.files[name])
        except StudyError as error:
            says = str(error).replace(f"{self.folder}/", "")
            self.found.append(finding("unreadable_file", name, f"cannot be read: {says}"))
            return None

    def table(self, name: str) -> pa.Table | None:
        """Return a CSV or TSV table with all cells as text; None where it cannot be read."""
        if name not in self.files:
            return None
        if name not in self._tables:
            try:
                self._tables[name] = read_table(self.files[name])
            except StudyError as error:
                says = str(error).replace(f"{self.folder}/", "")
                self.found.append(finding("unreadable_table", name, f"cannot be read: {says}"))
                self._tables[name] = None
        return self._tables[name]

    @cached_property
    def phases(self) -> frozenset[str]:
        """The phases of the trials; empty where they cannot be read."""
        trials = self.table("trials.csv")
        if trials is None or "phase" not in trials.column_names:
            return frozenset()
        return frozenset(uniques(trials, "phase"))

    @cached_property
    def root_tables(self) -> dict[str, pa.Table]:
        """The tables beside the descriptions, by file."""
        names = [name for name in self.files if name.endswith(".csv") and "/" not in name]
        read = {name: self.table(name) for name in names}
        return {name: table for name, table in read.items() if table is not None}


def open_release(folder: Path) -> Opened:
    """List the files of a release.

    Raises
    ------
    StudyError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise TableError(f"no folder {folder}. Name the folder of a release")
    found: list[Finding] = []
    files = dict(_plain_files(folder, found))
    if not files:
        raise TableError(f"{folder} is empty. Name the folder of a release")
    return Opened(folder, files, found)


def finding(
    code: str, where: str, message: str, *, n: int = 1, breaks: bool = True, of: object = ()
) -> Finding:
    """Return a finding; examples are cut to a few, each on one line.

    Parameters
    ----------
    of : iterable of str
        Examples.
    """
    examples = tuple(in_one_line(str(one))[:120] for one in list(of)[:N_EXAMPLES])  # type: ignore[call-overload]
    return Finding(code, in_one_line(where), n, breaks, message, examples)


def read_table(path: Path) -> pa.Table:
    """Read a table as text: every row has as many cells as the heading.

    Raises
    ------
    TableError
        If it is not such a table in UTF-8.
    """
    delimiter = "\t" if path.suffix == ".tsv" else ","
    heading = next(csv_lines_of_head(path, delimiter), [])
    if not heading:
        raise TableError(
            f"{path.name} has no heading. Write the names of its columns into its first line"
        )
    if len(heading) > MOST_COLUMNS:
        raise TableError(
            f"{path.name} has {len(heading)} columns, and at most {MOST_COLUMNS} are read. "
            "Leave columns out"
        )
    twice = sorted(name for name, n in Counter(heading).items() if n > 1)
    if twice:
        raise TableError(f"{path.name} has the column {twice[0]!r} twice. Rename or remove one")
    kinds = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(heading, pa.string()), strings_can_be_null=False
    )
    rules = arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    content = pa.BufferReader(read_bytes(path, error=TableError))
    try:
        return arrow_csv.read_csv(content, parse_options=rules, convert_options=kinds)
    except (pa.ArrowException, UnicodeDecodeError) as error:
        says = str(error).partition("\n")[0][:200]
        raise TableError(
            f"{path.name} is not a table: {says}. Write it as CSV, with as many cells in every line"
        ) from error


def csv_lines_of_head(path: Path, delimiter: str) -> Iterator[list[str]]:
    """Yield the heading of a table."""
    content = read_bytes(path, error=TableError, largest=LARGEST_TEXT)
    head, _, _ = content.partition(b"\n")
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TableError(f"{path.name}, line 1 is not UTF-8 text. Save it as UTF-8") from error
    yield from csv.reader([text.rstrip("\r")], delimiter=delimiter)


def _json(path: Path) -> Any:  # noqa: ANN401
    text = read_text(path, error=TableError, largest=_LARGEST_JSON)
    return parsed(text, _json_once, source=str(path), kind="JSON", error=TableError)


def _json_once(text: str) -> Any:  # noqa: ANN401
    # Of a key that stands twice one program reads the first value and another one the last.
    json_of(text)
    return json.loads(text, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, n in Counter(key for key, _ in pairs).items() if n > 1)
        raise ValueError(f"the key {twice[:80]!r} stands twice in one object")
    return found


def uniques(table: pa.Table, column: str) -> list[str]:
    """Return the values of a column, each once."""
    return [str(value) for value in pc.unique(table[column]).to_pylist()]


def cells(table: pa.Table, column: str) -> list[str]:
    """Return the cells of a column."""
    return [str(value) for value in table[column].to_pylist()]


def dicts(of: object, name: str | None = None) -> list[dict[str, Any]]:
    """Return the objects of a list out of JSON, whatever stands there."""
    listed = of.get(name) if name is not None and isinstance(of, dict) else of
    listed = listed if isinstance(listed, list) else [listed]
    return [one for one in listed if isinstance(one, dict)]


def part(of: object, *names: str) -> Any:  # noqa: ANN401
    """Return what stands at a place in JSON; None where there is nothing of the kind."""
    for name in names:
        of = of.get(name) if isinstance(of, dict) else None
    return of


def word(of: object, *names: str) -> str:
    """Return the text at a place in JSON; empty where there is none."""
    found = part(of, *names)
    return found if isinstance(found, str) else ""


def words(of: object, *names: str) -> list[str]:
    """Return the texts at a place in JSON, one or a list of them."""
    found = part(of, *names)
    listed = found if isinstance(found, list) else [found]
    return [one for one in listed if isinstance(one, str)]


def _plain_files(folder: Path, found: list[Finding]) -> Iterator[tuple[str, Path]]:
    n_files = 0
    for root, folders, names in os.walk(folder):
        for name in [*folders, *names]:
            path = Path(root) / name
            place = path.relative_to(folder).as_posix()
            n_files += 1
            if n_files > MOST_FILES:
                found.append(
                    finding("too_many_files", ".", f"holds more than {MOST_FILES:,} files")
                )
                return
            kind = stat.S_IFMT(path.lstat().st_mode)
            if not _is_text(place):
                found.append(finding("odd_name", ascii(place), "has a name that is not UTF-8"))
            elif kind == stat.S_IFLNK:
                found.append(finding("link", place, "is a link, which leads out of the release"))
            elif kind == stat.S_IFREG:
                if path.stat().st_size > _largest(place):
                    found.append(finding("too_large", place, "is larger than any release"))
                yield place, path
            elif kind != stat.S_IFDIR:
                found.append(finding("odd_file", place, "is a pipe, a socket or a device"))


def _largest(name: str) -> int:
    return LARGEST_FILE if name.endswith((".tar", ".mp4")) else _LARGEST_TABLE


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
