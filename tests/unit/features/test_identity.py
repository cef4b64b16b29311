"""Whose record a record is, in all the spellings that lists and records have."""

import pytest

from features.records.identity import is_of_clip, is_of_file, other_clip


@pytest.mark.parametrize(
    "recorded",
    [
        "barking/yt-abc_7.mp4",
        "barking\\yt-abc_7.mp4",
        "MIT_training/barking/yt-abc_7.mp4",
        "C:\\MIT\\training\\barking\\yt-abc_7.mp4",
        "./barking/yt-abc_7.mp4",
        "/data/barking/yt-abc_7.mp4",
        "barking//yt-abc_7.mp4",
        "Barking/yt-abc_7.MP4",
        "barking/yt-abc_7",
        "barking/yt-abc_7.tfrecord",
        "yt-abc_7.mp4",
    ],
)
def test_one_clip_in_all_its_spellings(recorded):
    assert is_of_clip(recorded, "barking/yt-abc_7.mp4")


@pytest.mark.parametrize(
    "recorded",
    [
        "barking/yt-abc_8.mp4",
        "barking/yt-ABC_7.mp4",
        "barking/yt-abc_7.mkv",
        "howling/yt-abc_7.mp4",
        "howling/barking.mp4",
        "barking",
        "",
        "/",
    ],
)
def test_another_clip_is_another(recorded):
    assert not is_of_clip(recorded, "barking/yt-abc_7.mp4")


def test_the_class_alone_may_differ_where_the_list_is_trusted():
    assert is_of_clip("coughing/a_1.mp4", "sneezing/a_1.mp4", any_class=True)
    assert not is_of_clip("coughing/a_2.mp4", "sneezing/a_1.mp4", any_class=True)


def test_accents_in_one_character_or_two_are_one_name():
    assert is_of_clip("barking/caf\u00e9_1.mp4", "barking/cafe\u0301_1.mp4")


def test_a_dot_in_a_name_is_no_ending():
    assert is_of_clip("barking/a.b_1", "barking/a.b_1.mp4")
    assert not is_of_clip("barking/a.b_1", "barking/a.c_1.mp4")


def test_a_file_has_the_name_of_its_clip_or_windows_short_form_of_it():
    long = "drumming/vb-scout-master-and-boys-drilling-9.mp4"
    assert is_of_file(long, "drilling/vb-scout-master-and-boys-drilling-9.tfrecord")
    assert is_of_file(long, "drilling/VB-SCO~1.tfrecord")
    assert not is_of_file(long, "drilling/VB-PAR~2.tfrecord")
    assert not is_of_file(long, "drilling/other_1.tfrecord")


def test_the_message_names_both():
    assert other_clip("a/b_1.mp4", "a/b_1.tfrecord", "a/b_1.mp4") is None
    assert other_clip("a/b_1.mp4", "a/b_1.tfrecord", None) is None
    said = "it is the record of 'a/b_1.mp4', expected that of 'a/c_1.mp4'"
    assert other_clip("a/b_1.mp4", "a/c_1.tfrecord", "a/c_1.mp4") == said
