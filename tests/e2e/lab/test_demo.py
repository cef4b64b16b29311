"""The whole study at its smallest size, as `make demo` runs it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.paths import ROOT

HAS_SERVERS = all(shutil.which(program) for program in ("Xvfb", "pulseaudio"))
pytestmark = [
    pytest.mark.skipif(not HAS_SERVERS, reason="Xvfb or PulseAudio is not installed"),
    pytest.mark.timeout(900),
]


def run_demo(folder):
    # Its networks are compiled as a user's are.
    as_users = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    return subprocess.run(
        [sys.executable, "-m", "lab", "demo", str(folder), "--smallest"],
        cwd=ROOT,
        env=as_users,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "demo"
    done = run_demo(folder)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder, done.stdout


def test_it_ends_with_where_to_look_and_how_to_rate_oneself(finished):
    folder, said = finished
    (line,) = re.findall("Rate yourself: +(.*)", said)
    assert line.endswith(f" -m annotator --participant P03 --study {folder}")
    typed = subprocess.run(f"{line} --help", shell=True, cwd=ROOT, capture_output=True, check=False)
    assert typed.returncode == 0
    assert str(folder / "report.html") in said


def test_clips_are_rated_three_times_and_p03_has_some_left(finished):
    folder, _ = finished
    ratings = pd.read_csv(folder / "release/video_ratings.csv")
    assert (ratings[["r1", "r2", "r3"]].sum(axis=1) == 3).all()
    status = subprocess.run(
        [sys.executable, "-m", "sessions", "show", "P03", "--study", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert status.returncode == 0
    assert "0 of 3" in status.stdout


def test_majorities_mostly_say_what_the_scenes_say(finished):
    folder, _ = finished
    ratings = pd.read_csv(folder / "release/video_ratings.csv")
    scenes = pd.read_csv(folder / "mit/scenes.csv")
    both = ratings.merge(scenes, on=["video_location", "filename"])
    majority = both[["r1", "r2", "r3"]].idxmax(axis=1).str[1].astype(int)
    assert len(both) == len(ratings)
    assert (majority == both["rating"]).mean() > 0.85


def test_both_sets_have_records_and_say_that_they_are_untrained(finished):
    from features.records.manifest import read_manifest

    folder, _ = finished
    for name in ("YamNet_EffNetB0", "VGGish_VGG16"):
        manifest = read_manifest(folder / "embeddings" / name)
        assert manifest.recipe.is_untrained
        assert len(manifest.rows) >= len(pd.read_csv(folder / "release/video_ratings.csv"))


def test_two_networks_are_evaluated(finished):
    folder, said = finished
    found = [json.loads(p.read_text()) for p in sorted(folder.glob("models/*/evaluations/*.json"))]
    assert [each["training_set"] for each in found] == ["AVMIT", "MIT 16"]
    assert said.count("| Training Set | Embeddings | RNN |") == 2


def test_the_report_carries_its_pictures_and_its_links_lead_somewhere(finished):
    folder, _ = finished
    page = (folder / "report.html").read_text()
    for caption in ("The task: label, clip and bonus", "The warning after a key"):
        assert caption in page
    assert page.count("data:image/png;base64,") >= 3
    assert page.count("data:image/jpeg;base64,") == 3  # a test clip of each class
    assert page.count("<figcaption>(a) Was the labelled audiovisual event present?") == 1
    assert "Untrained networks" in page
    assert "Who guesses among 3 classes gets 33.3 % top 1 and 100.0 % top 5." in page
    links = re.findall(r'<a href="([^"#]+)"', page)
    assert len(links) > 20
    assert all((folder / link).is_file() for link in links)


def test_a_second_run_does_nothing_over(finished):
    folder, _ = finished
    store = (folder / "store.sqlite").read_bytes()
    again = run_demo(folder)
    assert again.returncode == 0
    assert "steps were done before; --fresh starts from nothing" in again.stdout
    assert "    $ " not in again.stdout
    assert (folder / "store.sqlite").read_bytes() == store


def test_nothing_is_left_running(finished):
    folder, _ = finished
    words = [p.read_bytes().decode(errors="replace") for p in Path("/proc").glob("[0-9]*/cmdline")]
    assert not [line for line in words if str(folder) in line]


def test_the_dataset_is_released_and_the_page_links_to_it(finished):
    folder, said = finished
    assert f"The dataset:      {folder / 'dataset'}" in said
    done = subprocess.run(
        ["sha256sum", "--check", "--quiet", "CHECKSUMS.sha256"], cwd=folder / "dataset"
    )
    assert done.returncode == 0
    assert 'href="dataset/README.md"' in (folder / "report.html").read_text()
