"""The tree with and without the lists that Moments in Time comes with."""

import unicodedata

import pytest

from curation.clips.manifests import read_categories, read_manifest
from curation.clips.mit_tree import MitTree
from study.classes import ClassList
from study.errors import ConfigError, TableError

CLASSES = ClassList({"barking": "barking", "cooking": "frying", "frying": "frying"})


def _tree(root, *files, **lists):
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    for name, rows in lists.items():
        path = root / (f"{name}.txt" if name == "moments_categories" else f"{name}.csv")
        path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return MitTree(root, CLASSES)


def _said(tree):
    return [
        (clip.video_location, clip.filename, clip.mit_label, clip.avmit_label, clip.standing)
        for place in tree.folders()
        for clip in tree.clips(*place)
    ]


def test_without_lists_the_folder_is_the_label_and_other_classes_cost_nothing(tmp_path):
    tree = _tree(
        tmp_path,
        "training/cooking/b_2.mp4",
        "training/barking/a_1.mp4",
        "training/knitting/c_3.mp4",
        "validation/barking/d_4.mp4",
        "training/barking/.hidden",
        "training/barking/folder/e_5.mp4",
    )
    assert _said(tree) == [
        ("training", "barking/a_1.mp4", "barking", "barking", ""),
        ("training", "cooking/b_2.mp4", "cooking", "frying", ""),
        ("validation", "barking/d_4.mp4", "barking", "barking", ""),
    ]
    assert tree.n_clips() == 3
    assert tree.notices() == ["no folder for 1 class: frying"]


def test_the_lists_say_which_clips_there_are_and_what_they_are_called(tmp_path):
    tree = _tree(
        tmp_path,
        "training/barking/a_1.mp4",
        "training/barking/stray_9.mp4",
        "training/knitting/b_2.mp4",
        "training/cooking/c_3.mp4",
        trainingSet=[
            "barking/a_1.mp4,barking,3,0",
            "barking/gone_7.mp4,barking,3,0",
            "knitting/b_2.mp4,frying,4,1",
            "cooking/c_3.mp4,stirring,4,1",
            "frying/far_1.mp4,frying,3,0",
            "knitting/d_4.mp4,knitting,3,0",
            "barking/a_1.mp4,barking,3,0",
        ],
        moments_categories=["barking,0", "cooking,1", "knitting,2"],
    )
    assert _said(tree) == [
        ("training", "barking/a_1.mp4", "barking", "barking", ""),
        ("training", "barking/stray_9.mp4", "barking", "barking", "unlisted"),
        ("training", "barking/gone_7.mp4", "barking", "barking", "missing"),
        ("training", "knitting/b_2.mp4", "frying", "frying", ""),
    ]
    assert tree.notices() == [
        "no folder for 1 class: frying",
        "moments_categories.txt does not have: frying",
        "trainingSet.csv lists 7 clips of all classes",
        "trainingSet.csv: 1 clip of this study are in folders not there",
        "trainingSet.csv: 1 row names a clip again; the first counts",
    ]


def test_a_part_without_a_list_is_taken_as_it_lies(tmp_path):
    tree = _tree(
        tmp_path,
        "training/barking/a_1.mp4",
        "validation/barking/b_2.mp4",
        trainingSet=["barking/a_1.mp4,barking,3,0"],
    )
    assert [clip[4] for clip in _said(tree)] == ["", ""]


def test_an_accent_written_as_two_characters_is_the_same_name(tmp_path):
    on_disk, listed = (
        unicodedata.normalize(form, "barking/caf\u00e9_1.mp4") for form in ("NFD", "NFC")
    )
    tree = _tree(tmp_path, f"training/{on_disk}", trainingSet=[f"{listed},barking,3,0"])
    assert _said(tree) == [("training", on_disk, "barking", "barking", "")]


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "barking/../../x.mp4", "barking", "a/b/c.mp4", "barking/",
     "barking/..", "barking\\a.mp4"],
)  # fmt: skip
def test_a_list_that_names_a_path_outside_the_tree_stops_the_run(tmp_path, name):
    tree = _tree(tmp_path, "training/barking/a_1.mp4", trainingSet=[f"{name},barking,3,0"])
    with pytest.raises(TableError, match=r"trainingSet.csv, line 1: .*outside_root"):
        tree.n_clips()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "lists no clip"),
        (b"barking/a_1.mp4\n", "line 1: expected name,label"),
        (b"barking/a_1.mp4,\n", "line 1: expected name,label"),
        (b"barking/\xff.mp4,barking\n", "is not UTF-8 text"),
    ],
)
def test_a_list_that_is_none_is_refused(tmp_path, content, message):
    path = tmp_path / "trainingSet.csv"
    path.write_bytes(content)
    with pytest.raises(TableError, match=message):
        read_manifest(path, frozenset({"barking"}))


def test_an_empty_list_of_categories_is_refused(tmp_path):
    (tmp_path / "moments_categories.txt").touch()
    with pytest.raises(TableError, match="lists no class"):
        read_categories(tmp_path / "moments_categories.txt")


def test_names_that_are_no_utf8_are_spelt_out_and_barred(tmp_path):
    _tree(tmp_path, "training/barking/a_1.mp4")
    with open(bytes(tmp_path / "training/barking") + b"/caf\xe9_2.mp4", "wb"):  # noqa: PTH123
        pass
    said = _said(MitTree(tmp_path, CLASSES))
    assert said[1] == ("training", "barking/caf\\xe9_2.mp4", "barking", "barking", "bad_name")


def test_a_tree_without_the_classes_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no folder of the study's classes"):
        MitTree(tmp_path, CLASSES).folders()
