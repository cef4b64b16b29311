"""Records are packed, unpacked and proven."""

import os
import re
import tarfile
from dataclasses import asdict, replace

import numpy as np
import pytest
from typer.testing import CliRunner

import features
from features.__main__ import app
from features.embedding_set import EMBEDDING_SETS
from features.records.check_records import Problem, check_records
from features.records.folder import set_of
from features.records.manifest import (
    ManifestRow,
    NetworkNote,
    Recipe,
    read_manifest,
    rows_from,
    write_manifest,
)
from features.records.pack import read_pack
from features.records.records import Record, read_record, write_record
from study.errors import RecordError
from study.tools.files import sha256_of
from tests.paths import ROOT

VGGISH = EMBEDDING_SETS["vggish_vgg16"]
RECIPE = Recipe(
    embedding_set="vggish_vgg16",
    grid="paper",
    normalisation=None,
    precision="float32",
    silence_for_missing_audio=False,
    audio=NetworkNote("vggish", "untrained", "a" * 64, 1),
    visual=NetworkNote("vgg16", "vgg16.h5", "b" * 64, None),
)


def make_folder(folder, *, manifest=True):
    rng = np.random.default_rng(0)
    rows = []
    for label, stem, n_audio, n_visual in (
        ("barking", "yt-abc_7", 3, 4),
        ("barking", "yt-b_1", 9, 8),
        ("raining", "a_1", 1, 1),
    ):
        record = Record(
            f"{label}/{stem}.mp4",
            label,
            rng.normal(size=(n_audio, 128)).astype(np.float32),
            rng.normal(size=(n_visual, 512)).astype(np.float32),
        )
        path = folder / label / f"{stem}.tfrecord"
        write_record(path, record)
        rows.append(
            ManifestRow(
                filename=record.filename,
                label=label,
                video_location="training",
                tfrecord_filename=f"{label}/{stem}.tfrecord",
                clip_sha256="c" * 64,
                record_sha256=sha256_of(path),
                audio_timesteps=n_audio,
                visual_timesteps=n_visual,
                audio_times_s=tuple(0.96 * step for step in range(n_audio)),
                visual_times_s=tuple(0.96 * step for step in range(n_visual)),
                sample_rate_hz=44100,
                n_channels=2,
                warnings=(),
            )
        )
    if manifest:
        write_manifest(folder, RECIPE, {}, rows)
    return folder


@pytest.fixture
def folder(tmp_path):
    return make_folder(tmp_path / "VGGish_VGG16")


def test_packed_arrays_hold_every_record_cut_to_seven_timesteps(folder, tmp_path):
    result = CliRunner().invoke(app, ["pack", str(folder), "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert "3 records, 1 of them cut to 7 timesteps" in result.stdout
    pack = read_pack(tmp_path / "out" / "AVMIT_VGGish_VGG16.npy")
    assert pack.audio.shape == (3, 7, 128)
    assert pack.visual.shape == (3, 7, 512)
    assert pack.label.tolist() == ["barking", "barking", "raining"]
    assert pack.index.audio_timesteps == (3, 9, 1)
    assert pack.index.n_cut == 1
    assert pack.about == asdict(RECIPE)
    for index, name in enumerate(pack.tfrecord_filename):
        record = read_record(folder / str(name))
        n_rows = min(len(record.visual), 7)
        np.testing.assert_array_equal(pack.visual[index, :n_rows], record.visual[:7])
        assert not pack.visual[index, n_rows:].any()
        np.testing.assert_array_equal(pack.audio[index, : len(record.audio)], record.audio[:7])
    plain = np.load(tmp_path / "out" / "AVMIT_VGGish_VGG16.npy")
    np.testing.assert_array_equal(plain, np.concatenate([pack.audio, pack.visual], axis=2))


def test_an_archive_comes_back_as_the_same_records(folder, tmp_path):
    runner = CliRunner()
    runner.invoke(app, ["pack", str(folder), "--out", str(tmp_path / "out")])
    archive = tmp_path / "out" / "AVMIT_VGGish_VGG16.tar"
    result = runner.invoke(app, ["unpack", str(archive), "--out", str(tmp_path / "back")])
    assert result.exit_code == 0, result.output
    assert "3 records, 0 problems" in result.stdout
    back = tmp_path / "back" / "AVMIT_VGGish_VGG16"
    for path in folder.rglob("*.*"):
        assert (back / path.relative_to(folder)).read_bytes() == path.read_bytes()


def test_an_archive_is_not_unpacked_over_what_is_there(folder, tmp_path):
    CliRunner().invoke(app, ["pack", str(folder), "--out", str(tmp_path)])
    command = ["unpack", str(tmp_path / "AVMIT_VGGish_VGG16.tar"), "--out", str(tmp_path / "back")]
    assert CliRunner().invoke(app, command).exit_code == 0
    again = CliRunner().invoke(app, command)
    assert isinstance(again.exception, RecordError)
    assert "is there already. Move it away" in str(again.exception)


def test_equal_records_make_equal_archives(folder, tmp_path):
    for name in ("one", "two"):
        CliRunner().invoke(app, ["pack", str(folder), "--out", str(tmp_path / name)])
    one, two = (tmp_path / name / "AVMIT_VGGish_VGG16.tar" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_an_archive_that_reaches_outside_is_refused(tmp_path):
    (tmp_path / "x").write_bytes(b"x")
    with tarfile.open(tmp_path / "bad.tar", "w") as archive:
        archive.add(tmp_path / "x", arcname="../../x")
    result = CliRunner().invoke(
        app, ["unpack", str(tmp_path / "bad.tar"), "--out", str(tmp_path / "back")]
    )
    assert isinstance(result.exception, RecordError)
    assert list((tmp_path / "back").iterdir()) == []


def test_check_names_every_kind_of_problem(folder):
    assert check_records(folder) == []
    (folder / "barking" / "yt-abc_7.tfrecord").write_bytes(b"broken")
    other = read_record(folder / "barking" / "yt-b_1.tfrecord")
    new = Record("barking/new.mp4", "barking", other.audio, other.visual)
    write_record(folder / "barking" / "new.tfrecord", new)
    write_record(folder / "barking" / "copied.tfrecord", other)
    write_record(folder / "raining" / "stray.tfrecord", other)
    (folder / "raining" / "a_1.tfrecord").unlink()
    changed = Record(other.filename, other.label, other.audio + 1, other.visual)
    write_record(folder / "barking" / "yt-b_1.tfrecord", changed)
    found = {problem.tfrecord_filename: problem.detail for problem in check_records(folder)}
    assert "not a whole gzip file" in found.pop("barking/yt-abc_7.tfrecord")
    assert "the manifest lists" in found.pop("barking/yt-b_1.tfrecord")
    assert found == {
        "barking/new.tfrecord": "it is not in the manifest",
        "barking/copied.tfrecord": "it is the record of 'barking/yt-b_1.mp4', expected that of "
        "'barking/copied.tfrecord'",
        "raining/stray.tfrecord": "its label is 'barking', expected 'raining'",
        "raining/a_1.tfrecord": "the manifest lists it, and it is missing",
    }
    result = CliRunner().invoke(app, ["check", str(folder)])
    assert result.exit_code == 1


def test_a_record_may_lie_in_the_folder_of_another_class_where_the_manifest_says_so(folder):
    manifest = read_manifest(folder)
    rows = rows_from(manifest.rows)
    name = "raining/moved.tfrecord"
    (folder / rows[0].tfrecord_filename).rename(folder / name)
    moved = replace(rows[0], tfrecord_filename=name)
    write_manifest(folder, manifest.recipe, manifest.software, [moved, *rows[1:]])
    assert check_records(folder) == []
    write_manifest(
        folder, manifest.recipe, manifest.software, [replace(moved, label="raining"), *rows[1:]]
    )
    (problem,) = check_records(folder)
    assert problem == Problem(name, f"its label is {rows[0].label!r}, expected 'raining'")


def test_records_without_a_manifest_are_checked_by_themselves(tmp_path):
    folder = make_folder(tmp_path / "others", manifest=False)
    assert set_of(folder) is VGGISH
    assert check_records(folder) == []
    yamnet = Record(
        "x/z.mp4", "barking", np.zeros((1, 1024), "float32"), np.zeros((1, 1280), "float32")
    )
    write_record(folder / "barking" / "z.tfrecord", yamnet)
    (problem,) = check_records(folder)
    assert isinstance(problem, Problem)
    assert "1024 audio and 1280 visual values, and VGGish_VGG16 has 128 and 512" in problem.detail


def test_a_record_copied_over_another_is_named_by_check_pack_and_explore(folder, tmp_path):
    copied = folder / "barking" / "yt-abc_7.tfrecord"
    copied.write_bytes((folder / "barking" / "yt-b_1.tfrecord").read_bytes())
    said = "it is the record of 'barking/yt-b_1.mp4', expected that of 'barking/yt-abc_7.mp4'"
    assert check_records(folder) == [Problem("barking/yt-abc_7.tfrecord", said)]
    for command in (["pack"], ["explore"]):
        out = tmp_path / command[0]
        result = CliRunner().invoke(app, [*command, str(folder), "--out", str(out)])
        assert isinstance(result.exception, RecordError)
        assert f"{copied} cannot be used: {said}. Extract" in str(result.exception)
        assert [*out.rglob("*")] == []
    (folder / "manifest.parquet").unlink()
    (problem,) = check_records(folder)
    assert problem.detail.endswith("expected that of 'barking/yt-abc_7.tfrecord'")


def add_yamnet(folder, name):
    stem = name.partition("/")[2]
    rows = np.zeros((1, 1024), "float32"), np.zeros((1, 1280), "float32")
    write_record(folder / f"{name}.tfrecord", Record(f"x/{stem}.mp4", "barking", *rows))


def test_most_records_judge_the_odd_ones_wherever_they_stand(tmp_path):
    folder = make_folder(tmp_path / "others", manifest=False)
    add_yamnet(folder, "barking/a_first")
    assert [problem.tfrecord_filename for problem in check_records(folder)] == [
        "barking/a_first.tfrecord"
    ]
    assert set_of(folder) is VGGISH
    (folder / "barking" / "0.tfrecord").write_bytes(b"broken")
    assert len(check_records(folder)) == 2
    result = CliRunner().invoke(app, ["pack", str(folder), "--out", str(tmp_path / "out")])
    assert "0.tfrecord is not a whole gzip file" in str(result.exception)


def test_as_many_records_of_one_set_as_of_the_other_have_no_judge(tmp_path):
    folder = make_folder(tmp_path / "others", manifest=False)
    for name in ("a", "b", "c"):
        add_yamnet(folder, f"barking/{name}")
    with pytest.raises(RecordError, match="holds as many records of one embedding set as of the"):
        check_records(folder)


def test_a_manifest_of_the_other_set_is_blamed_and_not_the_records(folder):
    manifest = read_manifest(folder)
    recipe = replace(manifest.recipe, embedding_set="yamnet_effnet")
    write_manifest(folder, recipe, {}, rows_from(manifest.rows))
    said = "it states the set YamNet_EffNetB0, and most records are of VGGish_VGG16"
    assert check_records(folder) == [Problem("manifest.parquet", said)]


FORGED = {
    "an object": lambda path: np.save(path, np.array([print, len], dtype=object)),
    "another shape": lambda path: np.save(path, np.zeros((3, 7, 641), "f4")),
    "another type": lambda path: np.save(path, np.zeros((3, 7, 640), "f8")),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"x"),
    "one bit": lambda path: path.write_bytes(
        path.read_bytes()[:-9] + b"x" + path.read_bytes()[-8:]
    ),
    "a shape of 1e11": lambda path: path.write_bytes(
        path.read_bytes()[:64].replace(b"(3, 7, 640)", b"(99999999999,)") + b" " * 63 + b"\n"
    ),
    "no array": lambda path: path.write_bytes(b"\x93NUMPY\x01\x00" + b"(" * 9000),
    "nothing": lambda path: path.write_bytes(b""),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
    "no index": lambda path: path.with_suffix(".json").unlink(),
    "deep index": lambda path: path.with_suffix(".json").write_text("[" * 100_000),
    "index of another length": lambda path: path.with_suffix(".json").write_text(
        path.with_suffix(".json").read_text().replace('"barking",', "", 1)
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_pack_is_refused_before_it_is_mapped(name, folder, tmp_path):
    CliRunner().invoke(app, ["pack", str(folder), "--out", str(tmp_path)])
    path = tmp_path / "AVMIT_VGGish_VGG16.npy"
    FORGED[name](path)
    with pytest.raises(RecordError, match=r"(no|not a) (packed )?file .*features pack$"):
        read_pack(path)


def test_an_npz_of_before_is_no_pack(tmp_path):
    np.savez(tmp_path / "old.npz", audio=np.array([len], dtype=object))
    with pytest.raises(RecordError, match=r"no file .*old\.json\. Run: python -m features pack"):
        read_pack(tmp_path / "old.npz")


def test_a_folder_without_records_is_refused(tmp_path):
    with pytest.raises(RecordError, match="no records"):
        check_records(tmp_path)


def test_arrays_and_tensors_of_a_record_are_the_same(folder):
    pytest.importorskip("tensorflow")
    records = features.dataset(folder)
    for record, ((audio, visual), label) in zip(records, records.tensorflow(), strict=True):
        np.testing.assert_array_equal(audio, record.audio)
        np.testing.assert_array_equal(visual, record.visual)
        assert label.numpy().decode() == record.label


def test_tensors_of_the_other_set_stop_the_reading(folder):
    tf = pytest.importorskip("tensorflow")
    with pytest.raises(tf.errors.InvalidArgumentError):
        list(features.dataset(folder, embedding_set="yamnet_effnet").tensorflow())


def test_a_dataset_of_a_folder_without_records_is_refused(tmp_path):
    with pytest.raises(RecordError, match="no records"):
        features.dataset(tmp_path)


def test_the_example_of_the_documentation_runs(tmp_path, monkeypatch):
    make_folder(tmp_path / "VGGish_VGG16")
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["pack", "VGGish_VGG16", "--out", "."]).exit_code == 0
    docs = ROOT / "docs" / "guides" / "embeddings.md"
    (example,) = re.findall(r"```python\n(.*?)```", docs.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(example, str(docs), "exec"), {})
