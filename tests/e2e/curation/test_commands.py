"""The curator's commands as a person runs them: what they print, write, refuse, and exit with."""

import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from study.rehearsal.odd import make_odd_clip
from study.store import store_transaction
from study.tools.files import sha256_of
from tests.paths import ROOT
from tests.worlds.commands import run_command
from tests.worlds.curated import add_people, add_ratings, admit_clips, candidate, new_study

PUBLISHED = ROOT.parent / "shared/data/avmit_release"
needs_published = pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason="the published lists are not beside the repository"
)
MIT = {"barking": "barking", "cooking": "frying", "frying": "frying", "knocking": "knocking"}
PEOPLE = ("P01", "P02", "P03", "P04")
FIGURE = (".svg", ".pdf", ".png")


def curation(*arguments, expect=0):
    """Run a command; return its lines on stdout, or the one line of its error."""
    done = run_command("curation", *arguments)
    assert done.returncode == expect, done.stdout + done.stderr
    if expect == 1:
        assert done.stderr.startswith("error: ")
        assert len(done.stderr.strip().splitlines()) == 1
        return done.stderr
    return done.stdout.splitlines() if expect == 0 else done.stderr


@pytest.fixture(scope="module")
def rated(tmp_path_factory):
    """A study of 80 clips with sound files, each rated by three of four people."""
    folder = tmp_path_factory.mktemp("rated")
    study = new_study(folder, "protocol.class_min_prominent=8", "protocol.test_size_per_class=3")
    source = make_odd_clip("short", folder / "short.mp4").read_bytes()
    clips = []
    for mit, avmit in MIT.items():
        for i in range(20):
            path = folder / "mit/training" / mit / f"yt-{mit}{i}_{i}.mp4"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(source + bytes([i]))  # every file is another one
            clip = candidate(f"{mit}/{path.name}", avmit)
            clips.append(replace(clip, sha256=sha256_of(path)))
    rng = np.random.default_rng(1)
    triples = [
        (place + 1, str(person), 3 if rng.random() < (0.9 if place < 60 else 0.1) else 1)
        for place in range(80)
        for person in rng.choice(PEOPLE, 3, replace=False)
    ]
    with store_transaction(study.store_url) as db:
        admit_clips(db, clips)
        add_people(db, study, PEOPLE, "human")
        add_ratings(db, triples)
    curation("export-ratings", "--study", folder)
    curation("test-set", "--study", folder)
    return folder


def study_time():
    from tests.worlds.curated import AT

    return AT


@pytest.fixture
def out(rated, tmp_path):
    """A folder with the exported tables, to write into."""
    for name in ("video_ratings.csv", "raw_video_ratings.csv", "test_set.csv"):
        shutil.copy(rated / "release" / name, tmp_path)
    return tmp_path


def test_agreement_writes_measures_of_classes_and_pairs_and_a_figure(rated, out):
    said = curation("agreement", "--resamples", 50, "--study", rated, "--out", out)
    assert said[-1] == f"80 clips, 50 resamples: {out}"
    table = pd.read_csv(out / "agreement.csv")
    assert set(table["avmit_label"]) == {"all", "barking", "frying", "knocking"}
    assert set(table["scale"]) == {"present", "prominent", "1-2-3"}
    assert len(table) == 4 * 3 * 5
    known = table.dropna()
    assert ((known["low"] <= known["value"]) & (known["value"] <= known["high"])).mean() > 0.95
    pairs = pd.read_csv(out / "agreement_of_pairs.csv")
    assert len(pairs[["one", "other"]].drop_duplicates()) == 6
    assert all((out / f"agreement{suffix}").stat().st_size > 1000 for suffix in FIGURE)
    refused = curation("agreement", "--study", rated, "--out", out, expect=1)
    assert "agreement.json exists already. To replace it, pass --overwrite" in refused
    curation("agreement", "--resamples", 50, "--study", rated, "--out", out, "--overwrite")
    assert pd.read_csv(out / "agreement.csv").equals(table)


def test_raters_get_a_table_and_a_page_each_that_loads_nothing(rated, out):
    said = curation("raters", "--study", rated, "--out", out)
    assert said[-1] == f"4 raters, a page for each: {out / 'raters'}"
    table = pd.read_csv(out / "raters.csv")
    assert table["participant_id"].tolist() == list(PEOPLE)
    assert table["n_ratings"].sum() == 240
    for person in PEOPLE:
        page = (out / "raters" / f"{person}.html").read_text()
        assert f"Rater {person}" in page
        assert "src=" not in page
        assert 'href="http' not in page
        assert "<script" not in page


def test_sensitivity_tells_every_rule(rated, out):
    said = curation("sensitivity", "--study", rated, "--out", out)
    assert said[-1].startswith("5 rules on 80 clips")
    table = pd.read_csv(out / "sensitivity.csv").set_index("rule")
    assert table.index.tolist() == [
        "strict", "at_least_1", "at_least_2", "at_least_3", "dawid_skene",
    ]  # fmt: skip
    assert table.loc["strict", "n_changed"] == 0
    assert table["n_prominent"].loc["at_least_1":"at_least_3"].is_monotonic_decreasing
    assert table.loc["strict", "n_classes"] == 2


def test_figures_draw_figure_2_and_the_test_set_where_there_is_one(rated, out):
    said = curation("figures", "--study", rated, "--out", out)
    assert said == [f"Figure 2 of 80 clips in 3 classes, overview of 6 test clips: {out}"]
    for name in ("figure_2", "test_set"):
        assert all((out / f"{name}{suffix}").stat().st_size > 1000 for suffix in FIGURE)
    elsewhere = out / "elsewhere"
    said = curation("figures", "--study", rated, "--out", elsewhere)
    assert said == [f"Figure 2 of 80 clips in 3 classes: {elsewhere}"]
    only = ("figures", "--only", "test-set", "--study", rated)
    assert "no file" in curation(*only, "--out", out / "nothing", expect=1)
    assert not (out / "nothing").exists()


def test_a_test_set_that_is_too_large_is_refused_with_classes_and_counts(rated, tmp_path):
    folder = tmp_path / "study"
    folder.mkdir()
    text = (rated / "study.toml").read_text()
    (folder / "study.toml").write_text(
        text.replace("test_size_per_class = 3", "test_size_per_class = 40")
    )
    arguments = ("test-set", "--study", folder, "--store", f"sqlite:///{rated / 'store.sqlite'}",
                 "--ratings", rated / "release/video_ratings.csv")  # fmt: skip
    refused = curation(*arguments, expect=1)
    assert "too few clips for 40 per class: barking 1" in refused
    assert "frying" in refused
    assert not (folder / "release").exists()
    assert "clips of 2 classes" in curation(*arguments, "--allow-fewer")[-1]


def test_training_lists_are_balanced_repeatable_and_pass_the_check(rated, out):
    said = curation("training-lists", "--study", rated, "--out", out)
    assert said[-1] == f"4 lists: {out}"
    test = set(pd.read_csv(out / "test_set.csv")["filename"])
    sizes = {}
    for name in ("AVMIT_train", "AVMIT_validation", "MIT16_train", "MIT16_validation"):
        rows = pd.read_csv(out / f"{name}.csv")
        assert rows["AVMIT_label"].value_counts().nunique() == 1
        assert not set(rows["filename"]) & test
        sizes[name] = len(rows) // 2
    assert sizes["MIT16_train"] + sizes["MIT16_validation"] == 17
    assert sizes["MIT16_validation"] == 2
    before = (out / "MIT16_train.csv").read_bytes()
    curation("training-lists", "--study", rated, "--out", out, "--overwrite")
    assert (out / "MIT16_train.csv").read_bytes() == before
    checked = curation("check-release", out)
    assert "0 of them break a run" in checked[-1]
    leaks = curation("leakage", out)
    assert leaks[-1].startswith("10 pairs of lists")
    assert [line.split()[2:4] for line in leaks if line.split()[0] == "test_set"] == [
        ["0", "0"]
    ] * 4


def test_lists_without_a_test_set_are_refused_and_none_is_written(rated, tmp_path):
    shutil.copy(rated / "release/video_ratings.csv", tmp_path)
    assert "no file" in curation("training-lists", "--study", rated, "--out", tmp_path, expect=1)
    assert [path.name for path in tmp_path.iterdir()] == ["video_ratings.csv"]


def test_a_fault_in_a_list_ends_the_check_with_exit_code_1(rated, out):
    path = out / "test_set.csv"
    path.write_text(path.read_text().replace(",barking/yt-", ",wrong/yt-", 1))
    assert "1 finding in" in curation("check-release", out, expect=1)
    assert "no published list in" in curation("check-release", out / "raters", expect=1)


@pytest.mark.parametrize("how", ["copy", "link", "symlink"])
def test_materialised_clips_are_checked_by_sha256sum(rated, tmp_path, how):
    to = tmp_path / "clips"
    arguments = ("materialise", "--study", rated, "--to", to, "--how", how)
    assert curation(*arguments) == [f"6 clips, 0 of them there before: {to / 'SHA256SUMS'}"]
    check = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=to, check=False)
    assert check.returncode == 0
    names = pd.read_csv(rated / "release/test_set.csv")["new_filename"]
    assert sorted(str(p.relative_to(to)) for p in to.rglob("*.mp4")) == sorted(names)
    assert curation(*arguments) == [f"6 clips, 6 of them there before: {to / 'SHA256SUMS'}"]
    (to / names[0]).unlink()
    (to / names[0]).write_bytes(b"another")
    assert "is another file" in curation(*arguments, expect=1)


def test_a_survey_counts_and_keeps_nothing(rated):
    before = (rated / "store.sqlite").read_bytes()
    assert curation("survey", "--study", rated)[-1] == "80 clips, 80 of them with sound"
    assert (rated / "store.sqlite").read_bytes() == before


def test_a_wrong_option_is_exit_code_2_and_no_study_is_1(tmp_path):
    curation("agreement", "--resamples", 0, expect=2)
    curation("nonsense", expect=2)
    curation("test-set", "--study", tmp_path, expect=1)


@needs_published
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("agreement", "--pairs"), "has no rater column: agreement of pairs, Dawid-Skene"),
        (("raters",), "has no rater column"),
        (("figures",), "holds prominent clips only"),
        (("figures", "--only", "figure-2"), "holds prominent clips only"),
    ],
)
def test_what_the_published_lists_cannot_give_is_refused_with_the_reason(
    tmp_path, arguments, reason
):
    assert reason in curation(*arguments, "--release", PUBLISHED, "--out", tmp_path, expect=1)
    assert list(tmp_path.iterdir()) == []


@needs_published
def test_what_the_published_lists_can_give_is_given(tmp_path):
    common = ("--release", PUBLISHED, "--out", tmp_path)
    said = curation("agreement", "--resamples", 20, *common)
    assert "no rater column: agreement of pairs cannot be calculated" in said
    assert any("selected for being prominent" in line for line in said)
    said = curation("sensitivity", *common)
    assert "no rater column: Dawid-Skene cannot be calculated" in said
    table = pd.read_csv(tmp_path / "sensitivity.csv").set_index("rule")
    assert table.loc["at_least_2", "n_changed"] == 98
    assert table["n_classes"].unique().tolist() == [16]
    said = curation("figures", "--only", "test-set", *common)
    assert said == [f"overview of 960 test clips: {tmp_path}"]
    assert "Say where to write" in curation("figures", "--release", PUBLISHED, expect=1)
