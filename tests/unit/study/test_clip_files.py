import unicodedata

import pytest

from features.extraction.clip_list import read_clip_list
from study.config.study import Study, StudyConfig
from study.reading.clip_files import clip_file

COMPOSED = "cafés/élan_1.mp4"
APART = unicodedata.normalize("NFD", COMPOSED)


@pytest.fixture(params=[(COMPOSED, APART), (APART, COMPOSED)], ids=["list apart", "disk apart"])
def tree(request, tmp_path):
    """A tree whose file is called one way, and a list's name for it in the other way."""
    on_disk, listed = request.param
    path = tmp_path / "mit" / "training" / on_disk
    path.parent.mkdir(parents=True)
    path.write_bytes(b"a clip")
    return path, listed


def test_a_clip_is_found_however_its_accents_are_written(tree, tmp_path):
    path, listed = tree
    assert clip_file(tmp_path / "mit", "training", listed) == path
    study = Study(tmp_path, StudyConfig(mit_root="mit"))
    assert study.clip_path("training", listed).read_bytes() == b"a clip"


def test_features_find_it_too_where_the_list_has_no_location(tree, tmp_path):
    path, listed = tree
    table = tmp_path / "list.csv"
    table.write_text(f"filename,AVMIT_label,tfrecord_filename\n{listed},café,café/a.tfrecord\n")
    (clip,) = read_clip_list(table, tmp_path / "mit")
    assert (clip.path, clip.video_location) == (path, "training")


def test_a_clip_that_is_not_there_keeps_the_name_of_the_list(tmp_path):
    (tmp_path / "training").mkdir()
    assert clip_file(tmp_path, "training", COMPOSED) == tmp_path / "training" / COMPOSED
    assert clip_file(tmp_path, "training", "a/b.mp4") == tmp_path / "training/a/b.mp4"


def test_of_two_files_that_differ_in_this_only_the_list_says_which(tmp_path):
    for name in (COMPOSED, APART):
        (tmp_path / "training" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "training" / name).write_text(name)
        assert clip_file(tmp_path, "training", name).read_text() == name
