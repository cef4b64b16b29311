"""Finished stimuli of odd clips, read by another program; runs that are killed; what is refused."""

import fcntl
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from unittest import mock

import numpy as np
import pandas as pd
import pytest

from curation.manipulation import running
from curation.manipulation.making import making
from curation.manipulation.planning.design import read_design
from curation.manipulation.planning.sources import read_sources
from curation.manipulation.running import manipulate
from study.errors import StudyError
from study.tools.files import sha256_of
from study.tools.journal import Journal
from tests.paths import ROOT
from tests.references import finished_clips
from tests.worlds.commands import run_command
from tests.worlds.machine import wait_until
from tests.worlds.stimuli import KINDS, make_set, write_design, write_source

ODD = """
seed = 5
format = "{format}"
[[condition]]
name = "late_noise"
asynchrony_ms = 120
noise = "white"
snr_db = 5
"""
CUTS = """
[[condition]]
name = "early_cut"
asynchrony_ms = -80
edge = "cut"
[[condition]]
name = "late_cut"
asynchrony_ms = 90
edge = "cut"
"""
TOLERANCE_DB = {"h264": 0.3, "lossless": 0.1}


def made(design_path, clips, out, **how):
    design = read_design(design_path)
    with mock.patch.object(running, "_N_AT_ONCE", 100):  # a new process would start for seconds
        return manipulate(design, read_sources(None, clips), out, n_processes=1, **how)


def curation(*arguments):
    return run_command("curation", *arguments)


@pytest.fixture(scope="module")
def odd_clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd")
    return make_set(folder, classes=("barking",), kinds=tuple(KINDS))


@pytest.fixture(scope="module")
def odd_sounds(odd_clips):
    return {path.name: finished_clips.sound_of(path) for path in odd_clips.glob("*/*")}


@pytest.mark.parametrize("form", ["h264", "lossless"])
def test_another_program_finds_sound_and_noise_where_they_should_be(
    odd_clips, odd_sounds, tmp_path, form
):
    text = ODD.format(format=form) + CUTS * (form == "h264")
    outcome = made(write_design(tmp_path / "design.toml", text), odd_clips, tmp_path / "out")
    assert outcome.rejects == []
    assert len(outcome.rows) == (3 if form == "h264" else 1) * len(KINDS)
    allowed_ms = 1 / 48 if form == "h264" else 0.2  # Matroska's clock has milliseconds
    for row in outcome.rows:
        source = odd_sounds[row.source.partition("/")[2]]
        finished = finished_clips.sound_of(tmp_path / "out" / row.filename)
        asked = round(row.asynchrony_ms * 48)
        in_file = min(asked, 0) if row.edge == "cut" else asked
        assert abs(finished_clips.lag_near(finished, source, in_file) - in_file) <= 1, row.filename
        assert row.asynchrony_peak == "unique"
        assert row.asynchrony_measured_ms == pytest.approx(row.asynchrony_ms, abs=allowed_ms)
        if row.noise:
            assert row.snr_measured_db == pytest.approx(5, abs=TOLERANCE_DB[form])
            late = np.zeros_like(finished)
            late[asked : asked + len(source)] = source[: len(finished) - asked]
            # What is like the source, and all the rest: chance likeness is in the noise.
            assert finished_clips.snr_db(finished, late) == pytest.approx(5, abs=0.8), row.filename


def test_another_program_finds_pictures_where_they_should_be(odd_clips, tmp_path):
    text = "seed = 1\nformat = 'lossless'\n" + CUTS
    outcome = made(write_design(tmp_path / "design.toml", text), odd_clips, tmp_path / "out")
    for row in outcome.rows:
        times = finished_clips.picture_times_of(tmp_path / "out" / row.filename)
        theirs = finished_clips.picture_times_of(odd_clips / row.source)
        cut_s = max(row.asynchrony_ms, 0) / 1000
        left = theirs - cut_s
        left = left[(left > 1e-6) & (left < row.duration_s - 1e-3)]
        assert times[-len(left) :] == pytest.approx(left, abs=0.0011), row.filename
        assert times[0] == 0


def test_a_reader_that_passes_over_edit_lists_still_has_the_pictures_in_time(odd_clips, tmp_path):
    text = 'seed = 1\nclips_per_class = 1\n[[condition]]\nname = "plain"'
    outcome = made(write_design(tmp_path / "d.toml", text), odd_clips, tmp_path / "out")
    path = tmp_path / "out" / outcome.rows[0].filename
    said = subprocess.run(
        ["ffprobe", "-v", "error", "-ignore_editlist", "1", "-select_streams", "v:0",
         "-show_entries", "frame=pts_time", "-of", "csv=p=0", str(path)],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert float(said[0].strip(",")) == 0.0


SEVERAL = """
seed = 2
[[condition]]
name = "other"
incongruent = true
attend = "sound"
[[condition]]
name = "all"
asynchrony_ms = -40
noise = "set"
snr_db = 0
contrast = 0.5
pixel_noise = 0.05
low_pass_cpp = 6
[[condition]]
name = "heard"
modality = "audio"
[[condition]]
name = "seen"
modality = "visual"
"""


def test_the_command_makes_clips_a_manifest_and_a_page(tmp_path):
    clips = make_set(tmp_path / "clips")
    design = write_design(tmp_path / "design.toml", SEVERAL)
    out = tmp_path / "out"
    run = curation("manipulate", design, "--clips", clips, "--out", out)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("24 clips of 4 conditions: 24 made now, 0 kept, 0 refused")
    table = pd.read_csv(out / "manifest.csv", keep_default_na=False)
    assert len(table) == 24
    for row in table.itertuples():
        assert sha256_of(out / row.filename) == row.sha256
        assert sha256_of(clips / row.source) == row.source_sha256
    other = table[table["condition"] == "other"]
    assert (other["label"] == other["sound_label"]).all()
    assert (other["sound_label"] != other["picture_label"]).all()
    heard, seen = (table[table["condition"] == name] for name in ("heard", "seen"))
    assert set(heard["modality"]) == {"audio"}
    assert set(heard["picture_label"]) == {""}
    assert set(seen["sound_source"]) == {""}
    assert not finished_clips.sound_of(out / seen["filename"].iloc[0]).any()
    every = table[table["condition"] == "all"]
    assert every["contrast_measured"].astype(float).between(0.4, 0.55).all()
    content = json.loads((out / "manifest.json").read_text())
    assert [clip["filename"] for clip in content["clips"]] == list(table["filename"])
    page = (out / "contact_page.html").read_text()
    assert all(f"<h2>{name}</h2>" in page for name in ("other", "all", "heard", "seen"))
    again = curation("manipulate", design, "--clips", clips, "--out", out)
    assert again.stdout.startswith("24 clips of 4 conditions: 0 made now, 24 kept, 0 refused")


def is_free(path):
    if not path.exists():
        return True
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def test_a_run_that_is_killed_goes_on_and_ends_in_the_same_clips(tmp_path):
    clips = make_set(tmp_path / "clips", kinds=("plain",))
    design = write_design(tmp_path / "design.toml", SEVERAL)
    whole = made(design, clips, tmp_path / "whole")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "curation", "manipulate", str(design), "--clips", str(clips)]
    command += ["--out", str(out), "--jobs", "1"]
    killed = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    journal = out / ".manipulate.partial.jsonl"
    while killed.poll() is None and not (journal.exists() and journal.read_text().count("\n") >= 5):
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    was_killed = journal.exists()
    wait_until(lambda: is_free(journal), "the process that made a clip for it has ended")
    (out / "all/barking/.left_over.part.mp4").write_bytes(b"half")
    again = made(design, clips, out)
    assert again.n_kept >= 5
    assert was_killed or again.n_made == 0
    assert [row.sha256 for row in again.rows] == [row.sha256 for row in whole.rows]
    assert list(out.glob("*/*/.*")) == []
    assert not journal.exists()


def test_a_clip_is_the_same_whatever_else_is_made(tmp_path):
    clips = make_set(tmp_path / "clips", kinds=("plain",))
    alone = "seed = 2\n[[condition]]\n" + SEVERAL.split("[[condition]]\n")[2]
    one = made(write_design(tmp_path / "one.toml", alone), clips, tmp_path / "one")
    all_ = made(write_design(tmp_path / "all.toml", SEVERAL), clips, tmp_path / "all")
    digests = {row.filename: row.sha256 for row in all_.rows}
    assert {row.filename: row.sha256 for row in one.rows}.items() <= digests.items()


def test_clips_that_cannot_be_used_are_refused_and_cost_no_other(tmp_path):
    clips = make_set(tmp_path / "clips", kinds=("plain",))
    write_source(clips / "barking/silent_1.mp4", peak=None)
    write_source(clips / "diving/faint_1.mp4", peak=0.0005)
    (clips / "raining/empty_1.mp4").write_bytes(b"")
    whole = (clips / "raining/raining-plain-0_1.mp4").read_bytes()
    (clips / "raining/cut_1.mp4").write_bytes(whole[: len(whole) // 2])
    text = (
        '[[condition]]\nname = "plain"\n[[condition]]\nname = "noise"\nnoise = "pink"\nsnr_db = 3\n'
        '[[condition]]\nname = "other"\nincongruent = true\n'
        '[[condition]]\nname = "late"\nasynchrony_ms = 1600\n'
    )
    design = write_design(tmp_path / "design.toml", text)
    run = curation("manipulate", design, "--clips", clips, "--out", tmp_path / "out")
    assert run.returncode == 1
    assert "were refused" in run.stderr.splitlines()[-1]
    rejects = pd.read_csv(tmp_path / "out/rejects.csv")
    reasons = {(row.condition, row.source): row.reason for row in rejects.itertuples()}
    for condition in ("plain", "noise", "other", "late"):
        assert reasons.pop((condition, "raining/empty_1.mp4")) == "empty"
        assert reasons.pop((condition, "raining/cut_1.mp4")) == "unreadable"
    assert {reasons.pop(("noise", name)) for name in ("barking/silent_1.mp4", "diving/faint_1.mp4")}
    assert {condition for condition, _ in reasons} == {"late"}
    assert set(reasons.values()) <= {"too_short", "silent"}
    table = pd.read_csv(tmp_path / "out/manifest.csv")
    quiet = {"barking/silent_1.mp4", "diving/faint_1.mp4"}
    assert quiet <= set(table.loc[table["condition"] == "plain", "source"])
    assert not quiet & set(table.loc[table["condition"] == "other", "sound_source"])


def test_a_clip_that_misses_its_target_is_refused_with_both_numbers(tmp_path, monkeypatch):
    clips = make_set(tmp_path / "clips", classes=("barking",), kinds=("plain",))
    text = '[[condition]]\nname = "noise"\nnoise = "white"\nsnr_db = 10\n'
    whole = making.mixed

    def with_more_noise(*args, **how):
        track = whole(*args, **how)
        return replace(track, samples=track.samples + np.float32(0.1) * track.noise)

    monkeypatch.setattr(making, "mixed", with_more_noise)
    design = write_design(tmp_path / "design.toml", text)
    (reject,) = made(design, clips, tmp_path / "out").rejects
    assert reject.reason == "missed_target"
    assert "SNR is 9.1" in reject.detail
    assert "expected 10 dB" in reject.detail
    assert not (tmp_path / "out" / reject.filename).exists()


@pytest.mark.parametrize("late", [0, 2000])
def test_a_file_whose_sound_was_moved_is_refused(tmp_path, monkeypatch, late):
    clips = make_set(tmp_path / "clips", classes=("barking",), kinds=("plain",))
    design = write_design(tmp_path / "design.toml", '[[condition]]\nname = "plain"\n')
    whole = making.write_stimulus

    def write_late(path, film, sound, encoding):
        whole(path, film, np.roll(sound, late, axis=0), encoding)

    monkeypatch.setattr(making, "write_stimulus", write_late)
    outcome = made(design, clips, tmp_path / "out")
    assert [reject.reason for reject in outcome.rejects] == ["missed_target"] * (late > 0)
    assert all("is 2000" in reject.detail for reject in outcome.rejects)


def test_a_folder_of_another_design_is_left_as_it_is(tmp_path):
    clips = make_set(tmp_path / "clips", classes=("barking",), kinds=("plain",))
    text = '[[condition]]\nname = "late"\nasynchrony_ms = 40\n'
    out = tmp_path / "out"
    first = made(write_design(tmp_path / "a.toml", text), clips, out)
    other = write_design(tmp_path / "b.toml", text.replace("40", "80"))
    with pytest.raises(StudyError, match="another asynchrony_ms"):
        made(other, clips, out)
    third = write_design(tmp_path / "c.toml", text.replace("late", "later"))
    with pytest.raises(StudyError, match="does not make"):
        made(third, clips, out)
    assert sha256_of(out / first.rows[0].filename) == first.rows[0].sha256
    (again,) = made(other, clips, out, overwrite=True).rows
    assert again.asynchrony_ms == 80


def test_clips_of_others_are_never_written_over(tmp_path):
    design = write_design(tmp_path / "a.toml", '[[condition]]\nname = "training"\n')
    tree = make_set(tmp_path / "training", classes=("barking",), kinds=("plain",))
    (theirs,) = tree.glob("*/*")
    before = sha256_of(theirs)
    with pytest.raises(StudyError, match="a clip to make others of"):
        made(design, tree, tmp_path)
    copied = tmp_path / "out/training" / theirs.relative_to(tree)
    copied.parent.mkdir(parents=True)
    copied.write_bytes(b"a clip of somebody")
    for _ in range(2):
        with pytest.raises(StudyError, match="no manifest says what it is"):
            made(design, tree, tmp_path / "out")
    assert sha256_of(theirs) == before
    assert copied.read_bytes() == b"a clip of somebody"


def test_two_runs_in_one_folder_are_refused(tmp_path):
    tree = make_set(tmp_path / "clips", classes=("barking",), kinds=("plain",))
    design = write_design(tmp_path / "a.toml", '[[condition]]\nname = "plain"\n')
    with Journal(tmp_path / "out/.manipulate.partial.jsonl") as other:
        fcntl.flock(other.file, fcntl.LOCK_EX)
        with pytest.raises(StudyError, match="another run is making clips"):
            made(design, tree, tmp_path / "out")
