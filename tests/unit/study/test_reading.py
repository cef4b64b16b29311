"""Files from outside are read whole, or refused in one line that names file and line."""

import csv
import os
import socket

import pytest

from study.classes import read_classes
from study.errors import ConfigError, RecordError, TableError
from study.reading.rows import csv_lines, csv_rows
from study.reading.text import json_of, parsed, read_bytes, read_json, read_text, read_toml

MANY_DIGITS = "9" * 5_000
DEEP = 100_000


def written(folder, content):
    path = folder / "file.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(read, path, error=ConfigError):
    with pytest.raises(error) as caught:
        read(path)
    (line,) = str(caught.value).splitlines()
    return line.replace(str(path), "FILE")


def test_text_loses_its_mark_and_its_kinds_of_line_ends(tmp_path):
    path = written(tmp_path, b"\xef\xbb\xbfcaf\xc3\xa9\r\nb\rc\n")
    assert read_text(path) == "caf\u00e9\nb\nc\n"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"a\nb\ncaf\xe9,x\n", "FILE, line 3: byte 0xe9 is not UTF-8 text. Save it as UTF-8"),
        ("a,b\n".encode("utf-16"), "FILE is UTF-16 text. Save it as UTF-8"),
        ("a,b\n".encode("utf-32"), "FILE is UTF-32 text. Save it as UTF-8"),
        (
            "a\nb\n".encode("utf-16-le"),
            "FILE, line 1 holds a NUL, which no text has. Save it as UTF-8 text",
        ),
    ],
)
def test_another_encoding_is_named_with_the_line(tmp_path, content, found):
    assert refusal(read_text, written(tmp_path, content)) == found


def test_what_is_no_plain_file_is_named_and_never_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(str(tmp_path / "socket"))
        assert "cannot be read" in refusal(read_bytes, tmp_path / "socket")
    found = [refusal(read_bytes, path) for path in (tmp_path, tmp_path / "pipe")]
    assert found == [
        "FILE is a folder. Name a file in it",
        "FILE is a pipe. Save what it carries and name that file",
    ]
    assert refusal(read_bytes, type(tmp_path)("/dev/zero")) == "FILE is a device. Name a file"


@pytest.mark.parametrize("name", ["gone", "file/in/a/file", "\0", "\udfff", "x" * 300])
def test_a_file_that_cannot_be_there_is_refused(tmp_path, name):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match=r"no file|cannot be"):
        read_bytes(tmp_path / name, error=RecordError)


def test_a_file_that_may_not_be_read_is_refused(tmp_path, monkeypatch):
    def denied(*_):
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr(os, "open", denied)
    assert refusal(read_bytes, tmp_path) == (
        "FILE cannot be read: Permission denied. Give access to it"
    )


def test_a_file_has_a_largest_size(tmp_path):
    path = written(tmp_path, b"12345")
    assert read_bytes(path, largest=5) == b"12345"
    assert refusal(lambda file: read_bytes(file, largest=4), path) == (
        "FILE has more than 4 bytes. Is it the file that was meant?"
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a = ", "FILE is not TOML: "),
        (f"a = {MANY_DIGITS}", "FILE is not TOML: Exceeds the limit"),
        (f"a = {'[' * DEEP}", "FILE is nested too deeply to be TOML. Correct it"),
        ("a = 2026-13-45", "FILE is not TOML: "),
    ],
)
def test_what_is_not_toml_is_refused(tmp_path, text, found):
    assert refusal(read_toml, written(tmp_path, text)).startswith(found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{", "FILE is not JSON: "),
        ("", "FILE is not JSON: "),
        (MANY_DIGITS, "FILE is not JSON: Exceeds the limit"),
        ("[" * DEEP, "FILE is nested too deeply to be JSON. Correct it"),
        ("[NaN]", "FILE is not JSON: "),
        ("[-Infinity]", "FILE is not JSON: "),
        ("[1e999]", "FILE is not JSON: "),
        ('["\\ud800"]', "FILE is not JSON: "),
    ],
)
def test_what_is_not_json_is_refused(tmp_path, text, found):
    assert refusal(read_json, written(tmp_path, text)).startswith(found)


def test_toml_and_json_are_read(tmp_path):
    assert read_toml(written(tmp_path, b"\xef\xbb\xbfa = [1, 'b']\r\n")) == {"a": [1, "b"]}
    assert read_json(written(tmp_path, '{"a": [1, "\\ud83d\\ude00"]}')) == {"a": [1, "\U0001f600"]}
    assert json_of(b"[1.5, null]") == [1.5, None]


def test_a_parser_may_have_refusals_of_its_own():
    with pytest.raises(TableError, match=r"^settings is not YAML: KeyError. Correct it$"):
        parsed("", {}.popitem and _without_reason, source="settings", kind="YAML",
               error=TableError, refusals=(KeyError,))  # fmt: skip
    with pytest.raises(KeyError):
        parsed("", _without_reason, source="settings", kind="YAML")


def _without_reason(_):
    raise KeyError


def test_rows_know_their_line_and_pass_over_what_is_empty(tmp_path):
    path = written(tmp_path, b'\xef\xbb\xbfa,b\r\n1,"two\r\nlines"\r\n,\r\n\r\n3,4')
    assert list(csv_rows(path, ["b"])) == [
        (2, {"a": "1", "b": "two\r\nlines"}),
        (6, {"a": "3", "b": "4"}),
    ]
    assert list(csv_lines(path)) == [
        (1, ["a", "b"]), (2, ["1", "two\r\nlines"]), (4, ["", ""]), (6, ["3", "4"]),
    ]  # fmt: skip


def test_cells_may_be_parted_by_what_the_caller_allows(tmp_path):
    path = written(tmp_path, "a;b\n1,5;2\n")
    assert list(csv_rows(path, delimiters=",;")) == [(2, {"a": "1,5", "b": "2"})]
    assert refusal(lambda file: list(csv_rows(file)), path, TableError).startswith(
        "FILE, line 2 has 2"
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "FILE lacks the columns a; it has none. Correct its first line"),
        ("b,c\n", "FILE lacks the columns a; it has b, c. Correct its first line"),
        ("a,b,a\n", "FILE has the column 'a' twice. Rename or remove one"),
        ("a,b\n1\n", "FILE, line 2 has 1 cell and the heading has 2. Put text"),
        ("a,b\n1,2\n1,2,3\n", "FILE, line 3 has 3 cells and the heading has 2. Put text"),
        ('a,b\n1,2\n"1,2\n3,4\n', "FILE, line 3 is not CSV: unexpected end of data"),
        (f"a,b\n1,{'x' * 200_000}\n", "FILE, line 2 is not CSV: field larger than field limit"),
        (b"a,b\n1,\0\n", "FILE, line 2 holds a NUL"),
    ],
)
def test_a_broken_table_is_refused_at_its_line(tmp_path, text, found):
    path = written(tmp_path, text)
    assert refusal(lambda file: list(csv_rows(file, ["a"])), path, TableError).startswith(found)


def test_a_large_cell_is_refused_whatever_limit_another_package_has_set(tmp_path):
    before = csv.field_size_limit(10**9)
    path = written(tmp_path, f"a,b\n1,{'x' * 200_000}\n")
    try:
        found = refusal(lambda file: list(csv_rows(file, ["a"])), path, TableError)
    finally:
        csv.field_size_limit(before)
    assert found.startswith("FILE, line 2 is not CSV: field larger than field limit (131072)")


HEAD = "avmit_label,mit_label,origin\n"


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("barking,barking,\nbarking ,wailing,\n", "line 3 names a class 'barking '"),
        ("barking,barking,\n barking,wailing,\n", "line 3 names a class ' barking'"),
        ("Barking,barking,\nbarking,wailing,\n", "line 3 spells the class 'Barking' as 'barking'"),
        ("a,barking,\na,Barking,\n", "line 3 spells the class 'barking' as 'Barking'"),
        ("caf\u00e9,a,\ncafe\u0301,b,\n", "line 3 spells the class 'caf\\xe9' as 'cafe\\u0301'"),
        ("a b,a,\na  b,b,\n", "line 3 spells the class 'a b' as 'a  b'"),
        ("a\u200b,a,\n", "line 2 names a class 'a\\u200b'"),
        ("a\x7f,a,\n", "line 2 names a class 'a\\x7f'"),
        ("a\u202eb,a,\n", "line 2 names a class 'a\\u202eb'"),
        (f"{'a' * 101},a,\n", "line 2 names a class 'aaa"),
    ],
)
def test_a_class_has_one_name_in_one_spelling(tmp_path, rows, found):
    assert found in refusal(read_classes, written(tmp_path, HEAD + rows))


def test_a_list_of_classes_may_have_a_mark_and_semicolons(tmp_path):
    text = "\ufeff" + HEAD.replace(",", ";") + "cafe\u0301;Caf\u00e9;own\r\ntea;tea;own\r\n"
    found = read_classes(written(tmp_path, text))
    assert found.label_of == {"Caf\u00e9": "caf\u00e9", "tea": "tea"}


def test_a_list_of_classes_in_another_encoding_is_refused(tmp_path):
    path = written(tmp_path, (HEAD + "caf\u00e9,a,\n").encode("latin-1"))
    assert refusal(read_classes, path) == (
        "FILE, line 2: byte 0xe9 is not UTF-8 text. Save it as UTF-8"
    )
