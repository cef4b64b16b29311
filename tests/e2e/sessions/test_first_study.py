"""The page of a first study is run: every command of it, in its order."""

import pytest

from tests.worlds.first_study import PAGE, Lab, command_lines


@pytest.fixture
def lab(tmp_path, monkeypatch):
    found = Lab(tmp_path)
    monkeypatch.chdir(found.elsewhere)
    return found


def test_every_command_of_the_page_runs_in_its_order(lab):
    export, *lines = command_lines(PAGE)
    assert export == "export AVMIT_STUDY=~/study"
    assert len(lines) >= 20
    for line in lines:
        lab.run(line)
    said = lab.said
    assert "P01" in said["python -m sessions desk --by AB"]
    assert said["python -m annotator --participant P01"].split() == [
        "training", "screening", "annotation",
    ]  # fmt: skip
    assert "passed, 3 of 3 right" in said["python -m sessions screening P01"]
    assert "no findings" in said["python -m sessions check"]
    assert "0 clips with too few ratings left out" in said["python -m curation export-ratings"]
    # What was written lies in the study's folder, and nothing where the commands were typed.
    for name in ("sheets/consent.pdf", "pay/P01-1.pdf", "sessions.csv", "notes.csv", "report.html",
                 "laptop-a.clips.csv", "release/video_ratings.csv"):  # fmt: skip
        assert (lab.study / name).is_file(), name
    assert list(lab.elsewhere.iterdir()) == []
    # The stick has the clips that P03 could be shown, as they were admitted.
    listed = (lab.study / "laptop-a.clips.csv").read_text().splitlines()[1:]
    copied = sorted((lab.tree.parent / "stick" / "mit").rglob("*.mp4"))
    assert len(copied) == len(listed) == 24
    for path in copied:
        original = lab.tree / path.relative_to(lab.tree.parent / "stick" / "mit")
        assert path.read_bytes() == original.read_bytes()
