"""A block of a simulated person in the real window, and all that it leaves behind."""

import numpy as np
import pytest
from PIL import Image

from tests.worlds.machine import fair_timing
from tests.worlds.rating_studies import ROBOT, annotate, ratable_study, table

pytestmark = pytest.mark.timing


@pytest.fixture(scope="module")
def block(station, tmp_path_factory):
    """One block of a simulated person who is sometimes too early, and all that it left behind."""
    folder = tmp_path_factory.mktemp("block")
    kinds = ("plain", "vfr", "anamorphic", "no_audio", "fps60")
    study, engine = ratable_study(folder, kinds=kinds, settings={"protocol.trials_per_block": "5"})
    shots = folder / "shots"
    run = annotate(
        study, "--participant", ROBOT, "--simulate", "fast-clicker", "--blocks", "1",
        "--screenshots", str(shots), station=station,
    )  # fmt: skip
    return run, engine, shots


def test_a_simulated_person_completes_a_block_through_psychopys_own_key_presses(block):
    run, engine, _ = block
    assert (run.returncode, run.stderr) == (0, "")
    assert "4 annotation ratings, 1 could not be shown" in run.stdout
    ratings, sessions = table(engine, "rating"), table(engine, "session")
    assert ratings["candidate_id"].tolist() == [1, 2, 3, 5]
    assert ratings["simulated"].all()
    assert (ratings["rt_s"] > 0).all()
    assert sessions[["stage", "end_reason", "simulated_profile"]].to_numpy().tolist() == [
        ["window", "ended", "fast-clicker"]
    ]
    assert table(engine, "trial").loc[3, ["outcome", "failure"]].tolist() == ["failed", "no_audio"]


def test_each_session_has_a_log_of_its_own_that_names_it(block):
    _, engine, shots = block
    (log,) = (shots.parent / "study" / "logs").glob("*.log")
    session = table(engine, "session").iloc[0]
    assert log.stem.split("_")[1:] == [ROBOT, "annotation", session["id"][:8]]
    text = log.read_text(encoding="utf-8")
    assert f"session {session['id']} of {ROBOT}: annotation" in text
    for said in ("page: welcome", "play: candidate 1", "rating: ", "failure: no_audio", "sound "):
        assert said in text
    presses = table(engine, "key_press")
    assert text.count("key: ") == len(presses)


def test_every_presentation_carries_its_evidence(block):
    _, engine, _ = block
    shown = table(engine, "presentation")
    whole = shown[~shown["interrupted"]]
    assert len(whole) == 4
    assert (whole["n_frames_shown"] > 0).all()
    assert whole["clip_sha256"].str.len().eq(64).all()
    with fair_timing():
        assert (whole["offset_s"] - whole["onset_s"]).between(2.5, 4.0).all()
        assert whole["av_offset_s"].abs().median() < 0.02
    assert set(zip(whole["left_px"], whole["bottom_px"], strict=True)) == {(40, 40)}
    rig = table(engine, "session").loc[0, "rig"]
    assert rig["sound"]["path"] == "psychtoolbox"
    assert (rig["screen"]["width_px"], rig["screen"]["height_px"]) == (1280, 800)
    assert rig["config"]["rehearsal"] is True


def test_the_task_screen_shows_the_clip_bottom_left_under_its_label(block):
    _, _, shots = block
    screen = np.asarray(Image.open(shots / "task.png").convert("RGB"))
    height = screen.shape[0]
    clip = screen[height - 40 - 256 : height - 40, 40 : 40 + 256]
    assert (clip.max(axis=2) > 30).all()
    assert screen[height - 40 :, :].max() == 0  # the margin below the clip
    assert screen[:, :40].max() == 0  # and left of it
    assert screen[40:80].max() > 200  # the label
    assert screen[height - 112 : height - 40, 1000:1240].max() > 200  # the bonus


def test_the_clip_stands_upright_and_not_mirrored(block):
    _, _, shots = block
    screen = np.asarray(Image.open(shots / "task.png").convert("RGB")).astype(int)
    top_left = screen[800 - 40 - 250, 46]
    # Odd clips have a red field in their upper left corner; in a flash all is white.
    assert top_left[0] > 150
    assert (screen[800 - 50, 290] >= screen[800 - 50, 60]).all()


def test_the_warning_fills_the_screen(block):
    _, _, shots = block
    screen = np.asarray(Image.open(shots / "warning.png").convert("RGB"))
    edges = np.concatenate([screen[0], screen[-1], screen[:, 0], screen[:, -1]])
    assert (edges == (139, 0, 0)).all()
