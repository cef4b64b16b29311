"""`datapackage.json`: resources, their bytes and schemas, and the names of its keys."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import PurePosixPath

import pyarrow as pa

from curation.release.row_faults import Finding
from lab.checking.descriptions.common import unknown_keys
from lab.checking.opened import FACTS, Opened, dicts, finding, part, uniques, word, words

NAME = "datapackage.json"
_PACKAGE = frozenset({
    "$schema", "name", "id", "title", "description", "homepage", "image", "version", "created",
    "keywords", "contributors", "sources", "licenses", "resources",
})  # fmt: skip
_RESOURCE = frozenset({
    "$schema", "name", "path", "data", "type", "title", "description", "format", "mediatype",
    "encoding", "bytes", "hash", "sources", "licenses", "schema", "dialect", "homepage",
})  # fmt: skip
_SCHEMA = frozenset({
    "$schema", "fields", "fieldsMatch", "missingValues", "primaryKey", "uniqueKeys", "foreignKeys",
    "name", "title", "description",
})  # fmt: skip
_FIELD = frozenset({
    "name", "type", "format", "title", "description", "example", "constraints", "missingValues",
    "trueValues", "falseValues", "rdfType", "categories", "categoriesOrdered", "decimalChar",
    "groupChar", "bareNumber",
})  # fmt: skip
_CONSTRAINTS = frozenset({
    "required", "unique", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "minLength", "maxLength", "pattern",
})  # fmt: skip
_TYPES = {
    "string": re.compile(r".*", re.DOTALL),
    "integer": re.compile(r"-?\d{1,18}"),
    "number": re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?"),
    "boolean": re.compile(r"True|False|true|false|TRUE|FALSE|1|0"),
}
_OF_KIND = {"text": "string", "count": "integer", "seconds": "number", "number": "number",
            "flag": "boolean"}  # fmt: skip


def check_frictionless(release: Opened) -> Iterator[Finding]:
    """Yield what is wrong with the data package."""
    said = release.json(NAME)
    if not said:
        return
    yield from unknown_keys(said, _PACKAGE, NAME, "the package")
    if not dicts(said, "licenses"):
        yield finding("missing_licence", NAME, "has no licence")
    resources = dicts(said, "resources")
    paths = [word(one, "path") for one in resources]
    names = {word(one, "name"): word(one, "path") for one in resources}
    told = {word(table, "path"): table for table in dicts(release.json(FACTS), "tables")}
    for one in resources:
        yield from _resource(release, one, names, told)
    lacking = sorted(release.root_tables.keys() - set(paths) - {"data_dictionary.csv"})
    if lacking:
        yield finding("undescribed_table", NAME, "tables have no resource", n=len(lacking),
                      of=lacking)  # fmt: skip


def _resource(
    release: Opened, one: dict[str, object], names: dict[str, str],
    told: dict[str, dict[str, object]],
) -> Iterator[Finding]:  # fmt: skip
    place = word(one, "path")
    yield from unknown_keys(one, _RESOURCE, NAME, f"the resource {place}")
    if ".." in PurePosixPath(place).parts or place.startswith("/") or "://" in place:
        yield finding("unsafe_path", NAME, "names a file outside the release", of=[place])
        return
    if place not in release.files:
        yield finding("missing_file", NAME, "names a file that is not in the release", of=[place])
        return
    if word(one, "hash").removeprefix("sha256:") != release.digest(place):
        yield finding("wrong_digest", NAME, "has another digest than the file", of=[place])
    if part(one, "bytes") != release.size(place):
        yield finding("wrong_size", NAME, "has another size than the file", of=[place])
    schema = part(one, "schema")
    table = release.table(place) if place.endswith(".csv") else None
    if table is None or not isinstance(schema, dict):
        return
    yield from unknown_keys(schema, _SCHEMA, NAME, f"the schema of {place}")
    yield from _fields(place, table, schema, told.get(place, {}))
    yield from _keys(place, table, schema, names, told.get(place, {}))


def _fields(
    place: str, table: pa.Table, schema: dict[str, object], told: dict[str, object]
) -> Iterator[Finding]:
    fields = {word(one, "name"): one for one in dicts(schema, "fields")}
    if list(fields) != table.column_names:
        odd = sorted(set(fields) ^ set(table.column_names)) or list(fields)
        yield finding("other_columns", NAME, f"fields are not the columns of {place}", n=len(odd),
                      of=odd)  # fmt: skip
    kinds = {word(one, "name"): word(one, "type") for one in dicts(told, "columns")}
    means = {word(one, "name"): word(one, "means") for one in dicts(told, "columns")}
    for name, field in fields.items():
        yield from unknown_keys(field, _FIELD, NAME, f"the field {name} of {place}")
        constraints = part(field, "constraints")
        if isinstance(constraints, dict):
            yield from unknown_keys(constraints, _CONSTRAINTS, NAME, f"constraints of {name}")
        kind = word(field, "type")
        if kind not in _TYPES or _OF_KIND.get(kinds.get(name, ""), kind) != kind:
            yield finding("unknown_data_type", NAME, f"{place}: {name} has another type than in "
                          f"{FACTS}, or one that is not known", of=[kind])  # fmt: skip
        elif name in kinds and word(field, "description") != means[name]:
            yield finding("descriptions_differ", NAME, f"{place}: {name} means something else "
                          f"than in {FACTS}", of=[word(field, "description")])  # fmt: skip
        elif name in table.column_names:
            values = [value for value in uniques(table, name) if value]
            wrong = [value for value in values if not _TYPES[kind].fullmatch(value)]
            if wrong:
                yield finding("wrong_type", NAME, f"{place}: values of {name} are not {kind}",
                              n=len(wrong), of=wrong)  # fmt: skip
                continue
            least = part(constraints, "minimum")
            small = [value for value in values if _is_under(value, least)]
            if small:
                yield finding("too_small", NAME, f"{place}: values of {name} are under {least}",
                              n=len(small), of=small)  # fmt: skip


def _is_under(value: str, least: object) -> bool:
    return isinstance(least, int | float) and float(value) < least


def _keys(
    place: str, table: pa.Table, schema: dict[str, object], names: dict[str, str],
    told: dict[str, object],
) -> Iterator[Finding]:  # fmt: skip
    primary = words(schema, "primaryKey")
    if primary != words(told, "primary_key"):
        yield finding("other_key", NAME, f"{place} has another primary key than in {FACTS}",
                      of=[", ".join(primary)])  # fmt: skip
    own = {
        names.get(word(one, "reference", "resource"), ""): words(one, "fields")
        for one in dicts(schema, "foreignKeys")
    }
    asked = part(told, "foreign_keys")
    if own != (asked if isinstance(asked, dict) else {}):
        yield finding("other_key", NAME, f"{place} has other foreign keys than in {FACTS}",
                      of=list(own))  # fmt: skip
    unknown = sorted({*primary, *chain(*own.values())} - set(table.column_names))
    if unknown:
        yield finding("unknown_column", NAME, f"keys of {place} name columns that it lacks",
                      of=unknown)  # fmt: skip
