"""`lab compare` as a person runs it."""

import numpy as np
import pandas as pd
import pytest

from tests.worlds.commands import run_command
from tests.worlds.observers import answers, confusions_of, product_of

MODALITIES = {"heard": "audio", "seen": "visual", "both": "audiovisual"}


def run(*arguments):
    return run_command("lab", "compare", *arguments)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Write the answers of six people, and of a network with a hostile name."""
    folder = tmp_path_factory.mktemp("answers")
    rng = np.random.default_rng(1)
    audio, visual = confusions_of(0.5, 8, rng), confusions_of(0.6, 8, rng)
    given = {"heard": audio, "seen": visual, "both": product_of(audio, visual)}
    people = answers(given, MODALITIES, 48, 6, rng).rows
    people.to_csv(folder / "people.csv", index=False)
    network = answers(given, MODALITIES, 48, 1, rng).rows.assign(
        observer="<script>alert(1)</script>"
    )
    network.drop(columns="group").to_csv(folder / "GRU.csv", index=False)
    return folder


def test_it_writes_a_page_and_every_number(tables, tmp_path):
    arguments = ("--people", tables / "people.csv", "--networks", tables / "GRU.csv")
    done = run(*arguments, "--out", tmp_path / "out", "--resamples", 50)
    assert (done.returncode, done.stderr) == (0, "")
    numbers = pd.read_csv(tmp_path / "out/comparison.csv")
    assert done.stdout == f"{len(numbers)} numbers: {tmp_path / 'out/comparison.html'}\n"
    accuracy = numbers[(numbers["measure"] == "accuracy") & (numbers["observer"] == "people")]
    rows = pd.read_csv(tables / "people.csv")
    right = (rows["response"] == rows["label"]).groupby(rows["condition"]).mean()
    assert dict(zip(accuracy["condition"], accuracy["value"], strict=True)) == pytest.approx(
        right.to_dict()
    )
    page = (tmp_path / "out/comparison.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page
    assert "share as few as 48 clips" in page
    assert "src=" not in page
    again = run(*arguments, "--out", tmp_path / "out", "--resamples", 50)
    assert again.returncode == 1
    assert "--overwrite" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "Add --out DIR"),
        (("--out", "OUT"), "nothing to compare"),
        (("--people", "PEOPLE", "--out", "OUT", "--column", "who=x"), "is not NAME=VALUE"),
        (("--people", "PEOPLE", "--out", "OUT", "--benefit", "audio=heard"), "for each of"),
        (("--plan", "--clips", "1"), "Plan at least 2 clips"),
    ],
)
def test_what_cannot_be_done_is_one_line(tables, tmp_path, arguments, reason):
    places = {"PEOPLE": tables / "people.csv", "OUT": tmp_path / "out"}
    done = run(*(places.get(one, one) for one in arguments))
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert reason in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_plan_says_how_many_clips_are_needed():
    done = run("--plan", "--clips", 320)
    assert done.returncode == 0
    line = next(
        one
        for one in done.stdout.splitlines()
        if "consistency 0.4, accuracies 0.75 and 0.75" in one
    )
    assert line.split()[-2:] == ["1,680", "417"]
