"""`psych-ds/`: the tables byte by byte under names of Psych-DS, and its description."""

import re
import shutil
from pathlib import Path
from typing import Any

from lab.release.facts import Facts, TableFact, json_text

FOLDER = "psych-ds"
_SKIPPED = frozenset({"rejects.csv"})


def file_name(table: TableFact) -> str:
    """Return what Psych-DS calls a table, seen from its folder."""
    name = re.sub(r"[^A-Za-z0-9]", "", table.name)
    return f"data/study-avmit_description-{name}_data.csv"


def write(facts: Facts, release: Path) -> list[str]:
    """Write the folder; return its files as seen from the release."""
    folder = release / FOLDER
    (folder / "data").mkdir(parents=True)
    tables = [table for table in facts.tables if table.path not in _SKIPPED]
    for table in tables:
        shutil.copyfile(release / table.path, folder / file_name(table))
    (folder / "dataset_description.json").write_text(_description(facts, tables), encoding="utf-8")
    (folder / "README.md").write_text(_readme(facts, tables), encoding="utf-8")
    (folder / "CHANGES.md").write_text(
        f"# Changes\n\n- {facts.version} ({facts.published_on}): this release.\n", encoding="utf-8"
    )
    return sorted(path.relative_to(release).as_posix() for path in folder.rglob("*.*"))


def _description(facts: Facts, tables: list[TableFact]) -> str:
    means: dict[str, dict[str, Any]] = {}
    for table in tables:
        for column in table.schema.columns:
            means.setdefault(
                column.name,
                {"@type": "PropertyValue", "name": column.name, "description": column.means},
            )
    return json_text(
        {
            "@context": "https://schema.org/",
            "@type": "Dataset",
            "name": facts.title,
            "description": facts.about,
            "version": facts.version,
            "datePublished": facts.published_on.isoformat(),
            "license": facts.licence_url,
            "keywords": list(facts.keywords),
            "author": [
                {"@type": "Person", "givenName": creator.given, "familyName": creator.family}
                if creator.given
                else {"@type": "Organization", "name": creator.family}
                for creator in facts.creators
            ],
            "variableMeasured": list(means.values()),
        }
    )


def _readme(facts: Facts, tables: list[TableFact]) -> str:
    same = "The tables of the release under the names of Psych-DS, byte by byte the same."
    lines = [f"# {facts.title}", "", facts.about, "", same, ""]
    lines += [f"- `{file_name(table)}` is `../{table.path}`" for table in tables]
    return "\n".join(lines) + "\n"
