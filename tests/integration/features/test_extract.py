"""Many clips: records, manifest, rejects, resuming, and nothing twice."""

import contextlib
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import psutil
import pytest

from features.embedding_set import EMBEDDING_SETS
from features.extraction import processes
from features.extraction.clip_list import read_clip_list
from features.extraction.prepare import prepare
from features.extraction.processes import on_processes
from features.extraction.record_journal import JOURNAL_NAME, open_journal
from features.extraction.run import extract_all
from features.records.manifest import read_manifest
from features.records.records import read_record
from study.errors import ConfigError, RecordError, StudyError
from study.rehearsal.odd import make_odd_clip
from tests.paths import ROOT
from tests.references.clips import write_colourful_clip
from tests.worlds.machine import PATIENCE_S

WEIGHTS = ROOT.parent / "shared" / "weights"
YAMNET = EMBEDDING_SETS["yamnet_effnet"]


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Three classes: good clips, and one without sound."""
    root = tmp_path_factory.mktemp("clips")
    for index, label in enumerate(("barking", "raining")):
        (root / label).mkdir()
        write_colourful_clip(root / label / f"a_{index}.mp4", rate=25 + 5 * index, n_frames=75)
    make_odd_clip("plain", root / "raining" / "b_1.mp4")
    make_odd_clip("no_audio", root / "raining" / "c_1.mp4")
    return root


@pytest.fixture(scope="module")
def brief(tmp_path_factory):
    """A clip of one second, for tests that extract it many times."""
    return write_colourful_clip(tmp_path_factory.mktemp("brief") / "a_0.mp4", rate=25, n_frames=25)


def job_for(out, *, name="yamnet_effnet", seed=1, **changes):
    options = {
        "grid": "paper",
        "normalisation": "keras3",
        "silence_for_missing_audio": False,
        "weights_folder": None,
        "untrained_seed": seed,
        **changes,
    }
    return prepare(name, out=out, **options)[0]


def run(clips, out, **options):
    return extract_all(
        read_clip_list(clips, None)[options.get("part", slice(None))],
        job_for(out, **{k: v for k, v in options.items() if k not in RUN_OPTIONS}),
        perform=partial(on_processes, n_processes=options.get("n_processes", 1)),
        overwrite=options.get("overwrite", False),
    )


RUN_OPTIONS = ("n_processes", "overwrite", "part")


@pytest.fixture(scope="module")
def extracted(clips, tmp_path_factory):
    return run(clips, tmp_path_factory.mktemp("out"))


def test_every_clip_with_sound_gets_a_record_and_the_others_a_reason(extracted):
    assert (extracted.n_extracted, extracted.n_kept) == (3, 0)
    assert [(r.clip.filename, r.reason) for r in extracted.rejects] == [
        ("raining/c_1.mp4", "no_audio")
    ]
    rejects = pd.read_csv(extracted.folder / "rejects.csv")
    assert rejects[["filename", "reason"]].to_numpy().tolist() == [["raining/c_1.mp4", "no_audio"]]
    files = {str(p.relative_to(extracted.folder)) for p in extracted.folder.rglob("*.*")}
    assert files == {
        "barking/a_0.tfrecord",
        "raining/a_1.tfrecord",
        "raining/b_1.tfrecord",
        "manifest.parquet",
        "rejects.csv",
    }


def test_records_are_of_the_published_shape(extracted):
    record = read_record(extracted.folder / "raining" / "a_1.tfrecord", YAMNET)
    assert (record.filename, record.label) == ("raining/a_1.mp4", "raining")
    assert record.audio.shape == (5, 1024)  # 2.5 s
    assert record.visual.shape == (5, 1280)


def test_the_manifest_says_what_made_the_records_and_when_each_timestep_begins(extracted):
    manifest = read_manifest(extracted.folder)
    assert manifest.recipe.is_untrained
    assert manifest.recipe.visual.untrained_seed == 1
    assert manifest.software["onnxruntime"]
    row = manifest.rows.set_index("tfrecord_filename").loc["barking/a_0.tfrecord"]
    assert (row.audio_timesteps, row.visual_timesteps) == (6, 7)
    np.testing.assert_allclose(row.audio_times_s, [0, 0.48, 0.96, 1.44, 1.92, 2.4])
    np.testing.assert_allclose(row.visual_times_s, [0, 0.52, 1.0, 1.48, 1.96, 2.44, 2.92])
    assert len(row.clip_sha256) == len(row.record_sha256) == 64


def test_embeddings_of_untrained_networks_differ_and_are_of_order_one(extracted):
    records = [read_record(path) for path in sorted(extracted.folder.rglob("*.tfrecord"))]
    for rows in ([r.audio for r in records], [r.visual for r in records]):
        means = np.stack([row.mean(axis=0) for row in rows])
        assert 0.1 < np.abs(means).mean() < 10
        assert means.std(axis=0).mean() > 0.02


def test_the_same_seed_makes_the_same_records_and_another_seed_others(
    clips, extracted, tmp_path, monkeypatch
):
    monkeypatch.setenv("AVMIT_CACHE", str(tmp_path / "cache"))  # where no graph is yet
    again = run(clips, tmp_path / "again", n_processes=2)
    other = run(clips, tmp_path / "other", seed=2)
    name = "raining/b_1.tfrecord"
    first = read_record(extracted.folder / name)
    np.testing.assert_allclose(read_record(again.folder / name).visual, first.visual, rtol=1e-4)
    assert np.abs(read_record(other.folder / name).visual - first.visual).max() > 0.01


def test_a_second_run_does_nothing_and_a_missing_record_is_made_again(clips, tmp_path):
    outcome = run(clips, tmp_path)
    path = outcome.folder / "raining" / "b_1.tfrecord"
    stamps = {p: p.stat().st_mtime_ns for p in outcome.folder.rglob("*.tfrecord")}
    path.unlink()
    again = run(clips, tmp_path)
    assert (again.n_extracted, again.n_kept) == (1, 2)
    assert path.is_file()
    assert [p for p, stamp in stamps.items() if p.stat().st_mtime_ns != stamp] == [path]
    assert len(read_manifest(outcome.folder).rows) == 3


def test_records_made_in_another_way_are_not_mixed(clips, tmp_path):
    run(clips, tmp_path)
    with pytest.raises(RecordError, match=r"made in another way \(audio was .*--overwrite"):
        run(clips, tmp_path, seed=2)
    with pytest.raises(RecordError, match=r"normalisation was keras3, now tf2\.3"):
        run(clips, tmp_path, normalisation="tf2.3")
    assert run(clips, tmp_path, seed=2, overwrite=True).n_extracted == 3
    assert read_manifest(tmp_path / YAMNET.folder).recipe.audio.untrained_seed == 2


def test_a_second_list_adds_to_the_folder_and_takes_nothing_of_the_first_away(clips, tmp_path):
    second, first = slice(0, 1), slice(1, None)  # the first has the clip without sound
    assert run(clips, tmp_path, part=first).n_records == 2
    assert run(clips, tmp_path, part=second).n_records == 3
    again = run(clips, tmp_path, part=second, overwrite=True)
    assert (again.n_extracted, again.n_records) == (1, 3)
    assert len(read_manifest(again.folder).rows) == 3
    assert pd.read_csv(again.folder / "rejects.csv")["filename"].tolist() == ["raining/c_1.mp4"]
    with pytest.raises(RecordError, match="2 records that the list lacks"):
        run(clips, tmp_path, part=second, overwrite=True, seed=2)


def test_silence_stands_in_for_missing_sound_only_when_asked(clips, tmp_path):
    outcome = run(clips, tmp_path, silence_for_missing_audio=True)
    assert (outcome.n_extracted, outcome.rejects) == (4, ())
    record = read_record(outcome.folder / "raining" / "c_1.tfrecord")
    assert record.audio.shape == (6, 1024)
    rows = read_manifest(outcome.folder).rows.set_index("filename")
    assert list(rows.loc["raining/c_1.mp4"].warnings) == ["no sound: silence stands in"]
    assert not (outcome.folder / "rejects.csv").exists()


def test_clips_shorter_than_a_window_and_longer_than_the_networks_see(tmp_path):
    root = tmp_path / "clips" / "odd"
    root.mkdir(parents=True)
    for kind in ("short", "long", "one_frame", "sound_short", "surround", "low_sample_rate"):
        make_odd_clip(kind, root / f"{kind}.mp4")
    outcome = run(root.parent, tmp_path / "out")
    assert outcome.rejects == ()
    rows = read_manifest(outcome.folder).rows.set_index("filename")
    found = {
        name.removeprefix("odd/"): (row.audio_timesteps, row.visual_timesteps, *row.warnings)
        for name, row in rows.iterrows()
    }
    more = "more than 7 timesteps: networks see the first 7"
    short = "sound shorter than one window: padded with zeros"
    assert found == {
        "long.mp4": (20, 20, more),
        "low_sample_rate.mp4": (6, 6),
        "one_frame.mp4": (6, 1),
        "short.mp4": (1, 2, short),
        "sound_short.mp4": (3, 6),
        "surround.mp4": (6, 6),
    }


def test_two_extractions_cannot_write_to_one_folder(clips, tmp_path):
    job = job_for(tmp_path)
    with open_journal(job.folder, job.recipe), pytest.raises(RecordError, match="another extract"):
        run(clips, tmp_path)


def test_missing_weights_are_refused_and_named(tmp_path):
    with pytest.raises(ConfigError, match=r"no weights of YAMNet in .* --untrained SEED"):
        job_for(tmp_path, seed=None)
    (tmp_path / "yamnet_a.h5").touch()
    (tmp_path / "yamnet_b.h5").touch()
    with pytest.raises(ConfigError, match=r"more than one file of YAMNet: yamnet_a.h5, yamnet_b"):
        job_for(tmp_path, weights_folder=tmp_path)


def test_a_killed_extraction_goes_on_without_a_broken_or_missing_record(brief, tmp_path):
    many = tmp_path / "many" / "barking"
    many.mkdir(parents=True)
    for index in range(40):
        shutil.copy(brief, many / f"clip_{index}.mp4")
    job = job_for(tmp_path / "out")
    command = [
        *(sys.executable, "-m", "features", "extract", "--ratings", str(many.parent)),
        *("--set", "yamnet_effnet", "--out", str(tmp_path / "out"), "--untrained", "1"),
        *("--processes", "2"),
    ]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(list(job.folder.rglob("[!.]*.tfrecord"))) < 8 and time.monotonic() < deadline:
        time.sleep(0.02)
    left_alone = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    assert psutil.wait_procs(left_alone, timeout=PATIENCE_S)[1] == []  # they do not wait for ever
    left = [p for p in job.folder.rglob("*.tfrecord") if not p.name.startswith(".")]
    assert 8 <= len(left) < 40
    for path in left:
        read_record(path, YAMNET)
    (job.folder / "barking" / ".x.part.tfrecord").write_bytes(b"half")
    with (job.folder / JOURNAL_NAME).open("a") as journal:
        journal.write('{"filename": "cut o')
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "0 rejected" in finished.stdout
    assert sorted(p.name for p in (job.folder / "barking").iterdir()) == sorted(
        f"clip_{index}.tfrecord" for index in range(40)
    )
    rows = read_manifest(job.folder).rows
    assert len(rows) == 40
    assert rows["record_sha256"].nunique() == 40  # the filename stands in each


def workers():
    children = psutil.Process().children()
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def test_a_process_that_died_is_made_up_for(brief, tmp_path):
    many = tmp_path / "many" / "barking"
    many.mkdir(parents=True)
    for index in range(20):
        shutil.copy(brief, many / f"clip_{index}.mp4")
    listed = read_clip_list(many.parent, None)
    job = job_for(tmp_path / "out")
    n_done = 0

    def advance():
        nonlocal n_done
        n_done += 1
        if n_done == 5:
            workers()[0].kill()

    outcome = extract_all(
        listed, job, perform=partial(on_processes, n_processes=2), advance=advance
    )
    assert (outcome.n_extracted, outcome.rejects, n_done) == (20, (), 20)
    assert len(read_manifest(job.folder).rows) == 20


def test_a_clip_that_takes_its_process_down_is_rejected_and_the_others_are_not(brief, tmp_path):
    many = tmp_path / "many" / "barking"
    many.mkdir(parents=True)
    for index in range(9):
        shutil.copy(brief, many / f"clip_{index}.mp4")
    write_colourful_clip(many / "clip_9.mp4", size=(640, 480), n_frames=300)
    job = job_for(tmp_path / "out")
    is_over = threading.Event()

    def kill_whoever_reads_it():
        while not is_over.wait(0.01):
            with contextlib.suppress(psutil.Error):
                for worker in workers():
                    if any(file.path.endswith("clip_9.mp4") for file in worker.open_files()):
                        worker.kill()

    killer = threading.Thread(target=kill_whoever_reads_it)
    killer.start()
    try:
        outcome = extract_all(
            read_clip_list(many.parent, None), job, perform=partial(on_processes, n_processes=2)
        )
    finally:
        is_over.set()
        killer.join()
    assert outcome.n_extracted == 9
    assert [(r.clip.path.name, r.reason) for r in outcome.rejects] == [
        ("clip_9.mp4", "worker_lost")
    ]


def test_a_clip_that_hangs_its_process_is_rejected_as_too_slow(clips, tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "HARD_LIMIT_S", 0.001)
    listed = read_clip_list(clips, None)[:2]
    rejects = list(on_processes(listed, job_for(tmp_path), n_processes=2))
    assert {(reject.clip, reject.reason) for reject in rejects} == {
        (clip, "too_slow") for clip in listed
    }


def test_rows_of_a_clip_whose_sound_begins_late_say_when_they_are_heard(tmp_path):
    folder = tmp_path / "clips" / "barking"
    folder.mkdir(parents=True)
    make_odd_clip("sound_late", folder / "late.mp4")
    make_odd_clip("picture_late", folder / "seen_late.mp4")
    outcome = run(folder.parent, tmp_path / "out")
    rows = read_manifest(outcome.folder).rows.set_index("filename")
    late, seen_late = rows.loc["barking/late.mp4"], rows.loc["barking/seen_late.mp4"]
    # The samples begin with what the encoder put in front, 1,024 of 44,100 a second.
    first_s = 0.4 - 1024 / 44_100
    expected = [first_s, first_s + 0.48, first_s + 0.96]
    assert late["audio_times_s"][:3] == pytest.approx(expected, abs=0.001)
    assert late["visual_times_s"][0] == 0.0
    assert seen_late["audio_times_s"][:3] == pytest.approx([0.0, 0.48, 0.96], abs=0.001)
    assert seen_late["visual_times_s"][0] == pytest.approx(0.4, abs=0.001)


def test_processes_that_cannot_start_end_the_run_in_one_line(clips, tmp_path):
    job = replace(job_for(tmp_path), audio=(tmp_path / "none.onnx",))
    with pytest.raises(StudyError, match=r"die .* --processes 1"):
        list(on_processes(read_clip_list(clips, None), job, n_processes=2))


@pytest.mark.parametrize(("grid", "n_frames"), [("paper", 4), ("released", 6)])
def test_the_other_set_has_a_grid_of_its_own_in_the_paper(clips, tmp_path, grid, n_frames):
    one = tmp_path / "one" / "raining"
    one.mkdir(parents=True)
    shutil.copy(clips / "raining" / "b_1.mp4", one)
    outcome = run(one.parent, tmp_path / "out", name="vggish_vgg16", grid=grid)
    record = read_record(outcome.folder / "raining" / "b_1.tfrecord")
    assert outcome.folder.name == "VGGish_VGG16"
    assert record.audio.shape == (3, 128)
    assert record.visual.shape == (n_frames, 512)
    assert 0.1 < np.abs(record.visual).mean() < 10


@pytest.mark.skipif(not WEIGHTS.is_dir(), reason="no real weights beside the repository")
def test_real_weights_are_taken_where_there_are_any_and_the_rest_is_said_plainly(tmp_path):
    job, notes = prepare(
        "yamnet_effnet",
        grid="paper",
        normalisation="keras3",
        silence_for_missing_audio=False,
        weights_folder=WEIGHTS,
        untrained_seed=1,
        out=tmp_path,
    )
    assert job.recipe.audio.untrained_seed is None
    assert job.recipe.audio.weights == "yamnet_int8_dequantised.h5"
    assert job.recipe.visual.untrained_seed == 1
    assert job.recipe.is_untrained
    assert notes[0].startswith("YAMNet: yamnet_int8_dequantised.h5 (sha256 ")
    assert notes[1] == "EfficientNetB0: UNTRAINED, drawn from seed 1"
