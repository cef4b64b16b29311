"""Records, manifests and archives made to break their reader are one line, in bounded memory."""

import gzip
import json
import subprocess
import sys
import tarfile
import zlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.records import wire
from features.records.archive import unpack_archive
from features.records.manifest import MANIFEST_NAME, read_manifest
from features.records.records import Record, read_record, serialise
from study.errors import RecordError
from tests.paths import ROOT

RECORD = Record("barking/a_1.mp4", "barking", np.zeros((1, 128), "f4"), np.zeros((1, 512), "f4"))


def packed(message):
    return gzip.compress(wire.frame(message))


def entry(name, value):
    return wire.field(1, wire.field(1, name) + wire.field(2, value))


def bytes_feature(value):
    return wire.field(1, wire.field(1, value))


def zeros(n_megabytes):
    """A small file that unpacks to megabytes of zeros, whose reader never comes to its end."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    megabyte = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + n_megabytes * megabyte


MESSAGE = serialise(RECORD)
CONTEXT = next(value for number, value in wire.fields(MESSAGE, 2) if number == 1)
HOSTILE = {
    "gigabytes of zeros": zeros(1000),
    "a length of exabytes": gzip.compress(
        (2**63).to_bytes(8, "little") + wire.checksum((2**63).to_bytes(8, "little"))
    ),
    "a million fields": packed(b"\x08\x01" * 1_000_000),
    "a million timesteps": packed(
        wire.field(1, CONTEXT) + wire.field(2, entry(b"audio", wire.field(1, b"") * 1_000_000))
    ),
    "a name of a megabyte": packed(
        wire.field(1, entry(b"filename", bytes_feature(b"x" * 1_000_000))) + wire.field(2, b"")
    ),
    "two names": packed(
        wire.field(1, CONTEXT + entry(b"filename", bytes_feature(b"other/b_2.mp4")))
        + wire.field(2, b"")
    ),
    "two contexts": packed(MESSAGE + wire.field(1, CONTEXT)),
    "two members": packed(MESSAGE) * 2,
    "more behind the end": packed(MESSAGE) + b"more",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_record_is_one_line(name, tmp_path):
    path = tmp_path / "a.tfrecord"
    path.write_bytes(HOSTILE[name])
    with pytest.raises(RecordError, match=r"a\.tfrecord") as refused:
        read_record(path)
    assert len(str(refused.value)) < 500


# In 1 GiB of addresses: none of these readers may ask for what a file only claims.
IN_LITTLE_MEMORY = """
import resource, sys
from pathlib import Path
from features.records.check_records import check_records
from features.records.records import read_record
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
print(*check_records(Path(sys.argv[1])), sep="\\n")
"""


def test_a_record_of_gigabytes_costs_no_memory(tmp_path):
    (tmp_path / "barking").mkdir()
    (tmp_path / "barking" / "a_1.tfrecord").write_bytes(zeros(9000))
    (tmp_path / "barking" / "b_1.tfrecord").write_bytes(HOSTILE["a million timesteps"])
    command = [sys.executable, "-c", IN_LITTLE_MEMORY, tmp_path]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=100, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    one, other = done.stdout.splitlines()
    assert "a_1.tfrecord cannot be used: it unpacks to more than 32.0 MB" in one
    assert "b_1.tfrecord cannot be used: a message has more than 16384 fields" in other


RECIPE = {
    "embedding_set": "vggish_vgg16",
    "grid": "paper",
    "normalisation": None,
    "precision": "float32",
    "silence_for_missing_audio": False,
    "audio": {"network": "vggish", "weights": "a", "sha256": "b", "untrained_seed": 1},
    "visual": {"network": "vgg16", "weights": "a", "sha256": "b", "untrained_seed": None},
}
RECIPES = {
    "not JSON": "{",
    "deep": "[" * 100_000,
    "a long number": json.dumps(RECIPE | {"grid": 1}).replace("1}", "9" * 5000 + "}"),
    "a list for a name": json.dumps(RECIPE | {"embedding_set": ["vggish_vgg16"]}),
    "no name of a set": json.dumps(RECIPE | {"embedding_set": "../resnet"}),
    "text for a number": json.dumps(RECIPE | {"audio": RECIPE["audio"] | {"untrained_seed": "1"}}),
    "a part too many": json.dumps(RECIPE | {"more": 1}),
    "a part too few": json.dumps({"grid": "paper"}),
}


def write_manifest(folder, recipe=None, **columns):
    from features.records.manifest import _COLUMNS

    row = {"filename": "barking/a_1.mp4", "label": "barking", "video_location": "training",
           "tfrecord_filename": "barking/a_1.tfrecord", "clip_sha256": "", "record_sha256": "",
           "audio_timesteps": 1, "visual_timesteps": 1, "audio_times_s": [0.0],
           "visual_times_s": [0.0], "sample_rate_hz": None, "n_channels": None,
           "warnings": []}  # fmt: skip
    table = pa.Table.from_pylist([row], schema=_COLUMNS)
    for name, column in columns.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, column)
    about = {b"avmit_recipe": (recipe or json.dumps(RECIPE)).encode()}
    pq.write_table(table.replace_schema_metadata(about), folder / MANIFEST_NAME)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_that_is_none_is_one_line(name, tmp_path):
    write_manifest(tmp_path, RECIPES[name])
    with pytest.raises(RecordError, match=r"of another version: .{1,300}\. Extract the records"):
        read_manifest(tmp_path)


def test_a_manifest_is_read_and_its_faults_are_one_line(tmp_path):
    write_manifest(tmp_path)
    assert read_manifest(tmp_path).rows["label"].tolist() == ["barking"]
    for column, said in (
        (pa.array([None], pa.string()), "it lacks values of label"),
        (pa.array([1], pa.int64()), "its columns are not those of a manifest"),
    ):
        write_manifest(tmp_path, label=column)
        with pytest.raises(RecordError, match=said):
            read_manifest(tmp_path)
    (tmp_path / MANIFEST_NAME).write_bytes(b"PAR1" + bytes(100) + b"PAR1")
    with pytest.raises(RecordError, match=r"manifest\.parquet cannot be read"):
        read_manifest(tmp_path)


def test_a_manifest_that_names_a_record_twice_or_millions_of_times_is_refused(tmp_path):
    from features.records.manifest import _COLUMNS

    about = {b"avmit_recipe": json.dumps(RECIPE).encode()}
    for n_rows, said in ((2, "lists 'x' twice"), (2_000_001, "2000001 rows, and at most")):
        texts = pa.array(["x"]).take(pa.array(np.zeros(n_rows, "i8")))
        numbers, lists = pa.array(np.zeros(n_rows, "i8")), np.zeros(n_rows + 1, "i4")
        arrays = []
        for field in _COLUMNS:
            if pa.types.is_string(field.type):
                arrays.append(texts)
            elif pa.types.is_int64(field.type):
                arrays.append(numbers)
            else:
                empty = pa.array([], field.type.value_type)
                arrays.append(pa.ListArray.from_arrays(pa.array(lists), empty))
        table = pa.Table.from_arrays(arrays, schema=_COLUMNS).replace_schema_metadata(about)
        pq.write_table(table, tmp_path / MANIFEST_NAME)
        with pytest.raises(RecordError, match=said):
            read_manifest(tmp_path)


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz"])
def test_an_archive_that_is_packed_is_not_unpacked(kind, tmp_path):
    with tarfile.open(tmp_path / "a.tar", f"w:{kind}") as archive:
        archive.addfile(tarfile.TarInfo("top/barking/a_1.tfrecord"))
    with pytest.raises(RecordError, match=r"a\.tar cannot be unpacked"):
        unpack_archive(tmp_path / "a.tar", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
