"""Sizes on a screen, in pixels, scaled, and in degrees of visual angle."""

import math

import pytest
from pydantic import ValidationError

from study.config.screen import Screen
from study.config.sizes import Sizes, degrees_of, sizes_on

# A 24 inch screen, 53 cm wide, at 57 cm: there a centimetre is a degree.
LAB = {"viewing_distance_cm": 57.3, "width_cm": 53.0}


@pytest.mark.parametrize(
    ("height_px", "expected"),
    [
        (768, Sizes(28, 455, 341, 28, 768 / 1080)),
        (1080, Sizes(40, 640, 480, 40, 1.0)),
        (2160, Sizes(80, 1280, 960, 80, 2.0)),
    ],
)
def test_an_automatic_scale_follows_the_height_of_the_screen(height_px, expected):
    assert sizes_on(Screen(scale="auto"), height_px, 16 * height_px // 9) == expected


def test_the_default_is_what_it_always_was():
    for height_px in (600, 1080, 2160):
        assert sizes_on(Screen(), height_px, 1920) == Sizes(40, 640, 480, 40, 1.0)


@pytest.mark.parametrize(("width_px", "px_per_cm"), [(1366, 25.77), (1920, 36.23), (3840, 72.45)])
def test_degrees_are_as_large_for_the_eye_on_every_screen(width_px, px_per_cm):
    screen = Screen(units="deg", **LAB)
    sizes = sizes_on(screen, 1080, width_px)
    assert sizes.text_height_px == pytest.approx(px_per_cm, abs=1)
    assert sizes.clip_scale == math.inf
    assert degrees_of(sizes.max_clip_width_px, screen, width_px) == pytest.approx(16, abs=0.05)
    assert degrees_of(sizes.max_clip_height_px, screen, width_px) == pytest.approx(12, abs=0.05)


def test_every_clip_fills_its_box_where_sizes_are_degrees():
    sizes = sizes_on(Screen(units="deg", **LAB), 1080, 1920)
    for width, height in ((320, 240), (256, 144), (1920, 1080)):
        scale = sizes.scale_of(width, height)
        assert max(
            scale * width / sizes.max_clip_width_px, scale * height / sizes.max_clip_height_px
        ) == pytest.approx(1)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"units": "deg"}, "needs viewing_distance_cm"),
        ({"units": "deg", "viewing_distance_cm": 57.0}, "needs width_cm"),
        ({"scale": 0.0}, 'write "auto", or a number from 0.1 to 10'),
        ({"scale": "large"}, "'large' is not a scale; write"),
        ({"scale": True}, "True is not a scale"),
        ({"font": ""}, "is not the name of a font"),
    ],
)
def test_what_no_screen_can_have_is_refused(said, message):
    with pytest.raises(ValidationError, match=message):
        Screen(**said)
