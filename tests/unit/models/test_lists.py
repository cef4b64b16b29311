import pytest

from models.data.labelled_clips import (
    class_indices,
    read_list,
    refuse_overlap,
)
from study.errors import TableError
from tests.paths import SHARED

RELEASE = SHARED / "data" / "avmit_release"

HEADS = {
    "Table 2": "filename,r1,r2,r3,AVMIT_label,MIT_label,video_location,tfrecord_filename",
    "AVMIT_train.csv": "filename,actual_label,r1,r2,r3,label,video_location,tfrecord_filename",
    "MIT16_train.csv": ",filename,MIT label,AVMIT label,tfrecord_filename",
}
ROWS = {
    "Table 2": "boiling/a_1.mp4,0,0,3,frying,boiling,training,frying/a_1.tfrecord",
    "AVMIT_train.csv": "boiling/a_1.mp4,boiling,0,0,3,frying,MIT_training,frying/a_1.tfrecord",
    "MIT16_train.csv": "0,boiling/a_1.mp4,boiling,frying,frying/a_1.tfrecord",
}


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("spelling", HEADS)
def test_all_published_spellings_mean_the_same(spelling, tmp_path):
    clips = read_list(write(tmp_path / "list.csv", HEADS[spelling], ROWS[spelling]))
    assert (clips.filenames, clips.labels, clips.records) == (
        ("boiling/a_1.mp4",),
        ("frying",),
        ("frying/a_1.tfrecord",),
    )


def test_a_record_name_that_is_not_there_follows_the_rule(tmp_path):
    path = write(tmp_path / "list.csv", "filename,AVMIT_label", "boiling/a_1.mp4,frying")
    assert read_list(path).records == ("frying/a_1.tfrecord",)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["filename,r1", "a.mp4,3"], "lacks avmit_label"),
        (["filename,AVMIT_label", "a/a.mp4,a", "b/a.mp4,a"], "line 3: another clip .* record"),
        (["filename,AVMIT_label", "a/a.mp4,a", "a/a.mp4,a"], "line 3: the clip stands in the list"),
    ],
)
def test_a_list_that_cannot_be_used_says_why(lines, message, tmp_path):
    with pytest.raises(TableError, match=message):
        read_list(write(tmp_path / "list.csv", *lines))


def test_a_missing_list_says_how_to_make_it(tmp_path):
    with pytest.raises(TableError, match=r"no file .* python -m curation training-lists"):
        read_list(tmp_path / "none.csv")


def test_an_unknown_label_does_not_pass_for_another_class(tmp_path):
    path = write(tmp_path / "test.csv", "filename,AVMIT_label", "a/a.mp4,coughing")
    with pytest.raises(TableError, match=r"a/a.mp4 in the list test has the label 'coughing'"):
        class_indices(read_list(path), ("barking", "diving"))


def test_lists_that_share_a_clip_are_refused(tmp_path):
    head = "filename,AVMIT_label"
    one = read_list(write(tmp_path / "one.csv", head, "a/a_1.mp4,a", "a/b_1.mp4,a"))
    other = read_list(write(tmp_path / "other.csv", head, "a/b_1.mp4,b", "a/a_2.mp4,a"))
    with pytest.raises(TableError, match=r"1 of 2 clips of the list one stand in other too"):
        refuse_overlap(one, other)


def test_a_clip_is_the_same_in_both_spellings_of_its_accents(tmp_path):
    head = "filename,AVMIT_label,tfrecord_filename"
    one = read_list(write(tmp_path / "one.csv", head, "a/caf\u00e9_1.mp4,a,a/x.tfrecord"))
    other = read_list(write(tmp_path / "other.csv", head, "a/cafe\u0301_1.mp4,a,a/y.tfrecord"))
    with pytest.raises(TableError, match="1 of 1 clip of the list one stand in other too"):
        refuse_overlap(one, other)


@pytest.mark.skipif(not RELEASE.is_dir(), reason="the released lists are not at hand")
def test_the_released_lists_read_as_counted():
    train, validation, test = (
        read_list(RELEASE / f"{name}.csv")
        for name in ("AVMIT_train", "AVMIT_validation", "test_set")
    )
    assert [len(clips) for clips in (train, validation, test)] == [6560, 736, 960]
    assert train.classes == validation.classes == test.classes
    assert len(train.classes) == 16
    refuse_overlap(train, validation)
    refuse_overlap(train, test)
