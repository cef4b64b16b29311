"""The tables by the schema that the release gives: types, values, keys, numbers of rows."""

import re
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.release.row_faults import Finding
from lab.checking.opened import FACTS, Opened, cells, dicts, finding, part, uniques, word, words
from study.errors import TableError
from study.tools.wording import counted

DICTIONARY = "data_dictionary.csv"
_KINDS = {
    "text": re.compile(r"[^\x00-\x08\x0b-\x1f\x7f]*", re.DOTALL),
    "count": re.compile(r"-?\d{1,18}"),
    "seconds": re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?"),
    "number": re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?"),
    "flag": re.compile(r"True|False"),
}
_ROW_ID = "row_id"


def check_tables(release: Opened) -> Iterator[Finding]:
    """Yield what is wrong with the tables."""
    described = {word(table, "path"): table for table in dicts(release.json(FACTS), "tables")}
    for name, table in described.items():
        if name not in release.files:
            yield finding("missing_file", name, f"is a table of {FACTS} and is not there")
            continue
        rows = release.table(name)
        if rows is not None:
            yield from _check_table(name, rows, table)
    for name in release.root_tables.keys() - described.keys() - {DICTIONARY}:
        if described:
            yield finding("unknown_table", name, f"is not a table of {FACTS}")
    yield from _check_references(release, described)
    yield from _check_dictionary(release, described)
    yield from _check_parquet(release)


def _check_table(name: str, rows: pa.Table, table: Mapping[str, object]) -> Iterator[Finding]:
    columns = {word(one, "name"): one for one in dicts(table, "columns")}
    if list(columns) != rows.column_names:
        odd = sorted(set(columns) ^ set(rows.column_names)) or rows.column_names
        yield finding("other_columns", name, "columns are not those that are described",
                      n=len(odd), of=odd)  # fmt: skip
    said = part(table, "n_rows")
    if said != rows.num_rows:
        yield finding(
            "count_differs", name, f"has {counted(rows.num_rows, 'row')}, and {FACTS} says {said}"
        )
    for column in [one for one in rows.column_names if one in columns]:
        yield from _check_column(name, rows, column, columns[column])
    for key in (words(table, "primary_key"), [_ROW_ID] if _ROW_ID in columns else []):
        if key and set(key) <= set(rows.column_names):
            yield from _check_key(name, rows, key)


def _check_column(
    name: str, rows: pa.Table, column: str, described: Mapping[str, object]
) -> Iterator[Finding]:
    kind = _KINDS.get(word(described, "type"))
    if kind is None:
        yield finding("unknown_type", name, f"{column} has a type that is not known")
        return
    values = uniques(rows, column)
    allowed = set(words(described, "values"))
    wrong = [value for value in values if value and not kind.fullmatch(value)]
    if wrong:
        yield finding("wrong_type", name, f"values of {column} are not {word(described, 'type')}",
                      n=len(wrong), of=wrong)  # fmt: skip
    outside = [value for value in values if value and allowed and value not in allowed]
    if outside:
        yield finding("unknown_value", name, f"values of {column} are none of those that it has",
                      n=len(outside), of=outside)  # fmt: skip
    if part(described, "optional") is False and "" in values:
        n = pc.sum(pc.equal(rows[column], "")).as_py()
        yield finding("empty_cell", name, f"cells of {column} are empty, which it never is", n=n)


def _check_key(name: str, rows: pa.Table, key: Sequence[str]) -> Iterator[Finding]:
    counted = rows.select(list(key)).group_by(list(key)).aggregate([([], "count_all")])
    twice = counted.filter(pc.greater(counted["count_all"], 1))
    if twice.num_rows:
        first = twice.slice(0, 3).select(list(key)).to_pylist()
        code = "duplicate_row_id" if list(key) == [_ROW_ID] else "duplicate_key"
        yield finding(code, name, f"values of {', '.join(key)} stand in several rows",
                      n=twice.num_rows, of=["/".join(one.values()) for one in first])  # fmt: skip


def _check_references(
    release: Opened, described: Mapping[str, Mapping[str, object]]
) -> Iterator[Finding]:
    for name, table in described.items():
        references = part(table, "foreign_keys")
        columns = {word(one, "name"): one for one in dicts(table, "columns")}
        rows = release.table(name)
        for target in references if isinstance(references, dict) else ():
            key = words(references, target)
            others = release.table(target)
            if rows is None or others is None or not key:
                continue
            if not set(key) <= set(rows.column_names) & set(others.column_names):
                continue
            may_lack = all(part(columns.get(one), "optional") is True for one in key)
            known = set(zip(*(cells(others, column) for column in key), strict=True))
            own = list(zip(*(cells(rows, column) for column in key), strict=True))
            # A trial of one kind refers to no clip of the other kind.
            lost = [each for each in own if each not in known and (any(each) or not may_lack)]
            if lost:
                yield finding("foreign_key", name, f"rows refer to a row that {target} lacks",
                              n=len(lost), of=["/".join(each) for each in lost])  # fmt: skip


def _check_dictionary(
    release: Opened, described: Mapping[str, Mapping[str, object]]
) -> Iterator[Finding]:
    rows = release.table(DICTIONARY)
    if rows is None:
        return
    if not {"table", "column"} <= set(rows.column_names):
        yield finding("other_columns", DICTIONARY, "lacks the columns table and column")
        return
    told = set(zip(cells(rows, "table"), cells(rows, "column"), strict=True))
    have = {
        (name, column)
        for name, table in release.root_tables.items()
        if name in described
        for column in table.column_names
    }
    odd = sorted(told ^ have)
    if odd:
        says = "columns are in the tables or here, not both"
        of = [".".join(one) for one in odd]
        yield finding("undescribed_column", DICTIONARY, says, n=len(odd), of=of)
    yield from _dictionary_against(rows, described)


def _dictionary_against(
    rows: pa.Table, described: Mapping[str, Mapping[str, object]]
) -> Iterator[Finding]:
    said = {
        (name, word(one, "name")): {
            "type": word(one, "type"),
            "may_be_empty": "yes" if part(one, "optional") else "no",
            "values": ";".join(words(one, "values")),
            "key": "yes" if word(one, "name") in words(table, "primary_key") else "no",
            "means": word(one, "means"),
        }
        for name, table in described.items()
        for one in dicts(table, "columns")
    }
    other = [
        f"{row['table']}.{row['column']}: {what}"
        for row in rows.to_pylist()
        for what, fact in said.get((row["table"], row["column"]), {}).items()
        if row.get(what) != fact
    ]
    if other:
        yield finding("descriptions_differ", DICTIONARY, f"says something else than {FACTS}",
                      n=len(other), of=other)  # fmt: skip


def _check_parquet(release: Opened) -> Iterator[Finding]:
    name = "trials.parquet"
    rows = release.table("trials.csv")
    if name not in release.files or rows is None:
        return
    try:
        columns = _parquet(release, name)
    except (pa.ArrowException, OSError, ValueError, TableError, MemoryError) as error:
        says = str(error).partition("\n")[0][:200]
        yield finding("unreadable_table", name, f"cannot be read: {says}")
        return
    differ = [
        column
        for column in rows.column_names
        if column not in columns.column_names
        or columns.num_rows != rows.num_rows
        or not _is_same(rows[column], columns[column])
    ]
    if differ or set(columns.column_names) != set(rows.column_names):
        yield finding("rows_differ", name, "columns are not those of trials.csv",
                      n=max(len(differ), 1), of=differ)  # fmt: skip


def _parquet(release: Opened, name: str) -> pa.Table:
    with pq.ParquetFile(
        release.files[name], thrift_string_size_limit=2**24, thrift_container_size_limit=2**24
    ) as file:
        n_bytes = sum(
            file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups)
        )
        if n_bytes > 4 * 10**9 or file.metadata.num_rows > 10**8:
            raise TableError("it unpacks to more than any table of trials. Write it again")
        return file.read(use_threads=False)


def _is_same(text: pa.ChunkedArray, typed: pa.ChunkedArray) -> bool:
    if pa.types.is_string(typed.type) or pa.types.is_large_string(typed.type):
        return bool(pc.fill_null(typed, "").combine_chunks() == text.combine_chunks())
    empty = pc.equal(text, "")
    if not pc.all(pc.equal(empty, pc.is_null(typed))).as_py():
        return False
    try:
        own = pc.cast(pc.if_else(empty, None, text), typed.type)
    except pa.ArrowException:
        return False
    return bool(pc.all(pc.equal(own, typed), min_count=0).as_py())
