"""The real command line in the real window, on a screen and a sound card that are not there."""

import numpy as np
import pytest
from PIL import Image

from tests.worlds.rating_studies import (
    PERSON,
    ROBOT,
    annotate,
    finished,
    ratable_study,
    started,
    table,
    truth,
)


def test_a_study_sets_colours_sizes_texts_and_keys(station, tmp_path):
    settings = {
        "screen.background": '"#102030"',
        "screen.foreground": '"yellow"',
        "screen.warning_background": '"navy"',
        "screen.margin_px": "60",
        "screen.text_height_px": "30",
        "screen.max_clip_width_px": "128",
        "keys.unclean": '"j"',
        "keys.moderately_clean": '"k"',
        "keys.very_clean": '"l"',
        "texts": '"own"',
    }
    study, engine = ratable_study(tmp_path, kinds=("plain",) * 3, settings=settings)
    (study.folder / "own").mkdir()
    (study.folder / "own" / "warning.md").write_text("# Stop", encoding="utf-8")
    shots = tmp_path / "shots"
    run = annotate(
        study, "--participant", ROBOT, "--simulate", "eager", "--screenshots", str(shots),
        station=station,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    assert set(table(engine, "key_press")["key"]) <= {"j", "k", "l", "space"}
    shown = table(engine, "presentation").iloc[0]
    assert (shown["left_px"], shown["bottom_px"], shown["width_px"]) == (60, 60, 128)
    prompt = np.asarray(Image.open(shots / "prompt.png").convert("RGB"))
    assert (prompt[:, :60] == (16, 32, 48)).all()
    label = prompt[60:90].reshape(-1, 3)
    assert (label == (255, 255, 0)).all(axis=1).any()
    warning = np.asarray(Image.open(shots / "warning.png").convert("RGB"))
    assert (warning[:, :300] == (0, 0, 128)).all()  # a short text of the study's own
    assert (warning == (255, 255, 0)).all(axis=2).any()


def test_a_text_that_is_long_for_the_screen_is_set_smaller_and_stays_clear_of_the_bonus(
    station, tmp_path
):
    settings = {"screen.width_px": "800", "screen.height_px": "600", "texts": '"own"'}
    study, _ = ratable_study(tmp_path, kinds=("short",), settings=settings)
    (study.folder / "own").mkdir()
    long_text = "# Welcome\n\n" + "Please read all of this.\n\n" * 8 + "Press any key."
    (study.folder / "own" / "welcome.md").write_text(long_text, encoding="utf-8")
    shots = tmp_path / "shots"
    run = annotate(
        study, "--participant", ROBOT, "--simulate", "perfect", "--speed", "max",
        "--screenshots", str(shots), station=station,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    page = np.asarray(Image.open(shots / "welcome.png").convert("L"))
    lit_rows = np.flatnonzero((page[:, :500] > 128).any(axis=1))  # the bonus is right of that
    n_lines = 1 + (np.diff(lit_rows) > 1).sum()
    assert n_lines >= 10
    assert 40 <= lit_rows.min() < lit_rows.max() < 600 - 40 - 72


def test_a_person_rates_replays_is_warned_pauses_leaves_and_comes_back(station, view, tmp_path):
    study, engine = ratable_study(tmp_path, kinds=("plain", "short", "short", "short"))
    process = started(study, station)
    try:
        view.wait_for(view.is_page)  # welcome
        view.press("space")
        view.wait_for(view.is_clip)
        view.press("3")  # too early
        view.wait_for(view.is_warning)
        view.wait_for(view.is_prompt)
        view.press("space")  # again
        view.wait_for(view.is_clip)
        view.wait_for(view.is_prompt)
        view.press("KP_1", hold_s=1.5)  # held until the next clip has long begun
        view.wait_for(view.is_prompt)
        view.press_until("2", view.is_clip)  # a press before the first frame belongs to no trial
        view.wait_for(view.is_prompt)
        view.press("F10")  # the experimenter's pause, which a participant cannot end
        view.wait_for(view.is_page)
        view.press("2")
        view.press("F10")
        view.wait_for(view.is_prompt)
        view.press("Escape")
        view.wait_for(view.is_page)
        view.press("n")
        view.wait_for(view.is_prompt)
        view.press("Escape")
        view.wait_for(view.is_page)
        view.press("y")
    finally:
        code, out, err = finished(process)
    assert (code, err) == (0, "")
    assert "2 of 4 clips are rated (left)" in out
    ratings = table(engine, "rating")
    columns = ["candidate_id", "rating", "n_replays", "n_early_presses", "bonus_pence"]
    assert ratings[columns].to_numpy().tolist() == [[1, 1, 1, 1, 10], [2, 2, 0, 0, 10]]
    assert not ratings["simulated"].any()
    assert table(engine, "trial")["outcome"].tolist() == ["rated", "rated", "left"]
    presses = table(engine, "key_press").query("key != 'numlock'")  # comes with a keypad's digit
    assert presses[["key", "early"]].to_numpy().tolist() == [
        ["3", True], ["space", False], ["1", False], ["2", False], ["f10", False], ["2", False],
        ["f10", False], ["escape", False], ["n", False], ["escape", False], ["y", False],
    ]  # fmt: skip
    assert table(engine, "session")["end_reason"].tolist() == ["left"]
    # The next session goes on with the clip that was not rated.
    again = annotate(
        study, "--participant", PERSON, "--simulate", "perfect", "--speed", "max",
        station=station,
    )  # fmt: skip
    assert "4 of 4 clips are rated (finished)" in again.stdout
    assert table(engine, "rating")["candidate_id"].tolist() == [1, 2, 3, 4]
    assert table(engine, "rating")["rating"].tolist() == [int(truth(i)) for i in (1, 2, 3, 4)]


def test_a_real_study_needs_a_graded_rig(station, tmp_path):
    study, engine = ratable_study(tmp_path, kinds=("short",))
    measured = annotate(study, "check-rig", station=station)
    assert "grade not applicable, valid until" in measured.stdout
    (study.folder / "study.toml").write_text("screen.width_px = 800\nscreen.height_px = 600\n")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE study SET rehearsal = 0")
        connection.exec_driver_sql("UPDATE rig_check SET checked_at = '2020-01-01T00:00:00+00:00'")
        connection.exec_driver_sql("DELETE FROM clearance")
        connection.exec_driver_sql("UPDATE participant SET kind = 'expert' WHERE id = 'P03'")
    arguments = ("--participant", PERSON, "--phase", "ground_truth")
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM ground_truth_version")
    run = annotate(study, *arguments, station=station)
    assert run.returncode == 1
    assert "checked on 2020-01-01, and a check is valid for 30 days" in run.stderr
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE rig_check SET checked_at = '2999-01-01T00:00:00+00:00'")
    run = annotate(study, *arguments, station=station)
    assert run.returncode == 1
    assert (
        "has a virtual screen (llvmpipe draws in software), which cannot be seen or graded"
        in run.stderr
    )
    with engine.begin() as connection:  # the check was done on another screen
        connection.exec_driver_sql("UPDATE rig_check SET grade = 'A'")
    run = annotate(study, *arguments, station=station)
    assert run.returncode == 1
    assert (
        "has a virtual screen (llvmpipe draws in software), which cannot be seen or graded"
        in run.stderr
    )
    assert table(engine, "session").empty


def test_no_display_is_one_line(tmp_path, station):
    study, engine = ratable_study(tmp_path, kinds=("short",))
    for display in ({}, {"DISPLAY": ":4711"}):
        environment = {k: v for k, v in station.items() if k != "DISPLAY"} | display
        run = annotate(study, "--participant", PERSON, station=environment)
        assert run.returncode == 1
        assert run.stderr.startswith("error: no display: ")
        assert len(run.stderr.splitlines()) == 1
    assert table(engine, "session").empty


@pytest.mark.parametrize("home", [{}, {"HOME": "/proc/nobody"}], ids=["none", "not writable"])
def test_a_home_without_room_for_settings_is_one_line(tmp_path, station, home):
    study, engine = ratable_study(tmp_path, kinds=("short",))
    environment = {k: v for k, v in station.items() if k != "HOME"} | home
    run = annotate(study, "--participant", PERSON, station=environment)
    assert run.returncode == 1
    assert "where PsychoPy keeps its settings" in run.stderr or "in HOME, which is" in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert table(engine, "session").empty


def test_no_sound_device_is_one_line(tmp_path, station):
    study, engine = ratable_study(tmp_path, kinds=("short",))
    environment = station | {"PULSE_SERVER": f"unix:{tmp_path}/nothing"}
    run = annotate(study, "--participant", PERSON, station=environment)
    assert run.returncode == 1
    assert run.stderr.startswith("error: no sound device: ")
    assert (run.stdout, len(run.stderr.splitlines())) == ("", 1)
    assert table(engine, "session").empty


def test_a_simulated_person_needs_no_display_on_the_simulated_stage(tmp_path):
    study, engine = ratable_study(tmp_path, kinds=("missing",) * 7)
    run = annotate(
        study, "--participant", ROBOT, "--simulate", "perfect", "--stage", "simulated",
        station={"PATH": "/usr/bin"},
    )  # fmt: skip
    assert run.stdout == "S01: 7 annotation ratings; 7 of 7 clips are rated (finished)\n"
    assert table(engine, "rating")["rating"].tolist() == [int(truth(i)) for i in range(1, 8)]
    assert table(engine, "rating")["bonus_pence"].tolist() == [10, 10, 0, 0, 0, 0, 0]
