"""Texts of a release: what people read first, the licence, how to cite it, the columns."""

import json
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from lab.release.facts import Creator, Facts, json_text

DICTIONARY_COLUMNS = {  # of `data_dictionary.csv`, and what each means
    "table": "file of the release",
    "column": "name of a column of it",
    "type": "text, count, seconds, number or flag",
    "may_be_empty": "yes or no",
    "values": "all that a cell may hold, separated by semicolons; empty for anything of its type",
    "key": "yes where it tells the rows apart, alone or with others",
    "means": "what it means",
}
_PLAIN = {"CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/legalcode"}


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("lab.release"),
        undefined=StrictUndefined,
        autoescape=False,  # Markdown and plain text, no page
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def filled(text: str, **values: object) -> str:
    """Fill in a text that has ``{{ name }}`` in it."""
    return _environment().from_string(text).render(values)


def readme(facts: Facts, head: str) -> str:
    """Return `README.md`, with the head that the Hugging Face hub reads."""
    return head + _environment().get_template("readme.md").render(facts=facts)


def licence(facts: Facts) -> str:
    """Return `LICENSE`."""
    code = _PLAIN.get(facts.licence, f"{facts.licence_url}legalcode")
    return _environment().get_template("licence.md").render(facts=facts, code=code)


def citation(facts: Facts) -> str:
    """Return `CITATION.cff`; JSON strings are YAML strings."""
    lines = [
        "cff-version: 1.2.0",
        f"message: {json.dumps('If you use this dataset, please cite it as below.')}",
        "type: dataset",
        f"title: {_quoted(facts.title)}",
        f"abstract: {_quoted(facts.about)}",
        f"version: {_quoted(facts.version)}",
        f"date-released: {_quoted(facts.published_on.isoformat())}",
        f"license: {facts.licence}",
        "authors:",
        *(line for creator in facts.creators for line in _author(creator)),
        "keywords:",
        *(f"  - {_quoted(word)}" for word in facts.keywords),
    ]
    lines += [f"doi: {_quoted(facts.doi)}"] if facts.doi else []
    lines += [f"url: {_quoted(facts.url)}"] if facts.url else []
    return "\n".join(lines) + "\n"


def zenodo(facts: Facts) -> str:
    """Return `.zenodo.json`, which an upload to Zenodo takes its form from."""
    return json_text(
        {
            "title": facts.title,
            "description": facts.about,
            "upload_type": "dataset",
            "access_right": "open",
            "license": facts.licence.lower(),
            "version": facts.version,
            "publication_date": facts.published_on.isoformat(),
            "creators": [{"name": creator.name} for creator in facts.creators],
            "keywords": list(facts.keywords),
        }
    )


def dictionary(facts: Facts) -> list[dict[str, object]]:
    """Return the rows of `data_dictionary.csv`: every column of every table."""
    return [
        {
            "table": table.path,
            "column": column.name,
            "type": column.kind,
            "may_be_empty": "yes" if column.optional else "no",
            "values": ";".join(column.values),
            "key": "yes" if column.name in table.schema.key else "no",
            "means": column.means,
        }
        for table in facts.tables
        for column in table.schema.columns
    ]


def _author(creator: Creator) -> list[str]:
    if not creator.given:
        return [f"  - name: {_quoted(creator.family)}"]
    return [
        f"  - family-names: {_quoted(creator.family)}",
        f"    given-names: {_quoted(creator.given)}",
    ]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
