import os

import pytest

from study.errors import StudyError
from study.tools.journal import Journal, read_journal


def test_lines_are_read_as_they_were_added_and_one_cut_by_a_crash_spoils_no_other(tmp_path):
    path = tmp_path / "logs" / "work.jsonl"
    assert list(read_journal(path)) == []
    with Journal(path) as journal:
        journal.add({"a": 1})
        assert path.read_text() == '{"a": 1}\n'
    with path.open("a") as file:
        file.write('{"b": "cut')
    with Journal(path) as journal:
        journal.add({"c": 3})
    assert list(read_journal(path)) == ['{"a": 1}\n', '{"b": "cut\n', '{"c": 3}\n']


def test_a_cleared_journal_begins_with_its_next_line(tmp_path):
    with Journal(tmp_path / "work.jsonl") as journal:
        journal.add({"a": 1})
        journal.clear()
        journal.add({"b": 2})
    assert list(read_journal(tmp_path / "work.jsonl")) == ['{"b": 2}\n']


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_not_a_file_is_refused_before_anything_waits_for_it(tmp_path, kind):
    path = tmp_path / "work.jsonl"
    {
        "pipe": lambda: os.mkfifo(path),
        "device": lambda: path.symlink_to("/dev/full"),
        "folder": path.mkdir,
    }[kind]()
    with pytest.raises(StudyError, match=r"work\.jsonl is not a plain file\. Move it away"):
        Journal(path)
    assert list(read_journal(path)) == []
