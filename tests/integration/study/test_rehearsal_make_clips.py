import csv
import shutil
import signal
import subprocess
import sys
import time

import av
import matplotlib.pyplot as plt
import numpy as np
import psutil
import pytest

from study.classes import read_classes
from study.errors import ConfigError
from study.rehearsal.contact_sheet import contact_sheet
from study.rehearsal.tree import make_clips
from study.rehearsal.truth import read_scenes, reasons, truth_of, truths
from study.tools.files import sha256_of
from study.vocabulary import Rating, Stimulus
from tests.paths import ROOT
from tests.worlds.machine import PATIENCE_S

FEW = {"seed": 3, "classes": ["barking", "frying"], "n_per_class": 6, "n_processes": 1}


def digests(root):
    return {str(p.relative_to(root)): sha256_of(p) for p in sorted(root.rglob("*.mp4"))}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("tree") / "mit"
    make_clips(root, **FEW)
    return root


def test_scenes_name_every_clip_with_its_digest(tree):
    scenes = read_scenes(tree)
    named = dict(
        zip(scenes["video_location"] + "/" + scenes["filename"], scenes["sha256"], strict=True)
    )
    assert named == digests(tree)
    assert len(named) == 12
    assert truths(tree).keys() == reasons(tree).keys()


def test_classes_of_the_tree_are_a_list_that_a_study_can_take(tree):
    label_of = read_classes(tree / "classes.csv").label_of
    assert label_of == {
        "barking": "barking",
        "frying": "frying",
        "boiling": "frying",
        "cooking": "frying",
    }
    assert label_of == {k: v for k, v in read_classes().label_of.items() if k in label_of}
    assert {p.name for p in tree.glob("*/*")} <= set(label_of)


def test_files_are_what_the_scenes_say(tree):
    for row in read_scenes(tree).itertuples():
        with av.open(str(tree / row.video_location / row.filename)) as container:
            video = container.streams.video[0]
            assert (video.width, video.height) == (row.width_px, row.height_px)
            assert float(video.average_rate) == pytest.approx(row.frame_rate_hz, abs=0.001)
            assert video.frames == round(3 * video.average_rate)
            assert bool(container.streams.audio) == (row.audio != "none")
            if container.streams.audio:
                samples = [np.abs(f.to_ndarray()).max() for f in container.decode(audio=0)]
                assert (max(samples) == 0) == (row.audio == "silent")


def test_two_processes_make_the_same_bytes_as_one(tree, tmp_path):
    make_clips(tmp_path / "mit", **{**FEW, "n_processes": 2})
    assert digests(tmp_path / "mit") == digests(tree)
    assert (tmp_path / "mit/scenes.csv").read_bytes() == (tree / "scenes.csv").read_bytes()


def test_a_second_run_keeps_what_is_there_and_mends_what_is_broken(tmp_path):
    root = tmp_path / "mit"
    assert make_clips(root, **FEW) == 12
    before = digests(root)
    assert make_clips(root, **FEW) == 0
    broken, gone = sorted(root.rglob("*.mp4"))[:2]
    broken.write_bytes(b"broken")
    gone.unlink()
    assert make_clips(root, **FEW) == 2
    assert digests(root) == before


def test_more_clips_of_the_same_seed_are_added(tmp_path):
    root = tmp_path / "mit"
    make_clips(root, **{**FEW, "n_per_class": 2})
    assert make_clips(root, **{**FEW, "n_per_class": 3}) == 2
    assert make_clips(root, **{**FEW, "n_per_class": 1}) == 0
    assert len(read_scenes(root)) == 6


def test_another_seed_is_refused(tree):
    with pytest.raises(ConfigError, match=r"holds clips of seed 3, not 4\. Choose another folder"):
        make_clips(tree, **{**FEW, "seed": 4})


def test_a_folder_with_other_clips_is_never_touched(tmp_path):
    (tmp_path / "training").mkdir()
    with pytest.raises(ConfigError, match="may be the real Moments in Time"):
        make_clips(tmp_path, **FEW)


def test_unknown_classes_are_named_with_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match=r"no scenes for \['swimming'\]\. Known classes: barking"):
        make_clips(tmp_path, **{**FEW, "classes": ["barking", "swimming"]})


def test_a_run_that_was_killed_goes_on_where_it_stopped(tmp_path):
    root = tmp_path / "mit"
    command = [sys.executable, "-m", "study", "make-clips", str(root), "--seed", "3"]
    command += ["--classes", "barking,frying", "--clips-per-class", "15", "--processes", "2"]
    child = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    while len(list(root.rglob("[!.]*.mp4"))) < 6 and child.poll() is None:
        time.sleep(0.05)
    workers = psutil.Process(child.pid).children(recursive=True)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert not (root / "scenes.csv").exists()
    assert psutil.wait_procs(workers, timeout=PATIENCE_S)[1] == []  # they end with their parent
    made = {path: path.stat().st_mtime_ns for path in root.rglob("[!.]*.mp4")}
    n_made_now = make_clips(root, **{**FEW, "n_per_class": 15})
    kept = [path for path, mtime in made.items() if path.stat().st_mtime_ns == mtime]
    assert len(kept) >= 4
    assert n_made_now == 30 - len(kept)
    assert set(digests(root).values()) == set(read_scenes(root)["sha256"])


def test_without_scenes_nobody_is_simulated(tmp_path):
    for ask in (read_scenes, truths, truth_of, reasons):
        with pytest.raises(ConfigError, match=r"no scenes\.csv in .* make clips first"):
            ask(tmp_path)


def test_a_broken_row_is_refused_with_its_line(tree, tmp_path):
    rows = list(csv.reader((tree / "scenes.csv").read_text().splitlines()))
    rows[3][4] = "4"
    with (tmp_path / "scenes.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    with pytest.raises(ConfigError, match=r"line 4, is not the row of a scene"):
        read_scenes(tmp_path)


def test_truth_is_found_by_the_path_of_a_stimulus(tree):
    truth = truth_of(tree)
    scenes = read_scenes(tree)
    for row in scenes.itertuples():
        path = tree / row.video_location / row.filename
        assert truth(Stimulus(1, path, row.avmit_label)) is Rating(row.rating)
    with pytest.raises(ConfigError, match=r"is not in .*scenes\.csv"):
        truth(Stimulus(1, tree / "training/barking/yt-other_1.mp4", "barking"))


def test_reasons_say_why(tree):
    said = reasons(tree)
    for row in read_scenes(tree).itertuples():
        reason = said[row.video_location, row.filename]
        assert row.avmit_label in reason
        assert reason.endswith(".")


def test_the_command_says_how_many_and_refuses_in_one_line(tmp_path):
    command = [sys.executable, "-m", "study", "make-clips", str(tmp_path / "mit")]
    few = ["--classes", "tapping", "--clips-per-class", "2"]
    done = subprocess.run(command + few, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0
    assert "2 clips of 1 class" in done.stdout
    refused = subprocess.run(
        [*command, "--classes", "swimming"], cwd=ROOT, capture_output=True, text=True
    )
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: no scenes for ['swimming']")
    assert refused.stderr.count("\n") == 1


def sheet_of(root, out):
    command = [sys.executable, "-m", "study", "contact-sheet", str(root), str(out)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_a_contact_sheet_that_cannot_be_drawn_is_one_line(tree, tmp_path):
    root = tmp_path / "mit"
    shutil.copytree(tree, root)
    scenes = (root / "scenes.csv").read_text()
    clip = next(root.glob("training/frying/*.mp4"))
    header = scenes.splitlines()[0]
    for name, text, wrong in (
        ("sheet.xyz", scenes, "does not end in .png, .svg, .pdf"),
        ("sheet.png", "garbage\n", "lacks the columns video_location"),
        ("sheet.png", "", "lacks the columns video_location"),
        ("sheet.png", f"{header}\n", "has no clip with sound"),
        ("sheet.png", scenes, "Make the clips again"),
    ):
        (root / "scenes.csv").write_text(text)
        clip.write_bytes(b"no clip")
        done = sheet_of(root, tmp_path / name)
        assert done.returncode == 1
        assert done.stderr.startswith("error: ")
        assert wrong in done.stderr
        assert done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["mit"]


def test_a_class_named_twice_is_made_once(tmp_path):
    twice = {**FEW, "classes": ["barking", "barking"], "n_per_class": 1}
    assert make_clips(tmp_path / "mit", **twice) == 1


def test_a_contact_sheet_has_a_row_per_class(tree, tmp_path):
    figure = contact_sheet(read_scenes(tree), tree, clips_per_rating=1)
    assert len(figure.axes) == 2 * 6
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    assert {"barking", "frying"} <= set(titles)
    figure.savefig(tmp_path / "sheet.png")
    plt.close(figure)
