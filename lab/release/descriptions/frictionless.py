"""`datapackage.json`: Frictionless Data Package, version 2."""

from typing import Any

from curation.release.tables import Column
from lab.release.facts import Facts, TableFact, json_text

NAME = "datapackage.json"
_SCHEMA = "https://datapackage.org/profiles/2.0/datapackage.json"
_TYPES = {"text": "string", "count": "integer", "seconds": "number", "number": "number",
          "flag": "boolean"}  # fmt: skip


def described(facts: Facts) -> str:
    """Return the description."""
    package: dict[str, Any] = {
        "$schema": _SCHEMA,
        "name": "-".join("".join(c if c.isalnum() and c.isascii() else " " for c in facts.title)
                         .lower().split()) or "dataset",
        "title": facts.title,
        "description": facts.about,
        "version": facts.version,
        "created": f"{facts.published_on.isoformat()}T00:00:00Z",
        "licenses": [
            {"name": facts.licence, "title": facts.licence_name, "path": facts.licence_url}
        ],
        "contributors": [
            {"title": creator.spoken, "roles": ["creator"]} for creator in facts.creators
        ],
        "keywords": list(facts.keywords),
        "resources": [_resource(facts, table) for table in facts.tables],
    }  # fmt: skip
    if facts.doi:
        package["id"] = f"https://doi.org/{facts.doi}"
    if facts.url:
        package["homepage"] = facts.url
    return json_text(package)


def resource_name(path: str) -> str:
    """Return what a package calls a table: small letters, digits and hyphens."""
    return path.rpartition(".")[0].lower().replace("_", "-")


def _resource(facts: Facts, table: TableFact) -> dict[str, Any]:
    file = facts.file(table.path)
    schema: dict[str, Any] = {
        "fields": [_field(column) for column in table.schema.columns],
        "missingValues": [""],
    }
    if table.schema.key:
        schema["primaryKey"] = list(table.schema.key)
    if table.schema.refers:
        schema["foreignKeys"] = [
            {"fields": list(key), "reference": {"resource": resource_name(to), "fields": list(key)}}
            for to, key in table.schema.refers.items()
        ]
    return {
        "name": resource_name(table.path),
        "path": table.path,
        "type": "table",
        "title": table.schema.title,
        "format": "csv",
        "mediatype": file.media_type,
        "encoding": "utf-8",
        "bytes": file.n_bytes,
        "hash": f"sha256:{file.sha256}",
        "schema": schema,
    }


def _field(column: Column) -> dict[str, Any]:
    constraints: dict[str, Any] = {} if column.optional else {"required": True}
    if column.values:
        is_number = column.kind == "count"
        constraints["enum"] = [int(v) if is_number else v for v in column.values]
    if column.kind in ("count", "seconds") and not column.values:
        constraints |= {} if column.name.startswith(("rt_", "day")) else {"minimum": 0}
    described: dict[str, Any] = {
        "name": column.name,
        "type": _TYPES[column.kind],
        "description": column.means,
    }
    if column.kind == "flag":
        described |= {"trueValues": ["True"], "falseValues": ["False"]}
    return described | ({"constraints": constraints} if constraints else {})
