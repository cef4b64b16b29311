"""A record gets its name once."""

import pytest

from curation.clips.record_names import give_names, keep_names
from study.errors import TableError
from study.store import create_store, transaction
from study.store.clips import record_names
from study.store.clips.record_names import RecordName
from tests.worlds.curated import AT


@pytest.fixture
def db(tmp_path):
    with transaction(create_store(f"sqlite:///{tmp_path}/store.sqlite")) as db:
        yield db


def names(db, *clips, location="training"):
    """Give the clips names and return all that the store has."""
    give_names(db, [(location, filename, label) for filename, label in clips], AT)
    given = record_names.frame(db)
    return dict(zip(given["filename"], given["tfrecord_filename"], strict=True))


def test_no_later_admission_changes_a_name(db):
    before = names(db, ("swimming/yt-1_2.mp4", "diving"))
    after = names(db, ("diving/yt-1_2.mp4", "diving"))
    assert before == {"swimming/yt-1_2.mp4": "diving/yt-1_2.tfrecord"}
    assert after == before | {"diving/yt-1_2.mp4": "diving/yt-1_2-560b1819.tfrecord"}


def test_a_clip_that_has_a_name_keeps_it_whatever_class_it_is_shown_under_now(db):
    before = names(db, ("barking/a_1.mp4", "barking"))
    assert names(db, ("barking/a_1.mp4", "howling")) == before


@pytest.mark.parametrize(
    "second", ["boiling/x_1.mp4", "cooking/x_1.MP4", "cooking/x_1.mkv", "cooking/X_1.mkv"]
)
def test_one_stem_never_shares_a_record(db, second):
    given = names(db, ("cooking/x_1.mp4", "frying"), (second, "frying"))
    assert given["cooking/x_1.mp4"] == "frying/x_1.tfrecord"
    assert given[second].casefold().startswith("frying/x_1-")


def test_the_same_clip_in_both_locations_has_two_records(db):
    names(db, ("barking/a_1.mp4", "barking"))
    names(db, ("barking/a_1.mp4", "barking"), location="validation")
    assert record_names.frame(db)["tfrecord_filename"].is_unique


def test_a_name_that_is_too_long_for_a_disk_is_cut(db):
    (name,) = names(db, ("barking/" + "\u00e9" * 125 + ".mp4", "barking")).values()
    assert len(name.removeprefix("barking/").encode()) <= 255
    assert name.endswith(".tfrecord")


def test_two_clips_can_change_names(db):
    names(db, ("a/x_1.mp4", "frying"), ("b/x_1.mp4", "frying"))
    first, second = record_names.frame(db)["tfrecord_filename"]
    swapped = [
        RecordName("training", "a/x_1.mp4", second),
        RecordName("training", "b/x_1.mp4", first),
    ]
    record_names.replace_many(db, swapped, AT)
    assert record_names.frame(db)["tfrecord_filename"].tolist() == [second, first]
    assert record_names.taken(db, [first, second, "frying/other.tfrecord"]) == {first, second}


def exported(folder, *rows):
    lines = ["filename,AVMIT_label,MIT_label,video_location,tfrecord_filename"]
    lines += [f"{clip},frying,cooking,training,{record}" for clip, record in rows]
    (folder / "video_ratings.csv").write_text("\n".join(lines) + "\n")
    return folder / "video_ratings.csv"


def test_names_of_an_earlier_export_are_kept(db, tmp_path):
    names(db, ("a/x_1.mp4", "frying"), ("b/x_1.mp4", "frying"))
    table = exported(
        tmp_path,
        ("a/x_1.mp4", "frying/x_1-aaaaaaaa.tfrecord"),
        ("b/x_1.mp4", "frying/x_1.tfrecord"),
    )
    assert keep_names(db, table, AT) == 2
    assert keep_names(db, table, AT) == 0
    assert record_names.frame(db)["tfrecord_filename"].tolist() == [
        "frying/x_1-aaaaaaaa.tfrecord",
        "frying/x_1.tfrecord",
    ]


def test_a_name_that_belongs_to_another_clip_by_now_is_refused(db, tmp_path):
    before = names(db, ("a/x_1.mp4", "frying"), ("b/x_1.mp4", "frying"))
    table = exported(tmp_path, ("b/x_1.mp4", "frying/x_1.tfrecord"))
    with pytest.raises(TableError, match=r"is the record of a/x_1.mp4 by now. Give the table"):
        keep_names(db, table, AT)
    assert names(db) == before


def test_a_table_of_another_study_is_refused(db, tmp_path):
    names(db, ("a/x_1.mp4", "frying"))
    table = exported(tmp_path, ("c/y_1.mp4", "frying/y_1.tfrecord"))
    with pytest.raises(TableError, match=r"does not know training/c/y_1.mp4"):
        keep_names(db, table, AT)
