"""Checksums; missing, changed and extra files."""

import re
from collections.abc import Iterator

from curation.release.row_faults import Finding
from lab.checking.opened import CHECKSUMS, FACTS, Opened, finding
from study.vocabulary import Phase

_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")
# Without these a release cannot be used, or nobody knows how it may be.
NEEDED = (
    "trials.csv", "trials.parquet", "data_dictionary.csv", "README.md", "LICENSE", "CITATION.cff",
    ".zenodo.json", "DATASHEET.md",
    FACTS, CHECKSUMS, "croissant.json", "datapackage.json", "datacite.json",
    "ro-crate-metadata.json", "psych-ds/dataset_description.json", "bids/dataset_description.json",
)  # fmt: skip
_OF_RATINGS = ("video_ratings.csv", "raw_video_ratings.csv", "clips.csv")
_OF_ANSWERS = ("recognition_trials.csv", "model_vs_human.csv", "stimuli.csv")


def needed(phases: frozenset[str]) -> tuple[str, ...]:
    """Return the files of a release whose trials are of some phases; none: they are not known."""
    ratings = _OF_RATINGS if phases - {Phase.RECOGNITION} or not phases else ()
    return (*NEEDED, *ratings, *(_OF_ANSWERS if Phase.RECOGNITION in phases else ()))


def check_files(release: Opened) -> Iterator[Finding]:
    """Yield what is wrong with the files."""
    for name in needed(release.phases):
        if name not in release.files:
            yield finding("missing_file", name, "belongs to every release and is not there")
    yield from _empty(release)
    said: dict[str, str] = {}
    for number, line in enumerate(release.text(CHECKSUMS).splitlines(), start=1):
        if hit := _LINE.fullmatch(line):
            if hit.group(2) in said:
                yield finding("odd_checksum", CHECKSUMS, "names a file twice", of=[hit.group(2)])
            said[hit.group(2)] = hit.group(1)
        else:
            says = f"line {number} is not a checksum"
            yield finding("odd_checksum", CHECKSUMS, says, of=[line])
    yield from _against(release, said)


def _empty(release: Opened) -> Iterator[Finding]:
    empty = [name for name in release.files if release.size(name) == 0 and "/stimuli/" not in name]
    if empty:
        yield finding("empty_file", empty[0], "file has no content", n=len(empty), of=empty)


def _against(release: Opened, said: dict[str, str]) -> Iterator[Finding]:
    missing = sorted(said.keys() - release.files.keys())
    extra = sorted(release.files.keys() - said.keys() - {CHECKSUMS})
    there = sorted(said.keys() & release.files.keys())
    changed = [name for name in there if release.digest(name) != said[name]]
    for code, names, says in (
        ("missing_file", missing, "has a checksum and is not there"),
        ("changed_file", changed, "is not the file whose checksum stands there"),
        ("extra_file", extra, "has no checksum: it does not belong to the release"),
    ):
        if names and said:
            yield finding(code, names[0], says, n=len(names), of=names)
    if not said and CHECKSUMS in release.files:
        yield finding("no_checksums", CHECKSUMS, "holds no checksum")
