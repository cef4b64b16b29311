import os
import re
import shutil

import numpy as np
import pytest

from features.embedding_set import find_embedding_set
from features.records import pack as pack_module
from features.records.records import Record, read_record, write_record
from models.data.dataset import load_dataset
from models.data.labelled_clips import read_list
from study.errors import RecordError
from tests.worlds.commands import run_command
from tests.worlds.full_disk import full_disk
from tests.worlds.model_worlds import make_world

VGG = find_embedding_set("vggish_vgg16")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("AVMIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "packed"


@pytest.fixture
def world(tmp_path, cache):
    return make_world(tmp_path, n_train=4, n_validation=1, n_test=1)


def load(world, **options):
    clips = read_list(world.train)
    return load_dataset(clips, world.embeddings, VGG, clips.classes, **options)


def packs(cache):
    return sorted(cache.glob("*.npy"))


def test_rows_are_the_records_side_by_side_and_padded_with_zeros(world):
    loaded = load(world)
    for row, name in zip(loaded.rows, loaded.clips.records, strict=True):
        record = read_record(world.embeddings / name)
        np.testing.assert_array_equal(row[: len(record.audio), :128], record.audio)
        np.testing.assert_array_equal(row[: len(record.visual), 128:], record.visual)
        assert not row[len(record.audio) :, :128].any()
    assert loaded.targets.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert loaded.n_cut == 0


def test_longer_records_are_cut_and_counted(world):
    path = world.embeddings / "barking" / "train-barking_0.tfrecord"
    record = read_record(path)
    long = np.arange(9 * 128, dtype=np.float32).reshape(9, 128)
    write_record(path, Record(record.filename, record.label, long, record.visual))
    loaded = load(world)
    assert loaded.n_cut == 1
    np.testing.assert_array_equal(loaded.rows[0, :, :128], long[:7])


def test_records_are_read_once_until_their_content_changes(world, cache, monkeypatch):
    first = load(world)
    path = world.embeddings / "barking" / "train-barking_0.tfrecord"
    with monkeypatch.context() as closed:
        closed.setattr(pack_module, "read_record", None)  # not called again
        assert load(world).sha256 == first.sha256
        os.utime(path)  # touched, the content is the same
        assert load(world).sha256 == first.sha256
    assert len(packs(cache)) == 1
    record = read_record(path)
    write_record(path, Record(record.filename, record.label, record.audio + 1, record.visual))
    changed = load(world)
    assert changed.sha256 != first.sha256
    assert len(packs(cache)) == 2
    np.testing.assert_array_equal(
        changed.rows[0, : len(record.audio), :128], record.audio + np.float32(1)
    )


@pytest.mark.parametrize("suffix", ["npy", "json", "key", "seen"])
def test_a_packed_file_that_was_cut_short_is_packed_again(world, cache, suffix):
    first = load(world)
    rows = np.array(first.rows)
    for path in cache.glob(f"*.{suffix}"):
        content = path.read_bytes()
        path.unlink()  # not in place, since the rows are mapped
        path.write_bytes(content[: len(content) // 2])
    again = load(world)
    assert again.sha256 == first.sha256
    np.testing.assert_array_equal(again.rows, rows)


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_writes_is_not(world, cache):
    cache.mkdir(parents=True)
    for name, age_s in ((".dead.part.npy", 4000), (".living.part.npy", 10)):
        (cache / name).write_bytes(b"rows")
        then = (cache / name).stat().st_mtime - age_s
        os.utime(cache / name, (then, then))
    load(world)
    assert [path.name for path in cache.glob(".*")] == [".living.part.npy"]


def test_a_folder_in_the_place_of_a_record_is_named(world):
    path = world.embeddings / "barking" / "train-barking_0.tfrecord"
    path.unlink()
    path.mkdir()
    with pytest.raises(
        RecordError, match=r"train-barking_0.tfrecord is not a file, expected a reco"
    ):
        load(world)


def test_a_record_with_a_number_that_is_none_is_named(world, cache):
    path = world.embeddings / "barking" / "train-barking_0.tfrecord"
    record = read_record(path)
    from features.records.records import (  # the writer refuses it, so write it by hand
        serialise,
        wire,
    )

    audio = record.audio.copy()
    audio[0, 0] = np.nan
    import gzip

    bad = Record(record.filename, record.label, audio, record.visual)
    path.write_bytes(gzip.compress(wire.frame(serialise(bad))))
    with pytest.raises(RecordError, match=r"train-barking_0.tfrecord .* not all finite"):
        load(world)
    assert packs(cache) == []


def test_a_list_may_go_before_the_records_labels_when_told(world):
    path = world.embeddings / "barking" / "train-barking_0.tfrecord"
    record = read_record(path)
    write_record(path, Record(record.filename, "coughing", record.audio, record.visual))
    with pytest.raises(RecordError, match="--trust-list"):
        load(world)
    assert load(world, trust_list=True).targets[0] == 0


def forge(path):
    """Replace the rows of a packed file by others of the same type, shape and size."""
    content = bytearray(path.read_bytes())
    content[-4:] = np.float32(7).tobytes()
    path.unlink()
    path.write_bytes(content)


def test_rows_that_a_stranger_left_in_the_embeddings_are_not_looked_at(world, cache):
    first = np.array(load(world).rows)
    left = world.embeddings / ".packed"
    shutil.copytree(cache, left)
    (forged,) = left.glob("*.npy")
    forge(forged)
    shutil.rmtree(cache)
    np.testing.assert_array_equal(load(world).rows, first)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_rows_are_believed_by_their_digest_and_not_by_their_name(world, cache, elsewhere):
    place = world.embeddings.parent / "rows" if elsewhere else None
    first = np.array(load(world, cache=place).rows)
    (rows,) = (place or cache).glob("*.npy")
    state = rows.stat()
    forge(rows)
    os.utime(rows, ns=(state.st_atime_ns, state.st_mtime_ns))
    np.testing.assert_array_equal(load(world, cache=place).rows, first)
    (index,) = cache.glob("*.json")
    index.write_text(index.read_text().replace('"barking"', '"diving"'))
    with pytest.raises(RecordError, match=r"barking_0.tfrecord has the label 'diving'"):
        load(world, cache=place)  # the index is the user's own word


@pytest.mark.parametrize("trust_list", [False, True])
def test_a_record_that_is_another_clip_s_is_named_with_both(world, trust_list):
    folder = world.embeddings / "barking"
    for number in (1, 2):
        shutil.copy(folder / "test-barking_0.tfrecord", folder / f"train-barking_{number}.tfrecord")
    with pytest.raises(
        RecordError,
        match=r"train-barking_1.tfrecord is the record of 'barking/test-barking_0.mp4' and the "
        r"list says 'barking/train-barking_1.mp4' \(2 such records\)\. Extract those clips",
    ):
        load(world, trust_list=trust_list)


def test_records_that_spell_their_clip_in_another_way_are_taken(world):
    for number, spelling in enumerate(("MIT_training/{}", "{}", "\\{}")):
        path = world.embeddings / "barking" / f"train-barking_{number}.tfrecord"
        record = read_record(path)
        name = spelling.format(record.filename.replace("/", "\\"))
        write_record(path, Record(name, record.label, record.audio, record.visual))
    assert len(load(world)) == 12


def test_a_class_alone_may_be_another_where_the_list_is_trusted(world):
    path = world.embeddings / "barking" / "train-barking_0.tfrecord"
    record = read_record(path)
    name = record.filename.replace("barking/", "coughing/")
    write_record(path, Record(name, "coughing", record.audio, record.visual))
    with pytest.raises(RecordError, match="pass --trust-list where the class alone is another"):
        load(world)
    assert load(world, trust_list=True).targets[0] == 0


def last_line(text):
    return text.strip().splitlines()[-1]


def test_a_disk_that_fills_up_while_training_leaves_no_model(world):
    load(world)  # packed before
    clips = read_list(world.validation)
    load_dataset(clips, world.embeddings, VGG, read_list(world.train).classes)
    out = world.embeddings.parent / "model"
    with full_disk():
        done = run_command("models", *world.train_flags(out, set="vggish_vgg16"))
    assert done.returncode == 1
    assert "model/training.npz: File too large" in last_line(done.stderr)
    assert "Traceback" not in done.stderr
    assert list(out.iterdir()) == []


def test_a_disk_that_is_full_leaves_nothing_half_written(world, cache):
    out = world.embeddings.parent / "model"
    with full_disk():
        done = run_command("models", *world.train_flags(out, set="vggish_vgg16"))
    assert done.returncode == 1
    assert re.fullmatch(r"error: \S+\.npy: File too large\. Make room, .*", last_line(done.stderr))
    assert packs(cache) == []
    assert not list(cache.glob(".*"))
    assert not out.exists()


def test_a_folder_that_is_a_file_is_one_line(world):
    out = world.embeddings.parent / "model"
    out.write_text("not a folder")
    done = run_command("models", *world.train_flags(out, set="vggish_vgg16"))
    assert done.returncode == 1
    assert last_line(done.stderr).startswith(f"error: {out}")
    assert "Traceback" not in done.stderr
    assert out.read_text() == "not a folder"
