import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.task.layout import Rectangle, task_layout
from study.config.screen import Screen


def test_clips_of_all_sizes_share_their_left_and_bottom_edge():
    layout = task_layout(Screen(), 1280, 800)
    places = [layout.clip(w, h) for w, h in ((320, 240), (640, 360), (270, 480))]
    assert {(p.left, p.bottom) for p in places} == {(40, 40)}


def test_the_paper_screen_has_label_on_top_clip_bottom_left_and_bonus_bottom_right():
    layout = task_layout(Screen(), 1280, 800)
    assert layout.label == Rectangle(40, 720, 1200, 40)
    assert layout.clip_box == Rectangle(40, 40, 640, 480)
    assert (layout.bonus.right, layout.bonus.bottom) == (1240, 40)


@given(
    st.integers(640, 3840),
    st.integers(480, 2160),
    st.integers(10, 60),
    st.integers(16, 60),
    st.integers(100, 4000),
)
def test_nothing_overlaps_on_any_screen(width, height, margin, text, box):
    screen = Screen(
        margin_px=margin, text_height_px=text, max_clip_width_px=box, max_clip_height_px=box
    )
    layout = task_layout(screen, width, height)
    parts = [layout.clip_box, layout.label, layout.reminder, layout.bonus]
    for i, one in enumerate(parts):
        assert one.left >= 0
        assert one.bottom >= 0
        assert one.right <= width
        assert one.top <= height
        assert not any(one.overlaps(other) for other in parts[i + 1 :])


def test_touching_is_not_overlapping():
    assert not Rectangle(0, 0, 10, 10).overlaps(Rectangle(10, 0, 10, 10))
    assert Rectangle(0, 0, 10, 10).overlaps(Rectangle(9, 9, 10, 10))


@pytest.mark.parametrize(
    ("scale", "native", "expected"),
    [
        (1.0, (320, 240), (320, 240)),
        (2.0, (320, 240), (640, 480)),
        (2.0, (1280, 720), (1280, 720)),  # at its own size it fills the box of 1280x960
        (2.0, (1920, 1080), (1280, 720)),
        (0.5, (320, 240), (160, 120)),
    ],
)
def test_a_clip_is_shown_at_the_scale_and_fits_its_box_however_it_was_decoded(
    scale, native, expected
):
    layout = task_layout(Screen(scale=scale), 3840, 2160)
    fit = min(1.0, scale, 640 / native[0], 480 / native[1])  # as the stage decodes it
    decoded = [round(fit * size) for size in native]
    place = layout.clip(*decoded, fit)
    assert (place.width, place.height) == pytest.approx(expected, abs=2)
    assert place.left == layout.clip_box.left
    assert place.bottom == layout.clip_box.bottom
