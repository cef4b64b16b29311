"""Lists of clips in all their spellings."""

import os
from pathlib import Path

import pandas as pd
import pytest

from features.extraction.clip_list import left_out, read_clip_list
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


def test_two_clips_of_one_record_and_one_clip_twice_are_refused(tmp_path):
    row = {"filename": "x/a.mp4", "label": "y", "video_location": "training"}
    twice = write(tmp_path / "a.csv", **{name: [value] * 2 for name, value in row.items()})
    with pytest.raises(TableError, match="line 3: the clip stands in the list already"):
        read_clip_list(twice, tmp_path)
    collide = write(tmp_path / "b.csv", filename=["x/a.mp4", "z/a.mp4"], label=["y", "y"])
    with pytest.raises(TableError, match="line 3: another clip of the list has the same record"):
        read_clip_list(collide, tmp_path)
    named = write(
        tmp_path / "c.csv",
        filename=["x/a.mp4", "z/a.mp4"],
        label=["y", "y"],
        tfrecord_filename=["y/a.tfrecord", "y/a-z.tfrecord"],
    )
    assert len(read_clip_list(named, tmp_path)) == 2


def test_a_table_of_ratings_names_each_clip_once(tmp_path):
    table = write(
        tmp_path / "raw_video_ratings.csv", filename=["x/a.mp4"] * 3 + ["x/b.mp4"],
        AVMIT_label=["x"] * 4, MIT_label=["x"] * 4, video_location=["MIT_training"] * 4,
        rating=[1, 2, 3, 3],
    )  # fmt: skip
    assert [clip.filename for clip in read_clip_list(table, tmp_path)] == ["x/a.mp4", "x/b.mp4"]


def test_a_clip_of_a_list_without_a_place_is_taken_where_it_lies(tmp_path):
    for place in ("training/x/a.mp4", "validation/x/b.mp4"):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).touch()
    table = write(tmp_path / "a.csv", filename=["x/a.mp4", "x/b.mp4"], label=["x", "x"])
    clips = read_clip_list(table, tmp_path)
    assert [clip.video_location for clip in clips] == ["training", "validation"]
    assert all(clip.path.is_file() for clip in clips)


def test_what_is_no_list_is_refused(tmp_path):
    with pytest.raises(TableError, match=r"no file .* or a folder of clips"):
        read_clip_list(tmp_path / "none.csv", tmp_path)
    with pytest.raises(TableError, match="Pass --mit-root"):
        read_clip_list(write(tmp_path / "a.csv", filename=["x/a.mp4"], label=["y"]), None)
    with pytest.raises(TableError, match=r"lacks filename .*; avmit_label"):
        read_clip_list(write(tmp_path / "b.csv", name=["x/a.mp4"]), tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(TableError, match="lists no clip"):
        read_clip_list(tmp_path / "empty", None)


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


def test_files_of_a_folder_that_are_not_taken_are_said(tmp_path):
    for name in ("x/a.mp4", "x/b.mpg", "training/x/c.mp4", "d.mp4", "x/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    clips = read_clip_list(tmp_path, None)
    assert [clip.filename for clip in clips] == ["x/a.mp4"]
    line = left_out(tmp_path, clips)
    assert line.startswith(f"left out: 3 files of {tmp_path}, such as d.mp4: expected <label>/")
    (tmp_path / "good/y").mkdir(parents=True)
    (tmp_path / "good/y/e.mkv").touch()
    assert left_out(tmp_path / "good", read_clip_list(tmp_path / "good", None)) == ""
