"""Every table that the code writes has its columns in the reference."""

import ast

import pytest

from handbook.messages import trees
from handbook.tables import listed

WRITES = {"to_csv", "to_parquet", "writerow", "writerows", "ParquetWriter", "write_table"}
OF_THE_HOUSE = {"write_table", "write_report", "write_rows"}  # of curation.release.tables
NOT_A_TABLE_OF_ITS_OWN = {
    "curation.release.tables:write_rows": "its callers say what they write",
    "curation.release.tables:write_report": "its callers say what they write",
    "lab.release.privacy:_contents": "looked into and not kept",
    "models.evaluation.table_text:table_text": "printed",
}


def writers(module, tree):
    """Yield the functions that write a table."""
    imported = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "curation.release.tables"
        for alias in node.names
    }
    named = imported & OF_THE_HOUSE
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            called = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
            if any(
                (isinstance(each, ast.Attribute) and each.attr in WRITES)
                or (isinstance(each, ast.Name) and each.id in named)
                for each in called
            ):
                yield f"{module}:{function.name}"


TABLES = [table for part in listed().values() for table in part]


def test_a_table_that_is_written_is_in_the_reference():
    found = {name for module, tree in trees().items() for name in writers(module, tree)}
    told = {name for table in TABLES for name in table.by.split()}
    assert found - told - NOT_A_TABLE_OF_ITS_OWN.keys() == set()
    assert told - found == set(), "the reference names functions that write no table"
    assert NOT_A_TABLE_OF_ITS_OWN.keys() - found == set()


def test_a_new_writer_is_found():
    tree = ast.parse(
        "from curation.release.tables import write_report as write\n"
        "def one(frame, path):\n    frame.to_csv(path)\n"
        "def other(frame, path):\n    print(frame)\n"
    )
    assert list(writers("somewhere", tree)) == ["somewhere:one"]


def test_a_table_stands_once_and_so_do_its_columns():
    names = [table.file for table in TABLES]
    assert sorted(names) == sorted(set(names))
    for table in TABLES:
        columns = [name for name, _, _ in table.columns]
        assert columns, table.file
        assert len(columns) == len(set(columns)), table.file


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.file)
def test_the_command_of_a_table_is_one(table):
    package, command, *_ = table.command.split()
    tree = trees()[f"{package}.__main__"]
    words = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert command in words
