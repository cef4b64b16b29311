"""Records are written and read without TensorFlow."""

import gzip
from dataclasses import replace

import numpy as np
import pytest

from features.embedding_set import EMBEDDING_SETS, find_embedding_set
from features.records import wire
from features.records.records import Record, parse, read_record, serialise, write_record
from study.errors import ConfigError, RecordError, StudyError

YAMNET = EMBEDDING_SETS["yamnet_effnet"]


def make_record(audio_size=1024, visual_size=1280, seed=0):
    rng = np.random.default_rng(seed)
    return Record(
        filename="barking/yt-abc_7.mp4",
        label="barking",
        audio=rng.normal(size=(6, audio_size)).astype(np.float32),
        visual=rng.normal(size=(7, visual_size)).astype(np.float32),
    )


def assert_same(one, other):
    assert (one.filename, one.label) == (other.filename, other.label)
    np.testing.assert_array_equal(one.audio, other.audio)
    np.testing.assert_array_equal(one.visual, other.visual)


def test_a_record_is_read_back_as_it_was_written(tmp_path):
    record = make_record()
    path = tmp_path / "barking" / "yt-abc_7.tfrecord"
    write_record(path, record)
    assert_same(read_record(path, YAMNET), record)
    assert [p.name for p in path.parent.iterdir()] == ["yt-abc_7.tfrecord"]


def test_equal_records_are_equal_files(tmp_path):
    write_record(tmp_path / "a.tfrecord", make_record())
    write_record(tmp_path / "b.tfrecord", make_record())
    assert (tmp_path / "a.tfrecord").read_bytes() == (tmp_path / "b.tfrecord").read_bytes()


def test_a_record_of_the_other_set_is_refused_and_it_is_not_the_record_that_has_to_go(tmp_path):
    write_record(tmp_path / "a.tfrecord", make_record(128, 512))
    said = "128 audio and 512 visual values, and YamNet_EffNetB0 .*the set of this one with --set"
    with pytest.raises(RecordError, match=said):
        read_record(tmp_path / "a.tfrecord", YAMNET)


def test_an_existing_record_is_kept_where_it_must_not_be_replaced(tmp_path):
    path = tmp_path / "a.tfrecord"
    write_record(path, make_record())
    with pytest.raises(StudyError, match="--overwrite"):
        write_record(path, make_record(seed=1), overwrite=False)
    assert_same(read_record(path), make_record())


@pytest.mark.parametrize("cut", [1, 10, 1000, 40_000])
def test_a_file_that_is_cut_off_is_refused(tmp_path, cut):
    path = tmp_path / "a.tfrecord"
    write_record(path, make_record())
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(RecordError, match="extract the clip again"):
        read_record(path)


def test_an_empty_and_a_missing_file_are_refused(tmp_path):
    (tmp_path / "empty.tfrecord").touch()
    with pytest.raises(RecordError, match="not a whole gzip file: it is cut off"):
        read_record(tmp_path / "empty.tfrecord")
    (tmp_path / "nothing.tfrecord").write_bytes(gzip.compress(b""))
    with pytest.raises(RecordError, match="holds 0 records"):
        read_record(tmp_path / "nothing.tfrecord")
    with pytest.raises(
        RecordError, match=r"no file .*none.tfrecord. Run: python -m features extract"
    ):
        read_record(tmp_path / "none.tfrecord")


def test_a_folder_in_the_place_of_a_record_is_refused(tmp_path):
    (tmp_path / "a.tfrecord").mkdir()
    with pytest.raises(RecordError, match=r"a\.tfrecord is a folder"):
        read_record(tmp_path / "a.tfrecord")


def test_two_records_in_one_file_are_refused(tmp_path):
    path = tmp_path / "a.tfrecord"
    path.write_bytes(gzip.compress(wire.frame(serialise(make_record())) * 2))
    with pytest.raises(RecordError, match="holds more than 1 record, expected 1"):
        read_record(path)


def test_every_flipped_byte_of_an_entry_is_noticed():
    entry = wire.frame(b"nine bytes")
    for position in range(len(entry)):
        broken = bytearray(entry)
        broken[position] ^= 1
        with pytest.raises(RecordError):
            list(wire.unframe(bytes(broken)))


def test_a_stated_number_of_timesteps_must_be_the_number_held():
    record = make_record()
    message = serialise(record)
    shorter = serialise(replace(record, audio=record.audio[:5]))
    context_of_shorter = next(value for number, value in wire.fields(shorter, 2) if number == 1)
    rows = next(value for number, value in wire.fields(message, 2) if number == 2)
    with pytest.raises(RecordError, match="states 5 audio timesteps and holds 6"):
        parse(wire.field(1, context_of_shorter) + wire.field(2, rows))


@pytest.mark.parametrize(
    ("audio", "problem"),
    [
        (np.full((6, 1024), np.nan, np.float32), "not all finite"),
        (np.zeros((0, 1024), np.float32), "shape"),
        (np.zeros((6, 1024)), "float64"),
    ],
)
def test_embeddings_that_are_no_embeddings_are_not_written(tmp_path, audio, problem):
    with pytest.raises(RecordError, match=problem):
        write_record(tmp_path / "a.tfrecord", replace(make_record(), audio=audio))
    assert list(tmp_path.iterdir()) == []


def test_bytes_that_are_no_message_are_refused():
    rng = np.random.default_rng(0)
    for _ in range(200):
        with pytest.raises(RecordError):
            parse(rng.bytes(rng.integers(0, 60)))


def test_a_set_is_found_by_either_of_its_names():
    assert find_embedding_set("yamnet_effnet") is find_embedding_set("YamNet_EffNetB0")
    with pytest.raises(ConfigError, match="Choose one of vggish_vgg16, yamnet_effnet"):
        find_embedding_set("resnet")


def test_the_grids_are_those_of_the_paper_and_of_the_release():
    steps = {
        name: (s.visual_step_ms("paper"), s.visual_step_ms("released"))
        for name, s in EMBEDDING_SETS.items()
    }
    assert steps == {"vggish_vgg16": (960, 480), "yamnet_effnet": (480, 480)}
