"""People against networks at its smallest size, from clips to the page of the comparison."""

import shutil
import subprocess
import sys

import pandas as pd
import pytest

from tests.paths import ROOT

HAS_SERVERS = all(shutil.which(program) for program in ("Xvfb", "pulseaudio"))


def run_demo(folder):
    return subprocess.run(
        [sys.executable, "-m", "lab", "demo", str(folder), "--recognition", "--smallest"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


@pytest.mark.skipif(not HAS_SERVERS, reason="Xvfb or PulseAudio is not installed")
@pytest.mark.timeout(600)
def test_it_comes_to_the_comparison_and_does_nothing_twice(tmp_path):
    folder = tmp_path / "demo"
    done = run_demo(folder)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert " 0 kept, 0 refused: " in done.stdout
    assert done.stdout.endswith(f"The comparison:   {folder}/comparison/comparison.html\n")
    answers = pd.read_csv(folder / "release/recognition_trials.csv")
    assert answers.groupby("participant").size().tolist() == [3] * 4
    said = pd.read_csv(folder / "observed/predictions.csv")
    assert said.groupby("condition").size().to_dict() == {"plain": 3, "sound_only": 3}
    numbers = pd.read_csv(folder / "comparison/comparison.csv")
    assert set(numbers["group"]) >= {"people", "networks"}
    assert "</svg>" in (folder / "comparison/comparison.html").read_text(encoding="utf-8")

    again = run_demo(folder)
    assert again.returncode == 0
    n_steps = again.stdout.count("done before\n")
    assert f"{n_steps} of {n_steps} steps were done before" in again.stdout
    assert "$ " not in again.stdout
