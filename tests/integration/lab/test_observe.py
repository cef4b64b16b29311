"""Manipulated clips are shown to networks in one command, from the folder to tables."""

import shutil

import pandas as pd
import pytest
from typer.testing import CliRunner

from curation.manipulation.planning.design import read_design
from curation.manipulation.planning.sources import read_sources
from curation.manipulation.running import manipulate
from lab.__main__ import app
from lab.compare.reading import read_responses
from lab.observing.stimuli import read_stimuli
from models.__main__ import app as models_app
from study.errors import StudyError, TableError
from tests.worlds.model_worlds import make_world, save_correspondence
from tests.worlds.stimuli import make_set, write_design

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
DESIGN = """
clips_per_class = 1
[[condition]]
name = "plain"
[[condition]]
name = "other"
incongruent = true
[[condition]]
name = "heard"
modality = "audio"
[[condition]]
name = "seen"
modality = "visual"
"""


def run(program, *arguments):
    result = CliRunner().invoke(program, [str(part) for part in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def stimuli(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stimuli")
    design = read_design(write_design(folder / "design.toml", DESIGN))
    sources = read_sources(None, make_set(folder / "clips"), per_class=1)
    manipulate(design, sources, folder / "out", n_processes=1)
    return folder / "out"


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """Two seeds of a GRU, and a correspondence network, all of one embedding set."""
    root = tmp_path_factory.mktemp("networks")
    world = make_world(root / "world", n_train=6, n_validation=2, set_name="yamnet_effnet")
    for seed in (1, 2):
        flags = {"set": "yamnet_effnet", "rnn": "gru", "epochs": 1, "seed": seed}
        run(models_app, *world.train_flags(root / f"seed-{seed}", **flags))
    return root


@pytest.fixture(scope="module")
def observed(stimuli, networks, tmp_path_factory):
    out = tmp_path_factory.mktemp("observed")
    models = ["--model", networks / "seed-1", "--model", networks / "seed-2"]
    said = run(
        app, "observe", stimuli, *models, "--out", out, "--untrained", 1, "--allow-untrained",
        "--processes", 1,
    )  # fmt: skip
    return out, said


def test_every_network_answers_every_clip_once(observed, stimuli):
    out, said = observed
    table = pd.read_csv(out / "predictions.csv", keep_default_na=False)
    manifest = pd.read_csv(stimuli / "manifest.csv", keep_default_na=False)
    assert table["network"].nunique() == 2
    for _, own in table.groupby("network"):
        for column in ("filename", "condition", "source", "label", "modality", "attend"):
            assert own[column].tolist() == manifest[column].tolist()
    assert (table.loc[table["condition"] == "other", "label"] == "").all()
    assert "12 clips shown to 2 networks" in said


def test_black_and_silent_clips_and_neutral_embeddings_are_different_questions(observed):
    out, said = observed
    shown = pd.read_csv(out / "predictions.csv", keep_default_na=False)
    neutral = pd.read_csv(out / "neutral/predictions.csv", keep_default_na=False)
    assert set(neutral["condition"]) == {
        "plain, neutral picture", "plain, neutral sound",
        "other, neutral picture", "other, neutral sound",
    }  # fmt: skip
    heard = neutral[neutral["condition"] == "other, neutral picture"]
    assert (heard["label"] == heard["sound_label"]).all()
    black = shown[shown["condition"] == "heard"].filter(like="p_").to_numpy()
    without = neutral[neutral["condition"] == "plain, neutral picture"]
    assert abs(black - without.filter(like="p_").to_numpy()).max() > 1e-4
    assert "one embedding neutral" in said
    assert "a black picture, silence" in said


def test_the_comparison_reads_what_networks_said(observed):
    out, _ = observed
    responses = read_responses([], [out / "predictions.csv"])
    assert len(responses.rows) == 24
    assert set(responses.rows["modality"]) == {"audiovisual", "audio", "visual"}
    assert responses.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-3)


def test_a_correspondence_network_says_whether_sound_and_picture_belong_together(
    stimuli, observed, tmp_path
):
    save_correspondence(tmp_path / "model", "yamnet_effnet")
    said = run(
        app, "observe", stimuli, "--model", tmp_path / "model", "--out", tmp_path / "out",
        "--untrained", 1, "--allow-untrained", "--processes", 1,
    )  # fmt: skip
    table = pd.read_csv(tmp_path / "out/pairs/predictions.csv")
    labels = table.groupby("condition")["label"].unique().map(list).to_dict()
    assert labels == {"plain": ["congruent"], "other": ["incongruent"]}
    assert "belong together" in said
    assert not (tmp_path / "out/predictions.csv").exists()


def test_clips_of_one_modality_are_shown_and_a_broken_one_is_said(stimuli, networks, tmp_path):
    folder = tmp_path / "stimuli"
    shutil.copytree(stimuli, folder)
    manifest = pd.read_csv(folder / "manifest.csv", keep_default_na=False)
    heard = manifest[manifest["condition"] == "heard"]
    heard.to_csv(folder / "manifest.csv", index=False)
    (folder / heard["filename"].iloc[0]).write_bytes(b"")
    out = tmp_path / "out"
    command = ["observe", folder, "--model", networks / "seed-1", "--out", out]
    flags = ["--untrained", "1", "--allow-untrained"]
    result = CliRunner().invoke(app, [*map(str, command), *flags])
    assert result.exit_code == 1
    assert "1 clip without embeddings; the others were shown" in result.output
    said = pd.read_csv(out / "predictions.csv")
    assert set(said["filename"]) == set(heard["filename"].iloc[1:])
    assert not (out / "neutral").exists()
    save_correspondence(tmp_path / "pair", "yamnet_effnet")
    only = ["--model", str(tmp_path / "pair"), *flags, "--overwrite"]
    again = CliRunner().invoke(app, ["observe", str(folder), "--out", str(out), *only])
    assert "compares sound with picture, and no clip of" in str(again.exception)


def test_clips_that_were_made_again_are_not_taken_for_those_that_were_extracted(
    stimuli, networks, observed, tmp_path
):
    out, _ = observed
    shutil.copytree(stimuli, tmp_path / "stimuli")
    path = tmp_path / "stimuli/manifest.csv"
    table = pd.read_csv(path, keep_default_na=False)
    table.assign(sha256="0" * 64).to_csv(path, index=False)
    with pytest.raises(StudyError, match="the record of another file"):
        run(
            app, "observe", tmp_path / "stimuli", "--model", networks / "seed-1", "--out", out,
            "--untrained", 1, "--allow-untrained", "--overwrite", "--processes", 1,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("filename", "../a/b.mp4", "is not <condition>/<label>/<clip>"),
        ("filename", "/etc/x/passwd", "is not <condition>/<label>/<clip>"),
        ("modality", "taste", "there is no modality"),
        ("filename", "plain/barking/same.mp4", "lists no clip, or one twice"),
    ],
)
def test_a_manifest_from_outside_is_checked(stimuli, tmp_path, column, value, says):
    table = pd.read_csv(stimuli / "manifest.csv", keep_default_na=False)
    table.assign(**{column: value}).to_csv(tmp_path / "manifest.csv", index=False)
    with pytest.raises(TableError, match=says):
        read_stimuli(tmp_path)
