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
