"""TensorFlow reads our records and we read TensorFlow's."""

import numpy as np
import pytest

from features.records.records import Record, read_record, write_record

tf = pytest.importorskip("tensorflow")

RECORD = Record(
    filename="laughing/yt-äöü_1.mp4",
    label="giggling",
    audio=np.random.default_rng(1).normal(size=(3, 128)).astype(np.float32),
    visual=np.random.default_rng(2).normal(size=(150, 512)).astype(np.float32),
)


def bytes_feature(value):
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))


def int_feature(value):
    return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))


def as_tensorflow_writes_it(record):
    return tf.train.SequenceExample(
        context=tf.train.Features(
            feature={
                "filename": bytes_feature(record.filename.encode()),
                "label": bytes_feature(record.label.encode()),
                "audio_timesteps": int_feature(len(record.audio)),
                "visual_timesteps": int_feature(len(record.visual)),
            }
        ),
        feature_lists=tf.train.FeatureLists(
            feature_list={
                "audio": tf.train.FeatureList(
                    feature=[bytes_feature(row.tobytes()) for row in record.audio]
                ),
                "visual_object": tf.train.FeatureList(
                    feature=[bytes_feature(row.tobytes()) for row in record.visual]
                ),
            }
        ),
    )


def test_tensorflow_reads_our_record(tmp_path):
    path = tmp_path / "a.tfrecord"
    write_record(path, RECORD)
    (serialised,) = tf.data.TFRecordDataset(str(path), compression_type="GZIP")
    message = tf.train.SequenceExample.FromString(serialised.numpy())
    assert message == as_tensorflow_writes_it(RECORD)


def test_we_read_the_record_that_tensorflow_wrote(tmp_path):
    path = tmp_path / "a.tfrecord"
    with tf.io.TFRecordWriter(str(path), options="GZIP") as writer:
        writer.write(as_tensorflow_writes_it(RECORD).SerializeToString())
    record = read_record(path)
    assert (record.filename, record.label) == (RECORD.filename, RECORD.label)
    np.testing.assert_array_equal(record.audio, RECORD.audio)
    np.testing.assert_array_equal(record.visual, RECORD.visual)
