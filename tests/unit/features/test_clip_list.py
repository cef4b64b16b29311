"""Lists of clips in all their spellings."""

import os
from pathlib import Path

import pandas as pd
import pytest

from features.extraction.clip_list import read_clip_list
from study.errors import TableError
from tests.paths import SHARED

RELEASE = SHARED / "data" / "avmit_release"


def write(path, **columns):
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


def test_video_ratings_name_clip_label_place_and_record(tmp_path):
    table = write(
        tmp_path / "video_ratings.csv",
        filename=["laughing/a_1.mp4"],
        r1=[0], r2=[0], r3=[3],
        AVMIT_label=["giggling"],
        MIT_label=["laughing"],
        video_location=["validation"],
        tfrecord_filename=["giggling/a_1.tfrecord"],
    )  # fmt: skip
    (clip,) = read_clip_list(table, tmp_path)
    assert clip.path == tmp_path / "validation" / "laughing" / "a_1.mp4"
    assert (clip.label, clip.tfrecord_filename) == ("giggling", "giggling/a_1.tfrecord")


@pytest.mark.parametrize("label_column", ["AVMIT_label", "AVMIT label", "label"])
def test_lists_without_a_place_mean_training_and_old_places_are_understood(tmp_path, label_column):
    bare = write(tmp_path / "a.csv", **{"filename": ["x/a.mp4"], label_column: ["y"]})
    (clip,) = read_clip_list(bare, tmp_path)
    assert clip.path == tmp_path / "training" / "x" / "a.mp4"
    assert clip.tfrecord_filename == "y/a.tfrecord"
    old = write(
        tmp_path / "b.csv",
        **{"filename": ["x/a.mp4"], label_column: ["y"], "video_location": ["MIT_validation"]},
    )
    assert read_clip_list(old, tmp_path)[0].video_location == "validation"


def test_two_clips_of_one_record_are_refused_and_one_clip_twice_is_taken_once(tmp_path):
    row = {"filename": "x/a.mp4", "label": "y", "video_location": "training"}
    twice = write(tmp_path / "a.csv", **{name: [value] * 2 for name, value in row.items()})
    assert len(read_clip_list(twice, tmp_path)) == 1
    collide = write(tmp_path / "b.csv", filename=["x/a.mp4", "z/a.mp4"], label=["y", "y"])
    with pytest.raises(TableError, match=r"x/a.mp4 .* and z/a.mp4 .* the same record y/a.tfrecord"):
        read_clip_list(collide, tmp_path)
    named = write(
        tmp_path / "c.csv",
        filename=["x/a.mp4", "z/a.mp4"],
        label=["y", "y"],
        tfrecord_filename=["y/a.tfrecord", "y/a-z.tfrecord"],
    )
    assert len(read_clip_list(named, tmp_path)) == 2


@pytest.mark.parametrize("filename", ["../a.mp4", "/etc/a.mp4", "x/../../a.mp4"])
def test_names_that_reach_outside_are_refused(tmp_path, filename):
    table = write(tmp_path / "a.csv", filename=[filename], label=["y"])
    with pytest.raises(TableError, match="outside its folder"):
        read_clip_list(table, tmp_path)
    record = write(
        tmp_path / "b.csv", filename=["x/a.mp4"], label=["y"], tfrecord_filename=[filename]
    )
    with pytest.raises(TableError, match="outside its folder"):
        read_clip_list(record, tmp_path)


def test_what_is_no_list_is_refused(tmp_path):
    with pytest.raises(TableError, match="no list of clips at"):
        read_clip_list(tmp_path / "none.csv", tmp_path)
    with pytest.raises(TableError, match="Pass --mit-root"):
        read_clip_list(write(tmp_path / "a.csv", filename=["x/a.mp4"], label=["y"]), None)
    with pytest.raises(TableError, match="expected filename and one of"):
        read_clip_list(write(tmp_path / "b.csv", name=["x/a.mp4"]), tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(TableError, match="lists no clip"):
        read_clip_list(tmp_path / "empty", None)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", r"has columns \[\], expected filename"),
        (b"\xff\xfe\x00", "cannot be read as a table: .* Save it as .csv in UTF-8"),
        (b"filename,label\nx/\xe9.mp4,y\n", "cannot be read as a table"),
        (b'filename,label\n"x/a.mp4,y\n', "cannot be read as a table"),
        (b"filename,label\nx/a.mp4,y,z\n", "line 2 of .* has not 2 values"),
        (b"filename,label\nx/a.mp4,y\nx/b.mp4\n", "line 3 of .* has not 2 values"),
        (b"filename,label\n,y\n", "line 2 of .* names no clip"),
        (b"filename,label\nx/a.mp4,\n", "line 2 of .* names no label"),
        (b"filename,label\nx/" + 252 * b"a" + b".mp4,y\n", "cannot be a record's or a clip's name"),
        (b"filename,label\nx/" + 250 * b"a" + b".mp4,y\n", "cannot be a record's or a clip's name"),
        (b"filename,label\nx/a.mp4,y/z\n", "names the record 'y/z/a.tfrecord', expected"),
    ],
)
def test_what_is_wrong_in_a_table_is_named_with_its_line(tmp_path, content, problem):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(TableError, match=problem):
        read_clip_list(tmp_path / "a.csv", tmp_path)


@pytest.mark.parametrize("record", ["a.tfrecord", "y/a", "y/.a.tfrecord", "x/y/a.tfrecord"])
def test_records_that_check_and_pack_would_not_find_are_refused(tmp_path, record):
    table = write(tmp_path / "a.csv", filename=["x/a.mp4"], label=["y"], tfrecord_filename=[record])
    with pytest.raises(TableError, match=r"expected <label>/<name>\.tfrecord"):
        read_clip_list(table, tmp_path)


def test_a_byte_order_mark_and_quoted_names_are_understood(tmp_path):
    table = tmp_path / "a.csv"
    table.write_text('filename,label\n"x/a, ""b"" é.mp4",y\n', encoding="utf-8-sig")
    assert read_clip_list(table, tmp_path)[0].filename == 'x/a, "b" é.mp4'


def test_a_folder_of_clips_is_a_list(tmp_path):
    for name in (
        "barking/b.mp4",
        "barking/a.MP4",
        "raining/c.mkv",
        "raining/notes.txt",
        "raining/._c.mkv",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    clips = read_clip_list(tmp_path, None)
    assert [(clip.filename, clip.label) for clip in clips] == [
        ("barking/a.MP4", "barking"),
        ("barking/b.mp4", "barking"),
        ("raining/c.mkv", "raining"),
    ]


@pytest.mark.parametrize("stem", [b"\xff\xfe", 249 * b"a"], ids=["no text", "too long"])
def test_a_clip_whose_record_cannot_have_its_name_is_refused(tmp_path, stem):
    (tmp_path / "barking").mkdir()
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/barking/" + stem + b".mp4"))).touch()
    with pytest.raises(TableError, match="cannot be a record's or a clip's name"):
        read_clip_list(tmp_path, None)


@pytest.mark.skipif(not RELEASE.is_dir(), reason="the released lists are not beside the repository")
@pytest.mark.parametrize(
    ("name", "n_clips"),
    [("test_set.csv", 960), ("AVMIT_train.csv", 6560), ("AVMIT_validation.csv", 736)],
)
def test_the_released_lists_are_read(tmp_path, name, n_clips):
    clips = read_clip_list(RELEASE / name, tmp_path)
    assert len(clips) == n_clips
    assert {clip.video_location for clip in clips} == {"training", "validation"}
