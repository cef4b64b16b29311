from study import naming


def test_record_of_a_relabelled_clip_stands_under_its_avmit_label():
    assert naming.tfrecord_filename("boiling/yt-abc_7.mp4", "frying") == "frying/yt-abc_7.tfrecord"


def test_record_keeps_dots_and_at_signs_of_the_stem():
    name = naming.tfrecord_filename("barking/flickr-1@2.3_4.mp4", "barking")
    assert name == "barking/flickr-1@2.3_4.tfrecord"


def test_test_clips_are_numbered_within_their_class():
    assert naming.new_filename("barking", 1) == "barking/barking_1.mp4"
    assert naming.new_filename("barking", 2, ".webm") == "barking/barking_2.webm"


def test_source_is_the_stem_without_its_last_number():
    assert naming.source_of("inflating/yt-vvIxdBxctWY_15.mp4") == "yt-vvIxdBxctWY"
    assert naming.source_of("yt-a_b_15.mp4") == "yt-a_b"
    assert naming.source_of("barking/_15.mp4") == "_15"
    assert naming.source_of("barking/plain.mp4") == "plain"
    assert naming.source_of("barking/yt-abc_x.mp4") == "yt-abc_x"
