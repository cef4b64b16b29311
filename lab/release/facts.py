"""What is true of a release, once: every description is made from this and repeats nothing."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from curation.release.tables import Schema

FACTS_NAME = "release.json"
CHECKSUMS_NAME = "CHECKSUMS.sha256"
LICENCES: Mapping[str, tuple[str, str]] = {
    "CC0-1.0": (
        "Creative Commons Zero 1.0 Universal",
        "https://creativecommons.org/publicdomain/zero/1.0/",
    ),
    "CC-BY-4.0": (
        "Creative Commons Attribution 4.0 International",
        "https://creativecommons.org/licenses/by/4.0/",
    ),
    "CC-BY-SA-4.0": (
        "Creative Commons Attribution-ShareAlike 4.0 International",
        "https://creativecommons.org/licenses/by-sa/4.0/",
    ),
    "CC-BY-NC-4.0": (
        "Creative Commons Attribution-NonCommercial 4.0 International",
        "https://creativecommons.org/licenses/by-nc/4.0/",
    ),
}
MEDIA_TYPES: Mapping[str, str] = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".parquet": "application/vnd.apache.parquet",
    ".json": "application/json",
    ".md": "text/markdown",
    ".cff": "application/yaml",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".tar": "application/x-tar",
    ".mp4": "video/mp4",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
    ".mov": "video/quicktime",
    ".avi": "video/x-msvideo",
    ".sha256": "text/plain",
    "": "text/plain",
}


@dataclass(frozen=True, slots=True)
class Creator:
    """An author: a person with family and given name, or an institution (no given name)."""

    family: str
    given: str = ""

    @property
    def name(self) -> str:
        """The name as libraries sort it."""
        return f"{self.family}, {self.given}" if self.given else self.family

    @property
    def spoken(self) -> str:
        """The name as people say it."""
        return f"{self.given} {self.family}".strip()


@dataclass(frozen=True, slots=True)
class FileFact:
    """A file of the release; its path is seen from the release's folder."""

    path: str
    media_type: str
    means: str
    n_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class TableFact:
    """A table of the release: its file, its columns and how many rows it has."""

    path: str
    schema: Schema
    n_rows: int

    @property
    def name(self) -> str:
        """The table's name without ending."""
        return self.path.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class StepFact:
    """A command that made files of the release.

    Parameters
    ----------
    inputs : tuple of str
        Files of the release that it read; the study's store is an input of every step.
    outputs : tuple of str
        Files of the release that it wrote.
    """

    command: str
    means: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the descriptions of a release say.

    Parameters
    ----------
    place : dict of str to str
        What BIDS is told of institution and task, by its own names.
    published_on : date
        The study's day of publication, never today.
    unfinished : tuple of str
        What was not done yet when the release was made, one sentence each.
    n_blanks : int
        Questions of the datasheet without an answer.
    counts : dict
        Clips, ratings and participants; ``ratings`` only where clips were rated, ``answers`` only
        where actions were recognised.
    rows_sha256 : dict of str to str
        By table: digest of its rows as text, so that other spellings of them can be compared.
    """

    title: str
    description: str
    version: str
    published_on: date
    licence: str
    creators: tuple[Creator, ...]
    publisher: str
    keywords: tuple[str, ...]
    doi: str | None
    url: str | None
    contact: str | None
    place: Mapping[str, str]
    institution_url: str | None
    clips_url: str | None
    rehearsal: bool
    unfinished: tuple[str, ...]
    n_blanks: int
    software: str
    software_version: str
    counts: Mapping[str, int]
    tables: tuple[TableFact, ...] = ()
    steps: tuple[StepFact, ...] = ()
    files: tuple[FileFact, ...] = ()
    rows_sha256: Mapping[str, str] = field(default_factory=dict)
    majority: str = ""

    @property
    def is_rated(self) -> bool:
        """Whether ratings are in the release."""
        return "ratings" in self.counts

    @property
    def is_recognised(self) -> bool:
        """Whether answers of the recognition experiment are in the release."""
        return "answers" in self.counts

    @property
    def licence_name(self) -> str:
        """The licence in words."""
        return LICENCES[self.licence][0]

    @property
    def licence_url(self) -> str:
        """Where the licence stands."""
        return LICENCES[self.licence][1]

    @property
    def cautions(self) -> tuple[str, ...]:
        """What every description has to say first."""
        what = "ratings" if self.is_rated else "answers"
        rehearsal = (f"A rehearsal: {what} of simulated people are in it.",) * self.rehearsal
        return (*rehearsal, *(f"Not finished: {each}." for each in self.unfinished))

    @property
    def about(self) -> str:
        """The description with its cautions."""
        return " ".join((self.description, *self.cautions))

    @property
    def citation(self) -> str:
        """How to cite the release, in one line."""
        who = "; ".join(creator.name for creator in self.creators)
        where = f" https://doi.org/{self.doi}" if self.doi else ""
        return (
            f"{who} ({self.published_on.year}). {self.title} (version {self.version}) "
            f"[Data set]. {self.publisher}.{where}"
        )

    @property
    def has_clips(self) -> bool:
        """Whether the clips themselves are in the release."""
        return any(file.path.startswith("bids/stimuli/") for file in self.files)

    def file(self, path: str) -> FileFact:
        """Return the fact about one file."""
        return next(each for each in self.files if each.path == path)

    def table(self, path: str) -> TableFact:
        """Return the fact about one table."""
        return next(each for each in self.tables if each.path == path)


def as_json(facts: Facts) -> str:
    """Return the facts as the text of `release.json`."""
    content: dict[str, Any] = asdict(facts)
    content["published_on"] = facts.published_on.isoformat()
    for table in content["tables"]:
        schema = table.pop("schema")
        table |= {
            "title": schema["title"],
            "primary_key": list(schema["key"]),
            "foreign_keys": {name: list(key) for name, key in schema["refers"].items()},
            "columns": [
                {
                    "name": column["name"],
                    "type": column["kind"],
                    "means": column["means"],
                    "optional": column["optional"],
                    "values": list(column["values"]),
                }
                for column in schema["columns"]
            ],
        }
    return json_text({"format": 1, **content})


def json_text(content: object) -> str:
    """Return JSON as all descriptions are written."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
