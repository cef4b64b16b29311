"""All that is looked at, in one list."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from curation.release.row_faults import Finding
from lab.checking.checksums import check_files
from lab.checking.descriptions.common import check_common, head_of_readme
from lab.checking.descriptions.crate import check_crate, check_datacite
from lab.checking.descriptions.croissant import check_croissant
from lab.checking.descriptions.folders import (
    check_bids,
    check_head,
    check_psych_ds,
    check_rows_digest,
)
from lab.checking.descriptions.frictionless import check_frictionless
from lab.checking.lists import check_lists
from lab.checking.opened import Opened, open_release
from lab.checking.personal import check_personal
from lab.checking.pictures import check_pictures
from lab.checking.records import check_archives
from lab.checking.tables import check_tables
from lab.checking.texts import check_texts
from lab.checking.together.counts import check_counts
from lab.checking.together.fitting import check_fitting
from lab.checking.together.posterior import check_answers
from lab.checking.together.recognition import check_recognition

Say = Callable[[str], None]


def _head(release: Opened) -> Iterator[Finding]:
    return check_head(release, head_of_readme(release))


PARTS: dict[str, Callable[[Opened], Iterator[Finding]]] = {
    "files": check_files,
    "tables": check_tables,
    "counts": check_counts,
    "tables against each other": check_fitting,
    "recognition": check_recognition,
    "answers": check_answers,
    "lists": check_lists,
    "descriptions": check_common,
    "croissant.json": check_croissant,
    "datapackage.json": check_frictionless,
    "ro-crate-metadata.json": check_crate,
    "datacite.json": check_datacite,
    "psych-ds": check_psych_ds,
    "bids": check_bids,
    "release.json": check_rows_digest,
    "README.md": _head,
    "texts": check_texts,
    "personal data": check_personal,
    "pictures": check_pictures,
    "embeddings": check_archives,
}


def check_release(folder: Path, say: Say = lambda _: None) -> list[Finding]:
    """Look through a release as it lies on a disk.

    Parameters
    ----------
    say : callable
        Is told which part is looked at.

    Returns
    -------
    list of Finding
        What breaks a run first.

    Raises
    ------
    StudyError
        If there is no release to look at.
    """
    release = open_release(folder)
    found: list[Finding] = []
    for name, look in PARTS.items():
        say(name)
        found += look(release)
    # A table that cannot be read is met by several parts.
    every = {(one.code, one.where, one.message): one for one in [*release.found, *found] if one.n}
    return sorted(every.values(), key=lambda one: (not one.breaks, one.where, one.code))


def as_json(folder: Path, found: list[Finding]) -> str:
    """Return the findings for programs."""
    content = {
        "release": folder.name,
        "findings": [asdict(one) for one in found],
        "n_breaking": sum(one.breaks for one in found),
    }
    return json.dumps(content, indent=2, ensure_ascii=False)
