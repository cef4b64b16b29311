import pytest

from study.errors import StudyError
from study.tools.files import written_atomically


def test_a_file_whose_writing_fails_is_as_it_was(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), written_atomically(path) as part:
        part.write_text(str(1 / 0))
    assert [file.read_text() for file in tmp_path.iterdir()] == ["old"]


def test_an_existing_file_is_replaced_only_when_told_to(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(StudyError, match="--overwrite"), written_atomically(path, overwrite=False):
        pass
    with written_atomically(path) as part:
        part.write_text("new")
    assert path.read_text() == "new"
