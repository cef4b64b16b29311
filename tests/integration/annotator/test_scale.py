"""A clip on a screen with another scale: as large as asked for, and its size for the eye kept."""

import socket

import numpy as np
import pytest
from PIL import Image

from tests.worlds.rating_studies import ROBOT, annotate, ratable_study, table


@pytest.mark.parametrize(("here", "width_cm"), [(True, 26.5), (False, 53.0)])
def test_sizes_in_degrees_are_those_of_the_machines_own_screen(station, tmp_path, here, width_cm):
    name = socket.gethostname() if here else "another"
    settings = {
        "screen.units": '"deg"',
        "screen.viewing_distance_cm": "57.3",
        "screen.width_cm": "53.0",
        "screen.max_clip_width_deg": "8.0",
        "screen.max_clip_height_deg": "8.0",
        "desk.screen_widths_cm": f'{{"{name}" = 26.5}}',
    }
    study, engine = ratable_study(tmp_path, kinds=("plain",), settings=settings)
    run = annotate(
        study, "--participant", ROBOT, "--simulate", "perfect", "--speed", "max", station=station
    )
    assert (run.returncode, run.stderr) == (0, "")
    shown = table(engine, "presentation").iloc[0]
    assert shown["width_px"] == pytest.approx(8.01 / width_cm * 1280, abs=2)
    assert shown["width_deg"] == pytest.approx(8.0, abs=0.05)


def test_a_clip_is_enlarged_with_everything_else_and_keeps_its_size_in_degrees(station, tmp_path):
    settings = {
        "screen.scale": "1.5",
        "screen.viewing_distance_cm": "57.3",
        "screen.width_cm": "53.0",
    }
    study, engine = ratable_study(tmp_path, kinds=("plain",), settings=settings)
    shots = tmp_path / "shots"
    run = annotate(
        study, "--participant", ROBOT, "--simulate", "perfect", "--screenshots", str(shots),
        station=station,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    shown = table(engine, "presentation").iloc[0]
    assert (shown["width_px"], shown["height_px"], shown["scale"]) == (384, 384, 1.5)
    assert (shown["left_px"], shown["bottom_px"]) == (60, 60)
    assert shown["width_deg"] == pytest.approx(15.8, abs=0.1)
    asked = table(engine, "session").loc[0, "rig"]["screen"]["asked"]
    assert asked == {"max_clip_width_px": 960, "max_clip_height_px": 720, "clip_scale": 1.5}
    screen = np.asarray(Image.open(shots / "task.png").convert("RGB"))
    clip = screen[800 - 60 - 384 : 800 - 60, 60 : 60 + 384]
    assert (clip.max(axis=2) > 30).mean() > 0.99
    assert screen[800 - 60 :, :].max() == 0
